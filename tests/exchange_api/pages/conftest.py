"""A small city served on 127.0.0.1 with everything real behind it, and Chromium to look at it.

One city and one browser per test process: the tests of this folder share an xdist group.
"""

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from exchange_api.application import create_app
from exchange_api.parts import ApiSettings, HubParts, open_parts
from exchange_api.passwords import hash_password
from mianzheng.embedded_postgres import Cluster
from mianzheng.store_set_up import keep_addresses
from mianzheng.worker import take_next
from quality.intake import Intake
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.store import accounts, grants
from registries.store.engine import Store
from sample_city.build import build, next_day
from tests.conftest import OWNER, PASSWORD, TEMPLATE, administration, short_lived_folder
from tests.exchange_api.conftest import Served
from tests.exchange_api.pages.signing_in import signed_in
from tests.http_interface import Interface
from tests.http_interface import served as served_elsewhere

PEOPLE = 2_000
SEED = 7
ISSUER = "https://hub.example"
PURPOSE = "行政许可审批"
ITEM = "食品经营许可新办"
LICENCE = "11100000MB0143028R001"
ROLES = {"officer": "public_security", "publisher": "market_regulation", "steward": "market_regulation"}
NAMES = {"officer": "陈晓岚", "publisher": "林志强", "steward": "黄敏"}
REGISTERS = ("geography", "population", "legal_entities", "certificates")
WIDTHS = {1280: 800, 390: 844}
"""Widths and heights of the windows that every page is looked at in."""


def clock() -> datetime:
    """The time now."""
    return datetime.now(UTC)


@dataclass
class Town:
    """A hub with a city in it, and what is true of that city."""

    address: str
    home: HubHome
    parts: HubParts
    intake: Intake
    store_load: Store
    drops: Path
    numbers: dict[str, dict[str, str]]
    signed_in: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def work_through_uploads(self) -> int:
        """What the intake worker does: take in whatever waits. How many files."""
        done = 0
        while take_next(self.store_load, self.intake, self.intake.landing, clock):
            done += 1
        return done


@pytest.fixture(scope="session")
def hall() -> Iterator[Interface]:
    """The hall's own window system, on the hub's site and on another port: it may frame the officer's panel."""
    with served_elsewhere() as found:
        yield found


@pytest.fixture(scope="session")
def town(
    cluster: Cluster, template: tuple[HubHome, Catalogue], database_names: Iterator[str], hall: Interface
) -> Iterator[Town]:
    """Two days of a small city, taken in, with an account for each role."""
    folder, hub_name, city_name = short_lived_folder(), next(database_names), next(database_names)
    with administration(cluster) as connection:
        connection.execute(f'CREATE DATABASE "{hub_name}" TEMPLATE {TEMPLATE} OWNER {OWNER}')
        connection.execute(f'CREATE DATABASE "{city_name}"')
    home = _home(folder / "hub", template[0], cluster.url(OWNER, PASSWORD, hub_name))
    city, city_url = folder / "city", cluster.url("postgres", PASSWORD, city_name)
    build(city, city_url, PEOPLE, SEED, clock().date())
    _keep_sources(home, template[1], city / "drops", city_url)
    with ExitStack() as closing:
        intake = closing.enter_context(Intake.open(home, clock))
        _take_everything_in(intake)
        next_day(city, city_url)
        _take_everything_in(intake)
        _let_people_in(home)
        settings = ApiSettings(issuer=f"http://127.0.0.1:{_free_port()}", panel_origins=frozenset({hall.url}))
        parts = closing.enter_context(open_parts(home, clock, settings))
        closing.enter_context(_Served(parts))
        numbers = json.loads((city / "numbers_to_try.json").read_text(encoding="utf-8"))
        store = closing.enter_context(Store(home.store_url(Role.LOAD)))
        yield Town(parts.settings.issuer, home, parts, intake, store, city / "drops", numbers)
    with administration(cluster) as connection:
        for name in (hub_name, city_name):
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(folder)


