"""One whole cycle: every dataset taken in once, in one process, on the hub's own Dagster instance.

Each dataset is a run of its own, so a source that is down stops nobody else; datasets that others refer to come
first. A process killed at any moment leaves nothing to clean up: the next cycle resumes.

    outcomes = run_cycle(HubHome(Path("/srv/hub")), utc_now)
    [(outcome.dataset, outcome.state) for outcome in outcomes]
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import dagster as dg

from pipelines.assets import DATASET_TAG, assets_of, selection_of
from pipelines.dagster_home import PROCESS_TAG, close_orphans, forget_old_runs, open_instance
from pipelines.interrupts import signals_kept
from pipelines.lineage import in_order
from pipelines.resources import RESOURCE, Hub, quiet
from quality.errors import UnknownDataset
from registries.departments import Catalogue
from registries.home import HubHome
from registries.operators.folders import Contracts

if TYPE_CHECKING:
    from quality.intake import IntakeOutcome, Progress
    from registries.store.batches import BatchCounts

_ONLY_CRITICAL = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's console log would break the progress display; the event log keeps everything."""


def silent(outcome: "IntakeOutcome | FailedIntake") -> None:
    """For callers that need no outcome before all are there."""


@dataclass(frozen=True)
class FailedIntake:
    """A dataset that could not be taken in, and why, in words that hold no value of a row.

    It has the members of an `IntakeOutcome` that a summary reads; its counts are all 0, as nothing was taken over.
    """

    dataset: str
    zh: str
    en: str
    counts: "BatchCounts"
    state: Literal["failed"] = "failed"
    batch: None = None


def run_cycle(
    home: HubHome,
    clock: Callable[[], datetime],
    datasets: Sequence[str] | None = None,
    progress: "Progress" = quiet,
    each: Callable[["IntakeOutcome | FailedIntake"], None] = silent,
) -> list["IntakeOutcome | FailedIntake"]:
    """Take in `datasets` (all that are pulled, unless named) and give their outcomes, in the order they were taken in.

    A dataset that could not be taken in has a `FailedIntake` there, and stops no other. `each` is told an outcome as
    soon as it is there.

    Raises:
        UnknownDataset: a name that no contract describes, or that nobody pulls; nothing was done.
    """
    catalogue = Contracts(home).catalogue()
    names = in_order(catalogue.references(), _known(catalogue, datasets))
    assets = assets_of(catalogue)
    with contextlib.closing(Hub(home, clock, progress)) as hub, open_instance(home) as instance:
        close_orphans(instance)
        forget_old_runs(instance, clock())
        outcomes = []
        for name in names:
            outcomes.append(_run(instance, name, assets[name], hub))
            each(outcomes[-1])
    return outcomes


def _known(catalogue: Catalogue, datasets: Sequence[str] | None) -> Sequence[str]:
    every = [dataset.name for dataset in catalogue.datasets if dataset.pulled]
    if datasets is None:
        return every
    if unknown := sorted(set(datasets) - set(every)):
        raise UnknownDataset(unknown[0])
    return datasets


def _run(
    instance: dg.DagsterInstance, name: str, asset: dg.AssetsDefinition, hub: Hub
) -> "IntakeOutcome | FailedIntake":
    """One run of one dataset."""
    with signals_kept():
        result = dg.materialize(
            [asset],
            selection=selection_of(name),
            instance=instance,
            resources={RESOURCE: hub},
            run_config=_ONLY_CRITICAL,
            tags={DATASET_TAG: name, PROCESS_TAG: str(os.getpid())},
            raise_on_error=False,
        )
    return hub.outcomes[name] if result.success else _failed(name, result)


def _failed(name: str, result: dg.ExecuteInProcessResult) -> FailedIntake:
    from registries.store.batches import BatchCounts

    for event in result.get_step_failure_events():
        failure = event.step_failure_data.user_failure_data
        if failure is not None:
            zh, en = (str(failure.metadata[language].value) for language in ("zh", "en"))
            return FailedIntake(name, zh, en, BatchCounts(0, 0, 0, 0))
    zh, en = "Dagster 未能执行归集。请查看其事件日志", "Dagster failed by itself; see its event log"
    return FailedIntake(name, zh, en, BatchCounts(0, 0, 0, 0))
