"""Sandboxes of departments from the command line: made, tried in, listed, dropped."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mianzheng.cli import app
from mianzheng.commands import sandboxing
from mianzheng.embedded_postgres import Cluster
from registries.home import Role
from tests.conftest import OWNER, Hub, administration
from tests.quality.market import NOW, market_catalogue


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["sandbox", *words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def operated(hub: Hub, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub whose store is on the operator's server, and whose owner may make databases there."""
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    monkeypatch.setenv("HUB_DATABASE_URL", hub.home.store_url(Role.OWNER).replace("postgresql+psycopg", "postgresql"))
    monkeypatch.setattr(sandboxing, "clock", lambda: NOW)
    with administration(cluster) as connection:
        connection.execute(f"ALTER ROLE {OWNER} CREATEDB")
        yield hub
        connection.execute(f"ALTER ROLE {OWNER} NOCREATEDB")


def test_a_department_makes_tries_and_drops_its_sandbox(operated: Hub, tmp_path: Path) -> None:
    market_catalogue(tmp_path)
    file = tmp_path / "shops_full_1.csv"
    file.write_text("code,name,at,op\nAB,示例店,1,U\nCD,,2,U\n", "utf-8")
    run("try", "market", str(file), code=2)  # there is none yet
    run("department", "market", code=2)  # nobody knows it without its drafts
    made = json.loads(run("department", "market", "--contracts", str(tmp_path / "market"), "--days", "3", "--json"))
    assert made["department"] == "market"
    assert dt.datetime.fromisoformat(made["until"]) == NOW + dt.timedelta(days=3)
    assert Path(made["home"]).is_relative_to(operated.home.path)
    tried = json.loads(run("try", "market", str(file), "--json"))
    assert (tried["counts"]["new"], tried["counts"]["quarantined"]) == (1, 1)
    assert "market" in run("list")
    assert [one["department"] for one in json.loads(run("list", "--json"))] == ["market"]
    assert "已删除" in run("drop", "market")
    assert json.loads(run("list", "--json")) == []
    assert not Path(made["home"]).exists()
