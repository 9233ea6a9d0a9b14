"""DER (ITU-T X.690), as much of it as time stamps and key files need: read strictly, written shortest.

Example:
    >>> children(read(sequence(integer(5), octets(b"ab"))))[1].content
    b'ab'
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
OCTETS: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_MANY = 0x80
_MULTIPLE_BYTES = 0x1F
_MAX_LENGTH_BYTES = 3
_ARC = 40


class NotDer(ValueError):
    """Raised, inside this room only, when bytes are not the one DER spelling of what they should be."""


@dataclass(frozen=True)
class Node:
    """One element: its tag (one byte), its content, and both with the length, as they stood there."""

    tag: int
    content: bytes
    whole: bytes


def read(data: bytes) -> Node:
    """The one element that the bytes are.

    Raises:
        NotDer: They are none, or something follows.
    """
    node = _element(data, 0)
    if len(node.whole) != len(data):
        raise NotDer("something follows")
    return node


def children(node: Node, tag: int | None = None) -> list[Node]:
    """The elements within a constructed one, which must have the tag if one is given.

    Raises:
        NotDer: It has another tag, or they are malformed.
    """
    if tag is not None and node.tag != tag:
        raise NotDer("tag")
    return list(_elements(node.content))


def content(node: Node, tag: int) -> bytes:
    """The content of an element that must have this tag."""
    if node.tag != tag:
        raise NotDer("tag")
    return node.content


def number(node: Node) -> int:
    """An INTEGER's value."""
    data = content(node, INTEGER)
    if not data or (len(data) > 1 and data[0] in {0, 0xFF} and (data[0] ^ data[1]) < _MANY):
        raise NotDer("integer")
    return int.from_bytes(data, "big", signed=True)


def dotted(node: Node) -> str:
    """An OBJECT IDENTIFIER as ``1.2.840``."""
    data = content(node, OID)
    if not data or data[-1] & _MANY:
        raise NotDer("object identifier")
    arcs, value = [], 0
    for byte in data:
        value = value << 7 | byte & ~_MANY
        if not byte & _MANY:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // _ARC, 2)
    return ".".join(map(str, (first, arcs[0] - first * _ARC, *arcs[1:])))


def element(tag: int, data: bytes) -> bytes:
    """An element with this tag and content."""
    length = len(data)
    if length < _MANY:
        return bytes((tag, length)) + data
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _MANY | len(size))) + size + data


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of elements."""
    return element(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """An INTEGER, not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(data: bytes) -> bytes:
    """An OCTET STRING."""
    return element(OCTETS, data)


def oid(text: str) -> bytes:
    """An OBJECT IDENTIFIER from ``1.2.840``."""
    first, second, *rest = map(int, text.split("."))
    return element(OID, b"".join(_arc(value) for value in (first * _ARC + second, *rest)))


def _arc(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | _MANY)
    return bytes(reversed(parts))


def _elements(data: bytes) -> Iterator[Node]:
    place = 0
    while place < len(data):
        node = _element(data, place)
        place += len(node.whole)
        yield node


def _element(data: bytes, start: int) -> Node:
    head = data[start : start + 2]
    if len(head) != len((0, 0)) or head[0] & _MULTIPLE_BYTES == _MULTIPLE_BYTES:
        raise NotDer("head")
    begin, length = start + 2, head[1]
    if length & _MANY:
        size = data[begin : begin + (length & ~_MANY)]
        begin, length = begin + len(size), _long_length(size, length & ~_MANY)
    end = begin + length
    if end > len(data):
        raise NotDer("cut")
    return Node(head[0], data[begin:end], data[start:end])


def _long_length(size: bytes, announced: int) -> int:
    length = int.from_bytes(size, "big")
    if not 0 < announced <= _MAX_LENGTH_BYTES or len(size) != announced or size[0] == 0 or length < _MANY:
        raise NotDer("length")
    return length
