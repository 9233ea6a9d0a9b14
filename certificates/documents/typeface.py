"""The typeface that documents are set in: how wide characters are, and a font with those that a document has.

Noto Sans SC (SIL Open Font License) from the wheel that the extra ``documents`` pins; nothing of the machine's own
fonts is used, so that a document looks alike everywhere. A character that the typeface lacks is told by its code point,
〔U+20BB7〕, and never left out: it may be half of somebody's name.

Example:
    >>> face = load_typeface()
    >>> face.width("证照 A", 10.0) > face.width("证照", 10.0)
    True
    >>> face.readable("\U00020bb7野")
    '〔U+20BB7〕野'
"""

import io
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from certificates.documents.errors import DocumentsMissing
from certificates.documents.truetype import UNITS, Glyph, write_font

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

ASCENT: Final = 880
DESCENT: Final = -120
_TOLERANCE: Final = 1.0
"""In font units: how far a quadratic curve may lie from the cubic one that it stands for."""


@dataclass(frozen=True)
class Subset:
    """A font with a document's characters.

    Attributes:
        data: The TrueType file.
        glyphs: Character to glyph number.
        widths: By glyph number, in thousandths of an em.
    """

    data: bytes
    glyphs: Mapping[str, int]
    widths: tuple[int, ...]


class Typeface:
    """One font file, opened once; what was converted of it is kept. Safe for several threads."""

    def __init__(self, font: "TTFont") -> None:
        self._lock = threading.Lock()
        self._names: Mapping[int, str] = font.getBestCmap()
        self._outlines: Any = font.getGlyphSet()
        self._advances: Mapping[str, tuple[int, int]] = font["hmtx"].metrics
        self._made: dict[str, Glyph] = {}

    def readable(self, text: str) -> str:
        """The text with every character that the typeface lacks told by its code point; controls become blanks."""
        return "".join(map(self._readable_one, text))

    def _readable_one(self, character: str) -> str:
        if ord(character) in self._names:
            return character
        return f"〔U+{ord(character):04X}〕" if character.isprintable() else " "

    def width(self, text: str, size: float) -> float:
        """The width of a readable text, in the unit of the size."""
        return sum(self._advances[self._names[ord(one)]][0] for one in text) * size / UNITS

    def subset(self, texts: Iterable[str]) -> Subset:
        """A font with the characters of readable texts, numbered in the order of their code points."""
        characters = sorted(set().union(*texts))
        with self._lock:
            glyphs = [self._glyph(".notdef"), *(self._glyph(self._names[ord(one)]) for one in characters)]
        numbers = {one: number for number, one in enumerate(characters, start=1)}
        data = write_font(glyphs, {ord(one): number for one, number in numbers.items()}, ASCENT, DESCENT)
        return Subset(data, numbers, tuple(glyph.advance for glyph in glyphs))

    def _glyph(self, name: str) -> Glyph:
        if name not in self._made:
            self._made[name] = self._converted(name)
        return self._made[name]

    def _converted(self, name: str) -> Glyph:
        """An outline of cubic curves as one of quadratic ones."""
        from fontTools.pens.cu2quPen import Cu2QuPen
        from fontTools.pens.ttGlyphPen import TTGlyphPen

        pen = TTGlyphPen(None)
        self._outlines[name].draw(Cu2QuPen(pen, _TOLERANCE, reverse_direction=True))
        glyph, advance = pen.glyph(), self._advances[name][0]
        if not glyph.numberOfContours:
            return Glyph(advance, 0, (0, 0, 0, 0), b"")
        glyph.recalcBounds(None)
        box = (glyph.xMin, glyph.yMin, glyph.xMax, glyph.yMax)
        return Glyph(advance, glyph.xMin, box, bytes(glyph.compile(None)))


@cache
def load_typeface(path: Path | None = None) -> Typeface:
    """The typeface, opened once in a process.

    Args:
        path: An OpenType font with cubic outlines to use instead of the pinned one.

    Raises:
        DocumentsMissing: The extra is not installed.
    """
    try:
        from fontTools.ttLib import TTFont

        if path is None:
            from pylopdf_fonts_zh_cn import sans_path

            path = sans_path()
    except ImportError:
        raise DocumentsMissing from None
    return Typeface(TTFont(io.BytesIO(path.read_bytes()), lazy=True))
