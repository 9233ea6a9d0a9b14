"""Citizen numbers, social credit codes and certificate identifiers, judged over whole columns.

The arithmetic of GB 11643, GB 32100 with GB 11714, and GB/T 36904 is written here a second time, over columns, without
one Python object per row; tests compare it with `certificates.identifiers`, value by value. Input is Arrow text in
canonical form; the answer is one boolean per row, True where the number is good, and True for NULL.

    >>> citizen_number(pa.array(["11010519491231002X", "110105194912310021", None])).tolist()
    [True, False, True]
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from certificates.holder_codes import code_types
from quality.days import Days, days_of
from quality.remembered import once, text_of
from registries.text_columns import Bools, Bytes, Numbers, TextColumn, Words
from registries.words import all_digits, weighted

_CITIZEN_LENGTH = 18
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECK = np.resize(np.frombuffer(b"10X98765432", np.uint8), 1024)
"""The check character by the weighted sum, which is 900 at most."""

_USCC_ALPHABET = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECK = np.frombuffer(b"0X987654321", np.uint8)
_ALPHANUMERIC = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_IDENTIFIER_ROOT = np.frombuffer(b"1.2.156.3005.2.", np.uint8)
_IDENTIFIER_ISSUERS = (18, 6)
_LONGEST_SERIAL = 64
_LONGEST_IDENTIFIER = 128
_NONE = 255
_DOT = ord(".")
_ZERO = ord("0")
_NINE = 9
_CHARACTER = np.uint64(0xFF)


def _values_of(alphabet: bytes) -> Bytes:
    table = np.full(256, _NONE, np.uint8)
    table[np.frombuffer(alphabet, np.uint8)] = np.arange(len(alphabet), dtype=np.uint8)
    return table


_USCC_VALUES = _values_of(_USCC_ALPHABET)
_ALPHANUMERIC_VALUES = _values_of(_ALPHANUMERIC)


def _weighted(rows: Bytes, weights: tuple[int, ...]) -> NDArray[np.uint16]:
    total = np.zeros(rows.shape[1], np.uint16)
    for row, weight in zip(rows, weights, strict=True):
        total += row.astype(np.uint16) * np.uint16(weight)
    return total


def _spread(text: TextColumn, positions: Numbers | None, holds: Bools) -> Bools:
    """One boolean per row: the judged rows' own, False for rows of a wrong length, True for NULL."""
    if positions is None:
        return holds
    result = ~text.present
    result[positions] = holds
    return result


@dataclass(frozen=True)
class Citizens:
    """What a column of citizen numbers says, one of each per row; only where one is good it means something.

    Attributes:
        good: GB 11643 holds.
        births: yyyymmdd.
        male: by the 17th digit.
    """

    good: Bools
    births: Days
    male: Bools


@once
def citizens(text: TextColumn) -> Citizens:
    """Reads a column of citizen numbers."""
    first, second, last = (text.words_of_all(at) for at in (0, 8, 10))
    births, exist = days_of((first >> np.uint64(48)) | (second << np.uint64(16)))
    digit = ((last >> np.uint64(48)) & _CHARACTER) - np.uint64(_ZERO)
    good = exist & all_digits(first) & all_digits(second) & (digit <= np.uint64(_NINE))
    good &= (first & _CHARACTER) != np.uint64(_ZERO)
    good &= _citizen_check(first, second, digit) == (last >> np.uint64(56)).astype(np.uint8)
    good &= text.lengths == _CITIZEN_LENGTH
    return Citizens(good, births, (digit & np.uint64(1)) == np.uint64(1))


def _citizen_check(first: Words, second: Words, digit: Words) -> Bytes:
    """The check character, ISO 7064 MOD 11-2; wherever a digit is none it means nothing."""
    total = weighted(first, _CITIZEN_WEIGHTS[:8]) + weighted(second, _CITIZEN_WEIGHTS[8:16])
    total += digit * np.uint64(_CITIZEN_WEIGHTS[16])
    return _CITIZEN_CHECK[(total & np.uint64(0x3FF)).view(np.int64)]


