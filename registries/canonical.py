"""One form for one value: what clerks and systems write differently becomes equal, without judging it.

Vectorised over Arrow; no Python object per row, and only values that may not be in form yet are touched. What can't
be brought into form with certainty stays as it came, so that the rules name it: an ambiguous date is never guessed.

    every column       blanks around it removed (full-width ones too); empty becomes NULL
    identifiers        full-width to half-width (NFKC), upper case
    people's and organisations' numbers, vehicles', number plates
                       blanks and hyphens inside left out, where the rest then has the number's form
    citizen numbers    15 digits become 18 (GB 11643), where the date exists
    holders' codes     each row by its code type (certificates/holder_codes.yaml)
    dates              20240131, 2024/1/31, 2024.1.31, 2024年1月31日, 2024-01-31 00:00:00 become 2024-01-31
    timestamps         2024/1/31T8:05 becomes 2024-01-31 08:05:00
    numbers            thousands' commas removed
    codes              full-width to half-width

Example:
    >>> dates(pa.array(["20240131", "2024/1/31", "31/1/2024"])).to_pylist()
    ['2024-01-31', '2024-01-31', '31/1/2024']
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from certificates.holder_codes import LOOSE, WIDENED
from certificates.holder_codes import code_types as known_code_types
from registries.canonical_suspects import (
    blanks_around,
    loose_characters,
    no_date,
    no_timestamp,
    not_only_digits,
    other_widths,
    small_letters,
)
from registries.coded_texts import CodedTexts
from registries.contracts.model import Column, Dataset
from registries.contracts.vocabulary import IDENTIFIER_SEMANTICS
from registries.text_columns import Bools, TextColumn, one_array

Texts = Any  # a pyarrow string array; pyarrow ships no types

_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIMESTAMP: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
_NUMBER: Final = r"^-?[0-9]+(\.[0-9]+)?$"
_OLD_NUMBER: Final = r"^[1-9][0-9]{14}$"
_OLD_LENGTH: Final = 15
_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.uint16)
_CHECKS: Final = np.frombuffer(b"10X98765432", np.uint8)
_CENTENARIANS: Final = 996
_FORMS: Final[Mapping[str | None, str]] = {
    "citizen_number": r"[1-9][0-9]{16}[0-9X]|[1-9][0-9]{14}",
    "residence_permit": r"8[0-9]{16}[0-9X]",
    "foreign_permanent_resident_number": r"9[0-9]{16}[0-9X]|[A-Z]{3}[0-9]{12}",
    "uscc": r"[0-9A-Z]{18}",
    "vehicle_number": r"[A-HJ-NPR-Z0-9]{17}",
    "licence_plate": r"\p{Han}[A-Z][A-Z0-9]{4,5}[A-Z0-9\p{Han}]",
}
"""Semantics -> the form by which blanks and hyphens inside are known to mean nothing."""

_WIDENED: Final = frozenset({"citizen_number"})
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int16)


def canonical(batch: pa.RecordBatch, dataset: Dataset) -> pa.RecordBatch:
    """A batch of text columns, named as the contract's, in canonical form; rows and columns stay where they are."""
    return canonical_and_coded(batch, dataset)[0]


def canonical_and_coded(batch: pa.RecordBatch, dataset: Dataset) -> tuple[pa.RecordBatch, dict[str, CodedTexts]]:
    """The same, and those of its columns by name that came as dictionaries, as such."""
    columns, coded = {}, {}
    for name in batch.schema.names:
        values, column = one_array(batch.column(name)), dataset.column(name)
        if pa.types.is_dictionary(values.type):
            coded[name] = CodedTexts.of(canonical_column(values.dictionary, column), values.indices)
            columns[name] = coded[name].texts()
        else:
            columns[name] = canonical_column(values, column)
    for name, code_type in _holder_codes(dataset):
        if name in columns and code_type in columns:
            columns[name] = holder_codes(columns[name], columns[code_type])
            coded.pop(name, None)
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)), coded


def code_types_of(dataset: Dataset, names: Iterable[str]) -> list[str]:
    """The columns on which the canonical form of some columns depends."""
    wanted = frozenset(names)
    return [code_type for name, code_type in _holder_codes(dataset) if name in wanted]


