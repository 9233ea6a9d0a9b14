"""One hub for all tests of people: served over HTTP, with a clock that tests move and accounts that each test makes."""

import dataclasses
import itertools
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from exchange_api.application import create_app
from exchange_api.parts import ApiSettings, HubParts, open_parts
from exchange_api.passwords import hash_password
from exchange_api.people.roles import Role
from mianzheng.embedded_postgres import Cluster
from mianzheng.store_set_up import keep_addresses
from registries.departments import Catalogue
from registries.home import HubHome
from registries.home import Role as StoreRole
from registries.store import accounts
from registries.store.engine import Store
from tests.conftest import OWNER, PASSWORD, TEMPLATE, administration, short_lived_folder
from tests.exchange_api.conftest import Clock, listening, running

WORD = "门前大桥下游过一群鸭"
SECOND_FACTOR_FOR = frozenset({Role.HUB_ADMINISTRATOR.value, Role.INSPECTOR.value})
OURS, OTHERS, AUTHORITY = "civil_affairs", "public_security", "data_administration"


@dataclasses.dataclass
class Office:
    """A served hub, and people who sign in to it."""

    home: HubHome
    parts: HubParts
    url: str
    clock: Clock
    owner: Store
    kept_word: str
    _closing: ExitStack
    _numbers: Iterator[int]

    def account(self, *roles: str, department: str = OURS) -> tuple[str, int]:
        """A new open account with the password WORD: its login and number."""
        login = f"person{next(self._numbers)}"
        with self.owner.begin() as conn:
            return login, accounts.add_account(conn, login, self.kept_word, "林小明", department, roles)

    def browser(self, **cookies: str) -> httpx.Client:
        """A browser that nobody uses yet."""
        return self._closing.enter_context(
            httpx.Client(base_url=self.url, headers={"origin": self.url}, timeout=60, cookies=cookies, trust_env=False)
        )

    def enter(self, login: str, word: str = WORD, browser: httpx.Client | None = None) -> httpx.Client:
        """Sign in by the page."""
        http = browser or self.browser()
        assert send(http, "/sign-in", {"login": login, "password": word}).status_code == 303
        return http

    def person(self, *roles: str, department: str = OURS) -> tuple[httpx.Client, str, int]:
        """Somebody new who is signed in: browser, login and number."""
        login, number = self.account(*roles, department=department)
        with self.owner.begin() as conn:
            account = accounts.account_by_id(conn, number)
        assert account is not None
        opened = self.parts.sessions.open_for(account, "", second_factor=True)  # hashing costs what it should
        return self.browser(mianzheng=opened.token), login, number


def token(page: httpx.Response) -> str:
    """The form's token on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found.group(1)


def send(
    http: httpx.Client, to: str, fields: dict[str, object] | None = None, page: str | None = None
) -> httpx.Response:
    """Send a form as a browser does: from a page that carries its token."""
    begun = http.get(page or ("/sign-in" if to == "/sign-in" else "/account"))
    return http.post(to, data={**(fields or {}), "csrf_token": token(begun)})


@pytest.fixture(scope="module")
def office(cluster: Cluster, template: tuple[HubHome, Catalogue], database_names: Iterator[str]) -> Iterator[Office]:
    """One hub for a module's tests."""
    folder, name, clock = short_lived_folder(), next(database_names), Clock()
    with administration(cluster) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {OWNER}')
    home = HubHome(folder / "hub")
    home.prepare()
    roles = (StoreRole.LOAD, StoreRole.API, StoreRole.PAGE)
    passwords = {role: template[0].secret(f"password_{role.value}") for role in roles}
    keep_addresses(home, cluster.url(OWNER, PASSWORD, name), passwords)
    home.secret_or_new("landing_key")
    with ExitStack() as closing:
        bound, url = closing.enter_context(listening())
        settings = ApiSettings(issuer=url, second_factor_for=SECOND_FACTOR_FOR)
        parts = closing.enter_context(open_parts(home, clock, settings))
        closing.enter_context(running(create_app(parts), bound))
        owner = closing.enter_context(Store(home.store_url(StoreRole.OWNER)))
        yield Office(home, parts, url, clock, owner, hash_password(WORD), closing, itertools.count())
    with administration(cluster) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(folder)
