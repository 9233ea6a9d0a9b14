"""Days over whole columns: text to yyyymmdd numbers that compare as days do.

>>> import pyarrow as pa
>>> days, real = iso_days(pa.array(["2024-02-29", "2023-02-29", "2024-02-29 08:00:00", None]))
>>> days.tolist(), real.tolist()
([20240229, 20230229, 20240229, 0], [True, False, True, False])
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from quality.remembered import once_each
from registries.text_columns import Bools, TextColumn, Words
from registries.words import all_digits, number_of_pairs, pairs

Days = NDArray[np.int32]

_WIDTH: Final = 10
_FEBRUARY_29: Final = 2 + (29 << 7)
_YEAR: Final = 10_000
_DASHES, _AT_DASHES = np.frombuffer(b"\0\0-\0\0-\0\0\0\0\xff\0\0\xff\0\0", "<u8")
_FOUR: Final = np.uint64(0xFFFFFFFF)
_MONTH, _DAY = np.uint64(0xFFFF << 32), np.uint64(0xFFFF << 48)
_BYTE: Final = np.uint64(8)
_MONTH_AT, _DAY_AT = np.uint64(32), np.uint64(48)
_SEVEN, _SEVEN_BITS = np.uint64(7), np.uint64(0x7F)


def _days_of_a_leap_year() -> Bools:
    """Whether a day exists, at month + 128 * day."""
    longest = np.zeros(128, np.int64)
    longest[1:13] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    days = np.arange(128)[:, None]
    exists: Bools = ((days >= 1) & (days <= longest)).ravel()
    return exists


_EXISTS: Final = _days_of_a_leap_year()


def days_of(digits: Words) -> tuple[Days, Bools]:
    """Words of eight digits as yyyymmdd, and whether that day exists (year 1 to 9999, proleptic Gregorian)."""
    two = pairs(digits)
    days = number_of_pairs(two)
    place = (((two >> _MONTH_AT) & _SEVEN_BITS) | ((two >> _DAY_AT) & _SEVEN_BITS) << _SEVEN).view(np.int64)
    exists: Bools = all_digits(digits) & (days >= np.uint64(_YEAR)) & _EXISTS[place]
    leap_days = np.flatnonzero(exists & (place == _FEBRUARY_29))
    if len(leap_days):
        years = days[leap_days] // np.uint64(_YEAR)
        exists[leap_days] = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    return days.astype(np.int32), exists


@once_each
def iso_days(text: TextColumn) -> tuple[Days, Bools]:
    """Per row yyyymmdd, 0 where there is none, and whether the value begins with a YYYY-MM-DD day that exists."""
    first, last = text.words_of_all(0), text.words_of_all(2)
    month = (last << _BYTE) & _MONTH  # it stands at 3 and 4 of these eight, and goes to 4 and 5
    days, real = days_of((first & _FOUR) | month | (last & _DAY))
    there = text.lengths >= _WIDTH
    real &= there & ((last & _AT_DASHES) == _DASHES)
    return days * there, real