def _holder_codes(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """The columns with holders' codes, each with that of its code type: of the certificate, and those that say so."""
    certificate = dataset.certificate
    told = {column.name: column.code_type_column for column in dataset.columns if column.semantic == "holder_code"}
    if certificate is not None:
        told[certificate.holder_code] = certificate.holder_code_type or told.get(certificate.holder_code)
        told |= {holder.code: holder.code_type for holder in certificate.further_holders if holder.code_type}
    return ((name, code_type) for name, code_type in told.items() if code_type is not None)


def canonical_column(values: Texts, column: Column) -> Texts:
    """One text column in canonical form, as far as it depends on no other column."""
    values = _trimmed(one_array(values))
    if column.semantic in IDENTIFIER_SEMANTICS:
        values = _upper(_half_width(values))
    elif column.logical_type != "string" or column.code_table is not None:
        values = _half_width(values)
    if column.semantic in _FORMS:
        values = _joined(values, _FORMS[column.semantic])
    if column.semantic in _WIDENED:
        values = widened(values)
    match column.logical_type:
        case "date":
            values = dates(values)
        case "timestamp":
            values = timestamps(values)
        case "integer" | "number":
            values = numbers(values)
        case "boolean":
            values = pc.utf8_lower(values)
    return values


def holder_codes(values: Texts, code_types: Texts) -> Texts:
    """Holders' codes in the one form of their type, row by row: as `certificates.holder_codes.normal_holder_code`.

    Args:
        values: codes, trimmed.
        code_types: of the same length; a type that is not known changes nothing but width and case.
    """
    values, kinds = _upper(_half_width(values)), one_array(code_types)
    for code_type in pc.unique(kinds).drop_null().to_pylist():  # a handful, however many rows there are
        kind = known_code_types().get(code_type)
        if kind is not None and kind.loose:
            chosen = pc.fill_null(pc.equal(kinds, code_type), False)
            shaped = _joined(values.filter(chosen), kind.pattern)
            values = pc.replace_with_mask(values, chosen, widened(shaped) if kind.check == WIDENED else shaped)
    return values


def _joined(values: Texts, form: str) -> Texts:
    """Numbers without blanks and hyphens inside, where what remains has the form."""
    suspects = loose_characters(TextColumn.of(values))
    return _mended(values, suspects, f"^({form})$", lambda other: pc.replace_substring_regex(other, LOOSE, ""))


def dates(values: Texts) -> Texts:
    """Calendar dates as YYYY-MM-DD; what is written year first without doubt is rewritten, the rest stays."""
    return _mended(values, no_date(TextColumn.of(values)), _DATE, _date_form)


def _date_form(values: Texts) -> Texts:
    form = pc.replace_substring_regex(values, r"[ T]0?0:00(:00(\.0+)?)?$", "")
    form = pc.replace_substring_regex(form, r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3")
    form = pc.replace_substring_regex(form, r"^([0-9]{4})[年/.-]([0-9]{1,2})[月/.-]([0-9]{1,2})日?$", r"\1-\2-\3")
    return _padded(form)


def timestamps(values: Texts) -> Texts:
    """Times as YYYY-MM-DD HH:MM:SS, with the fraction and the offset that they have."""
    return _mended(values, no_timestamp(TextColumn.of(values)), _TIMESTAMP, _timestamp_form)


def _timestamp_form(values: Texts) -> Texts:
    form = pc.replace_substring_regex(values, r"^([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})", r"\1-\2-\3")
    form = pc.replace_substring_regex(_padded(form), r"^([0-9-]{10})[T ] *", r"\1 ")
    form = pc.replace_substring_regex(form, r" ([0-9]):", r" 0\1:")
    return pc.replace_substring_regex(form, r" ([0-9]{2}:[0-9]{2})$", r" \1:00")


def numbers(values: Texts) -> Texts:
    """Decimal numbers without thousands' commas and without a plus."""
    return _mended(values, not_only_digits(TextColumn.of(values)), _NUMBER, _number_form)


def _number_form(values: Texts) -> Texts:
    grouped = pc.match_substring_regex(values, r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$")
    form = pc.if_else(grouped, pc.replace_substring(values, ",", ""), values)
    return pc.replace_substring_regex(form, r"^\+", "")


def _mended(values: Texts, suspects: Bools, good: str, mend: Callable[[Texts], Texts]) -> Texts:
    """Suspects that don't match `good` yet, but do after mending, are replaced."""

    def mended(before: Texts) -> Texts:
        after = mend(before)
        better = pc.and_(pc.match_substring_regex(after, good), pc.invert(pc.match_substring_regex(before, good)))
        return pc.if_else(better, after, before)

    return _changed(values, suspects, mended)


def _changed(values: Texts, suspects: Bools, change: Callable[[Texts], Texts]) -> Texts:
    """The column with its suspects changed; the column itself, without a copy, where nothing changes."""
    if not suspects.any():
        return values
    mask = pa.array(suspects)
    before = values.filter(mask)
    after = change(before)
    return values if after.equals(before) else pc.replace_with_mask(values, mask, after)


def widened(values: Texts) -> Texts:
    """Citizen numbers of 18 characters for those of 15 digits whose date exists (GB 11643-1999)."""
    values = one_array(values)
    if not (TextColumn.of(values).lengths == _OLD_LENGTH).any():
        return values
    old = pc.fill_null(pc.match_substring_regex(values, _OLD_NUMBER), False)
    digits = _ascii(values.filter(old), _OLD_LENGTH) - ord("0")
    bodies, exists = _with_century(digits)
    mask = old.to_numpy(zero_copy_only=False)
    mask[mask] = exists
    return pc.replace_with_mask(values, pa.array(mask), _with_check(bodies[exists]))


def _with_century(digits: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Digits (n, 15) to digits (n, 17), and whether the day is in the calendar."""
    sequence = digits[:, 12:].astype(np.int16) @ np.array([100, 10, 1], np.int16)
    century = np.where(sequence >= _CENTENARIANS, 18, 19)
    year = century * 100 + digits[:, 6] * 10 + digits[:, 7]
    month, day = digits[:, 8] * 10 + digits[:, 9], digits[:, 10] * 10 + digits[:, 11]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _MONTH_DAYS[np.minimum(month, 12)] + (leap & (month == 2))  # noqa: PLR2004 - February
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest)  # noqa: PLR2004 - December
    two = np.stack([century // 10, century % 10], axis=1).astype(np.uint8)
    return np.hstack([digits[:, :6], two, digits[:, 6:]]), exists


def _with_check(bodies: NDArray[np.uint8]) -> Texts:
    check = _CHECKS[(bodies.astype(np.uint16) @ _WEIGHTS) % 11]
    rows = np.ascontiguousarray(np.hstack([bodies + ord("0"), check[:, None]]).astype(np.uint8))
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.StringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(rows))


def _ascii(values: Texts, width: int) -> NDArray[np.uint8]:
    """Texts of `width` ASCII characters each, none missing, as a matrix (n, width)."""
    fixed = values.cast(pa.binary()).cast(pa.binary(width))
    data = np.frombuffer(fixed.buffers()[1], np.uint8, count=len(fixed) * width, offset=fixed.offset * width)
    return data.reshape(len(fixed), width)


def _trimmed(values: Texts) -> Texts:
    return _changed(values, blanks_around(TextColumn.of(values)), _trim)


def _trim(values: Texts) -> Texts:
    values = pc.utf8_trim_whitespace(values)
    return pc.replace_with_mask(values, pc.equal(values, ""), pa.scalar(None, pa.string()))


def _half_width(values: Texts) -> Texts:
    return _changed(values, other_widths(TextColumn.of(values)), lambda found: pc.utf8_normalize(found, form="NFKC"))


def _upper(values: Texts) -> Texts:
    return _changed(values, small_letters(TextColumn.of(values)), pc.utf8_upper)


def _padded(values: Texts) -> Texts:
    """Months and days with two digits."""
    padded = pc.replace_substring_regex(values, r"^([0-9]{4})-([0-9])-", r"\1-0\2-")
    return pc.replace_substring_regex(padded, r"^([0-9]{4}-[0-9]{2})-([0-9])($|[ T])", r"\1-0\2\3")
