"""What contracts may name after `mianzheng:` for single rows, over whole columns (`registries.contracts.expectations`).

Each predicate takes Arrow text columns in canonical form and gives one boolean per row, True where the rule holds.
NULL holds everywhere: that something is missing is the business of the rule that demands it. A value that another
rule refuses is not judged again: what can't be read can't disagree.

    >>> not_before(pa.array(["2024-02-29", "2024-01-01"]), pa.array(["2024-02-28", "2024-02-28"])).tolist()
    [True, False]
    >>> PREDICATES["sex_agrees"].columns
    ('column_A', 'column_B')
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as day_of
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quality.days import iso_days
from quality.identifiers import (
    certificate_identifier,
    citizen_number,
    citizens,
    foreign_permanent_resident_number,
    holder_code,
    licence_plate,
    residence_permit,
    uscc,
    vehicle_number,
)
from quality.places import places_of
from quality.readability import not_rounded, readable_text
from quality.remembered import coded_of, text_of
from registries.text_columns import Bools, Lengths, Numbers, TextColumn, one_array
from registries.words import fits, pairs

_BLOCK = 65_536
_DATE_WIDTH = 10
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_TIMESTAMP = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}"
_TIMESTAMP_WIDTH = 19
_TWO, _HOURS, _SIXTY = np.uint64(0xFF), np.uint64(24), np.uint64(60)
_MINUTE_AT, _SECOND_AT = np.uint64(24), np.uint64(48)
_MALE, _FEMALE = ord("1"), ord("2")


def date(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """ISO 8601 calendar date YYYY-MM-DD that exists."""
    text = text_of(values)
    holds: Bools = (iso_days(values)[1] & (text.lengths == _DATE_WIDTH)) | ~text.present
    return holds


def timestamp(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """YYYY-MM-DD HH:MM:SS, with or without fraction and offset, of a day that exists."""
    text, real = text_of(values), iso_days(values)[1]
    holds = _plain_clocks(text) & (text.lengths == _TIMESTAMP_WIDTH)
    further = np.flatnonzero(text.lengths > _TIMESTAMP_WIDTH)
    if len(further):
        holds[further] = _matches(values.take(pa.array(further)), _TIMESTAMP)
    found: Bools = (holds & real) | ~text.present
    return found


def _plain_clocks(text: TextColumn) -> Bools:
    """Whether HH:MM:SS between 00:00:00 and 23:59:59 follows a blank at the tenth place, of values of 19 characters."""
    blank, clock = text.words_of_all(8), text.words_of_all(11)
    numbers = pairs(clock)
    in_day = (numbers & _TWO) < _HOURS
    for at in (_MINUTE_AT, _SECOND_AT):
        in_day &= ((numbers >> at) & _TWO) < _SIXTY
    return in_day & fits(blank, "dd dd:dd") & fits(clock, "dd:dd:dd")


def not_before(later: Any, earlier: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """`later` is on or after `earlier`: by days, and within one day by the clock where both have one."""
    (later_days, later_real), (earlier_days, earlier_real) = iso_days(later), iso_days(earlier)
    judged = later_real & earlier_real
    holds = ~judged | (later_days >= earlier_days)
    clocks = (text_of(later).lengths > _DATE_WIDTH) & (text_of(earlier).lengths > _DATE_WIDTH)
    positions = np.flatnonzero(clocks & judged & (later_days == earlier_days))
    if len(positions):
        rows = pa.array(positions)
        holds[positions] = _mask(pc.greater_equal(later.take(rows), earlier.take(rows)))
    return holds


def in_order(*columns: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """The days of the columns follow each other, or fall together; what is missing or no day is passed over."""
    latest = np.zeros(len(columns[0]), np.int32)
    holds = np.ones(len(latest), np.bool_)
    for column in columns:
        days, real = iso_days(column)
        holds &= ~real | (latest <= days)
        latest = np.where(real, np.maximum(latest, days), latest)
    return holds


def not_in_future(values: Any, today: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """The day of a date or a timestamp is not after `today` (YYYY-MM-DD)."""
    days, real = iso_days(values)
    return ~real | (days <= _as_number(today))


def not_expired_when(values: Any, decisive: Any, when_values: Sequence[str], today: str) -> Bools:  # noqa: ANN401 - as above
    """The day is `today` or later where the decisive column has one of `when_values`: an end date is inclusive."""
    days, real = iso_days(values)
    ended: Bools = real & (days < _as_number(today))
    return ~ended | ~_is_one_of(decisive, when_values)


def code_validity(values: Any, validity: Mapping[str, Sequence[str | None]], today: str) -> Bools:  # noqa: ANN401 - as above
    """The code may be used on `today`, by code -> from when until when, both inclusive; other codes pass."""
    return _valid_on(values, validity, np.full(len(values), _as_number(today), np.int32))


def code_validity_on(
    values: Any,  # noqa: ANN401 - pyarrow ships no types
    dates: Any,  # noqa: ANN401 - pyarrow ships no types
    validity: Mapping[str, Sequence[str | None]],
    today: str,
) -> Bools:
    """The same on each row's own day, and on `today` where it has none."""
    days, real = iso_days(dates)
    return _valid_on(values, validity, np.where(real, days, _as_number(today)).astype(np.int32))


