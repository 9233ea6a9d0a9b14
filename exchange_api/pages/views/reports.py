"""What the pages of reports show: closed months, departments by grade, and a department's card.

>>> ShareCell(Fraction(19, 20), "orange", "橙", "orange").share
Fraction(19, 20)
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class ShareCell(NamedTuple):
    """A share with the name and tone of its band; `share` is None where nothing was judged."""

    share: Fraction | None
    tone: str = ""
    zh: str = ""
    en: str = ""


class ShownCell(NamedTuple):
    """One cell of a table: words, a count, or a share."""

    kind: str
    text: str
    share: ShareCell


@dataclass(frozen=True)
class ShownSection:
    """A section of a report as a table; `heads` are names and whether their column counts."""

    id: str
    words: Words
    heads: tuple[tuple[Words, bool], ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    note: str


class DepartmentRow(NamedTuple):
    """A department in the ranking of a month."""

    department: str
    name: str
    name_en: str
    rank: str
    total: ShareCell
    maturity: str
    overdue: int


@dataclass(frozen=True)
class ReportsView:
    """All departments in a month.

    Attributes:
        month: `2026-10`; "" while no month is closed.
        months: all that are closed, the latest first.
        quarter: `2026-Q3` if this month ends a quarter whose months are closed; "" otherwise.
        departments: the best first.
        waiting: months that are over and not closed yet.
    """

    month: str
    months: tuple[str, ...]
    quarter: str
    departments: tuple[DepartmentRow, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True)
class CardView:
    """A department's scorecard of a month; `place` is where its months and files are."""

    month: str
    months: tuple[str, ...]
    place: str
    lead: tuple[str, ...]
    sections: tuple[ShownSection, ...]
    method: str
