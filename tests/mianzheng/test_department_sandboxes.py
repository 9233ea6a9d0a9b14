"""A department tries contracts and files in a sandbox of its own; the hub's store and ledger know nothing of it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from mianzheng.commands.loading import dataset_of
from mianzheng.department_sandboxes import open_sandbox, try_file
from mianzheng.embedded_postgres import Cluster
from mianzheng.errors import MianzhengError
from registries.errors import HomeError
from registries.home import Role
from registries.sandboxes import Sandboxes, database_of
from registries.store import sandbox_databases
from registries.store.digest import store_digest
from registries.store.engine import Store
from tests.conftest import OWNER, PASSWORD, Hub, administration
from tests.quality.market import NOW, market_catalogue

UNTIL = NOW + dt.timedelta(days=30)


@pytest.fixture
def make_database(cluster: Cluster) -> Callable[[str], str]:
    def make(name: str) -> str:
        cluster.create_database(name, OWNER, PASSWORD, PASSWORD)
        return cluster.url(OWNER, PASSWORD, name)

    return make


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    market_catalogue(tmp_path)
    return tmp_path / "market"


def clock() -> dt.datetime:
    return NOW


def databases(cluster: Cluster) -> set[str]:
    with administration(cluster) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database")}


def digest(hub: Hub) -> dict[str, str]:
    with hub.store(Role.OWNER).begin() as conn:
        return store_digest(conn)


def test_a_file_is_tried_in_a_sandbox_and_nowhere_else(
    hub: Hub, cluster: Cluster, make_database: Callable[[str], str], drafts: Path, tmp_path: Path
) -> None:
    before = digest(hub)
    box = open_sandbox(hub.home, "market", drafts, UNTIL, make_database, clock)
    file = tmp_path / "shops_full_1.csv"
    file.write_text("code,name,at,op\nAB,示例店,1,U\nCD,,2,U\n", "utf-8")
    outcome = try_file(box, file, lambda catalogue: dataset_of(file, None, catalogue), clock)
    assert (outcome.counts.new, outcome.counts.quarantined) == (1, 1)
    changes = tmp_path / "shops_changes_2.csv"
    changes.write_text("code,name,at,op\nAB,,2,D\n", "utf-8")
    later = try_file(box, changes, lambda catalogue: dataset_of(changes, None, catalogue), clock)
    assert later.counts.deleted == 1  # what was tried before is still there
    assert digest(hub) == before
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_entry")).scalar_one() == 0
    with Store(hub.home.store_url(Role.LOAD)) as load, load.begin() as conn:  # the roles' passwords are what they were
        assert conn.execute(sa.text("SELECT 1")).scalar_one() == 1
    assert Sandboxes(hub.home).drop_expired(UNTIL - dt.timedelta(seconds=1)) == []
    assert Sandboxes(hub.home).drop_expired(UNTIL) == ["market"]
    assert database_of("market") not in databases(cluster)
    assert not box.home.path.exists()


def test_drafts_that_can_t_be_used_are_told_with_every_fault(
    hub: Hub, make_database: Callable[[str], str], drafts: Path
) -> None:
    contract = drafts / "lists.odcs.yaml"
    contract.write_text(contract.read_text("utf-8").replace("primaryKey: true", "primaryKey: false"), "utf-8")
    with pytest.raises(MianzhengError) as refused:
        open_sandbox(hub.home, "market", drafts, UNTIL, make_database, clock)
    assert "lists.odcs.yaml" in refused.value.zh
    Sandboxes(hub.home).drop("market")


def test_unknown_departments_have_none(hub: Hub, make_database: Callable[[str], str]) -> None:
    with pytest.raises(MianzhengError):
        open_sandbox(hub.home, "nobody", None, UNTIL, make_database, clock)
    for name in ("nobody", "../secrets", ""):
        with pytest.raises(HomeError):
            Sandboxes(hub.home).of(name)


def test_an_owner_who_may_makes_databases_on_the_operators_server(cluster: Cluster) -> None:
    url = cluster.url("postgres", PASSWORD, "postgres").replace("postgresql://", "postgresql+psycopg://")
    with Store(url) as owner:
        for _ in range(2):
            sandbox_databases.create(owner, "try_elsewhere")
        assert "try_elsewhere" in databases(cluster)
        for _ in range(2):
            sandbox_databases.drop(owner, "try_elsewhere")
    assert "try_elsewhere" not in databases(cluster)
