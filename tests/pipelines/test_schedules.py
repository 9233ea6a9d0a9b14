"""A schedule per service level: the contract's hours, in China's time, one dataset a run."""

import dagster as dg

from pipelines.schedules import jobs_of, schedules_of
from registries.departments import load_catalogue
from tests.pipelines.small_contracts import dataset


def test_each_real_dataset_has_a_job_and_its_own_hours() -> None:
    datasets = load_catalogue().datasets
    schedules = schedules_of(datasets)
    assert [schedule.cron_schedule for schedule in schedules] == [each.sla.cron for each in datasets]
    assert {schedule.execution_timezone for schedule in schedules} == {"Asia/Shanghai"}


def test_a_schedule_is_on_without_anybody_switching_it() -> None:
    (schedule,) = schedules_of([dataset("a.b")])
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_a_job_is_one_dataset_in_one_process() -> None:
    (job,) = jobs_of([dataset("a.b")])
    assert job.tags["mianzheng/dataset"] == "a.b"
    assert job.executor_def is dg.in_process_executor
