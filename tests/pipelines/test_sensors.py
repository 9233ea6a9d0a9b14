"""A file that arrives is taken in once; a file still being written is not seen."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pipelines.assets import assets_of
from pipelines.resources import Hub
from pipelines.sensors import sensors_of
from registries.home import HubHome
from tests.pipelines.small_contracts import SaidBefore, catalogue, dataset, outcome

FIRMS = dataset("a.firms", files=True)


@pytest.fixture
def drops(home: HubHome, tmp_path: Path) -> Path:
    """The drop folder that sources.json names."""
    folder = tmp_path / "drops"
    folder.mkdir()
    (home.path / "sources.json").write_text(json.dumps({"drops": str(folder)}), "utf-8")
    return folder


@dataclass(frozen=True)
class Seen:
    """What one look at the folder led to."""

    run_keys: list[str | None]
    cursor: str | None


def look(home: HubHome, instance: dg.DagsterInstance, cursor: str | None) -> Seen:
    (sensor,) = sensors_of([FIRMS])
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"hub": Hub(home)}) as context:
        said = sensor.evaluate_tick(context)
    return Seen([request.run_key for request in said.run_requests or []], said.cursor)


def test_only_datasets_that_arrive_as_files_have_a_sensor() -> None:
    both = [FIRMS, dataset("b.people")]
    assert [sensor.name for sensor in sensors_of(both)] == ["drop__a__firms"]


def test_no_folder_is_no_failure(home: HubHome, instance: dg.DagsterInstance) -> None:
    assert look(home, instance, None).run_keys == []


def test_a_new_file_asks_for_one_run(home: HubHome, instance: dg.DagsterInstance, drops: Path) -> None:
    (drops / "firms_20240101.csv").write_bytes(b"code\n1\n")
    seen = look(home, instance, None)
    assert seen.run_keys == [f"a.firms:{seen.cursor}"]
    assert look(home, instance, seen.cursor).run_keys == []


def test_a_file_written_again_is_new(home: HubHome, instance: dg.DagsterInstance, drops: Path) -> None:
    file = drops / "firms_20240101.csv"
    file.write_bytes(b"code\n1\n")
    first = look(home, instance, None)
    file.write_bytes(b"code\n2\n")
    os.utime(file, ns=(1, 1))
    again = look(home, instance, first.cursor)
    assert len(again.run_keys) == 1
    assert again.run_keys != first.run_keys


def test_a_file_still_being_written_is_not_seen(home: HubHome, instance: dg.DagsterInstance, drops: Path) -> None:
    (drops / "firms_20240101.csv.part").write_bytes(b"code\n")
    assert look(home, instance, None).run_keys == []


def test_no_name_of_a_file_stands_in_cursor_or_key(home: HubHome, instance: dg.DagsterInstance, drops: Path) -> None:
    (drops / "440582199001010012.csv").write_bytes(b"code\n1\n")
    assert "440582199001010012" not in repr(look(home, instance, None))


def test_what_a_run_already_took_in_asks_for_none(home: HubHome, instance: dg.DagsterInstance, drops: Path) -> None:
    file = drops / "firms_20240101.csv"
    file.write_bytes(b"code\n1\n")
    asset = assets_of(catalogue(FIRMS))["a.firms"]
    dg.materialize([asset], instance=instance, resources={"hub": SaidBefore(outcome("a.firms"))})
    seen = look(home, instance, None)
    assert seen.run_keys == []
    file.write_bytes(b"code\n1\n2\n")
    assert len(look(home, instance, seen.cursor).run_keys) == 1
