r"""Dates and times as PostgreSQL sends them, many at once, as the text that it would show: half its work is that text.

    >>> dates(b"\x00\x00\x00\x00\x80\x00\x00\x01", 2).to_pylist()
    ['2000-01-01', None]
    >>> moments(bytes(8), 1, "+00").to_pylist()
    ['2000-01-01 00:00:00+00']

Days are counted from 2000-01-01 in four bytes, microseconds in eight; an absent one is sent as a number that stands for
no day or moment. What is not within the years 1 to 9999 (infinity, before Christ) is left to the server to write.
"""

import functools
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

ABSENT_DAY: Final = -(1 << 31) + 1
ABSENT_MOMENT: Final = -(1 << 63) + 1

_OF_2000: Final = 10_957
"""Days from 1970, from which Arrow counts."""

_FIRST: Final = -730_119
_LAST: Final = 2_921_939
"""0001-01-01 and 9999-12-31, in days of 2000."""

_SECOND: Final = 1_000_000
_DAY: Final = 86_400
_WIDTH: Final = 19

Numbers = npt.NDArray[np.int64]


def sent_as(kind: pa.DataType) -> sql.SQL | None:
    """How the server joins the values of a column of this type; None for types that are neither dates nor times."""
    if pa.types.is_date32(kind):
        return sql.SQL(r"string_agg(coalesce(date_send({}), '\x80000001'::bytea), ''::bytea)")
    if kind == pa.timestamp("us"):
        return sql.SQL(r"string_agg(coalesce(timestamp_send({}), '\x8000000000000001'::bytea), ''::bytea)")
    if pa.types.is_timestamp(kind) and kind.unit == "us":
        return sql.SQL(r"string_agg(coalesce(timestamptz_send({}), '\x8000000000000001'::bytea), ''::bytea)")
    return None


def texts_of(kind: pa.DataType, sent: pa.Buffer, count: int) -> pa.Array | None:
    """The texts of what was sent for a column of this type; None where the server has to write them."""
    if pa.types.is_date32(kind):
        return dates(sent, count)
    return moments(sent, count, "+00" if kind.tz else "")


def dates(sent: "bytes | pa.Buffer", count: int) -> pa.Array | None:
    """Days as YYYY-MM-DD."""
    days = np.frombuffer(sent, ">i4").astype(np.int64)
    absent = days == ABSENT_DAY
    days[absent] = 0
    if len(days) != count or not _in_range(days):
        return None
    encoded = _days(days)
    valid = pa.array(~absent)
    return pc.if_else(valid, encoded.dictionary.take(encoded.indices), pa.scalar(None, pa.string()))


def moments(sent: "bytes | pa.Buffer", count: int, zone: str) -> pa.Array | None:
    """Microseconds as YYYY-MM-DD HH:MM:SS, with what fraction there is, and `zone`."""
    micros = np.frombuffer(sent, ">i8").astype(np.int64)
    absent = micros == ABSENT_MOMENT
    micros[absent] = 0
    seconds, fractions = np.divmod(micros, _SECOND)
    days, of_day = np.divmod(seconds, _DAY)
    if len(micros) != count or not _in_range(days):
        return None
    written = _with_fractions(micros, zone) if fractions.any() else _in_seconds(days, of_day, zone)
    return pc.if_else(pa.array(~absent), written, pa.scalar(None, pa.string()))


def _in_range(days: Numbers) -> bool:
    return len(days) == 0 or bool(days.min() >= _FIRST and days.max() <= _LAST)


def _days(days: Numbers) -> pa.DictionaryArray:
    """Each day's text once."""
    encoded = pa.array((days + _OF_2000).astype(np.int32), pa.date32()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices, encoded.dictionary.cast(pa.string()))


def _in_seconds(days: Numbers, of_day: Numbers, zone: str) -> pa.Array:
    encoded = _days(days)
    of_days = np.frombuffer("".join(encoded.dictionary.to_pylist()).encode(), np.uint8).reshape(-1, 10)
    written = np.empty((len(days), _WIDTH + len(zone)), np.uint8)
    written[:, :10] = of_days[encoded.indices.to_numpy()]
    written[:, 10] = ord(" ")
    written[:, 11:_WIDTH] = _clock()[of_day]
    written[:, _WIDTH:] = np.frombuffer(zone.encode(), np.uint8)
    offsets = np.arange(len(days) + 1, dtype=np.int32) * written.shape[1]
    return pa.StringArray.from_buffers(len(days), pa.py_buffer(offsets), pa.py_buffer(written))


def _with_fractions(micros: Numbers, zone: str) -> pa.Array:
    shown = pa.array(micros + _OF_2000 * _DAY * _SECOND, pa.timestamp("us")).cast(pa.string())
    short = pc.utf8_rtrim(pc.utf8_rtrim(shown, "0"), ".")
    return pc.binary_join_element_wise(short, zone, "")


@functools.cache
def _clock() -> npt.NDArray[np.uint8]:
    """Every second of a day as HH:MM:SS."""
    shown = "".join(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(_DAY))
    return np.frombuffer(shown.encode(), np.uint8).reshape(_DAY, 8)
