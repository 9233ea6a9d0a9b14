"""The check characters of Chinese identifiers, for whole columns at once.

Written from the standards alone: the sample city shares no code with the rooms that will check what it plants.
Identifiers are matrices of ASCII codes, one row for each identifier and one column for each character.

    >>> import numpy as np
    >>> body = np.frombuffer(b"11010519491231002", dtype=np.uint8).reshape(1, 17)
    >>> bytes(citizen_number_check(body)).decode()
    'X'
"""

import numpy as np
from numpy.typing import NDArray

Ascii = NDArray[np.uint8]

CITIZEN_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
USCC_WEIGHTS = np.array([3**place % 31 for place in range(17)])
USCC_ALPHABET = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
IDENTIFIER_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
IDENTIFIER_MODULUS = len(IDENTIFIER_ALPHABET)


def _letters(alphabet: bytes) -> Ascii:
    return np.frombuffer(alphabet, dtype=np.uint8)


def _values(alphabet: bytes) -> NDArray[np.int64]:
    values = np.full(256, -1)
    values[_letters(alphabet)] = np.arange(len(alphabet))
    return values


USCC_VALUES = _values(USCC_ALPHABET)
IDENTIFIER_VALUES = _values(IDENTIFIER_ALPHABET)


def citizen_number_check(body: Ascii) -> Ascii:
    """GB 11643-1999: the 18th character for bodies (n, 17)."""
    found: Ascii = _letters(b"10X98765432")[(body.astype(np.int64) - ord("0")) @ CITIZEN_WEIGHTS % 11]
    return found


def organisation_code_check(body: Ascii) -> Ascii:
    """GB 11714-1997: the ninth character for bodies (n, 8)."""
    remainder = IDENTIFIER_VALUES[body] @ ORGANISATION_WEIGHTS % 11
    found: Ascii = _letters(b"0X987654321")[remainder]
    return found


def uscc_check(body: Ascii) -> Ascii:
    """GB 32100-2015: the 18th character for bodies (n, 17)."""
    found: Ascii = _letters(USCC_ALPHABET)[-(USCC_VALUES[body] @ USCC_WEIGHTS) % 31]
    return found


def identifier_check(body: Ascii) -> Ascii:
    """GB/T 36904-2018: ISO/IEC 7064 MOD 37,36 over type, issuer, serial and version (n, any width), without dots."""
    product = np.full(len(body), IDENTIFIER_MODULUS)
    for place in range(body.shape[1]):
        total = (product + IDENTIFIER_VALUES[body[:, place]]) % IDENTIFIER_MODULUS
        product = np.where(total == 0, IDENTIFIER_MODULUS, total) * 2 % (IDENTIFIER_MODULUS + 1)
    found: Ascii = _letters(IDENTIFIER_ALPHABET)[(IDENTIFIER_MODULUS + 1 - product) % IDENTIFIER_MODULUS]
    return found


def another_inner_check(check: Ascii, drawn: NDArray[np.int64]) -> Ascii:
    """A check character of an organisation code that is not the right one (0-9 or X)."""
    alphabet = b"0123456789X"
    return another_character(check, 1 + drawn % (len(alphabet) - 1), alphabet)


def another_character(check: Ascii, shift: NDArray[np.int64], alphabet: bytes) -> Ascii:
    """A character of `alphabet` that is not the right one: `shift` (1 to the alphabet's length less 1) places on."""
    place = _values(alphabet)[check]
    moved: Ascii = _letters(alphabet)[(place + shift) % len(alphabet)]
    return moved
