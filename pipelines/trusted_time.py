"""Every ten minutes the ledger's latest checkpoint gets a time stamp (RFC 3161), if the hub was told of an authority.

An outage fails this run and nothing else: the next one stamps a checkpoint that covers everything before it.
"""

import dagster as dg

from pipelines.resources import RESOURCE, hub_of
from pipelines.schedules import TIME_ZONE


@dg.op(out=dg.Out(dg.Nothing), required_resource_keys={RESOURCE})
def stamp(context: dg.OpExecutionContext) -> None:
    """Ask the authority; the log says how many entries its stamp covers."""
    stamped = hub_of(context).stamp()
    if stamped is not None:
        context.log.info("已盖时间戳 | stamped: %s entries at %s", stamped.checkpoint.size, stamped.at.isoformat())


@dg.job(executor_def=dg.in_process_executor, description="存证日志盖可信时间戳\n\ntime stamps over the ledger")
def trusted_time() -> None:
    """One op: stamp."""
    stamp()


@dg.schedule(
    name="trusted_time",
    job=trusted_time,
    cron_schedule="*/10 * * * *",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    required_resource_keys={RESOURCE},
)
def often(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """No run where there is nobody to ask, or nothing new to stamp."""
    if hub_of(context).stamp_due:
        return dg.RunRequest()
    return dg.SkipReason("没有时间戳机构，或没有新的存证 | no time authority, or nothing new in the ledger")
