"""Deliveries that don't come: looked for by the clock, since no batch tells of them.

    lateness.look(store, catalogue, days, now)      # by the worker, now and then; safe as often as one likes

A dataset is late when more days, or working days by the operator's calendar, have gone by since its source was last
heard from than its contract says that its data may be old. Its department gets a case, which the next delivery closes.
What was never delivered is not late: it is not collected yet, and answers say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from quality.history import age
from quality.rules import day_of
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import batch_cases
from registries.store.engine import Store
from registries.working_days import WorkingDays


@dataclass(frozen=True)
class Looked:
    """What one look found: datasets that are late since now, and those that are not any more."""

    late: tuple[str, ...]
    in_time: tuple[str, ...]


def look(store: Store, catalogue: Catalogue, days: WorkingDays, now: datetime) -> Looked:
    """Open and close the cases of lateness.

    Args:
        store: as the role hub_load sees it.
        catalogue: the contracts in force.
        days: the calendar of working days.
        now: with a time zone.
    """
    with store.begin() as conn:
        told = batch_cases.ages(conn)
        batch_cases.set_fresh_for(conn, _calendar_days(catalogue, told, days))
    turned: dict[bool, list[str]] = {True: [], False: []}
    for dataset in catalogue.datasets:
        if dataset.server.kind == "live_query" or dataset.name not in told:
            continue
        as_of, known = told[dataset.name]
        late = is_late(dataset, as_of, now, days)
        if late != known:
            with store.begin() as conn:
                batch_cases.settle_lateness(conn, dataset, now, day_of(now), late=late, calendar=days)
            turned[late].append(dataset.name)
    return Looked(tuple(turned[True]), tuple(turned[False]))


def is_late(dataset: Dataset, as_of: datetime, now: datetime, days: WorkingDays) -> bool:
    """Whether the data is older than the contract allows."""
    return age(as_of, now, days, working=dataset.sla.working_days) > dataset.sla.fresh_for_days


def due_on(dataset: Dataset, as_of: datetime, days: WorkingDays) -> datetime:
    """Until when, that day included, the data is as fresh as agreed."""
    if not dataset.sla.working_days:
        return as_of + timedelta(days=dataset.sla.fresh_for_days)
    first = day_of(as_of)
    return as_of + (days.after(first, dataset.sla.fresh_for_days) - first)


def _calendar_days(
    catalogue: Catalogue, told: Mapping[str, tuple[datetime, bool]], days: WorkingDays
) -> dict[str, int]:
    """Of datasets that count working days, how many calendar days that is from when they were last heard from."""
    return {
        dataset.name: (due_on(dataset, told[dataset.name][0], days) - told[dataset.name][0]).days
        for dataset in catalogue.datasets
        if dataset.sla.working_days and dataset.name in told
    }
