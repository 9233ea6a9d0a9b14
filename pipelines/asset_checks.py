"""A contract's quality rules as asset checks: their results are the scores that the intake counted.

A check says over how many rows it speaks. A rule that was not judged (no rows, nothing new at the source) gives
no result, so Dagster keeps showing the last one: no data is not 100 %.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from registries.contracts.model import Dataset, RuleSpec

if TYPE_CHECKING:
    from quality.intake import IntakeOutcome

_DECIDES_ROWS = 1


def check_name(rule_id: str) -> str:
    """The check's name: Dagster allows only letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9_]", "_", rule_id)


def check_specs(dataset: Dataset, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One check for each rule of the contract."""
    return [
        dg.AssetCheckSpec(
            name=check_name(rule.id),
            asset=key,
            description=f"{rule.zh}\n\n{rule.en}",
            metadata={
                "rule": rule.id,
                "version": rule.version,
                "level": rule.level,
                "dimension": rule.dimension,
                "indicator": rule.indicator,
            },
        )
        for rule in dataset.rules
    ]


def check_results(dataset: Dataset, key: dg.AssetKey, outcome: "IntakeOutcome") -> Iterator[dg.AssetCheckEvaluation]:
    """A result for each rule that judged at least one row: counts only.

    Evaluations and not `AssetCheckResult`s: with one intake all rules speak, whether or not a run selected their
    checks; Dagster writes one event for each instead of four, and there are dozens of rules for each dataset.
    """
    rules = {rule.id: rule for rule in dataset.rules}
    for score in outcome.scores:
        rule = rules.get(score.rule_id)
        if rule is not None and score.checked:
            yield _result(rule, key, score.checked, score.failed)


def _result(rule: RuleSpec, key: dg.AssetKey, checked: int, failed: int) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=check_name(rule.id),
        passed=failed == 0,
        severity=dg.AssetCheckSeverity.ERROR if rule.level == _DECIDES_ROWS else dg.AssetCheckSeverity.WARN,
        metadata={"checked": checked, "failed": failed, "share_passed": 1 - failed / checked},
    )
