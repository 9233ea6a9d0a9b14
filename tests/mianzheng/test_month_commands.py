"""Months and reports from the command line: closed, verified, written, and checked against the ledger."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from mianzheng import month_pass
from mianzheng.cli import app
from mianzheng.commands import reporting, scoring
from mianzheng.month_pass import MonthPass
from registries.home import Role
from tests.conftest import Hub
from tests.quality.months import OCTOBER, POLICE, SEPTEMBER, at, autumn


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


def now() -> datetime:
    return at(11, 2)


def test_months_are_closed_told_of_and_verified(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    for module in (scoring, reporting):
        monkeypatch.setattr(module, "clock", now)
    autumn(hub)
    assert json.loads(run("quality", "months", "--json")) == []
    assert json.loads(run("quality", "close", "--json")) == ["2026-09", "2026-10"]
    assert "没有待封存的月份" in run("quality", "close")
    shown = run("quality")
    assert "public_security.residents" in shown
    assert " 4 / 4 " in " ".join(shown.split())
    assert run("quality", "months").split() == ["2026-10", "2026-09"]
    assert json.loads(run("quality", "verify", "--json")) == {"scores": [], "months": []}

    out = ("--out", str(tmp_path))
    made = json.loads(run("report", "scorecard", POLICE, "--month", "2026-09", *out, "--json"))
    assert Path(made["file"]).name == f"scorecard-{POLICE}-2026-09.pdf"
    assert "有该文件" in run("report", "check", made["file"])
    run("report", "scorecard", POLICE, "--month", "2026-09", *out, code=2)  # never over another file
    run("report", "monthly", "--month", "2026-10", "--format", "xlsx", *out)
    run("report", "quarterly", "--quarter", "2026-Q3", *out, code=2)
    run("report", "monthly", "--month", "2026-13", *out, code=2)
    forged = tmp_path / "forged.pdf"
    forged.write_bytes(Path(made["file"]).read_bytes() + b" ")
    run("report", "check", str(forged), code=1)

    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.score SET failed = 0 WHERE rule_id = 'name-required'"))
        conn.execute(sa.text("UPDATE hub.monthly_failure SET failed = 1 WHERE month = '2026-09-01'"))
        conn.execute(sa.text("UPDATE hub.monthly_score SET failed = 0 WHERE month = '2026-09-01'"))
    told = run("quality", "verify", code=1)
    assert "public_security.residents 第 1 批 batch 1 name-required" in told
    assert "2026-09 scores public_security.residents completeness 1" in told
    found = json.loads(run("quality", "verify", "--json", code=1))
    assert found["scores"][0]["rule_id"] == "name-required"
    run("report", "monthly", "--month", "2026-09", *out, code=2)


def test_the_worker_closes_months_and_goes_on_where_one_was_polished(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    autumn(hub)
    monkeypatch.setattr(month_pass, "LOOK_EVERY_SECONDS", 0.0)
    passes = MonthPass(hub.store(Role.LOAD), now)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.score SET failed = failed + 1, checked = checked + 1 WHERE batch = 2"))
    assert passes.look() == []
    assert "mianzheng quality verify" in caplog.text
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.score SET failed = failed - 1, checked = checked - 1 WHERE batch = 2"))
    assert passes.look() == [SEPTEMBER, OCTOBER]
    assert passes.look() == []