def _home(path: Path, template_home: HubHome, owner_url: str) -> HubHome:
    home = HubHome(path)
    home.prepare()
    roles = (Role.LOAD, Role.API, Role.PAGE)
    keep_addresses(home, owner_url, {role: template_home.secret(f"password_{role.value}") for role in roles})
    home.secret_or_new("landing_key")
    return home


def _keep_sources(home: HubHome, catalogue: Catalogue, drops: Path, city_url: str) -> None:
    servers = {dataset.server.name: dataset.department for dataset in catalogue.datasets if dataset.server.pattern}
    sources = {server: str(drops / department) for server, department in servers.items()}
    (home.path / "sources.json").write_text(json.dumps(sources | {"residents_database": city_url}), encoding="utf-8")


def _take_everything_in(intake: Intake) -> None:
    for register in REGISTERS:
        for dataset in intake.catalogue.of_register(register):
            if dataset.server.kind == "database" or dataset.server.name.endswith("_drop"):  # no server is run here
                intake.take_in_all(dataset.name)


def _let_people_in(home: HubHome) -> None:
    with Store(home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        for role, department in ROLES.items():
            roles = frozenset({role})
            accounts.add_account(conn, role, hash_password(PASSWORD), NAMES[role], department, roles)
        grants.add_grant(
            conn,
            ROLES["officer"],
            "verification",
            PURPOSE,
            "测试",
            date(2020, 1, 1),
            certificate_type=LICENCE,
            service_item=ITEM,
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class _Served:
    """The application on its port, in a thread, until the block ends."""

    def __init__(self, parts: HubParts) -> None:
        port = int(parts.settings.issuer.rpartition(":")[2])
        config = uvicorn.Config(create_app(parts), host="127.0.0.1", port=port, log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.05)
        assert self._server.started

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture
def sign_in(served: Served) -> Iterator[Callable[[str], httpx.Client]]:
    """Signs an account in without a browser; every client is closed when the test ends."""
    with ExitStack() as closing:
        yield lambda login: signed_in(served, login, closing)


@pytest.fixture
def steward(sign_in: Callable[[str], httpx.Client], make_account: Callable[..., int]) -> httpx.Client:
    """A steward who is signed in, without a browser."""
    make_account("steward", "steward")
    return sign_in("steward")


@dataclass
class Watched:
    """A page, and everything that must not happen on it."""

    page: Page
    address: str
    faults: list[str]

    def go(self, path: str) -> Page:
        """Open a page of the hub, with its scripts run."""
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def open_page(town: Town, browser: Browser) -> Iterator[Callable[..., Watched]]:
    """A maker of windows for a role ("" for nobody) at a width; none may meet a violation, an error or another host."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def make(role: str = "", width: int = 1280, *, expect_faults: bool = False) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, locale="zh-CN")
        contexts.append(context)
        if role:
            context.add_cookies(_cookies(town, browser, role))
        page = context.new_page()
        one = Watched(page, town.address, [])
        page.on("console", lambda said: one.faults.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: one.faults.append(str(error)))
        page.on("request", lambda asked: _note_elsewhere(asked.url, one))
        if not expect_faults:
            watched.append(one)
        return one

    yield make
    for context in contexts:
        context.close()
    assert [fault for one in watched for fault in one.faults] == []


def _note_elsewhere(url: str, one: Watched) -> None:
    if not url.startswith((one.address, "data:", "blob:")):
        one.faults.append(f"asked another host: {url}")


def _cookies(town: Town, browser: Browser, role: str) -> list[dict[str, object]]:
    """Signs in once per role, through the page itself."""
    if role not in town.signed_in:
        context = browser.new_context()
        page = context.new_page()
        page.goto(town.address + "/sign-in")
        page.fill("#login", role)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit].primary")
        page.wait_for_url(town.address + "/")
        town.signed_in[role] = [dict(cookie) for cookie in context.cookies()]
        context.close()
    return town.signed_in[role]
