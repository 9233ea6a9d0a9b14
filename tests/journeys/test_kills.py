"""The pipeline's process is killed at twenty seeded moments and started again: the store must not tell the difference.

Each run happens in a forked child (so that Great Expectations is imported once), on a hub and a city of its own kind:
the same sources for all, a fresh database for each.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from quality.intake import Intake
from registries.home import HubHome, Role
from registries.store.digest import store_digest
from registries.store.ledger import check
from sample_city.build import build, next_day
from tests.conftest import Hub

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("kills"), pytest.mark.timeout(1500)]

PEOPLE = 1000
SEED = 20160905
KILLS = 20
NOW = datetime(2026, 6, 30, 9, 0, tzinfo=UTC)
FORK = multiprocessing.get_context("fork")


def take_in_everything(home: HubHome) -> None:
    """What a pipelines' process does in one cycle, in the order of the references between datasets."""
    with Intake.open(home, lambda: NOW) as intake:
        for dataset in intake.catalogue.in_order_of_references():
            if dataset.server.name in home.sources():
                intake.take_in_all(dataset.name)


def in_a_child(home: HubHome, seconds: float | None = None) -> tuple[int, float]:
    """Run a cycle in a child, killed after `seconds`; its exit code (negative: the signal) and how long it took."""
    started = time.monotonic()
    child = FORK.Process(target=take_in_everything, args=(home,))
    child.start()
    child.join(seconds)
    if child.is_alive() and child.pid is not None:
        os.kill(child.pid, signal.SIGKILL)
    child.join()
    return child.exitcode or 0, time.monotonic() - started


def state(hub: Hub) -> tuple[object, int]:
    """The store's digest, and how many faults the ledger has."""
    with hub.store(Role.OWNER).begin() as connection:
        found = store_digest(connection), len(check(connection).faults)
    hub.close()
    return found


@pytest.fixture
def sources(tmp_path: Path, city_database: str) -> str:
    """The content of sources.json: one small city on its second day; no server of a department runs."""
    import json

    from mianzheng.sample_city_up import places_of

    build(tmp_path / "city", city_database, PEOPLE, SEED, date(2026, 6, 30))
    next_day(tmp_path / "city", city_database)
    return json.dumps(places_of(tmp_path / "city", city_database, f"postgresql+psycopg{city_database[10:]}"))


def test_twenty_seeded_kills_leave_the_same_store(make_hub: Callable[[], Hub], sources: str) -> None:
    def fresh() -> Hub:
        hub = make_hub()
        (hub.home.path / "sources.json").write_text(sources)
        return hub

    undisturbed = fresh()
    code, seconds = in_a_child(undisturbed.home)
    assert code == 0
    expected = state(undisturbed)
    moments = random.Random(SEED)
    killed = 0
    for _ in range(2 * KILLS):  # a cycle that was faster than the fastest before it escapes its kill
        if killed == KILLS:
            break
        hub = fresh()
        code, took = in_a_child(hub.home, moments.uniform(0.02, 0.98) * seconds)
        if code == -signal.SIGKILL:
            killed += 1
            code, took = in_a_child(hub.home)
        else:
            seconds = min(seconds, took)
        assert code == 0
        assert state(hub) == expected
    assert killed == KILLS, "the kills must have come in time to disturb anything"
