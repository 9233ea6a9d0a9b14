"""A PDF file from objects (ISO 32000-1), uncompressed: bytes depend on nothing but what was put in.

Example:
    >>> file = PdfFile()
    >>> catalogue = file.add(b"<< /Type /Catalog >>")
    >>> file.write(catalogue, catalogue, "00" * 16)[:8]
    b'%PDF-1.7'
"""

from typing import Final

HEADER: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


class PdfFile:
    """Objects in their order, numbered from 1."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def add(self, content: bytes) -> int:
        """An object; its number."""
        self._objects.append(content)
        return len(self._objects)

    def add_stream(self, entries: str, data: bytes) -> int:
        """A stream with these dictionary entries beside its length; its number."""
        head = f"<< {entries} /Length {len(data)} >>\nstream\n".encode("ascii")
        return self.add(head + data + b"\nendstream")

    def reserve(self) -> int:
        """A number for an object that comes later, by ``fill``."""
        return self.add(b"null")

    def fill(self, number: int, content: bytes) -> None:
        """The object whose number was reserved."""
        self._objects[number - 1] = content

    def write(self, catalogue: int, information: int, identity: str) -> bytes:
        """The whole file.

        Args:
            catalogue: The number of this object.
            information: The number of this object.
            identity: 32 hex digits, the file's identifier.
        """
        file, offsets = bytearray(HEADER), []
        for number, content in enumerate(self._objects, start=1):
            offsets.append(len(file))
            file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
        start = len(file)
        file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        for offset in offsets:
            file += b"%010d 00000 n \n" % offset
        trailer = (
            f"trailer\n<< /Size {len(offsets) + 1} /Root {catalogue} 0 R /Info {information} 0 R "
            f"/ID [<{identity}> <{identity}>] >>\nstartxref\n{start}\n%%EOF\n"
        )
        return bytes(file) + trailer.encode("ascii")


def text(value: str) -> str:
    """A text string as hex digits: UTF-16 with its mark, or ASCII."""
    data = value.encode("ascii") if value.isascii() else b"\xfe\xff" + value.encode("utf-16-be")
    return f"<{data.hex().upper()}>"


def number(value: float) -> str:
    """A number with at most three places, without an exponent."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"
