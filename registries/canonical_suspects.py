"""Which values of a text column may not be in canonical form yet, told from their bytes.

Nearly all values are in form already. Each function marks those that a change might touch, some that it would not touch
among them, and costs a few passes over the bytes: the change itself is then asked of the marked ones only.

    >>> blanks_around(TextColumn.of(pa.array(["a", " a", "a\u3000", "", None]))).tolist()
    [False, True, True, True, False]
    >>> no_date(TextColumn.of(pa.array(["2024-01-31", "20240131", None]))).tolist()
    [False, True, False]
"""

from typing import Final

import numpy as np
import pyarrow as pa  # noqa: F401 - the example's

from registries.text_columns import Bools, Bytes, TextColumn
from registries.words import fits

_BLANK: Final = 0x20
_ASCII_END: Final = 0x80
_LATIN_BLANK: Final = 0xC2
"""U+0085 and U+00A0 begin with it; all other blanks are three bytes, the first of them E1, E2 or E3."""

_WIDE_BLANKS: Final = (0xE1, 3)
_IDEOGRAPHS: Final = (0xE4, 6)
"""First bytes of U+4000 to U+9FFF, which NFKC leaves as they are."""

_FIRST_BYTES: Final = (0xC2, 62)
_DIGITS: Final = (0x30, 10)
_SMALL: Final = (0x61, 26)
_DATE_LENGTH: Final = 10
_TIMESTAMP_LENGTH: Final = 19


def blanks_around(text: TextColumn) -> Bools:
    """Blanks of any kind at the begin or the end, and empty values."""
    found: Bools = text.present & (text.lengths == 0)
    if not len(text.own) or (text.own.min() > _BLANK and text.is_ascii):
        return found
    ends = text.starts + text.lengths
    first, last = text.bytes_at(text.starts), text.bytes_at(ends - 1)
    found |= (first <= _BLANK) | (first == _LATIN_BLANK) | _among(first, _WIDE_BLANKS) | (last <= _BLANK)
    if not text.is_ascii:
        found |= (text.bytes_at(ends - 2) == _LATIN_BLANK) | _among(text.bytes_at(ends - 3), _WIDE_BLANKS)
    return found & text.present


def other_widths(text: TextColumn) -> Bools:
    """Characters that are neither ASCII nor Chinese ideographs: what full width or another composed form may be."""
    if text.is_ascii:
        return np.zeros(len(text), np.bool_)
    return text.rows_with(_among(text.own, _FIRST_BYTES) & ~_among(text.own, _IDEOGRAPHS))


def small_letters(text: TextColumn) -> Bools:
    """Letters a to z, and all that is neither ASCII nor an ideograph."""
    return text.rows_with(_among(text.own, _SMALL)) | other_widths(text)


def loose_characters(text: TextColumn) -> Bools:
    """Blanks, tabs, hyphens, dots and dashes: `certificates.holder_codes.LOOSE`."""
    own = text.own
    marked = (own <= _BLANK) | (own == ord("-"))
    return text.rows_with(marked) | other_widths(text)


def no_date(text: TextColumn) -> Bools:
    """Not of the form YYYY-MM-DD."""
    form = fits(text.words_of_all(0), "dddd-dd-") & fits(text.words_of_all(2), "dd-dd-dd")
    found: Bools = text.present & ~(form & (text.lengths == _DATE_LENGTH))
    return found


def no_timestamp(text: TextColumn) -> Bools:
    """Does not begin with YYYY-MM-DD HH:MM:SS."""
    form = fits(text.words_of_all(0), "dddd-dd-") & fits(text.words_of_all(8), "dd dd:dd")
    form &= fits(text.words_of_all(11), "dd:dd:dd")
    found: Bools = text.present & ~(form & (text.lengths >= _TIMESTAMP_LENGTH))
    return found


def not_only_digits(text: TextColumn) -> Bools:
    """Characters besides 0 to 9."""
    return text.rows_with(~_among(text.own, _DIGITS))


def _among(found: Bytes, run: tuple[int, int]) -> Bools:
    """Bytes of a run: its first one, and how many they are."""
    first, count = run
    inside: Bools = (found - np.uint8(first)) < np.uint8(count)
    return inside
