"""How a running hub learns of contracts: at most one look every two seconds, and nothing that stops the worker."""

from datetime import UTC, datetime

import pytest

from mianzheng.contract_watch import LOOK_EVERY_SECONDS, ContractWatch
from mianzheng.dagster_renewal import DAEMON, DagsterRenewal
from mianzheng.processes import Children
from mianzheng.recurring import Every
from registries.home import Role
from registries.operators.folders import catalogue_folder, operators_folder
from tests.conftest import Hub
from tests.made_contracts import write_department

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def a_look_later(watch: ContractWatch) -> object:
    watch._every = Every(LOOK_EVERY_SECONDS)
    return watch.look()


def test_looks_keep_their_distance(hub: Hub) -> None:
    watch = ContractWatch(hub.home, hub.store(Role.LOAD), lambda: NOW)
    write_department(operators_folder(hub.home))
    assert a_look_later(watch) is None
    assert [watch.look(), watch.look()] == [None, None]
    assert a_look_later(watch) is not None
    assert LOOK_EVERY_SECONDS >= 1


def test_what_was_accepted_is_said(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    watch = ContractWatch(hub.home, hub.store(Role.LOAD), lambda: NOW)
    write_department(operators_folder(hub.home))
    assert a_look_later(watch) is None
    assert a_look_later(watch) is not None
    assert "启用 accepted: forestry" in capsys.readouterr().out


def test_what_can_not_be_written_is_said_and_tried_again(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    watch = ContractWatch(hub.home, hub.store(Role.LOAD), lambda: NOW)
    catalogue_folder(hub.home).rmdir()
    catalogue_folder(hub.home).write_text("in the way")
    for _ in range(3):
        assert a_look_later(watch) is None
    assert "can't be written" in capsys.readouterr().out
    catalogue_folder(hub.home).unlink()
    assert a_look_later(watch) is not None


def test_dagster_is_started_anew_when_other_contracts_are_in_force(hub: Hub) -> None:
    children = Children(hub.home.logs, {})
    children.start(DAEMON, "-c", "import time; time.sleep(60)")
    try:
        first = children._children[0].process
        renewal = DagsterRenewal(hub.home, children)
        assert not renewal.look()
        watch = ContractWatch(hub.home, hub.store(Role.LOAD), lambda: NOW)
        write_department(operators_folder(hub.home))
        a_look_later(watch)
        a_look_later(watch)
        assert renewal.look()
        assert first.poll() is not None
        assert children._children[0].process.poll() is None
        assert children._children[0].restarts == 0, "it did not end by itself"
        assert not renewal.look()
    finally:
        children.stop()
