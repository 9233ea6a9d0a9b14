"""Cases from the command line: what the operator sees and does there is what stewards do at the pages."""

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from mianzheng.cli import app
from mianzheng.commands import casework
from registries.home import Role
from registries.store import cases
from tests.conftest import Hub
from tests.quality.months import LICENCE_ROWS, LICENCES, MARKET, Year, at


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["cases", *words])
    assert result.exit_code == code, result.output
    return result.output


class Clock:
    """As the test sets it."""

    now = at(9, 8)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A hub with one open case: a licence has vanished."""
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    made = Clock()
    monkeypatch.setattr(casework, "clock", made)
    year = Year(hub)
    year.deliver(at(9, 6), LICENCES, LICENCE_ROWS)
    year.deliver(at(9, 7), LICENCES, LICENCE_ROWS[1:])
    return made


def the_case(hub: Hub) -> cases.Case:
    with hub.store(Role.PAGE).begin() as conn:
        (found,) = [one for one in cases.list_cases(conn, MARKET, LICENCES) if one.cause == "vanished"]
    return found


def test_cases_are_listed_shown_and_counted(hub: Hub, clock: Clock) -> None:
    found = the_case(hub)
    (listed,) = [one for one in json.loads(run("list", "--json")) if one["number"] == found.number]
    assert (listed["cause"], listed["rows_open"], listed["card"]) == ("vanished", 1, None)
    assert LICENCES in run("list", "--department", MARKET)
    assert LICENCES not in run("list", "--state", "closed")
    shown = json.loads(run("show", str(found.number), "--json"))
    assert [(step["act"], step["by"]) for step in shown["steps"]] == [("opened", "hub")]
    assert "opened" in run("show", str(found.number))
    figures = {one["department"]: one for one in json.loads(run("figures", "--json"))}
    with hub.store(Role.PAGE).begin() as conn:
        assert figures[MARKET]["open"] == len(cases.list_cases(conn, MARKET)) >= 1
    assert figures[MARKET]["overdue"] == 0
    assert MARKET in run("figures")
    assert "工单" in run("show", "999999", code=2)
    clock.now = at(10, 20)  # long after its last day
    late = json.loads(run("list", "--card", "red", "--json", "--dataset", LICENCES))
    assert found.number in [one["number"] for one in late]
    assert {one["card"] for one in late} == {"red"}


def test_the_clock_stands_and_runs_and_late_cases_go_up(hub: Hub, clock: Clock) -> None:
    first = the_case(hub)
    number = str(first.number)
    run("stop", number, "--reason", "because", code=2)
    assert "停表" in run("stop", number, "--reason", "system_move")
    assert the_case(hub).stopped_at is not None
    run("stop", number, "--reason", "system_move", code=2)  # it stands already
    clock.now = at(9, 15)
    assert "恢复计时" in run("resume", number)
    assert the_case(hub).due_on > first.due_on
    run("assign", number, "nobody-here", code=2)
    assert "催办" in run("remind", number)
    assert the_case(hub).reminders == 1
    assert "0 件" in run("escalate")
    clock.now = at(10, 30)
    assert "0 件" not in run("escalate", "--after", "0")
    assert the_case(hub).escalated_to is not None
    acts = [step["act"] for step in json.loads(run("show", number, "--json"))["steps"]]
    assert acts[:4] == ["opened", "stopped", "resumed", "reminded"]
    assert "escalated" in acts
