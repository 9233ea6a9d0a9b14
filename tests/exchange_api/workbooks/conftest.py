"""One hub for all tests of workbooks, served over HTTP, with the intake worker as the process that it is."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from exchange_api.application import create_app
from exchange_api.parts import ApiSettings, open_parts
from mianzheng.embedded_postgres import Cluster
from mianzheng.processes import die_with_parent
from mianzheng.store_set_up import keep_addresses
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.store import accounts
from registries.store.engine import Store
from tests.conftest import OWNER, PASSWORD, TEMPLATE, administration, short_lived_folder
from tests.exchange_api.conftest import listening, running

PERMITS = "transport.operation_permits"
LICENCES = "market_regulation.business_licences"
PATIENCE = 200.0


@dataclass
class Clerk:
    """A publisher of one department, signed in."""

    http: httpx.Client

    def send(self, dataset: str, file_name: str, content: bytes) -> httpx.Response:
        """Upload a file: the page of its dry run, or the dataset's page with what is wrong."""
        page = self.http.get(f"/publisher/{dataset}")
        fields = {"csrf_token": token(page)}
        sent = self.http.post(f"/publisher/{dataset}", data=fields, files={"file": (file_name, content)})
        return self.outcome(sent.headers["location"]) if sent.status_code == 303 else sent

    def confirm(self, tried: httpx.Response) -> httpx.Response:
        """Take in what was tried."""
        sent = self.http.post(f"{tried.url.path}/confirm", data={"csrf_token": token(tried)})
        assert sent.status_code == 303
        return self.outcome(sent.headers["location"])

    def outcome(self, place: str) -> httpx.Response:
        """The upload's page once the worker is done with it."""
        until = time.monotonic() + PATIENCE
        while True:
            page = self.http.get(place)
            assert page.status_code == 200
            if "hx-trigger" not in page.text:
                return page
            assert time.monotonic() < until, "the worker did not answer"
            time.sleep(0.05)


@dataclass
class Office:
    """A served hub and its worker."""

    home: HubHome
    catalogue: Catalogue
    url: str
    worker: "subprocess.Popen[bytes]"
    _closing: ExitStack
    _owner: Store
    _parts: Any

    def clerk(self, department: str) -> Clerk:
        """Somebody who publishes for a department."""
        login = f"clerk-{department}"
        with self._owner.begin() as conn:
            number = accounts.add_account(conn, login, "-", "林小明", department, frozenset({"publisher"}))
            account = accounts.account_by_id(conn, number)
        assert account is not None
        opened = self._parts.sessions.open_for(account, "", second_factor=True)
        client = httpx.Client(
            base_url=self.url, headers={"origin": self.url}, timeout=60, cookies={"mianzheng": opened.token}
        )
        return Clerk(self._closing.enter_context(client))


def token(page: httpx.Response) -> str:
    """The form's token on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found.group(1)


@pytest.fixture(scope="package")
def office(cluster: Cluster, template: tuple[HubHome, Catalogue], database_names: Iterator[str]) -> Iterator[Office]:
    """The hub."""
    folder, name = short_lived_folder(), next(database_names)
    with administration(cluster) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {OWNER}')
    home = HubHome(folder / "hub")
    home.prepare()
    roles = (Role.LOAD, Role.API, Role.PAGE)
    passwords = {role: template[0].secret(f"password_{role.value}") for role in roles}
    keep_addresses(home, cluster.url(OWNER, PASSWORD, name), passwords)
    home.secret_or_new("landing_key")
    with ExitStack() as closing:
        bound, url = closing.enter_context(listening())
        parts = closing.enter_context(open_parts(home, lambda: datetime.now(UTC), ApiSettings(issuer=url)))
        closing.enter_context(running(create_app(parts), bound))
        worker = closing.enter_context(_working(home))
        owner = closing.enter_context(Store(home.store_url(Role.OWNER)))
        yield Office(home, template[1], url, worker, closing, owner, parts)
    with administration(cluster) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(folder)


@contextmanager
def _working(home: HubHome) -> Iterator["subprocess.Popen[bytes]"]:
    """The intake worker, as the supervisor starts it."""
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-m", "mianzheng", "work"],
        cwd=root,
        env={**os.environ, "HUB_HOME": str(home.path)},
        preexec_fn=die_with_parent,  # noqa: PLW1509 - it starts no thread
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="package")
def transport(office: Office) -> Clerk:
    """The clerk whose sources are workbooks."""
    return office.clerk("transport")


@pytest.fixture(scope="package")
def market(office: Office) -> Clerk:
    """The clerk whose sources are text."""
    return office.clerk("market_regulation")
