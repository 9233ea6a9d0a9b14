"""What a closed month says of each department, and how one stands among the others, which stay nameless.

months = [month_figures(content) for content in contents]
standing = standing_of(months[-1], "transport")
standing.rank, standing.of, standing.median
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final

from quality.grades import Cell, Grade, department_grade, grade_of, median, rank_of
from registries.store.monthly import Bounds, MonthContent, MonthlyDataset, MonthlyFailure, MonthlyScore, MonthlyUse

DIMENSIONS: Final = ("conformity", "completeness", "accuracy", "consistency", "timeliness", "accessibility")
"""The criteria, in the order of GB/T 36344."""
MOST_FAILURES: Final = 5
FEWEST_PEERS: Final = 3
"""Of fewer others no median is told: it would be one of theirs."""


@dataclass(frozen=True)
class DatasetMonth:
    """One dataset in a month; `fresh`: whether its data were as young as its contract says when the month ended."""

    kept: MonthlyDataset
    grade: Grade
    fresh: bool


@dataclass(frozen=True)
class DepartmentMonth:
    """A department in a month. Failures are the most frequent first."""

    department: str
    datasets: tuple[DatasetMonth, ...]
    grade: Grade
    failures: tuple[MonthlyFailure, ...]

    def sum_of(self, figure: str) -> int:
        """The sum of a column of `monthly_dataset` over the department's datasets."""
        return sum(getattr(each.kept, figure) for each in self.datasets)


@dataclass(frozen=True)
class MonthFigures:
    """A closed month by department, and how the hub was used."""

    month: date
    departments: Mapping[str, DepartmentMonth]
    uses: tuple[MonthlyUse, ...]

    @cached_property
    def totals(self) -> Mapping[str, Fraction]:
        """The totals of those departments that have data."""
        found = {name: one.grade.total for name, one in self.departments.items()}
        return {name: total for name, total in found.items() if total is not None}

    def sum_of(self, figure: str) -> int:
        """As that of a department, over all of them."""
        return sum(one.sum_of(figure) for one in self.departments.values())

    def used(self, figure: str) -> int:
        """The sum of a figure of use."""
        return sum(use.amount for use in self.uses if use.figure == figure)


@dataclass(frozen=True)
class Standing:
    """A department among its peers: its rank of how many, and the others' median.

    The rank is None where there is no total, the median where there are too few others to stay nameless.
    """

    rank: int | None
    of: int
    median: Fraction | None


def month_figures(content: MonthContent) -> MonthFigures:
    """A month's kept lines as figures."""
    scores, failures = _by_dataset(content.scores), _by_department(content.failures)
    datasets: dict[str, list[DatasetMonth]] = defaultdict(list)
    for kept in content.datasets:
        grade = grade_of(cells_of(scores.get(kept.dataset, ())))
        datasets[kept.department].append(DatasetMonth(kept, grade, _fresh(kept, content.month)))
    departments = {
        name: DepartmentMonth(
            name,
            tuple(found),
            department_grade([cells_of(scores.get(each.kept.dataset, ())) for each in found]),
            tuple(sorted(failures.get(name, ()), key=lambda one: (-one.failed, one.level, one.dataset, one.rule_id))),
        )
        for name, found in sorted(datasets.items())
    }
    return MonthFigures(content.month, departments, content.uses)


def standing_of(month: MonthFigures, department: str) -> Standing:
    """How a department stands in a month; nothing that it could tell another one by."""
    own = month.totals.get(department)
    others = [total for name, total in month.totals.items() if name != department]
    rank = None if own is None else rank_of(own, month.totals.values())
    return Standing(rank, len(month.totals), _nameless(others))


def criterion_median(month: MonthFigures, department: str, dimension: str) -> Fraction | None:
    """The median of the other departments' shares in one criterion."""
    shares = (
        one.grade.criteria[dimension].exact
        for name, one in month.departments.items()
        if name != department and dimension in one.grade.criteria
    )
    return _nameless([share for share in shares if share is not None])


def cells_of(scores: Iterable[MonthlyScore]) -> tuple[Cell, ...]:
    """A dataset's kept scores, to be graded."""
    return tuple(Cell(one.dimension, one.level, one.checked, one.failed, one.beyond_mending) for one in scores)


def totals_over(months: Sequence[MonthFigures], department: str) -> list[Fraction | None]:
    """A department's total in each of these months."""
    return [month.totals.get(department) for month in months]


def _nameless(totals: Sequence[Fraction]) -> Fraction | None:
    return median(totals) if len(totals) >= FEWEST_PEERS else None


def _fresh(kept: MonthlyDataset, month: date) -> bool:
    end = Bounds(month).until
    return kept.data_as_of is not None and (end - kept.data_as_of).days <= kept.fresh_for_days


def _by_dataset(scores: Iterable[MonthlyScore]) -> dict[str, list[MonthlyScore]]:
    found: dict[str, list[MonthlyScore]] = defaultdict(list)
    for one in scores:
        found[one.dataset].append(one)
    return found


def _by_department(failures: Iterable[MonthlyFailure]) -> dict[str, list[MonthlyFailure]]:
    found: dict[str, list[MonthlyFailure]] = defaultdict(list)
    for one in failures:
        found[one.department].append(one)
    return found
