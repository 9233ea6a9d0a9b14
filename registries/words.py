"""Eight ASCII characters at once: a text's bytes as one unsigned 64-bit number each, the first character lowest.

>>> text = np.frombuffer(b"202402292024-02-", "<u8")
>>> all_digits(text).tolist(), fits(text, "dddd-dd-").tolist()
([True, False], [False, True])
>>> number(text[:1]).tolist()
[20240229]
"""

from functools import lru_cache
from typing import Final

import numpy as np

from registries.text_columns import Bools, Words

_ZEROS: Final = np.uint64(0x3030303030303030)
_TENS: Final = np.uint64(10)
_BYTE: Final = np.uint64(8)
_TWO_BYTES: Final = np.uint64(16)
_FOUR_BYTES: Final = np.uint64(32)
_TOP: Final = np.uint64(48)
_EVERY_OTHER: Final = np.uint64(0x00FF00FF00FF00FF)
_PAIRS: Final = np.uint64(0x000000FF000000FF)
_UPPER: Final = np.uint64(100 + (1_000_000 << 32))
_LOWER: Final = np.uint64(1 + (10_000 << 32))


def all_digits(words: Words) -> Bools:
    """Whether all eight are 0 to 9."""
    return fits(words, "dddddddd")


def fits(words: Words, template: str) -> Bools:
    """Whether each character is a digit where the template of eight characters has a d, and otherwise just its."""
    high, wanted, six, digits = _masks(template)
    # A digit's upper half is 3, and still is when six is added; a byte above 0xF9, which would carry, has another one.
    holds: Bools = ((words & high) == wanted) & (((words + six) & digits) == (wanted & digits))
    return holds


@lru_cache(maxsize=64)
def _masks(template: str) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    is_digit = [character == "d" for character in template]
    high = bytes(0xF0 if digit else 0xFF for digit in is_digit)
    wanted = bytes(0x30 if digit else ord(character) for digit, character in zip(is_digit, template, strict=True))
    six = bytes(6 if digit else 0 for digit in is_digit)
    digits = bytes(0xF0 if digit else 0 for digit in is_digit)
    high_word, wanted_word, six_word, digits_word = np.frombuffer(high + wanted + six + digits, "<u8")
    return high_word, wanted_word, six_word, digits_word


def number(words: Words) -> Words:
    """Eight digits as the number that they are; means nothing where one is no digit."""
    return number_of_pairs(pairs(words))


def pairs(words: Words) -> Words:
    """Each byte at which two digits begin is the number that these are."""
    values = words - _ZEROS
    return values * _TENS + (values >> _BYTE)


def number_of_pairs(found: Words) -> Words:
    """The number of eight digits, from their `pairs`."""
    return ((found & _PAIRS) * _UPPER + ((found >> _TWO_BYTES) & _PAIRS) * _LOWER) >> _FOUR_BYTES


def weighted(words: Words, weights: tuple[int, ...]) -> Words:
    """The sum of eight digits, each times its weight; the weights of every other one add up to 7,000 at most."""
    values = words - _ZEROS
    even, odd = values & _EVERY_OTHER, (values >> _BYTE) & _EVERY_OTHER
    # Four products add up in the uppermost 16 bits of a product with the weights in reversed order.
    return ((even * _reversed(weights[::2])) >> _TOP) + ((odd * _reversed(weights[1::2])) >> _TOP)


@lru_cache(maxsize=64)
def _reversed(weights: tuple[int, ...]) -> np.uint64:
    return np.uint64(sum(weight << (16 * place) for place, weight in enumerate(reversed(weights))))
