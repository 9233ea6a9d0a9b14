"""How good data is, with denominators: per rule, dimension, dataset and department. No data is not 100 %.

A rule's score is the share of judged rows that pass. A dimension (GB/T 36344) pools its rules' rows: failures over
judgements. A dataset's score is the mean of its dimensions that have data, and a department's the mean of its
datasets, so that neither a wide table nor a long one drowns the others; the standard itself prescribes no weights.

    >>> rules = [RuleScore("a", "v1", "accuracy", "0302", 1, 100, 5), RuleScore("b", "v1", "accuracy", "0301", 1, 0, 0)]
    >>> rules[0].score, rules[1].score
    (0.95, None)
    >>> dimension_scores(rules)
    (DimensionScore(dimension='accuracy', checked=100, failed=5),)
    >>> overall(rules)
    0.95
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quality.parting import Findings
from registries.contracts.model import Dataset

NONE: Mapping[str, int] = {}


def _share(checked: int, failed: int) -> float | None:
    return (checked - failed) / checked if checked else None


@dataclass(frozen=True)
class RuleScore:
    """What one rule found in one batch: `failed` of `checked` rows.

    `beyond_mending` counts failures of rows that nobody can mend any more: openly told, and in neither of the others.
    """

    rule_id: str
    rule_version: str
    dimension: str
    indicator: str
    level: int
    checked: int
    failed: int
    beyond_mending: int = 0

    @property
    def score(self) -> float | None:
        """0 to 1; None if no row was judged."""
        return _share(self.checked, self.failed)


@dataclass(frozen=True)
class DimensionScore:
    """The rules of one dimension of GB/T 36344 together."""

    dimension: str
    checked: int
    failed: int

    @property
    def score(self) -> float | None:
        """0 to 1; None if no row was judged."""
        return _share(self.checked, self.failed)


def rule_scores(
    dataset: Dataset, findings: Findings, beyond_mending: Mapping[str, int] = NONE
) -> tuple[RuleScore, ...]:
    """The scores of all of a dataset's rules about rows, those without anything to judge included.

    A rule that allows some rows to fail is scored over the rows it judged, as any other; one that says a single thing
    of the batch has one judgement. Rules of the gate, about sizes alone, have no score.

    Args:
        dataset: whose rules they are.
        findings: what they found.
        beyond_mending: by rule, how many of its findings are of rows that can't be mended any more.
    """
    return tuple(
        RuleScore(
            rule.id,
            rule.version,
            rule.dimension,
            rule.indicator,
            rule.level,
            findings.checked(rule.id) - beyond_mending.get(rule.id, 0),
            findings.failed(rule.id) - beyond_mending.get(rule.id, 0),
            beyond_mending.get(rule.id, 0),
        )
        for rule in dataset.rules
        if rule.kind != "batch" or rule.id in findings.measures
    )


def dimension_scores(rules: Iterable[RuleScore]) -> tuple[DimensionScore, ...]:
    """The dimensions of these rules, by name."""
    pooled: dict[str, tuple[int, int]] = {}
    for rule in rules:
        checked, failed = pooled.get(rule.dimension, (0, 0))
        pooled[rule.dimension] = (checked + rule.checked, failed + rule.failed)
    return tuple(DimensionScore(name, *pooled[name]) for name in sorted(pooled))


def overall(rules: Iterable[RuleScore]) -> float | None:
    """A dataset's score: the mean of its dimensions with data; None without any."""
    return mean([dimension.score for dimension in dimension_scores(rules)])


def mean(scores: Sequence[float | None]) -> float | None:
    """The mean of the scores that exist, None if none does: a department's score from its datasets'."""
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
