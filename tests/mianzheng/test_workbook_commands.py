"""The clerk's round trip from the command line, and the benchmark of it: that it measures, never how fast."""

import io
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from mianzheng.cli import app
from tests.conftest import Hub
from tests.exchange_api.workbooks.making import GOOD, plain

PERMITS = "transport.operation_permits"


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_file_is_tried_and_written_down_with_its_faults(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    form, sent, back = tmp_path / "form.xlsx", tmp_path / "operation_permits_1.xlsx", tmp_path / "back.xlsx"
    run("workbook", "template", PERMITS, "--out", str(form))
    assert CalamineWorkbook.from_filelike(io.BytesIO(form.read_bytes())).sheet_names[0] == "证件"
    wrong = [f"粤交运管汕字44050700{number:04}" for number in range(40)]
    rows = [[number, *GOOD[1:]] for number in wrong]
    rows[7][9] = "有效"
    sent.write_bytes(plain(*rows)())
    told = json.loads(run("workbook", "check", str(sent), "--out", str(back), "--json"))
    assert told["counts"]["quarantined"] == 1
    assert back.stat().st_mode & 0o077 == 0
    table = list(CalamineWorkbook.from_filelike(io.BytesIO(back.read_bytes())).get_sheet_by_index(0).iter_rows())
    assert len(table) == 41
    assert [number for number, row in enumerate(table) if str(row[14]).startswith("未接收")] == [8]


def test_a_dataset_that_nobody_publishes_has_no_template(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    done = CliRunner().invoke(app, ["workbook", "template", "no.such"])
    assert done.exit_code == 2
    assert "no.such" in done.output


def test_the_benchmark_says_what_it_took() -> None:
    done = CliRunner().invoke(app, ["bench", "workbook", "--rows", "300", "--columns", "16", "--json"])
    found = json.loads(done.output)
    assert (found["rows"], found["columns"]) == (300, 16)
    assert found["findings"] > 0
    assert found["own_mib"] > 0 < found["reader_mib"]
    assert found["peak_mib"] == pytest.approx(found["own_mib"] + found["reader_mib"], abs=0.1)
    assert done.exit_code == (0 if found["within"] else 1)
