"""The nightly jobs: Dagster's old runs are forgotten, and what the hub holds past its time goes, with a record."""

import dagster as dg

from pipelines.dagster_home import forget_old_runs
from pipelines.resources import RESOURCE, hub_of, utc_now
from pipelines.schedules import TIME_ZONE


@dg.op(out=dg.Out(dg.Nothing))
def forget(context: dg.OpExecutionContext) -> None:
    """Delete runs past their time; the log says how many."""
    context.log.info("旧运行已删除 | old runs deleted: %s", forget_old_runs(context.instance, utc_now()))


@dg.op(out=dg.Out(dg.Nothing), required_resource_keys={RESOURCE})
def expire(context: dg.OpExecutionContext) -> None:
    """Let landed files, former rows and bodies go by their rules; the log says what and how many, and no value."""
    for gone in hub_of(context).expire():
        context.log.info("已清理 | gone: %s %s %s %s (%s)", gone.what, gone.dataset, gone.batch, gone.count, gone.rule)


@dg.job(executor_def=dg.in_process_executor, description="按保存期清理数据\n\nlet go what is past its time")
def retention() -> None:
    """One op: expire."""
    expire()


retention_nightly = dg.ScheduleDefinition(
    name="retention_nightly",
    job=retention,
    cron_schedule="0 5 * * *",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


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
