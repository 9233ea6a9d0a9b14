"""HUB_HOME/dagster: Dagster's own memory of runs, on SQLite, without telemetry, and not kept for ever.

It holds counts, times and scrubbed errors only; deleting the folder loses no data of the hub.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg

from pipelines.errors import DagsterHomeUnusable
from registries.home import HubHome

SETTINGS = Path(__file__).with_name("dagster.yaml")
KEEP_RUNS = timedelta(days=90)
FORGET_AT_ONCE = 200
"""Runs that one call deletes at most, so that a cycle after a long pause isn't slow."""

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_ORPHANED = "进程已终止, 批次将由下次归集继续 | its process has ended; the next intake resumes the batch"

PROCESS_TAG = "mianzheng/process"
"""On the runs of a cycle: the process that executes them."""


def prepare(home: HubHome) -> Path:
    """Make DAGSTER_HOME with its dagster.yaml; gives its path. Safe to call again: settings follow the program."""
    target = home.dagster / "dagster.yaml"
    wanted = SETTINGS.read_bytes()
    try:
        home.dagster.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != wanted:
            _replace(target, wanted)
    except OSError:
        raise DagsterHomeUnusable from None
    return home.dagster


@contextlib.contextmanager
def open_instance(home: HubHome) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance of this hub."""
    with dg.DagsterInstance.from_config(str(prepare(home))) as instance:
        yield instance


def forget_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Delete the oldest ended runs that began more than `KEEP_RUNS` ago; says how many."""
    old = instance.get_run_records(
        dg.RunsFilter(created_before=now - KEEP_RUNS, statuses=_ENDED), limit=FORGET_AT_ONCE, ascending=True
    )
    for record in old:
        instance.delete_run(record.dagster_run.run_id)
    return len(old)


def close_orphans(instance: dg.DagsterInstance) -> int:
    """Mark runs failed whose process ended without saying so (killed, power lost); says how many.

    The hub's own resuming doesn't depend on this: the intake finds its unfinished batch by itself.
    """
    running = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]))
    orphans = [run for run in running if PROCESS_TAG in run.tags and not _alive(int(run.tags[PROCESS_TAG]))]
    for run in orphans:
        instance.report_run_failed(run, _ORPHANED)
    return len(orphans)


def _alive(process: int) -> bool:
    if process == os.getpid():
        return False  # a number used again: this process has only just begun, and the run is not its own
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _replace(target: Path, content: bytes) -> None:
    handle, written = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(written).replace(target)
