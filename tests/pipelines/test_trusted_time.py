"""Dagster's schedule has the ledger stamped by a real authority; without one, or with nothing new, it does nothing."""

import datetime as dt
from pathlib import Path
from typing import Protocol

import dagster as dg
import pytest

from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.jose import ED25519, new_key
from pipelines.definitions import definitions
from pipelines.resources import RESOURCE, Hub
from pipelines.trusted_time import often, trusted_time
from registries.home import HubHome, Role
from registries.store import ledger, time_stamps
from registries.store.engine import Store
from registries.store.ledger import NewEntry
from tests.time_authority import TimeAuthority

NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)


class Stores(Protocol):
    """What these tests need of the fixture `hub`."""

    home: HubHome

    def store(self, role: Role) -> Store: ...


def grow(hub: Stores) -> None:
    with hub.store(Role.API).begin() as conn:
        before = ledger.head(conn).size
        ledger.append(conn, [NewEntry("answer", "client", f"jti-{before}", bytes(32), b"body", bytes(32))], NOW)
        head = ledger.sequence(conn)
        note = sign_checkpoint(Checkpoint("hub.example/ledger", head.size, head.root), new_key(ED25519))
        ledger.keep_checkpoint(conn, head.size, head.root, note, NOW)


def told(hub: Stores, url: str, authority: TimeAuthority) -> dg.ResourceDefinition:
    environment = {"HUB_TSA_URL": url, "HUB_TSA_CERTIFICATE": str(authority.folder / "root.pem")} if url else {}
    return dg.ResourceDefinition.hardcoded_resource(Hub(HubHome(hub.home.path, environment), lambda: NOW))


def is_due(resource: dg.ResourceDefinition) -> bool:
    with dg.build_schedule_context(resources={RESOURCE: resource}) as context:
        return bool(often.evaluate_tick(context).run_requests)


def test_the_ledger_is_stamped_when_there_is_something_new(hub: Stores, tmp_path: Path) -> None:
    authority = TimeAuthority.found(tmp_path)
    with authority.serving() as url:
        resource = told(hub, url, authority)
        assert not is_due(resource)
        grow(hub)
        assert is_due(resource)
        assert trusted_time.execute_in_process(resources={RESOURCE: resource}).success
        assert not is_due(resource)
        grow(hub)
        assert is_due(resource)
    with hub.store(Role.API).begin() as conn:
        kept = time_stamps.latest(conn)
    assert kept is not None
    assert kept.checkpoint.size == 1


def test_without_an_authority_nothing_runs(hub: Stores, tmp_path: Path) -> None:
    grow(hub)
    resource = told(hub, "", TimeAuthority(tmp_path))
    assert not is_due(resource)
    assert trusted_time.execute_in_process(resources={RESOURCE: resource}).success


def test_an_outage_fails_the_run_and_nothing_else(hub: Stores, tmp_path: Path) -> None:
    authority = TimeAuthority.found(tmp_path)
    grow(hub)
    resource = told(hub, "http://user:secret@127.0.0.1:1/", authority)
    with pytest.raises(Exception, match="doesn't answer") as caught:
        trusted_time.execute_in_process(resources={RESOURCE: resource})
    assert "secret" not in str(caught.value)
    with hub.store(Role.API).begin() as conn:
        assert time_stamps.latest(conn) is None
    assert is_due(resource)


def test_it_is_defined_and_on() -> None:
    assert "trusted_time" in {job.name for job in definitions.resolve_all_job_defs()}
    assert often.default_status == dg.DefaultScheduleStatus.RUNNING
