"""Sets text on pages from top to bottom: wrapping, keeping together, a new page where one is full.

Example:
    >>> from certificates.documents.drawing import A5
    >>> from certificates.documents.typeface import load_typeface
    >>> flow = Flow(A5, load_typeface())
    >>> flow.paragraph("证照有效。 The certificate is valid.", 9)
    >>> len(flow.pages)
    1
"""

import re
from collections.abc import Sequence
from typing import Final

from certificates.documents.drawing import BLACK, POINT, Box, Colour, Item, Page, Paper, Squares, Text
from certificates.documents.typeface import Typeface

LEADING: Final = 1.38
"""Line height in ems."""

_CLOSING: Final = "，。；：、）》”’！？％…,.;:)!?%〕"
_PIECES = re.compile(rf"\s+|(?:[!-~]+|.)[{re.escape(_CLOSING)}]*", re.DOTALL)


class Flow:
    """Pages while they are being filled."""

    def __init__(self, paper: Paper, face: Typeface, *, margin: float = 12.0, top: float = 20.0) -> None:
        self.paper = paper
        self.face = face
        self.margin = margin
        self.pages: list[Page] = []
        self._top = top
        self.new_page()

    @property
    def width(self) -> float:
        """Between the margins."""
        return self.paper.width - 2 * self.margin

    @property
    def _bottom(self) -> float:
        return self.paper.height - self.margin - 4.0

    def new_page(self) -> None:
        """Go on at the top of a new page."""
        self.pages.append(Page(self.paper))
        self.y = self._top

    def room(self, height: float) -> None:
        """A new page, unless so much is left on this one."""
        if self.y + height > self._bottom:
            self.new_page()

    def add(self, item: Item) -> None:
        """Put something on the page as it is."""
        self.pages[-1].add(item)

    def space(self, height: float) -> None:
        """Leave some room."""
        self.y += height

    def paragraph(
        self, text: str, size: float, *, colour: Colour = BLACK, bold: bool = False, indent: float = 0.0
    ) -> None:
        """A text over the whole width, line by line."""
        for line in self.lines(text, size, self.width - indent):
            self._line(self.margin + indent, line, size, colour=colour, bold=bold)

    def heading(self, text: str, size: float, *, below: float) -> None:
        """A heading with a rule under it; at least ``below`` millimetres follow on the same page."""
        self.room(size * POINT * LEADING + 2.0 + below)
        self._line(self.margin, self.face.readable(text), size, bold=True)
        self.add(Box(self.margin, self.y + 0.3, self.width, 0.25))
        self.space(1.4)

    def row(self, cells: Sequence[tuple[float, str]], size: float, *, colour: Colour = BLACK) -> None:
        """Texts side by side, each wrapped in its own width; the widths are millimetres.

        The first cell is grey: it names what stands beside it.
        """
        wrapped = [self.lines(text, size, width - 1.5) for width, text in cells]
        height = size * POINT * LEADING
        self.room(height * max(map(len, wrapped)) + 0.3)
        left = self.margin
        for place, ((width, _), lines) in enumerate(zip(cells, wrapped, strict=True)):
            for number, line in enumerate(lines):
                shade = (90, 90, 90) if place == 0 and len(cells) > 1 else colour
                self.add(Text(left, self.y + height * number + size * POINT, size, line, shade))
            left += width
        self.space(height * max(map(len, wrapped)) + 0.3)

    def codes(self, codes: Sequence[tuple[tuple[bool, ...], ...]], side: float, gap: float) -> None:
        """QR codes side by side, as many in a row as fit."""
        many = max(1, int((self.width + gap) // (side + gap)))
        for start in range(0, len(codes), many):
            self.room(side + gap)
            for place, rows in enumerate(codes[start : start + many]):
                self.add(Squares(self.margin + place * (side + gap), self.y, side, rows))
            self.space(side + gap)

    def lines(self, text: str, size: float, width: float) -> list[str]:
        """A text in lines no wider than ``width``; a closing mark never begins one."""
        lines, line = [], ""
        for piece in _PIECES.findall(self.face.readable(text)):
            for part in self._fitting(piece, size, width):
                if line and self._wide(line + part, size) > width:
                    lines.append(line.rstrip())
                    line = ""
                line = line + part if line else part.lstrip()
        return [*lines, line.rstrip()]

    def _fitting(self, piece: str, size: float, width: float) -> list[str]:
        """A piece, or where it is wider than a line by itself, its characters."""
        return [piece] if self._wide(piece, size) <= width else list(piece)

    def _wide(self, text: str, size: float) -> float:
        return self.face.width(text, size) * POINT

    def _line(self, x: float, text: str, size: float, *, colour: Colour = BLACK, bold: bool = False) -> None:
        self.room(size * POINT * LEADING)
        self.add(Text(x, self.y + size * POINT, size, text, colour, bold=bold))
        self.space(size * POINT * LEADING)
