"""What a report consists of, before it is written as PDF or as a workbook: sections with tables, the same in both.

>>> points(Fraction(99_999, 100_000))
'99.99'
>>> shown(None), shown(12_345), shown(Fraction(19, 20))
('—', '12,345', '95.00 橙 orange')
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal

from quality.grades import Band, band_of

Cell = str | int | Fraction | None
"""Words, a count, a share from 0 to 1, or nothing to tell: no data is not full marks."""
Rows = tuple[tuple[Cell, ...], ...]
NOTHING: Final = "—"
BANDS: Final[Mapping[Band, tuple[str, str]]] = {
    "red": ("红", "red"),
    "orange": ("橙", "orange"),
    "yellow": ("黄", "yellow"),
    "green": ("绿", "green"),
}


@dataclass(frozen=True)
class Column:
    """A table's column; `width` is its part of the page's width, in millimetres of an A4 page."""

    zh: str
    en: str
    width: float
    kind: Literal["text", "count", "share"] = "text"


@dataclass(frozen=True)
class Section:
    """A heading with a table under it; `note` says how to read it."""

    zh: str
    en: str
    columns: tuple[Column, ...]
    rows: Rows
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A report before it is written.

    Attributes:
        name: of its file, without an ending; ASCII.
        about: label and value: who, when, from what.
        lead: what it comes to, in a few lines; the first is the largest.
        made_at: when its figures were closed: the same figures are the same file.
    """

    name: str
    zh: str
    en: str
    about: tuple[tuple[str, str], ...]
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    made_at: datetime


def points(share: Fraction) -> str:
    """A share as points of a hundred, cut rather than rounded: 99.999 is never shown as 100."""
    hundredths = int(share * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def graded(share: Fraction | None) -> str:
    """Points and the band's name: a colour never stands alone."""
    if share is None:
        return NOTHING
    zh, en = BANDS[band_of(share)]
    return f"{points(share)} {zh} {en}"


def shown(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Fraction):
        return graded(cell)
    return f"{cell:,}" if isinstance(cell, int) else cell
