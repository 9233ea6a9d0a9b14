"""A sensor per dataset that comes as files: what has arrived is taken in at once, and no file is taken in twice.

The cursor and the run's key are a digest of the files' names, sizes and times of writing (a file's name may hold
somebody's name). Whether their CONTENT is new is decided by the intake, which compares their digests.
"""

from collections.abc import Iterable

import dagster as dg

from pipelines.assets import asset_key
from pipelines.resources import RESOURCE, hub_of
from pipelines.schedules import job_name
from pipelines.scrubbing import scrub, without_values
from registries.connectors.faults import SourceUnknown
from registries.connectors.kinds import arrived
from registries.contracts.model import Dataset

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
    home = hub_of(context).home
    try:
        seen = arrived(dataset, home.sources(), home.secret_or_none)
    except SourceUnknown as nothing:
        return dg.SkipReason(scrub(str(nothing)))
    if seen is None or seen.digest == context.cursor:
        return dg.SkipReason("没有新文件 | no new file")
    if context.cursor is None and _arrived_before_last_run(context.instance, dataset, seen.changed_at):
        return dg.SensorResult(cursor=seen.digest, skip_reason="已由先前的运行归集 | an earlier run has it")
    return dg.SensorResult([dg.RunRequest(run_key=f"{dataset.name}:{seen.digest}")], cursor=seen.digest)


def _arrived_before_last_run(instance: dg.DagsterInstance, dataset: Dataset, changed_at: float) -> bool:
    """Whether a run that began after the files were in place took the dataset in: the cycle at the hub's start.

    Without this the first look after that cycle would start a run for every drop folder at once.
    """
    event = instance.get_latest_materialization_event(asset_key(dataset.name))
    record = instance.get_run_record_by_id(event.run_id) if event else None
    return record is not None and changed_at < (record.start_time or 0.0)
