"""What a dashboard shows: one table, its picture, and what narrows it; every state of it is an address.

>>> Cell("1,204", value=1204).href
''
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from exchange_api.pages.views.frame import Option, Tile, Words
from exchange_api.pages.views.scores import BANDS, Band, Score

Value = str | int | float | dt.date | None
Kind = Literal["text", "number", "score", "tag"]
ChartKind = Literal["lines", "bars", "stacked", "matrix"]


@dataclass(frozen=True)
class Head:
    """A column: what it is called, on pages and in files.

    Attributes:
        series: how the chart calls it; "" if it draws none of it.
        tone: the colour of its series.
    """

    words: Words
    kind: Kind = "text"
    series: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, what a file or a chart takes from it, and where it leads.

    Attributes:
        text: as shown; of a tag its word.
        en: the same in English, or what stands below.
        value: for files and charts; None where nothing is known.
        score: shown with its band and denominators, instead of a text.
    """

    text: str
    en: str = ""
    value: Value = None
    href: str = ""
    tone: str = ""
    mark: str = ""
    score: Score | None = None


@dataclass(frozen=True)
class Row:
    """A line of the table; `label` names it in the chart, `href` is where a click on its picture leads."""

    label: str
    cells: tuple[Cell, ...]
    href: str = ""
    across: str = ""


@dataclass(frozen=True)
class Chart:
    """The table's picture.

    Attributes:
        label: what it shows, for those who can't see it.
        unit: at the axis of values.
        most: how many rows it draws.
        low: where the axis of values may begin at most; None: at nought.
    """

    kind: ChartKind
    label: Words
    unit: Words
    most: int = 15
    low: int | None = None
    high: int | None = None


class Select(NamedTuple):
    """A list that narrows the table; the first option is everything."""

    name: str
    words: Words
    options: tuple[Option, ...]
    chosen: str


class Field(NamedTuple):
    """A day, month or number that narrows the table."""

    name: str
    words: Words
    kind: Literal["date", "month", "number"]
    value: str


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Attributes:
        name: of its address.
        query: the query string of this very state, for downloads.
        legend: whether the bands of scores are explained.
        steps: the way back up: (words, address).
        next_page: the address of further rows.
    """

    name: str
    title: Words
    lede: Words
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    chart: Chart | None = None
    selects: tuple[Select, ...] = ()
    fields: tuple[Field, ...] = ()
    tiles: tuple[Tile, ...] = ()
    notes: tuple[Words, ...] = ()
    steps: tuple[tuple[Words, str], ...] = ()
    query: str = ""
    legend: bool = False
    downloads: bool = True
    next_page: str = ""
    empty: Words = field(default_factory=lambda: Words("没有数据。", "Nothing to show."))


class BoardTab(NamedTuple):
    """One dashboard among the others."""

    href: str
    words: Words
    what: Words
    icon: str
    current: bool = False


@dataclass(frozen=True)
class BoardView:
    """A dashboard with the way to the others."""

    board: Board
    tabs: tuple[BoardTab, ...]
    bands: tuple[Band, ...] = BANDS


@dataclass(frozen=True)
class BoardsView:
    """All dashboards."""

    tabs: tuple[BoardTab, ...]


@dataclass(frozen=True)
class RowView:
    """One masked row that rules found."""

    dataset: str
    batch: int
    number: int
    tone: str
    outcome: Words
    reasons: tuple[tuple[str, Words], ...]
    cells: tuple[tuple[str, str, str | None, bool], ...]
    tabs: tuple[BoardTab, ...]
