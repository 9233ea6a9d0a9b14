"""What every test may ask for: a real PostgreSQL, a fresh migrated hub, and the sample city's own database.

One cluster per test process; one migrated database that each test's database is copied from.
"""

import contextlib
import dataclasses
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from mianzheng.embedded_postgres import Cluster
from mianzheng.store_set_up import keep_addresses, set_up_store
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.store.engine import Store

PASSWORD = "a-word-for-tests"
CHROMIUM_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OWNER = Role.OWNER.value
TEMPLATE = "hub_template"


def short_lived_folder() -> Path:
    """A folder that the database's service user may pass through; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-test-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for this test process."""
    folder = short_lived_folder()
    server = Cluster(folder / "postgres")
    try:
        server.start(PASSWORD)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@dataclasses.dataclass(frozen=True)
class Hub:
    """A hub of one test: its folder, and a store for each role, closed when the test ends."""

    home: HubHome
    catalogue: Catalogue
    _stores: dict[Role, Store] = dataclasses.field(default_factory=dict)

    def store(self, role: Role) -> Store:
        """The store as `role` sees it."""
        if role not in self._stores:
            self._stores[role] = Store(self.home.store_url(role))
        return self._stores[role]

    def close(self) -> None:
        """Give all connections back."""
        for store in self._stores.values():
            store.dispose()
        self._stores.clear()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> Iterator[tuple[HubHome, Catalogue]]:
    """A database with everything migrated and planned; tests copy it."""
    folder = short_lived_folder()
    home = HubHome(folder / "hub")
    home.prepare()
    cluster.create_database(TEMPLATE, OWNER, PASSWORD, PASSWORD)
    catalogue = set_up_store(home, cluster.url(OWNER, PASSWORD, TEMPLATE))
    yield home, catalogue
    shutil.rmtree(folder)


@contextlib.contextmanager
def administration(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """The server's superuser, outside any transaction, to make and drop databases."""
    with psycopg.connect(cluster.url("postgres", PASSWORD, "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def database_names() -> Iterator[str]:
    """Names for databases, none used twice."""
    return (f"t{number}" for number in itertools.count())


@pytest.fixture
def make_hub(
    cluster: Cluster, template: tuple[HubHome, Catalogue], database_names: Iterator[str]
) -> Iterator[Callable[[], Hub]]:
    """A maker of fresh hubs, for tests that need several."""
    folder = short_lived_folder()
    made: list[tuple[str, Hub]] = []
    template_home, catalogue = template

    def make() -> Hub:
        name = next(database_names)
        with administration(cluster) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {OWNER}')
        home = HubHome(folder / name)
        home.prepare()
        passwords = {role: template_home.secret(f"password_{role.value}") for role in (Role.LOAD, Role.API, Role.PAGE)}
        for role, password in passwords.items():
            home.keep_secret(f"password_{role.value}", password)
        keep_addresses(home, cluster.url(OWNER, PASSWORD, name), passwords)
        home.secret_or_new("landing_key")
        hub = Hub(home, catalogue)
        made.append((name, hub))
        return hub

    yield make
    with administration(cluster) as connection:
        for name, hub in made:
            hub.close()
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(folder)


@pytest.fixture
def hub(make_hub: Callable[[], Hub]) -> Hub:
    """A fresh hub: migrated, planned, empty."""
    return make_hub()


@pytest.fixture
def city_database(cluster: Cluster, database_names: Iterator[str]) -> Iterator[str]:
    """A libpq URL of an empty database that is not the hub's."""
    name = next(database_names)
    with administration(cluster) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield cluster.url("postgres", PASSWORD, name)
    with administration(cluster) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; the message says how to get it."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.fail("Chromium is missing: apt-get install chromium fonts-noto-cjk")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        yield opened
        opened.close()
