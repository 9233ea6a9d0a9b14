"""What a page consists of, before it is written as PDF or OFD: texts, fills, lines and QR codes at their places.

Lengths are millimetres from the page's upper left corner; font sizes are points. Colours are red, green and blue, 0 to
255.

Example:
    >>> page = Page(A5)
    >>> page.add(Text(10, 12, 9, "核验件"))
    >>> page.width, len(page.items)
    (148, 1)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

POINT: Final = 25.4 / 72
"""Millimetres in a point."""

Colour = tuple[int, int, int]
BLACK: Final[Colour] = (0, 0, 0)


class Paper(NamedTuple):
    """A paper size in millimetres (ISO 216)."""

    name: str
    width: int
    height: int


A4: Final = Paper("A4", 210, 297)
A5: Final = Paper("A5", 148, 210)
PAPERS: Final = {paper.name: paper for paper in (A4, A5)}


@dataclass(frozen=True)
class Text:
    """A line of text whose baseline begins at x and y, turned left by ``angle`` degrees around that point."""

    x: float
    y: float
    size: float
    text: str
    colour: Colour = BLACK
    bold: bool = False
    angle: float = 0.0


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour = BLACK


@dataclass(frozen=True)
class Squares:
    """A QR code: rows of modules, each dark or light; its corner at x and y, without a quiet zone."""

    x: float
    y: float
    side: float
    rows: tuple[tuple[bool, ...], ...]

    def runs(self) -> Iterator[tuple[float, float, float, float]]:
        """Its dark runs as rectangles: x, y, width, height."""
        module = self.side / len(self.rows)
        for row, modules in enumerate(self.rows):
            start = None
            for column, dark in enumerate((*modules, False)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    yield self.x + start * module, self.y + row * module, (column - start) * module, module
                    start = None


Item = Text | Box | Squares


@dataclass
class Page:
    """One page; what was added first lies lowest."""

    paper: Paper
    items: list[Item] = field(default_factory=list)

    @property
    def width(self) -> int:
        """In millimetres."""
        return self.paper.width

    @property
    def height(self) -> int:
        """In millimetres."""
        return self.paper.height

    def add(self, item: Item) -> None:
        """Put something above what is there."""
        self.items.append(item)


def texts_of(pages: list[Page]) -> Iterator[str]:
    """All texts on pages."""
    return (item.text for page in pages for item in page.items if isinstance(item, Text))


@dataclass(frozen=True)
class Attachment:
    """A file inside a document.

    Attributes:
        name: ASCII.
        media_type: As in MIME.
        says: What it is for, in both languages.
    """

    name: str
    media_type: str
    says: str
    data: bytes


@dataclass(frozen=True)
class Document:
    """A document before it is written in a format.

    Attributes:
        made_at: Unix time; everything that names a date in the file takes it from here.
        identity: 16 bytes in hex that are the same for the same document.
        metadata: GB/T 36903 short name, or another name, to value.
    """

    title: str
    author: str
    subject: str
    made_at: int
    identity: str
    pages: list[Page]
    attachments: tuple[Attachment, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
