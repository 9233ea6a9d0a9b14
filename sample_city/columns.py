"""Columns of text made from numbers without a Python object for each row.

A matrix (n, width) of ASCII codes becomes an Arrow text column as it stands; days become dates by looking them up.

    >>> import numpy as np
    >>> text(digits(np.array([7, 42]), 3)).to_pylist()
    ['007', '042']
    >>> dates(np.array([0, 19723])).to_pylist()
    ['1970-01-01', '2024-01-01']
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sample_city.check_characters import Ascii
from sample_city.draws import Index

Column = Any  # a pyarrow string array; pyarrow ships no types
Columns = dict[str, Column]

FIRST_DAY = int(np.datetime64("1880-01-01").astype(np.int64))
LAST_DAY = int(np.datetime64("2199-12-31").astype(np.int64))
COMPACT = [0, 1, 2, 3, 5, 6, 8, 9]


def digits(numbers: Index, width: int) -> Ascii:
    """The decimal digits of `numbers`, padded with zeros, as a matrix (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def text(matrix: Ascii) -> Column:
    """The rows of an ASCII matrix (n, width) as a text column, without a copy of each."""
    rows, width = matrix.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * width
    data = np.ascontiguousarray(matrix)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))


def repeated(word: bytes, rows: int) -> Ascii:
    """`word` on every row: a matrix (rows, len(word))."""
    return np.broadcast_to(np.frombuffer(word, dtype=np.uint8), (rows, len(word)))


@lru_cache(maxsize=1)
def _calendar() -> Ascii:
    days = np.arange(FIRST_DAY, LAST_DAY + 1).astype("datetime64[D]")
    return np.datetime_as_string(days).astype("S10").view(np.uint8).reshape(-1, 10)


def date_matrix(days: Index) -> Ascii:
    """Days since 1970-01-01 (1880 to 2199) as `2024-01-31`: a matrix (n, 10)."""
    return _calendar()[days - FIRST_DAY]


def dates(days: Index) -> Column:
    """Days since 1970-01-01 as a text column of `2024-01-31`."""
    return text(date_matrix(days))


def compact_dates(days: Index) -> Column:
    """Days since 1970-01-01 as a text column of `20240131`."""
    return text(date_matrix(days)[:, COMPACT])


def moments(days: Index, seconds: Index) -> Column:
    """Days and seconds of the day as a text column of `2024-01-31 09:05:59`."""
    clock = [digits(seconds // 3600, 2), digits(seconds // 60 % 60, 2), digits(seconds % 60, 2)]
    return joined(dates(days), " ", text(clock[0]), ":", text(clock[1]), ":", text(clock[2]))


def years(days: Index) -> Index:
    """The calendar year of each day."""
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def constants(words: Iterable[str]) -> Column:
    """A few words as a column, from their bytes: pyarrow's own way would import pandas, which takes a second."""
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


@lru_cache(maxsize=256)
def _constant(word: str) -> Column:
    return constants([word])[0]


def _value(part: Column | str) -> Column:
    return _constant(part) if isinstance(part, str) else part


def take(column: Column, places: Index) -> Column:
    """The values of `column` at `places`."""
    numbers = np.ascontiguousarray(places, dtype=np.int64)
    return pc.take(column, pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)]))


def flags(mask: NDArray[np.bool_]) -> Column:
    """A mask as an Arrow column."""
    packed = np.packbits(mask, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, pa.py_buffer(packed)])


def pick(words: Iterable[str], places: Index) -> Column:
    """The word at each of `places`."""
    return take(constants(words), places)


@lru_cache(maxsize=1)
def _numerals() -> Column:
    return constants(str(number) for number in range(10_000))


def numerals(numbers: Index) -> Column:
    """Numbers below 10,000 as text without leading zeros."""
    return take(_numerals(), numbers)


def joined(*parts: Column | str, between: str = "") -> Column:
    """The parts of each row, joined; a plain string stands on every row."""
    return pc.binary_join_element_wise(*map(_value, parts), _constant(between))


def where(mask: NDArray[np.bool_], yes: Column | str, no: Column) -> Column:
    """`yes` where the mask holds, otherwise `no`."""
    return pc.if_else(flags(mask), _value(yes), no)


def missing(mask: NDArray[np.bool_], column: Column) -> Column:
    """The column with nothing at all (NULL) where the mask holds."""
    return pc.if_else(flags(mask), _nothing(), column)


@lru_cache(maxsize=1)
def _nothing() -> Column:
    return pa.nulls(1, pa.string())[0]


def filled(column: Column, word: str) -> Column:
    """The column with `word` where there was nothing."""
    return pc.coalesce(column, _constant(word))
