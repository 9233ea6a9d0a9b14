"""As much DER (X.690) as a private key's file needs, written and read strictly.

Example:
    >>> made = element(SEQUENCE, integer(1), oid("1.2.156.10197.1.301"))
    >>> [tag for tag, _ in inside(made, SEQUENCE)]
    [2, 6]
"""

from typing import Final

INTEGER: Final = 0x02
BITS: Final = 0x03
OCTETS: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
SEQUENCE: Final = 0x30
CONTEXT_1: Final = 0xA1

_LONG: Final = 0x80
_MOST_LENGTH_BYTES: Final = 2

Element = tuple[int, bytes]
"""Tag and content."""


def element(tag: int, *parts: bytes) -> bytes:
    """Tag, length and content of fewer than 65,536 bytes."""
    content = b"".join(parts)
    size = len(content)
    if size < _LONG:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(length))) + length + content


def integer(number: int) -> bytes:
    """A number that is not negative."""
    return element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An object identifier."""
    first, second, *others = map(int, dotted.split("."))
    return element(OID, *(_base_128(arc) for arc in (40 * first + second, *others)))


def _base_128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


def inside(data: bytes, tag: int) -> list[Element]:
    """The elements inside one element that fills ``data``.

    Raises:
        ValueError: It is not well-formed, or has another tag.
    """
    return elements(only(data, tag))


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element that fills ``data``.

    Raises:
        ValueError: As ``inside``.
    """
    (found, content), *others = elements(data) or [(0, b"")]
    if found != tag or others:
        raise ValueError("another element")
    return content


def elements(data: bytes) -> list[Element]:
    """All elements one after the other.

    Raises:
        ValueError: They do not fill ``data``, or a length has not its shortest form.
    """
    found = []
    while data:
        tag, content, data = _first(data)
        found.append((tag, content))
    return found


def _first(data: bytes) -> tuple[int, bytes, bytes]:
    if len(data) < len(("tag", "length")):
        raise ValueError("cut off")
    size, start = data[1], 2
    if size & _LONG:
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
        if start > 2 + _MOST_LENGTH_BYTES or len(data) < start or data[:start] != element(data[0], bytes(size))[:start]:
            raise ValueError("length")
    end = start + size
    if end > len(data):
        raise ValueError("cut off")
    return data[0], data[start:end], data[end:]


def natural(content: bytes) -> int:
    """The number of an INTEGER's content.

    Raises:
        ValueError: It is negative, or has not its shortest form.
    """
    number = int.from_bytes(content, "big")
    if integer(number) != element(INTEGER, content):
        raise ValueError("number")
    return number
