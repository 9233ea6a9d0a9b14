"""A batch beside those before it: drift of its volume and of its columns, and whether it came in time.

    measured = history.compare(conn, dataset, batch, checked, days)    # before the gate
    measured.profile                                                   # to be kept with the batch

What is found goes into the findings' measures, as of any rule about a whole batch. Too little history says nothing:
then the rule is not measured, and has no score.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from quality.checking import Checked
from quality.drift import FEW, Shift, shift, volume, with_missing
from quality.parting import Measured
from quality.rules import day_of
from registries.contracts.model import Dataset, RuleSpec
from registries.store import batches, profiles
from registries.store.batches import Batch
from registries.store.profiles import ColumnProfile
from registries.working_days import WorkingDays

Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""

SIZES: Final = 60
"""Batches whose sizes count: some twelve weeks of working days."""

PROFILES: Final = 12
"""Batches whose columns count: of older ones a dataset may have grown out."""


def compare(
    conn: Connection, dataset: Dataset, batch: Batch, checked: Checked, days: WorkingDays
) -> list[ColumnProfile]:
    """Measure the rules that ask for the dataset's history.

    Args:
        conn: a transaction of the role hub_load, before the batch is taken over.
        dataset: whose batch it is.
        batch: as it was landed.
        checked: what the rules found; its measures are added to.
        days: the calendar of working days.

    Returns:
        The batch's profile, each column with its distance from the history.
    """
    by_name = {rule.expectation: rule for rule in dataset.rules if rule.kind == "batch"}
    if "mianzheng:distribution_drift" not in by_name:  # every contract's tables have these rules; made ones may not
        return list(checked.profile)
    found = _shifts(conn, dataset, batch, checked.profile, by_name["mianzheng:distribution_drift"])
    told = {
        "mianzheng:volume_drift": _volume(conn, dataset, batch, checked, by_name["mianzheng:volume_drift"]),
        "mianzheng:distribution_drift": _distribution(found),
        "mianzheng:fresh": _fresh(conn, batch, checked, by_name["mianzheng:fresh"], days),
    }
    for name, measured in told.items():
        if measured is not None:
            checked.findings.measure(by_name[name].id, measured)
    return [_with_shift(column, found.get(column.column)) for column in checked.profile]


def _volume(conn: Connection, dataset: Dataset, batch: Batch, checked: Checked, rule: RuleSpec) -> Measured | None:
    sizes = [(day_of(one.opened_at), one.rows) for one in profiles.sizes(conn, dataset, batch, SIZES)]
    trend = batches.delivery_of(dataset, batch) == "snapshot"
    found = volume(sizes, (day_of(batch.opened_at), checked.pulled), trend=trend)
    if found is None:
        return None
    holds = not found.drifted(_number(rule, "max_score"), _number(rule, "min_change"))
    return Measured(holds, checked=1, failed=0 if holds else 1)


def _shifts(
    conn: Connection, dataset: Dataset, batch: Batch, profile: list[ColumnProfile], rule: RuleSpec
) -> dict[str, Shift]:
    """The columns of which something can be said."""
    if not profile or profile[0].rows < FEW:
        return {}
    earlier = profiles.earlier(conn, dataset, batch, PROFILES)
    least = _number(rule, "min_distance")
    found = {one.column: _shift(earlier.get(one.column, []), one, least) for one in profile}
    return {column: measured for column, measured in found.items() if measured is not None}


def _shift(earlier: list[ColumnProfile], now: ColumnProfile, least: float) -> Shift | None:
    """Only profiles that were counted alike can be compared."""
    alike = [one for one in earlier if (one.values is None) == (now.values is None)]
    before = [with_missing(one.values, one.rows, one.nulls) for one in alike]
    return shift(before, with_missing(now.values, now.rows, now.nulls), least)


def _distribution(found: dict[str, Shift]) -> Measured | None:
    drifted = sum(one.drifted for one in found.values())
    return Measured(not drifted, checked=len(found), failed=drifted) if found else None


def _with_shift(column: ColumnProfile, found: Shift | None) -> ColumnProfile:
    return column if found is None else replace(column, distance=found.distance, bound=found.bound)


def _fresh(conn: Connection, batch: Batch, checked: Checked, rule: RuleSpec, days: WorkingDays) -> Measured | None:
    """Scored over its rows: each of them came in time, or too late."""
    before = profiles.heard_from(conn, batch.dataset)
    if before is None:
        return None
    holds = age(before, batch.opened_at, days, working=bool(rule.arguments["working_days"])) <= _number(rule, "days")
    rows = max(checked.pulled, 1)
    return Measured(holds, checked=rows, failed=0 if holds else rows)


def age(as_of: datetime, now: datetime, days: WorkingDays, *, working: bool) -> int:
    """How many days, or working days, lie between; the day of `as_of` itself does not count."""
    first, last = day_of(as_of), day_of(now)
    return days.between(first, last) if working else (last - first).days


def _number(rule: RuleSpec, name: str) -> float:
    value = rule.arguments[name]
    return float(value) if isinstance(value, int | float) else 0.0
