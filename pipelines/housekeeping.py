"""A nightly job of Dagster's own: runs that are too old are forgotten, also where no cycle is ever started by hand."""

import dagster as dg

from pipelines.dagster_home import forget_old_runs
from pipelines.resources import utc_now
from pipelines.schedules import TIME_ZONE


@dg.op(out=dg.Out(dg.Nothing))
def forget(context: dg.OpExecutionContext) -> None:
    """Delete runs past their time; the log says how many."""
    context.log.info("旧运行已删除 | old runs deleted: %s", forget_old_runs(context.instance, utc_now()))


@dg.job(executor_def=dg.in_process_executor, description="删除旧的运行记录\n\nforget old runs")
def housekeeping() -> None:
    """One op: forget."""
    forget()


nightly = dg.ScheduleDefinition(
    name="housekeeping_nightly",
    job=housekeeping,
    cron_schedule="30 4 * * *",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
