"""Quality as stewards see it: by department, dimension, dataset, rule and batch, always with over how many rows.

Sums and means are those of `quality.scores`; nothing is computed twice in two ways.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from exchange_api.pages import words
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.scores import Score
from exchange_api.pages.views.steward import DatasetScores, DepartmentScores, DimensionScore, HistoryRow, RuleScoreRow
from quality.reasons import reasons_of
from quality.scores import RuleScore, dimension_scores, mean, overall
from registries.departments import Catalogue
from registries.store.scores import ScoreLine

DIMENSIONS = tuple(words.DIMENSIONS)
LEVELS = tuple(words.LEVELS)
Name = TypeVar("Name", bound=Hashable)


def departments_view(lines: Sequence[ScoreLine], catalogue: Catalogue) -> tuple[DepartmentScores, ...]:
    """Each department's dimensions and its total, the mean of its datasets."""
    by_department = _grouped(lines, lambda line: line.department)
    return tuple(
        DepartmentScores(
            Words(department.name_zh, department.name_en),
            _by_dimension(by_department[department.id]),
            total(by_department[department.id]),
        )
        for department in catalogue.departments
        if department.id in by_department
    )


def datasets_view(lines: Sequence[ScoreLine], catalogue: Catalogue) -> tuple[DatasetScores, ...]:
    """Each dataset's levels and what fails most often."""
    by_dataset = _grouped(lines, lambda line: line.dataset)
    names = {department.id: department.name_zh for department in catalogue.departments}
    return tuple(
        DatasetScores(
            name,
            dataset_title(catalogue, name),
            names.get(rules[0].department, rules[0].department),
            tuple(_pooled(line for line in rules if line.level == level) for level in LEVELS),
            _worst(name, rules, catalogue),
        )
        for name, rules in by_dataset.items()
    )


def total(lines: Sequence[ScoreLine]) -> Score:
    """The mean of the datasets' scores, each the mean of its dimensions with data."""
    by_dataset = _grouped(lines, lambda line: line.dataset)
    of_datasets = [overall(_rule(line) for line in rules) for rules in by_dataset.values()]
    return Score(0, sum(one is not None for one in of_datasets), mean(of_datasets))


def dimensions_view(lines: Sequence[ScoreLine]) -> tuple[DimensionScore, ...]:
    """A dataset's dimensions, in the standard's order, those without data too."""
    return tuple(map(DimensionScore, words.DIMENSIONS.values(), _by_dimension(lines)))


def rules_view(lines: Sequence[ScoreLine], dataset: str, catalogue: Catalogue) -> tuple[RuleScoreRow, ...]:
    """A dataset's rules, those that fail most first."""
    ordered = sorted(lines, key=lambda line: (-line.failed, line.level, line.rule_id))
    return tuple(
        RuleScoreRow(
            line.rule_id,
            line.rule_version,
            rule_words(dataset, line.rule_id, catalogue),
            words.DIMENSIONS[line.dimension],
            line.indicator,
            words.LEVELS[line.level],
            Score(line.checked - line.failed, line.checked),
            line.failed,
        )
        for line in ordered
    )


def history_view(lines: Sequence[ScoreLine]) -> tuple[tuple[Words, ...], tuple[HistoryRow, ...]]:
    """The dimensions that ever had data, and for each batch their shares."""
    ever = [name for name in DIMENSIONS if any(line.dimension == name and line.checked for line in lines)]
    rows = []
    for number, of_batch in _grouped(lines, lambda line: line.batch).items():
        shares = {one.dimension: one.score for one in dimension_scores(_rule(line) for line in of_batch)}
        rows.append(HistoryRow(number, of_batch[0].at, tuple(shares.get(name) for name in ever)))
    return tuple(words.DIMENSIONS[name] for name in ever), tuple(rows)


def rule_words(dataset: str, rule_id: str, catalogue: Catalogue) -> Words:
    """What a rule says, in the contract's words."""
    if dataset not in catalogue:
        return Words(rule_id, "")
    reason = reasons_of(catalogue.dataset(dataset), [rule_id])[0]
    return Words(reason.zh, reason.en)


def _by_dimension(lines: Iterable[ScoreLine]) -> tuple[Score, ...]:
    pooled = {one.dimension: one for one in dimension_scores(_rule(line) for line in lines)}
    return tuple(
        Score(pooled[name].checked - pooled[name].failed, pooled[name].checked) if name in pooled else Score(0, 0)
        for name in DIMENSIONS
    )


def _pooled(lines: Iterable[ScoreLine]) -> Score:
    counts = [(line.checked, line.failed) for line in lines]
    checked = sum(count for count, _ in counts)
    return Score(checked - sum(failed for _, failed in counts), checked)


def _worst(name: str, lines: Sequence[ScoreLine], catalogue: Catalogue) -> Words | None:
    worst = max(lines, key=lambda line: line.failed)
    return rule_words(name, worst.rule_id, catalogue) if worst.failed else None


def _rule(line: ScoreLine) -> RuleScore:
    return RuleScore(
        line.rule_id, line.rule_version, line.dimension, line.indicator, line.level, line.checked, line.failed
    )


def _grouped(lines: Iterable[ScoreLine], name_of: Callable[[ScoreLine], Name]) -> dict[Name, list[ScoreLine]]:
    groups: dict[Name, list[ScoreLine]] = defaultdict(list)
    for line in lines:
        groups[name_of(line)].append(line)
    return groups
