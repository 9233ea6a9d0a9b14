"""The engineer's commands, as they are typed: what they print, how they end, and that they ask nobody anything."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mianzheng.cli import app
from registries.departments import BUILT_IN
from registries.operators.folders import operators_folder
from tests.conftest import Hub
from tests.made_contracts import REGISTER, TREES, with_girth, write_department

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in a folder without a hub."""
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "no-hub"))
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def hub_run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a hub."""
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@contextmanager
def tripwire() -> Iterator[tuple[int, list[str]]]:
    """A server on 127.0.0.1 that notes whoever connects."""
    met: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    met.append(connection.recv(200).decode("utf-8", "replace"))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], met
        finally:
            ended.set()
            thread.join()


def with_addresses(port: int) -> str:
    """The contract with an address in every place that ODCS has for one."""
    url = f"http://127.0.0.1:{port}"
    definitions = "\n".join(
        f"      - {{type: {kind}, url: '{url}/{kind}'}}"
        for kind in ("definition", "semantics", "businessDefinition", "implementation")
    )
    in_table = f"    authoritativeDefinitions:\n{definitions}\n    properties:"
    heading = (
        f"authoritativeDefinitions:\n{definitions.replace('      - ', '  - ')}\n"
        f"support:\n  - {{channel: help, url: '{url}/support'}}\n"
        f"description:\n  purpose: '{url}/purpose'\n"
        f"  authoritativeDefinitions:\n{definitions.replace('      - ', '    - ')}\n"
    )
    return TREES.replace("    properties:", in_table).replace("servers:\n", heading + "servers:\n")


def test_no_address_in_a_contract_is_ever_asked(run: Run, tmp_path: Path) -> None:
    with tripwire() as (port, met):
        place = write_department(tmp_path / "a", trees=with_addresses(port))
        assert run("contract", "check", place).exit_code == 0
        assert run("contract", "diff", place, write_department(tmp_path / "b")).exit_code in {0, 1}
        servers = TREES.replace("    encoding:", f"    host: http://127.0.0.1:{port}\n    encoding:")
        refused = run("contract", "check", write_department(tmp_path / "c", trees=servers))
        assert refused.exit_code == 1
        with socket.create_connection(("127.0.0.1", port)) as known:
            known.sendall(b"the wire works")
        while not met:
            pass
    assert met == ["the wire works"]


def test_every_fault_is_told_with_file_line_cause_and_mend(run: Run, tmp_path: Path) -> None:
    wrong = TREES.replace("logicalType: date", "logicalType: day").replace("class: 无条件共享", "class: 共享")
    place = write_department(tmp_path, trees=wrong, register=REGISTER.replace("merged", "mergd"))
    found = run("contract", "check", place, "--json")
    assert found.exit_code == 1
    faults = json.loads(found.stdout)
    assert {fault["file"] for fault in faults} == {"forestry/trees.odcs.yaml", "forestry/trees.register.odcs.yaml"}
    assert len(faults) >= 3
    lines = wrong.splitlines()
    (day,) = [fault for fault in faults if "day" in fault["cause_en"]]
    assert "logicalType: day" in lines[day["line"] - 1]
    assert all(fault["cause_zh"] and fault["mend_zh"] and fault["mend_en"] for fault in faults)
    shown = run("contract", "check", place)
    assert f"forestry/trees.odcs.yaml:{day['line']}" in shown.stdout


def test_a_department_is_checked_with_what_it_refers_to(run: Run, tmp_path: Path) -> None:
    assert run("contract", "check").exit_code == 0
    assert run("contract", "check", BUILT_IN).exit_code == 0
    assert run("contract", "check", BUILT_IN / "market_regulation").exit_code == 0
    place = write_department(tmp_path, register=None)
    alone = run("contract", "check", place)
    assert alone.exit_code == 1
    assert "ancient_trees" in alone.stdout
    assert run("contract", "check", place / "trees.odcs.yaml").exit_code == 0, "a file is looked at alone"
    assert run("contract", "check", write_department(tmp_path)).exit_code == 0
    assert run("contract", "check", tmp_path).exit_code == 0, "a folder of departments"


def test_half_a_department_is_a_fault_among_others(run: Run, tmp_path: Path) -> None:
    write_department(tmp_path)
    half = tmp_path / "parks"
    half.mkdir()
    (half / "parks.odcs.yaml").write_text(TREES.replace("forestry", "parks"), "utf-8")
    found = run("contract", "check", tmp_path)
    assert "parks/department.yaml:1" in found.stdout


def test_what_breaks_is_told_for_whom_and_ends_with_1(run: Run, tmp_path: Path) -> None:
    old = write_department(tmp_path / "old")
    wider = write_department(tmp_path / "wider", trees=with_girth())
    found = run("contract", "diff", old, wider)
    assert (found.exit_code, "✓" in found.stdout) == (0, True)
    narrower = write_department(tmp_path / "narrower", trees=TREES.replace("maxLength: 30", "maxLength: 3"))
    found = run("contract", "diff", old, narrower)
    assert found.exit_code == 1
    assert "不兼容 BREAKING" in found.stdout
    assert "交付部门 forestry" in found.stdout
    assert "至少为 2.0.0" in found.stdout
    told = json.loads(run("contract", "diff", old, narrower, "--json").stdout)
    assert (told["breaking"], told["versions"][0]["needed"]) == (True, "major")
    assert run("contract", "diff", old, tmp_path / "nowhere").exit_code == 2


def test_a_draft_is_written_once(run: Run, tmp_path: Path) -> None:
    source = BUILT_IN / "market_regulation" / "samples" / "enterprises_20260101.csv"
    printed = run("contract", "new", "--from", source)
    assert "⟦待填 domain⟧" in printed.stdout
    out = tmp_path / "drafts"
    first = run("contract", "new", "--from", source, "--department", "trade", "--out", out)
    assert first.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["department.yaml", "enterprises.odcs.yaml"]
    (out / "department.yaml").write_text("mine", "utf-8")
    again = run("contract", "new", "--from", source, "--department", "trade", "--out", out)
    assert "已有,未改动" in again.stdout
    assert (out / "department.yaml").read_text("utf-8") == "mine"
    assert run("contract", "new", "--from", "sqlite:///x.db").exit_code == 2
    assert run("contract", "new", "--from", tmp_path / "x.doc").exit_code == 2


def test_folders_are_taken_up_and_listed(hub: Hub, hub_run: Run) -> None:
    write_department(operators_folder(hub.home))
    done = hub_run("contract", "take-up", "--json")
    assert (done.exit_code, json.loads(done.stdout)["accepted"]) == (0, ["forestry"])
    write_department(operators_folder(hub.home), trees=TREES.replace("logicalType: date", "logicalType: day"))
    refused = hub_run("contract", "take-up")
    assert refused.exit_code == 1
    assert "未接受 refused: forestry" in refused.stdout
    listed = hub_run("contract", "list")
    assert "forestry.trees 1.0.0" in listed.stdout
    assert "forestry/trees.odcs.yaml" in listed.stdout
    told = json.loads(hub_run("contract", "list", "--json").stdout)
    assert [told["number"], told["accepted"][0]["department"], told["refused"][0]["department"]] == [
        1,
        "forestry",
        "forestry",
    ]
