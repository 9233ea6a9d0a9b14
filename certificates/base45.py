"""Base45 (RFC 9285), read strictly: two bytes in three characters that a QR code holds in its alphanumeric mode.

Example:
    >>> encode(b"Hello!!"), decode("%69 VD92EX0")
    ('%69 VD92EX0', b'Hello!!')
"""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_BASE = len(ALPHABET)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WHOLE, _HALF = 3, 2  # characters of two bytes, and of a last single one


class NotBase45(ValueError):
    """Raised, inside this room only, for a text that no bytes encode to."""


def encode(data: bytes) -> str:
    """The text of some bytes."""
    return "".join(_characters(data[start : start + 2]) for start in range(0, len(data), 2))


def _characters(pair: bytes) -> str:
    rest, characters = int.from_bytes(pair, "big"), ""
    for _ in range(_WHOLE if len(pair) == 2 else _HALF):  # noqa: PLR2004 -- a pair has two bytes
        rest, value = divmod(rest, _BASE)
        characters += ALPHABET[value]
    return characters


def decode(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        NotBase45: Another character, a length that cannot be, or a group that says more than its bytes can.
    """
    return b"".join(_bytes(text[start : start + _WHOLE]) for start in range(0, len(text), _WHOLE))


def _bytes(group: str) -> bytes:
    if len(group) < _HALF or any(character not in _VALUES for character in group):
        raise NotBase45
    number: int = sum(_VALUES[character] * _BASE**place for place, character in enumerate(group))
    length = 2 if len(group) == _WHOLE else 1
    if number >> 8 * length:
        raise NotBase45
    return number.to_bytes(length, "big")
