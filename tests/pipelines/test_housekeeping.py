"""Old runs are forgotten by night."""

import datetime as dt

import dagster as dg
import pytest

from pipelines import housekeeping
from pipelines.dagster_home import KEEP_RUNS


def test_the_job_forgets_what_is_too_old(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    housekeeping.housekeeping.execute_in_process(instance=instance)
    later = dt.datetime.now(dt.UTC) + KEEP_RUNS + dt.timedelta(days=1)
    monkeypatch.setattr(housekeeping, "utc_now", lambda: later)
    second = housekeeping.housekeeping.execute_in_process(instance=instance)
    # by that clock the second run is past its time too, but it hadn't ended
    assert [run.run_id for run in instance.get_runs()] == [second.run_id]


def test_it_is_on_without_anybody_switching_it() -> None:
    assert housekeeping.nightly.default_status == dg.DefaultScheduleStatus.RUNNING
