"""One job and one schedule per dataset: the contract's service level says when the hub pulls."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.assets import DATASET_TAG, selection_of
from registries.contracts.model import Dataset

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

TIME_ZONE = "Asia/Shanghai"
"""Contracts state their hours in the one legal time of China."""


def job_name(dataset: Dataset) -> str:
    """The name of the dataset's job."""
    return f"take_in__{dataset.table_name}"


def jobs_of(datasets: Iterable[Dataset]) -> list["UnresolvedAssetJobDefinition"]:
    """A job per dataset: one run takes in one dataset, inside one process."""
    return [
        dg.define_asset_job(
            name=job_name(dataset),
            selection=selection_of(dataset.name),
            description=f"归集 {dataset.title_zh}\n\ntake in {dataset.title_en}",
            tags={DATASET_TAG: dataset.name},
            executor_def=dg.in_process_executor,
        )
        for dataset in datasets
    ]


def schedules_of(datasets: Iterable[Dataset]) -> list[dg.ScheduleDefinition]:
    """A schedule per dataset, on as soon as Dagster's daemon runs."""
    return [
        dg.ScheduleDefinition(
            name=f"sla__{dataset.table_name}",
            job_name=job_name(dataset),
            cron_schedule=dataset.sla.cron,
            execution_timezone=TIME_ZONE,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"每 {dataset.sla.update_every_days} 天更新\n\nevery {dataset.sla.update_every_days} days",
        )
        for dataset in datasets
    ]
