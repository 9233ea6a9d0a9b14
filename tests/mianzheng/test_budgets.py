"""The commands `budgets list` and `set`, on a real store; the worker lets the desk follow the ledger."""

import json
from typing import Protocol

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from mianzheng.cli import app
from mianzheng.worker import follow_answers
from registries.home import HubHome, Role
from registries.store.engine import Store


class Hub(Protocol):
    """What these tests need of the fixture `hub`."""

    home: HubHome

    def store(self, role: Role) -> Store: ...


def run(hub: Hub, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    done = CliRunner().invoke(app, ["budgets", *words])
    return done.exit_code, done.output


def test_a_limit_is_set_listed_and_stands_in_the_ledger(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("client", "approval-1", "--per-hour", "200000", "--reason", "全市集中换证", "--json")
    code, said = run(hub, monkeypatch, "set", *given)
    told = {"scope": "client", "id": "approval-1", "per_hour": 200000, "per_day": None, "misses": None}
    assert (code, json.loads(said)) == (0, told)
    listed = json.loads(run(hub, monkeypatch, "list", "--json")[1])
    assert told in listed
    assert "approval-1" in run(hub, monkeypatch, "list")[1]
    assert run(hub, monkeypatch, "set", "moon", "x", "--reason", "x")[0] == 2
    follow_answers(hub.store(Role.LOAD))  # what the operator did is no answer
    with hub.store(Role.OWNER).begin() as conn:
        found = conn.execute(sa.text("SELECT kind FROM hub.ledger_entry WHERE jti LIKE 'limit:%'")).scalars()
        assert list(found) == ["inspection"]
        assert conn.execute(sa.text("SELECT count(*) FROM hub.inspected_answer")).scalar_one() == 0
