"""The benchmark itself: that it measures what it says, finds what was planted, and leaves nothing. Never how fast."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mianzheng.benchmark.defects import KINDS, Town
from mianzheng.benchmark.footprint import Sampled, processor_seconds, proportional_bytes
from mianzheng.benchmark.kinds import EACH, FIRST_ODD, RULES, months_of
from mianzheng.benchmark.people import people
from mianzheng.benchmark.scratch import DURABLE, write_contracts
from mianzheng.cli import app
from quality.intake import Step
from quality.predicates import PREDICATES
from registries.departments import BUILT_IN, load_catalogue

ROWS = 3_000


def run(*words: str) -> dict:
    done = CliRunner().invoke(app, ["bench", *words, "--rows", str(ROWS), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """For scratch folders: the database's service user has to pass through, and pytest's own are closed."""
    place = Path(tempfile.mkdtemp(prefix="mianzheng-test-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def load_found(folder: Path) -> dict:
    found = run("load", "--floor-after", "--folder", str(folder))
    assert list(folder.iterdir()) == []  # nothing of it is left
    return found


def test_each_part_of_the_load_is_measured(load_found: dict) -> None:
    assert (load_found["rows"], load_found["columns"], load_found["rules"]) == (ROWS, 12, 15)
    assert list(load_found["parts"]) == ["floor", "load", "watermark_load", "snapshot_delta", "delta", "floor_after"]
    assert all(part["seconds"] > 0 and part["cpu_s"] > 0 for part in load_found["parts"].values())
    assert load_found["floor_s"] == load_found["parts"]["floor"]["seconds"]
    assert load_found["load_s"] == load_found["parts"]["load"]["seconds"]
    assert load_found["peak_mib"] == max(part["peak"]["mib"] for part in load_found["parts"].values()) > 50


@pytest.mark.parametrize(
    ("ratio", "part", "base"),
    [("ratio", "load", "floor"), ("delta_ratio", "delta", "load"), ("snapshot_delta_ratio", "snapshot_delta", "load")],
)
def test_ratios_are_of_what_was_measured(load_found: dict, ratio: str, part: str, base: str) -> None:
    parts = load_found["parts"]
    assert load_found[ratio] == pytest.approx(parts[part]["seconds"] / parts[base]["seconds"], abs=1e-4)
    assert load_found["cpu_ratios"][ratio] > 0


def test_there_is_a_line_for_every_step_and_they_add_up(load_found: dict) -> None:
    steps = load_found["steps"]
    assert [step["step"] for step in steps] == [step.value for step in Step]
    assert sum(step["seconds"] for step in steps) == pytest.approx(load_found["load_s"], abs=0.01)
    assert {step["rows"] for step in steps} <= {0, ROWS, load_found["parts"]["load"]["counts"]["accepted"]}


def test_the_server_is_durable(load_found: dict) -> None:
    assert {name: load_found["settings"][name] for name in DURABLE} == DURABLE


def test_the_deltas_are_one_percent(load_found: dict) -> None:
    counts = load_found["parts"]["snapshot_delta"]["counts"]
    assert (counts["changed"], counts["new"], counts["deleted"], counts["vanished"]) == (27, 3, 0, 0)
    counts = load_found["parts"]["delta"]["counts"]
    assert (counts["changed"], counts["new"]) == (27, 3)


def test_the_floor_has_all_rows_that_a_primary_key_takes(load_found: dict) -> None:
    without = Town(ROWS, 1).truth()
    missing = len(without["citizen_number-required"]) + len(without["key-unique"])
    assert load_found["parts"]["floor"]["rows"] == load_found["parts"]["floor_after"]["rows"] == ROWS - missing


def test_quarantine_has_what_was_planted_for_it(load_found: dict) -> None:
    """Of level 1: eight kinds of two rows, and two numbers that stand in two rows each."""
    assert load_found["parts"]["load"]["counts"]["quarantined"] == 2 * 8 + 4


def test_the_gate_finds_what_was_planted_and_nothing_else() -> None:
    found = run("quality", "--months", "8")
    assert (found["recall"], found["precision"], found["handwritten_agrees"]) == (1.0, 1.0, True)
    assert found["rules"] == len(found["by_rule"]) == 15
    assert sum(rule["planted"] for rule in found["by_rule"]) > 20
    assert min(found["gate_s"], found["scan_s"], found["handwritten_s"]) > 0
    assert found["cpu"]["gate"] > 0  # the others are too short here for a clock that counts hundredths
    told = 0.0005  # seconds are told in thousandths, and a scan of so few rows takes some of them
    assert found["ratio"] == pytest.approx(found["gate_s"] / found["scan_s"], rel=0.01 + told / found["scan_s"])
    kinds = {kind["kind"]: kind for kind in found["kinds"]}
    assert set(kinds) == set(RULES.values())
    planted = {name: kind["planted"] for name, kind in kinds.items()}
    assert planted == dict.fromkeys(kinds, 8 * EACH) | {
        "volume-drift": 1,  # in the eighth month, the first odd one
        "distribution-drift": 0,
        "freshness-in_time": 0,
    }
    for kind in kinds.values():
        assert kind["found"] == kind["both"] == kind["planted"], kind
    assert set(found["checked_columns"]) >= {"citizen_number", "name", "birth_date", "updated_at"}


def test_whoever_stops_it_finds_nothing_left(folder: Path) -> None:
    command = [sys.executable, "-m", "mianzheng", "bench", "load", "--rows", "300000", "--folder", str(folder)]
    bench = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert bench.stdout is not None
    assert any("the load" in line for line in iter(bench.stdout.readline, ""))
    (server,) = [int(path.read_text().split()[0]) for path in folder.glob("*/postgres/data/postmaster.pid")]
    os.killpg(bench.pid, signal.SIGINT)  # as a terminal does it
    bench.communicate(timeout=120)
    assert bench.returncode == 130
    assert list(folder.iterdir()) == []
    assert not Path(f"/proc/{server}").exists()


def test_people_are_the_same_however_they_are_cut() -> None:
    town = Town(20_000, 7)
    order = np.random.default_rng(3).permutation(town.rows)
    whole = town.rows_of(order).to_pylist()
    cut = [
        row for start in range(0, town.rows, 4_321) for row in town.rows_of(order[start : start + 4_321]).to_pylist()
    ]
    assert cut == whole


def test_good_people_break_no_rule_and_have_numbers_of_their_own() -> None:
    rows = people(np.arange(300_000), seed=5)
    numbers, sexes, births = (rows.column(name) for name in ("citizen_number", "sex", "birth_date"))
    assert len(set(numbers.to_pylist())) == 300_000
    assert PREDICATES["citizen_number"].holds(numbers).all()
    assert PREDICATES["sex_agrees"].holds(numbers, sexes).all()
    assert PREDICATES["birth_date_agrees"].holds(numbers, births).all()
    assert not any(number.startswith(("4401", "4405")) for number in numbers.slice(0, 100).to_pylist())


def test_the_truth_is_of_rows_that_are_there() -> None:
    town = Town(10_000, 2)
    there = Counter(town.rows_of(np.arange(town.rows)).column("citizen_number").to_pylist())
    for rule, keys in town.truth().items():
        assert not Counter(keys.to_pylist()) - there, rule
    assert {rule for kind in KINDS.values() for rule in kind.rules} == set(town.truth())
    assert set(Counter(town.truth()["key-unique"].to_pylist()).values()) == {2}


def test_the_contracts_say_the_same_twice(tmp_path: Path) -> None:
    write_contracts(tmp_path)
    catalogue = load_catalogue([BUILT_IN, tmp_path])
    by_snapshot, by_watermark = (
        catalogue.dataset(f"benchmark_bureau.{name}") for name in ("residents", "resident_changes")
    )
    assert (by_snapshot.delivery, by_watermark.delivery) == ("snapshot", "changes")
    assert by_snapshot.columns == by_watermark.columns
    assert [rule.id for rule in by_snapshot.rules] == [rule.id for rule in by_watermark.rules]
    assert {rule.level for rule in by_snapshot.rules} == {1, 2, 3}


def test_memory_and_processor_time_of_children_count() -> None:
    greedy = "x = bytearray(80_000_000); sum(range(10_000_000)); print(flush=True); input()"
    before, cpu = sum(proportional_bytes(os.getpid()).values()), processor_seconds(os.getpid())
    with Sampled() as sampled:
        child = subprocess.Popen([sys.executable, "-c", greedy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.8)  # some samples
        child.communicate(b"\n")
    assert sampled.peak.mib * 2**20 > before + 70_000_000
    assert processor_seconds(os.getpid()) > cpu + 0.05


def test_months_go_wrong_in_turn_after_a_history() -> None:
    odd = [month.odd for month in months_of(FIRST_ODD + 12, dt.date(2026, 1, 1))]
    assert odd[:FIRST_ODD] == [None] * FIRST_ODD
    turns = ("volume", "distribution", "late", "missing")
    assert odd[FIRST_ODD:] == [kind for turn in turns for kind in (turn, None, None)]
