"""A scripted year: a month passes where otherwise a day does, and each department has its own way with its defects.

A department's conduct says how many rows of each kind are wrong at first, how many more come each month, and which
share it mends from one delivery to the next. What is mended stays mended, so the truth of any month can be made at
once.

    >>> MENDS_HALF.window(0), MENDS_HALF.window(0, afterwards=True), MENDS_HALF.window(1)
    ((0, 4), (2, 4), (2, 6))
    >>> IGNORES.window(11)
    (0, 13)
    >>> month_after(date(2025, 12, 5), 2)
    datetime.date(2026, 2, 5)
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

MONTHS = 12
IN_A_YEAR = 12


@dataclass(frozen=True)
class Conduct:
    """How a department deals with the defects of one kind.

    Attributes:
        at_first: how many rows have it in the first delivery.
        a_month: how many more have it in each later one.
        mended: one of so many of those that stand is mended before the next delivery; 0: none ever is.
    """

    at_first: int
    a_month: int
    mended: int

    @cache  # noqa: B019 - three conducts, as long as the process lives
    def window(self, month: int, *, afterwards: bool = False) -> tuple[int, int]:
        """Which places of a lane are struck in a month's delivery, or `afterwards`, when what is mended is mended."""
        first, end = (0, self.at_first)
        for later in range(month + 1):
            if later:
                first, end = self._mended(first, end), end + self.a_month
        return (self._mended(first, end), end) if afterwards else (first, end)

    def _mended(self, first: int, end: int) -> int:
        return first + (end - first) // self.mended if self.mended else first


MENDS_ALL, MENDS_HALF, IGNORES = Conduct(2, 2, 1), Conduct(4, 2, 2), Conduct(2, 1, 0)
OF_DEPARTMENTS = {"transport": MENDS_HALF, "human_resources": IGNORES}
"""Transport has a clerk who mends half of his rows: drivers' within the month, in his own workbook. Human resources
ignores its deadlines."""


def conduct_of(dataset: str) -> Conduct:
    """How the department of a dataset behaves; all but two have mended everything by the next month."""
    return OF_DEPARTMENTS.get(dataset.partition(".")[0], MENDS_ALL)


@dataclass(frozen=True)
class Script:
    """What a department's rows need to know of the year.

    Attributes:
        conduct: of the department.
        afterwards: whether the rows are those that the clerk mended within the month.
    """

    conduct: Conduct
    afterwards: bool = False

    def windows(self) -> tuple[tuple[int, int], ...]:
        """Which places of a lane are struck in each month."""
        return tuple(self.conduct.window(month, afterwards=self.afterwards) for month in range(MONTHS))

    @property
    def reach(self) -> int:
        """How many places of a lane are struck in some month."""
        return self.conduct.window(MONTHS - 1)[1]


def month_after(first: date, months: int) -> date:
    """The same day of a later month; `first` is one that every month has."""
    later = first.month - 1 + months
    return first.replace(year=first.year + later // IN_A_YEAR, month=later % IN_A_YEAR + 1)
