"""What `mianzheng load` shows on a terminal and off it, over a real hub."""

import json
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mianzheng.cycle_display import expected_rows, line
from mianzheng.progress_measure import Total
from quality.intake import Intake, IntakeOutcome, Step
from registries.home import Role
from registries.store.batches import BatchCounts
from tests.conftest import Hub
from tests.mianzheng.pseudo_terminal import ROOT, cells, frames, screen, terminal

DIVISIONS = "civil_affairs.divisions"
LISTS = ROOT / "sample_city" / "divisions"
LOAD = [sys.executable, "-m", "mianzheng", "load"]


@pytest.fixture
def drop(hub: Hub, tmp_path: Path) -> Path:
    """Where civil affairs drops its list of divisions; nobody else's systems are up."""
    folder = tmp_path / "civil_affairs"
    folder.mkdir()
    (hub.home.path / "sources.json").write_text(json.dumps({"civil_affairs_drop": str(folder)}), "utf-8")
    shutil.copy(LISTS / "divisions_2026.csv", folder)
    return folder


def test_what_is_known_about_a_delivery_before_and_after_it_landed(hub: Hub, drop: Path) -> None:
    store, known = hub.store(Role.LOAD), {}

    def note(step: Step, dataset: str, _rows: int) -> None:
        known.setdefault(step, expected_rows(store, dataset))

    with Intake.open(hub.home, lambda: datetime(2026, 11, 21, tzinfo=UTC)) as intake:
        rows = intake.take_in(DIVISIONS, progress=note).counts.pulled
        assert rows > 3_000
        assert known == dict.fromkeys([Step.OPEN, Step.PULL, Step.LAND]) | dict.fromkeys(list(Step)[3:], Total(rows))
        file = drop / "divisions_2026.csv"
        (drop / "divisions_2027.csv").write_bytes(file.read_bytes().rsplit(b"\n", 2)[0] + b"\n")
        known.clear()
        assert intake.take_in(DIVISIONS, progress=note).counts.pulled == rows - 1
        assert known[Step.PULL] == Total(rows, exact=False)
        assert known[Step.CHECK] == Total(rows - 1)


@pytest.mark.usefixtures("drop")
def test_a_cycle_on_a_terminal(hub: Hub) -> None:
    with terminal(LOAD, 100, HUB_HOME=str(hub.home.path)) as window:
        assert window.read_to_the_end(240) == 1  # most departments' systems are down
    drawn = frames(window.written)
    assert [one for one in drawn if re.match(r"1/\d+  \S*divisions  \S+ \w+( over)? [1-7]/7  ", one)]
    assert max(cells(one) for one in drawn if re.match(r"\d+/\d+  ", one)) <= 99
    left = screen(window.written)
    assert not [one for one in left if re.match(r"\d+/\d+  ", one)]
    done = [one for one in left if "已归集 done" in one]
    failed = [one for one in left if "失败 failed" in one]
    assert [one.split()[0] for one in done] == [DIVISIONS]
    assert len(failed) > 10
    assert {cells(one.partition("失败")[0]) for one in failed} == {cells(done[0].partition("已归集")[0])}
    assert "\x1b[?25" not in window.written


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_no_progress_where_nobody_wants_it(hub: Hub, option: str) -> None:
    command = [*LOAD, str(LISTS / "divisions_2026.csv"), "--dataset", DIVISIONS, option]
    with terminal(command, 100, HUB_HOME=str(hub.home.path)) as window:
        assert window.read_to_the_end() == 0
    assert not [words for words in ("\x1b[2K", "检查", "╍") if words in window.written]
    assert DIVISIONS in window.written


def test_lines_of_outcomes() -> None:
    counts = BatchCounts(pulled=12, accepted=11, quarantined=1, new=11)
    words = line(IntakeOutcome("a.b", 3, "done", counts), 6)
    assert words.startswith("a.b     已归集 done  ")
    assert words.endswith(" 12 = 11 入库 accepted + 1 隔离 quarantined + 0 暂存 held")
    assert line(IntakeOutcome("a.b", None, "nothing_new", BatchCounts()), 6) == "a.b     无变化 nothing new"
