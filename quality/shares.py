"""Rules that allow some rows to fail: no row is refused for one; how many there are decides about the batch.

>>> measured({"mustBeLessThan": 5}, "percent", failed=4, checked=50, pulled=100)
Measured(holds=True, checked=50, failed=4, fault='')
>>> measured({"mustBeGreaterOrEqualTo": 0.95}, "mostly", failed=4, checked=50, pulled=100).holds
False
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from quality.parting import Findings, Measured, RowNumbers
from registries.contracts.bounds import Bounds, holds
from registries.contracts.model import RuleSpec

_EXPECTED = 2
"""The level whose findings become cases."""


class Shares:
    """The failing rows of such rules, gathered chunk by chunk; `rows` is how many rows there are in all."""

    def __init__(self, rules: Sequence[RuleSpec]) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._rows: dict[str, list[RowNumbers]] = {rule.id: [] for rule in rules}
        self.rows = 0
        self._checked = dict.fromkeys(self._rules, 0)

    def __contains__(self, rule_id: str) -> bool:
        return rule_id in self._rules

    def add(self, rule_id: str, rows: RowNumbers, *, checked: int) -> None:
        """Adds what a rule said of some more rows."""
        self._rows[rule_id].append(rows)
        self._checked[rule_id] += checked

    def judge(self, findings: Findings) -> None:
        """Adds what all of it means; of a rule of level 2 that doesn't hold the rows too, so that they become cases."""
        for rule_id, rule in self._rules.items():
            rows = np.concatenate([np.zeros(0, np.int64), *self._rows[rule_id]])
            bounds, unit = cast("Bounds", rule.arguments["bounds"]), str(rule.arguments["unit"])
            found = measured(bounds, unit, failed=len(rows), checked=self._checked[rule_id], pulled=self.rows)
            if not found.holds and rule.level == _EXPECTED:
                findings.add(rule_id, rule.level, rows, checked=found.checked)
            findings.measure(rule_id, found)


def measured(bounds: Bounds, unit: str, *, failed: int, checked: int, pulled: int) -> Measured:
    """Whether so many failing rows are within the bounds.

    Args:
        bounds: of ODCS.
        unit: `rows`; `percent` of all rows; or `mostly`, as in Great Expectations the share of good rows among judged.
        failed: rows that are not as expected.
        checked: rows that were judged.
        pulled: all rows.
    """
    match unit:
        case "mostly":
            good = not checked or holds(bounds, (checked - failed) / checked)
        case "percent":
            good = holds(bounds, 100 * failed / pulled if pulled else 0)
        case _:
            good = holds(bounds, failed)
    return Measured(good, checked=checked, failed=failed)


def inner(rule: RuleSpec) -> tuple[str, Mapping[str, object]]:
    """The expectation whose failing rows are counted, and its arguments."""
    return str(rule.arguments["expectation"]), cast("Mapping[str, object]", rule.arguments["arguments"])