def citizen_number(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """GB 11643-1999: 18 characters, a birth date that exists, ISO 7064 MOD 11-2 check character."""
    good = citizens(values).good
    return good if not values.null_count else good | ~text_of(values).present


def uscc(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """GB 32100-2015 with the organisation code of GB 11714 that stands inside it (places 9 to 17)."""
    text = text_of(values)
    positions = text.of_length(18)
    rows = text.matrix(positions, 18)
    own = _USCC_VALUES[rows]
    known = (own != _NONE).all(axis=0)
    outer = (31 - _weighted(own[:17], _USCC_WEIGHTS) % 31) % 31 == own[17]
    inner = _weighted(_ALPHANUMERIC_VALUES[rows[8:16]], _ORGANISATION_WEIGHTS)
    return _spread(text, positions, known & outer & (_ORGANISATION_CHECK[inner % 11] == rows[16]))


def _mod_37_36_steps() -> NDArray[np.uint16]:
    """The state of ISO 7064 MOD 37,36 after each (state, character value), at state * 36 + value."""
    state, value = np.meshgrid(np.arange(37), np.arange(36), indexing="ij")
    added = (state + value) % 36
    return (np.where(added == 0, 36, added) * 2 % 37).astype(np.uint16).ravel()


_STEPS = _mod_37_36_steps()


def certificate_identifier(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """GB/T 36904-2018 电子证照标识: root, five parts of the right shape, ISO 7064 MOD 37,36 check character.

    The issuer's part may be an 18-character code or a six-digit division code, as both are met in practice. Values
    are judged together with those of their length, so that every part stands at one place.
    """
    text = text_of(values)
    holds = ~text.present
    for length in np.unique(text.lengths):
        if len(_IDENTIFIER_ROOT) < length <= _LONGEST_IDENTIFIER:
            positions = text.of_length(int(length))
            rows = text.matrix(positions, int(length))
            rooted = (rows[: len(_IDENTIFIER_ROOT)] == _IDENTIFIER_ROOT[:, None]).all(axis=0)
            fits = rooted & _identifier_fits(rows[len(_IDENTIFIER_ROOT) :])
            holds[slice(None) if positions is None else positions] = fits
    return holds


def _identifier_fits(body: Bytes) -> Bools:
    """Everything after the root: type (21), issuer (18 or 6), serial, version (3 digits), check character."""
    fits = np.zeros(body.shape[1], np.bool_)
    for issuer in _IDENTIFIER_ISSUERS:
        dots = (21, 22 + issuer, len(body) - 6, len(body) - 2)
        if 0 < dots[2] - dots[1] - 1 <= _LONGEST_SERIAL:
            parts = np.delete(np.arange(len(body)), dots)
            version = body[len(body) - 5 : len(body) - 2] - np.uint8(_ZERO)
            dotted = (body[list(dots)] == _DOT).all(axis=0) & (version <= _NINE).all(axis=0)
            fits |= dotted & _mod_37_36(_ALPHANUMERIC_VALUES[body[parts]])
    return fits


def _mod_37_36(characters: Bytes) -> Bools:
    """Whether the last row is the check character of the rows before it (values 0 to 35, anything else fails)."""
    known = (characters < 36).all(axis=0)  # noqa: PLR2004 - the alphabet's size
    state = np.full(characters.shape[1], 36, np.uint16)
    for row in np.where(known, characters, 0)[:-1]:
        state = _STEPS[state * np.uint16(36) + row]
    holds: Bools = known & ((37 - state) % 36 == characters[-1])
    return holds


_RESIDENCE_AREAS: Final = "810000|820000|830000"
_FOREIGN_OLD: Final = r"\A[A-Z]{3}[0-9]{12}\z"
_VEHICLE: Final = r"\A[A-HJ-NPR-Z0-9]{17}\z"
_PLATE: Final = (
    r"\A[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    r"[A-HJ-Z][A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]\z"
)


def residence_permit(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """港澳台居民居住证: a number by GB 11643 whose address code is 810000, 820000 or 830000."""
    return citizen_number(values) & _matches(values, rf"\A(?:{_RESIDENCE_AREAS})")


def foreign_permanent_resident_number(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """外国人永久居留身份证: 18 characters by GB 11643 from 9 on; of older cards, three letters and twelve digits."""
    return (citizen_number(values) & _matches(values, r"\A9")) | _matches(values, _FOREIGN_OLD)


def vehicle_number(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """车辆识别代号 (GB 16735): the form; imported and older vehicles may have another check digit."""
    return _matches(values, _VEHICLE)


def licence_plate(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """机动车号牌 (GA 36) of the mainland: the form, without its dot."""
    return _matches(values, _PLATE)


def holder_code(values: Any, types: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """GB/T 36903 annex A: each code by its row's type; types that have no rule, and unknown ones, are not judged."""
    holds = np.ones(len(values), np.bool_)
    for code_type, kind in code_types().items():
        if not (kind.check or kind.pattern):
            continue
        chosen = pc.fill_null(pc.equal(types, code_type), False)
        positions = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
        if len(positions):
            holds[positions] = _of_type(values.take(pa.array(positions)), kind.check, kind.pattern)
    return holds


def _of_type(values: Any, check: str, pattern: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    return _CHECKS[check](values) if check else _matches(values, rf"\A(?:{pattern})\z")


_CHECKS: Final[Mapping[str, Callable[[Any], Bools]]] = {
    "citizen_number": citizen_number,
    "uscc": uscc,
    "foreign_permanent_resident_number": foreign_permanent_resident_number,
}


def _matches(values: Any, pattern: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    found = pc.fill_null(pc.match_substring_regex(values, pattern), True)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)
