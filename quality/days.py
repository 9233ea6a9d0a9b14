"""Days over whole columns: text to yyyymmdd numbers that compare as days do.

>>> import pyarrow as pa
>>> days, real = iso_days(TextColumn.of(pa.array(["2024-02-29", "2023-02-29", "2024-02-29 08:00:00", None])))
>>> days.tolist(), real.tolist()
([20240229, 20230229, 20240229, 0], [True, False, True, False])
"""

import numpy as np
from numpy.typing import NDArray

from quality.code_points import Bools, Bytes, TextColumn

Days = NDArray[np.int32]

_DASH = ord("-")
_ZERO = ord("0")
_NINE = 9
_WIDTH = 10
_FEBRUARY = 2
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0], np.int32)
_YEARS = np.arange(65536)
_LEAP = (_YEARS % 4 == 0) & ((_YEARS % 100 != 0) | (_YEARS % 400 == 0))


def _number(digits: Bytes) -> NDArray[np.uint16]:
    """Up to four rows of digit values, most significant first, as numbers; means nothing where one is no digit."""
    total = np.zeros(digits.shape[1], np.uint16)
    for row in digits:
        total = total * np.uint16(10) + row
    return total


def days_of_digits(digits: Bytes) -> tuple[Days, Bools]:
    """Eight rows of digit values as yyyymmdd, and whether that day exists (year 1 to 9999, proleptic Gregorian)."""
    year, month, day = _number(digits[:4]), _number(digits[4:6]), _number(digits[6:8])
    longest = _MONTH_DAYS[np.minimum(month, len(_MONTH_DAYS) - 1)] + (_LEAP[year] & (month == _FEBRUARY))
    exists = (digits <= _NINE).all(axis=0) & (year > 0) & (day > 0) & (day <= longest)
    days = year.astype(np.int32) * np.int32(10000) + month.astype(np.int32) * np.int32(100) + day.astype(np.int32)
    return days, exists


def iso_days(text: TextColumn) -> tuple[Days, Bools]:
    """Per row yyyymmdd, 0 where there is none, and whether the value begins with a YYYY-MM-DD day that exists."""
    days, real = np.zeros(len(text), np.int32), np.zeros(len(text), np.bool_)
    positions = np.flatnonzero(text.lengths >= _WIDTH)
    rows = text.matrix(positions, _WIDTH)
    found, exists = days_of_digits(rows[[0, 1, 2, 3, 5, 6, 8, 9]] - np.uint8(_ZERO))
    dashed = (rows[4] == _DASH) & (rows[7] == _DASH)
    days[positions], real[positions] = found, exists & dashed
    return days, real
