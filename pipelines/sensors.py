"""A sensor per drop folder: a file that has arrived is taken in at once, and no file is taken in twice.

The cursor and the run's key are the file's identity (a digest of name, size and time of writing, because a file's
name may hold somebody's name). Whether its CONTENT is new is decided by the intake, which compares its digest.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import dagster as dg

from pipelines.assets import asset_key
from pipelines.resources import RESOURCE, hub_of
from pipelines.schedules import job_name
from pipelines.scrubbing import scrub, without_values
from registries.connectors.faults import NoDelivery, SourceUnknown
from registries.connectors.kinds import connector_for
from registries.contract_model import Dataset
from registries.home import SourceLocations

LOOK_EVERY_SECONDS = 30


def sensors_of(datasets: Iterable[Dataset]) -> list[dg.SensorDefinition]:
    """A sensor for each dataset that arrives as files, on as soon as Dagster's daemon runs."""
    return [_sensor(dataset) for dataset in datasets if dataset.server.kind == "files"]


def _sensor(dataset: Dataset) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"drop__{dataset.table_name}",
        job_name=job_name(dataset),
        minimum_interval_seconds=LOOK_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={RESOURCE},
        description=f"{dataset.title_zh}: 文件到达即归集\n\n{dataset.title_en}: taken in as files arrive",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return without_values(dataset.name, 0, lambda: _decide(context, dataset))

    return look


def _decide(context: dg.SensorEvaluationContext, dataset: Dataset) -> dg.SensorResult | dg.SkipReason:
    try:
        dropped = dropped_file(dataset, hub_of(context).home.sources())
    except (NoDelivery, SourceUnknown) as nothing:
        return dg.SkipReason(scrub(str(nothing)))
    identity = file_identity(dropped)
    if identity == context.cursor:
        return dg.SkipReason("没有新文件 | no new file")
    if context.cursor is None and _arrived_before_last_run(context.instance, dataset, dropped):
        return dg.SensorResult(cursor=identity, skip_reason="已由先前的运行归集 | an earlier run has it")
    return dg.SensorResult([dg.RunRequest(run_key=f"{dataset.name}:{identity}")], cursor=identity)


def dropped_file(dataset: Dataset, sources: SourceLocations) -> Path:
    """The file that the intake would pull now; a SourceFault if there is none, or nobody named the folder yet."""
    connector = connector_for(dataset, sources)
    return Path(sources[dataset.server.name]) / connector.description


def file_identity(file: Path) -> str:
    """What tells a newly written file from the one seen before, without reading it: SHA-256, 32 hex digits."""
    status = file.stat()
    told = f"{file.name}\x1f{status.st_size}\x1f{status.st_mtime_ns}"
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _arrived_before_last_run(instance: dg.DagsterInstance, dataset: Dataset, file: Path) -> bool:
    """Whether a run that began after the file was in place took the dataset in: the cycle at the hub's start.

    Without this the first look after that cycle would start a run for every drop folder at once.
    """
    event = instance.get_latest_materialization_event(asset_key(dataset.name))
    record = instance.get_run_record_by_id(event.run_id) if event else None
    # the time of the last change of the entry, not of the content: a finished file is renamed into its place
    return record is not None and file.stat().st_ctime < (record.start_time or 0.0)