def _valid_on(values: Any, validity: Mapping[str, Sequence[str | None]], days: NDArray[np.int32]) -> Bools:  # noqa: ANN401 - as above
    codes = list(validity)
    first = np.array([_as_number(validity[code][0] or _EVER) for code in codes] + [_NO_DAY], np.int32)
    last = np.array([_as_number(validity[code][1] or _FOR_EVER) for code in codes] + [_LAST_DAY], np.int32)
    places = pc.fill_null(pc.index_in(values, value_set=pa.array(codes, pa.string())), len(codes)).to_numpy()
    holds: Bools = (first[places] <= days) & (days <= last[places])
    return holds


_EVER, _FOR_EVER = "0001-01-01", "9999-12-31"
_NO_DAY, _LAST_DAY = 0, 99991231


def _as_number(day: str) -> int:
    at = day_of.fromisoformat(day)
    return at.year * 10000 + at.month * 100 + at.day


def not_missing(values: Any, missing_values: Sequence[str]) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """A value is there, and none of `missing_values`."""
    present = text_of(values).present
    return present & ~(_is_one_of(values, missing_values) & present)


def birth_date_agrees(citizen_numbers: Any, birth_dates: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """The birth date inside the citizen number is the one beside it; judged only where both are good by themselves."""
    people, (days, real) = citizens(citizen_numbers), iso_days(birth_dates)
    agrees: Bools = ~(people.good & real) | (people.births == days)
    return agrees


def sex_agrees(citizen_numbers: Any, sexes: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """GB/T 2261.1: codes 1 and 2 as the number's 17th digit says (odd is male); other codes and bad numbers pass."""
    people, text = citizens(citizen_numbers), text_of(sexes)
    told = np.where(text.lengths == 1, text.bytes_at(text.starts), 0) if len(text.data) else text.lengths
    judged = people.good & ((told == _MALE) | (told == _FEMALE))
    agrees: Bools = ~judged | (people.male == (told == _MALE))
    return agrees


def old_enough(citizen_numbers: Any, days: Any, years: int) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """Whoever has the citizen number was `years` old on the day beside it; judged only where both are good."""
    people, (told, real) = citizens(citizen_numbers), iso_days(days)
    enough: Bools = ~(people.good & real) | (people.births + np.int32(10_000 * years) <= told)
    return enough


def integer(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """Optional minus and at most 18 digits, which fits a 64-bit number."""
    return _matches(values, "-?[0-9]{1,18}")


def number(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """Optional minus, digits, optional fraction."""
    return _matches(values, r"-?[0-9]+(?:\.[0-9]+)?")


def boolean(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """`true` or `false`."""
    return _matches(values, "true|false")


def required_when(values: Any, decisive: Any, when_values: Sequence[str]) -> Bools:  # noqa: ANN401 - as above
    """A value is there where the decisive column has one of `when_values`."""
    return text_of(values).present | ~_is_one_of(decisive, when_values)


# As all predicates: columns come as pyarrow arrays, which have no types.
def matches_when(values: Any, decisive: Any, when_values: Sequence[str], regex: str) -> Bools:  # noqa: ANN401
    """The whole value matches `regex` where the decisive column has one of `when_values`."""
    return _matches(values, regex) | ~_is_one_of(decisive, when_values)


def division_under(divisions: Any, uppers: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """GB/T 2260: a code lies under another if it begins with that one's digits, closing pairs of zeros left out."""
    stems = text_of(pc.replace_substring_regex(uppers, r"(?:00)+$", ""))
    codes = text_of(divisions)
    judged = stems.present & codes.present
    holds = np.ones(len(codes), np.bool_)
    for length in np.unique(stems.lengths[judged]):
        positions = np.flatnonzero(judged & (stems.lengths == length))
        holds[positions] = _begins(codes, stems, positions, int(length))
    return holds


def _begins(whole: TextColumn, stems: TextColumn, positions: Numbers, length: int) -> Bools:
    begins = whole.lengths[positions] >= length
    if length:
        judged = positions[begins]
        begins[begins] = (whole.matrix(judged, length) == stems.matrix(judged, length)).all(axis=0)
    return begins


def _mask(found: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """An Arrow column of booleans as numpy; NULL holds."""
    return np.asarray(pc.fill_null(found, True).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _matches(values: Any, pattern: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    return _mask(pc.match_substring_regex(values, rf"\A(?:{pattern})\z"))


def _is_one_of(values: Any, chosen: Sequence[str]) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    return _mask(pc.is_in(values, value_set=pa.array(list(chosen), pa.string())))


def between(
    values: Any,  # noqa: ANN401 - pyarrow ships no types
    min_value: float | str | None = None,
    max_value: float | str | None = None,
    *,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Bools:
    """Within the bounds that there are; texts as they sort, numbers as numbers."""
    holds = np.ones(len(values), np.bool_)
    if min_value is not None:
        holds &= _mask((pc.greater if strict_min else pc.greater_equal)(values, _bound(values, min_value)))
    if max_value is not None:
        holds &= _mask((pc.less if strict_max else pc.less_equal)(values, _bound(values, max_value)))
    return holds


def _bound(values: Any, bound: float | str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """A bound that keeps its fraction beside whole numbers."""
    return pa.scalar(bound) if isinstance(bound, int | float) else pa.scalar(bound, values.type)


def matches(values: Any, regex: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """The whole value is as a pattern says that has `quality.places`."""
    places = places_of(regex)
    return _matches(values, regex) if places is None else places.fit(text_of(values))


def length(
    values: Any,  # noqa: ANN401 - pyarrow ships no types
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Bools:
    """So many characters: told from the bytes, of which a character has one to four, wherever they tell it."""
    text = text_of(values)
    fewest, most = (text.lengths, text.lengths) if text.is_ascii else (-(-text.lengths // 4), text.lengths)
    holds = ~text.present
    holds |= _at_least(fewest, min_value, strict_min) & _at_most(most, max_value, strict_max)
    if not text.is_ascii and not holds.all():
        positions = np.flatnonzero(~holds)
        exact = pc.utf8_length(values.take(pa.array(positions))).to_numpy()
        holds[positions] = _at_least(exact, min_value, strict_min) & _at_most(exact, max_value, strict_max)
    return holds


def _at_least(found: Lengths, bound: float | None, strict: bool) -> Bools | bool:  # noqa: FBT001 - as the contract has it
    return True if bound is None else (found > bound) if strict else (found >= bound)


def _at_most(found: Lengths, bound: float | None, strict: bool) -> Bools | bool:  # noqa: FBT001 - as the contract has it
    return True if bound is None else (found < bound) if strict else (found <= bound)


def json_schema(values: Any, json_schema: Mapping[str, Any]) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """JSON that fits a schema; each different value is read once."""
    validator = jsonschema.validators.validator_for(json_schema)(json_schema)
    encoded = values.dictionary_encode()
    fits = [_is_valid(validator, text) for text in encoded.dictionary.to_pylist()]
    places = pc.fill_null(encoded.indices, len(fits)).to_numpy(zero_copy_only=False)
    holds: Bools = np.array([*fits, True], np.bool_)[places]
    return holds


def _is_valid(validator: Any, text: str) -> bool:  # noqa: ANN401 - any version's
    try:
        return bool(validator.is_valid(json.loads(text)))
    except ValueError:
        return False


@dataclass(frozen=True)
class Predicate:
    """A predicate with the names that contracts give to the columns it takes, in its order."""

    function: Callable[..., Bools]
    columns: tuple[str, ...] = ("column",)
    on_the_day: bool = False

    def holds(self, *columns: Any, **arguments: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
        """The function over all rows; where it sees one column, values that repeat are judged once each."""
        whole = [one_array(column) for column in columns]
        coded = coded_of(whole[0]) if len(whole) == 1 else None
        if coded is not None:
            return coded.spread(self._over_blocks([coded.values], arguments))
        return self._over_blocks(whole, arguments)

    def _over_blocks(self, whole: list[Any], arguments: Mapping[str, Any]) -> Bools:
        """Block by block, so that intermediate columns fit a processor's cache."""
        starts = range(0, max(len(whole[0]), 1), _BLOCK)
        blocks = [self.function(*(column.slice(start, _BLOCK) for column in whole), **arguments) for start in starts]
        return np.concatenate(blocks)


_PAIR = ("column_A", "column_B")
_WHEN = ("column", "when_column")

PREDICATES: Mapping[str, Predicate] = {
    "date": Predicate(date),
    "timestamp": Predicate(timestamp),
    "integer": Predicate(integer),
    "number": Predicate(number),
    "boolean": Predicate(boolean),
    "citizen_number": Predicate(citizen_number),
    "uscc": Predicate(uscc),
    "certificate_identifier": Predicate(certificate_identifier),
    "residence_permit": Predicate(residence_permit),
    "foreign_permanent_resident_number": Predicate(foreign_permanent_resident_number),
    "vehicle_number": Predicate(vehicle_number),
    "licence_plate": Predicate(licence_plate),
    "holder_code": Predicate(holder_code, ("column", "type_column")),
    "birth_date_agrees": Predicate(birth_date_agrees, _PAIR),
    "sex_agrees": Predicate(sex_agrees, _PAIR),
    "old_enough": Predicate(old_enough, _PAIR),
    "not_before": Predicate(not_before, _PAIR),
    "in_order": Predicate(in_order, ("column_list",)),
    "not_in_future": Predicate(not_in_future, on_the_day=True),
    "not_expired_when": Predicate(not_expired_when, _WHEN, on_the_day=True),
    "required_when": Predicate(required_when, _WHEN),
    "matches_when": Predicate(matches_when, _WHEN),
    "division_under": Predicate(division_under, _PAIR),
    "readable_text": Predicate(readable_text),
    "not_rounded": Predicate(not_rounded),
    "not_missing": Predicate(not_missing),
    "between": Predicate(between),
    "json_schema": Predicate(json_schema),
    "matches": Predicate(matches),
    "length": Predicate(length),
    "code_validity": Predicate(code_validity, on_the_day=True),
    "code_validity_on": Predicate(code_validity_on, ("column", "date_column"), on_the_day=True),
}
"""What contracts may name after `mianzheng:` for rules that judge one row; `on_the_day` ones also get `today`."""
