"""Grades by GLEIF's public method: criteria without weights, three maturity levels, four bands.

A dataset's total is the unweighted mean over its criteria (the dimensions of GB/T 36344 that have data). Maturity: what
is required has to be met by every row, what is expected next, what is excellent last. Bands: red up to 90, orange up to
95, yellow up to 98, green above. Sums are exact: a mean of 0.95 is 0.95, and never a hair above.

    >>> cells = [Cell("accuracy", 1, 200, 0), Cell("accuracy", 2, 200, 20), Cell("completeness", 1, 100, 0)]
    >>> grade = grade_of(cells)
    >>> grade.band, float(grade.total), grade.maturity
    ('yellow', 0.975, 1)
    >>> grade.levels[1].met, grade.levels[2].met
    (True, False)
    >>> grade_of([]).band is None
    True

Standard: GLEIF, Data Quality Management, monthly data quality reports; GB/T 36344-2018 for the criteria.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

Band = Literal["red", "orange", "yellow", "green"]
BANDS: Final[tuple[tuple[Band, Fraction], ...]] = (
    ("red", Fraction(90, 100)),
    ("orange", Fraction(95, 100)),
    ("yellow", Fraction(98, 100)),
    ("green", Fraction(1)),
)
"""Each band with the greatest total that it reaches."""
LEVELS: Final = (1, 2, 3)
"""Required, expected, excellent."""


@dataclass(frozen=True)
class Cell:
    """The rules of one dimension and one level together: `failed` of `checked` judgements.

    `beyond_mending` counts failures of rows that nobody can mend any more: they are in neither.
    """

    dimension: str
    level: int
    checked: int
    failed: int
    beyond_mending: int = 0


@dataclass(frozen=True)
class Share:
    """How many of how many judgements passed."""

    checked: int = 0
    failed: int = 0

    @property
    def exact(self) -> Fraction | None:
        """0 to 1; None if nothing was judged: no data is not full marks."""
        return Fraction(self.checked - self.failed, self.checked) if self.checked else None

    @property
    def met(self) -> bool:
        """Whether something was judged and all of it passed."""
        return self.checked > 0 and self.failed == 0


@dataclass(frozen=True)
class Grade:
    """What a dataset, or all of a department's, came to.

    Attributes:
        total: 0 to 1, exact; None without any data.
        criteria: by dimension, those with data.
        levels: by level 1 to 3; what has no rule of a level has nothing judged there.
        beyond_mending: failures that are openly out of the score.
    """

    total: Fraction | None
    criteria: Mapping[str, Share]
    levels: Mapping[int, Share]
    beyond_mending: int = 0

    @property
    def band(self) -> Band | None:
        """None without any data."""
        return None if self.total is None else band_of(self.total)

    @property
    def maturity(self) -> int:
        """The highest level that is met together with all below it; 0 if not even what is required is met.

        A level without rules is met by whoever meets the one below: nobody is asked for what no contract asks.
        """
        if not self.levels[1].checked:
            return 0
        reached = 0
        for level in LEVELS:
            if self.levels[level].failed:
                break
            reached = level
        return reached


def band_of(total: Fraction) -> Band:
    """The band of a total from 0 to 1."""
    return next(name for name, most in BANDS if total <= most)


def grade_of(cells: Iterable[Cell]) -> Grade:
    """The grade of one dataset: the mean over its dimensions."""
    cells = list(cells)
    criteria = _pooled((cell.dimension, cell) for cell in cells)
    total = mean([share.exact for share in criteria.values()])
    return Grade(total, criteria, _levels(cells), sum(cell.beyond_mending for cell in cells))


def department_grade(datasets: Sequence[Sequence[Cell]]) -> Grade:
    """The grade of a department: the mean over its datasets, so that neither a long nor a wide one drowns the others.

    Criteria and levels pool all rows: they say where to look, the total says how it stands.
    """
    cells = [cell for dataset in datasets for cell in dataset]
    total = mean([grade_of(dataset).total for dataset in datasets])
    criteria = _pooled((cell.dimension, cell) for cell in cells)
    return Grade(total, criteria, _levels(cells), sum(cell.beyond_mending for cell in cells))


def mean(shares: Iterable[Fraction | None]) -> Fraction | None:
    """The unweighted mean of those that exist; None if none does."""
    known = [share for share in shares if share is not None]
    return sum(known, Fraction(0)) / len(known) if known else None


def median(totals: Iterable[Fraction]) -> Fraction | None:
    """The middle of totals, or the mean of the two in the middle; None of none."""
    ordered = sorted(totals)
    if not ordered:
        return None
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def rank_of(own: Fraction, totals: Iterable[Fraction]) -> int:
    """1 plus how many totals are greater: equal ones share a rank."""
    return 1 + sum(total > own for total in totals)


def _pooled(cells: Iterable[tuple[str, Cell]]) -> dict[str, Share]:
    sums: dict[str, tuple[int, int]] = {}
    for name, cell in cells:
        checked, failed = sums.get(name, (0, 0))
        sums[name] = (checked + cell.checked, failed + cell.failed)
    return {name: Share(*sums[name]) for name in sorted(sums) if sums[name][0]}


def _levels(cells: Sequence[Cell]) -> dict[int, Share]:
    of_level = {level: [cell for cell in cells if cell.level == level] for level in LEVELS}
    return {
        level: Share(sum(cell.checked for cell in found), sum(cell.failed for cell in found))
        for level, found in of_level.items()
    }
