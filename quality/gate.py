"""Rules about a whole batch: one that fails holds the batch until a steward has looked.

A batch that shrank too much, or of which too much is refused, is more likely a faulty export than the truth. It is
held: what the hub serves stays as it is, and nobody is told that their certificate is gone.

    >>> drop = Gauge(pulled=70, quarantined=0, pulled_before=100)
    >>> drop.dropped, drop.refused
    (0.3, 0.0)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from quality.parting import REQUIRED, Measured
from quality.sql_rules import within
from registries.contracts.model import RuleSpec
from registries.store.held_batches import Release

OF_HISTORY: Final = frozenset({"mianzheng:volume_drift", "mianzheng:distribution_drift", "mianzheng:fresh"})
"""Rules that compare a batch with those before it: `quality.history`."""

FEW: Final = 20
"""Rows of a change set: shares of fewer say nothing about it."""


@dataclass(frozen=True)
class Gauge:
    """What batch rules look at.

    Attributes:
        pulled_before: the size of the last snapshot taken over, 0 if there is none.
        whole: it is a snapshot; in a change set every row stands for itself, and only many of them say something.
        deleted: current rows that a change set deletes, of `current` that there are.
    """

    pulled: int
    quarantined: int
    pulled_before: int
    whole: bool = True
    deleted: int = 0
    current: int = 0

    @property
    def dropped(self) -> float:
        """The share of rows by which a snapshot is smaller than the one before it, or which a change set deletes."""
        if not self.whole:
            return self.deleted / self.current if self.current and self.deleted >= FEW else 0.0
        if not self.pulled_before:
            return 0.0
        return round(max(0.0, 1 - self.pulled / self.pulled_before), 9)  # 1 - 0.7 is a little more than 0.3

    @property
    def refused(self) -> float:
        """The share of rows that are refused."""
        if not self.whole and self.quarantined < FEW:
            return 0.0
        return self.quarantined / self.pulled if self.pulled else 0.0


def failed(
    rules: Sequence[RuleSpec],
    gauge: Gauge,
    measures: Mapping[str, Measured] | None = None,
    columns: Sequence[str] = (),
) -> tuple[RuleSpec, ...]:
    """The rules of level 1 that hold this batch; empty if it may go on.

    Args:
        rules: of the contract: those about the batch, and any that needed the whole batch and could not be judged.
        gauge: the batch's sizes.
        measures: by rule, what those found that looked at its rows.
        columns: of the batch, in their order.
    """
    found = measures or {}
    return tuple(
        _with_reason(rule, found.get(rule.id))
        for rule in rules
        if rule.level == REQUIRED and not _may_go_on(rule, gauge, found.get(rule.id), columns)
    )


def without_waived(held_by: tuple[RuleSpec, ...], release: Release | None) -> tuple[RuleSpec, ...]:
    """The rules that hold a batch, but for those that a steward has waived in releasing it.

    A batch that was held before its rules were written down was looked at as a whole, and is released as a whole.
    """
    if release is None:
        return held_by
    return tuple(rule for rule in held_by if release.rules and rule.id not in release.rules)


def _may_go_on(rule: RuleSpec, gauge: Gauge, measured: Measured | None, columns: Sequence[str]) -> bool:
    if measured is not None:
        return measured.holds
    return rule.kind != "batch" or _holds(rule, gauge, columns)


def _with_reason(rule: RuleSpec, measured: Measured | None) -> RuleSpec:
    """A rule that could not be judged says so: that its own words apply isn't known."""
    if measured is None or not measured.fault:
        return rule
    zh, en = _FAULTS.get(measured.fault, _FAULTS["failed"])
    return replace(rule, zh=f"规则 {rule.id} 未能执行: {zh}", en=f"rule {rule.id} could not be judged: {en}")


_FAULTS = {
    "too_long": ("用时超过上限, 请简化查询", "it took too long; make its query simpler"),
    "too_large": ("占用内存超过上限, 请简化查询或减少所涉列", "it took too much memory; look at fewer columns"),
    "no_number": ("查询没有给出一个数, 请检查空表与空值", "its query gave no number; mind empty tables and NULLs"),
    "stopped": (
        "执行它的进程中断, 请重新送达; 再次出现则请简化查询",
        "its process stopped; deliver again, or simplify it",
    ),
    "failed": ("查询在本批数据上出错, 请更正数据契约", "its query fails on this batch; mend it in the contract"),
}


def _holds(rule: RuleSpec, gauge: Gauge, columns: Sequence[str]) -> bool:
    match rule.expectation:
        case "mianzheng:volume_drop":
            return gauge.dropped <= _number(rule, "max_share", 1.0)
        case "mianzheng:share_refused":
            return gauge.refused <= _number(rule, "max_share", 1.0)
        case "expect_table_row_count_to_be_between":
            return within(rule.arguments, gauge.pulled)
        case name if name in OF_HISTORY:
            return True  # whoever compares it with its history had too little of it
        case name:
            return name in _OF_COLUMNS and _OF_COLUMNS[name](rule.arguments, list(columns))


def _is_set(told: Mapping[str, Any], columns: list[str]) -> bool:
    named = set(told["column_set"])
    return named == set(columns) if told.get("exact_match", True) else named <= set(columns)


def _is_there(told: Mapping[str, Any], columns: list[str]) -> bool:
    return told["column"] in columns and told.get("column_index") in {None, columns.index(told["column"])}


_OF_COLUMNS: Mapping[str, Callable[[Mapping[str, Any], list[str]], bool]] = {
    "expect_table_column_count_to_be_between": lambda told, columns: within(told, len(columns)),
    "expect_table_column_count_to_equal": lambda told, columns: bool(told["value"] == len(columns)),
    "expect_table_columns_to_match_ordered_list": lambda told, columns: bool(told["column_list"] == columns),
    "expect_table_columns_to_match_set": _is_set,
    "expect_column_to_exist": _is_there,
}
"""Which columns there are: a rule that anybody else should have judged, and didn't, does not hold."""


def _number(rule: RuleSpec, name: str, otherwise: float) -> float:
    value = rule.arguments.get(name)
    return float(value) if isinstance(value, int | float) else otherwise
