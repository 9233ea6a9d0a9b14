"""Dagster's own folder: no telemetry, no captured output, no runs for ever, no runs that never end."""

import datetime as dt
import os
import stat
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.dagster_home import KEEP_RUNS, PROCESS_TAG, SETTINGS, close_orphans, forget_old_runs, prepare
from pipelines.errors import DagsterHomeUnusable
from registries.home import HubHome

ROOT = Path(__file__).parents[2]


@dg.asset
def something() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult()


def dead_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_the_copy_at_the_root_is_the_same() -> None:
    assert (ROOT / "dagster.yaml").read_text("utf-8") == SETTINGS.read_text("utf-8")


def test_settings_follow_the_program(home: HubHome) -> None:
    written = prepare(home) / "dagster.yaml"
    written.write_text("telemetry: {enabled: true}", "utf-8")
    prepare(home)
    assert written.read_bytes() == SETTINGS.read_bytes()
    assert stat.S_IMODE(home.dagster.stat().st_mode) == 0o700


def test_a_folder_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "dagster").write_text("a file", "utf-8")
    with pytest.raises(DagsterHomeUnusable, match="HUB_HOME/dagster"):
        prepare(HubHome(tmp_path))


def test_nothing_is_sent_out_and_nothing_printed_is_kept(instance: dg.DagsterInstance) -> None:
    assert not instance.telemetry_enabled
    assert type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager"


def test_one_run_at_a_time_for_each_dataset(instance: dg.DagsterInstance) -> None:
    limits = instance.get_concurrency_config().run_queue_config
    assert limits is not None
    assert limits.tag_concurrency_limits == [
        {"key": "mianzheng/dataset", "limit": 1, "value": {"applyLimitPerUniqueValue": True}}
    ]


def test_old_runs_are_forgotten_and_new_ones_kept(instance: dg.DagsterInstance) -> None:
    dg.materialize([something], instance=instance)
    now = dt.datetime.now(dt.UTC)
    assert forget_old_runs(instance, now) == 0
    assert forget_old_runs(instance, now + KEEP_RUNS + dt.timedelta(days=1)) == 1
    assert instance.get_runs_count() == 0


def test_a_run_whose_process_was_killed_is_closed(instance: dg.DagsterInstance) -> None:
    for process in (dead_process(), os.getppid()):
        instance.create_run_for_job(
            dg.Definitions([something]).resolve_implicit_global_asset_job_def(),
            status=dg.DagsterRunStatus.STARTED,
            tags={PROCESS_TAG: str(process)},
        )
    assert close_orphans(instance) == 1
    assert instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])) == 1
