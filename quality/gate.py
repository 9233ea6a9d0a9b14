"""Rules about a whole batch: one that fails holds the batch until a steward has looked.

A batch that shrank too much, or of which too much is refused, is more likely a faulty export than the truth. It is
held: what the hub serves stays as it is, and nobody is told that their certificate is gone.

    >>> drop = Gauge(pulled=70, quarantined=0, pulled_before=100)
    >>> drop.dropped, drop.refused
    (0.3, 0.0)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registries.contract_model import RuleSpec


@dataclass(frozen=True)
class Gauge:
    """What batch rules look at; `pulled_before` is the size of the last snapshot taken over, 0 if there is none."""

    pulled: int
    quarantined: int
    pulled_before: int

    @property
    def dropped(self) -> float:
        """The share of rows by which this batch is smaller than the one before it; 0 if it grew."""
        if not self.pulled_before:
            return 0.0
        return round(max(0.0, 1 - self.pulled / self.pulled_before), 9)  # 1 - 0.7 is a little more than 0.3

    @property
    def refused(self) -> float:
        """The share of rows that are refused."""
        return self.quarantined / self.pulled if self.pulled else 0.0


def failed(rules: Sequence[RuleSpec], gauge: Gauge) -> tuple[RuleSpec, ...]:
    """The batch rules that hold this batch; empty if it may go on."""
    return tuple(rule for rule in rules if not _holds(rule, gauge))


def _holds(rule: RuleSpec, gauge: Gauge) -> bool:
    if rule.expectation == "mianzheng:volume_drop":
        return gauge.dropped <= _number(rule, "max_share", 1.0)
    if rule.expectation == "mianzheng:share_refused":
        return gauge.refused <= _number(rule, "max_share", 1.0)
    return _number(rule, "min_value", 0) <= gauge.pulled <= _number(rule, "max_value", float("inf"))


def _number(rule: RuleSpec, name: str, otherwise: float) -> float:
    value = rule.arguments.get(name)
    return float(value) if isinstance(value, int | float) else otherwise
