"""Default deny, whole: every route is asked with every role, and the reviewed table says who gets in.

`tests/exchange_api/roles_matrix.csv` is generated from the declarations. A change of who may call what is a change of
that file: delete it, run this test, which writes it again and fails, and look at the difference before you commit it.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from fastapi import APIRouter

from exchange_api.application import create_app
from exchange_api.declared_access import DeclaredRoute, declared_routes, refuse_undeclared
from exchange_api.people.errors import UndeclaredRoutes
from exchange_api.people.roles import ANYBODY, Door, Reach, Role, open_to
from exchange_api.sessions import csrf_from
from registries.store import accounts, clients
from tests.exchange_api.people.conftest import Office

TABLE = Path(__file__).parents[1] / "roles_matrix.csv"
HERE, ELSEWHERE = "market_regulation", "civil_affairs"
NOBODY = "nobody"
WHO = (NOBODY, "client", *(role.value for role in Role))
MADE_UP = {
    "{kind}": "pdf",
    "{which}": "receipt",
    "{change}": "close",
    "{register}": "population",
    "{place:path}": "0/000",
}


def routes(office: Office) -> list[DeclaredRoute]:
    return declared_routes(create_app(office.parts))


def cell(route: DeclaredRoute, who: str) -> str:
    """What the declaration says: in, out, or to sign in first."""
    if who == "client":
        return "in" if route.access.door in {Door.CLIENTS, Door.ANYBODY} else "out"
    if route.access.door is not Door.PEOPLE:
        return "in" if route.access.door is Door.ANYBODY else "out"
    if who == NOBODY:
        return "sign-in"
    return "in" if route.access.admits([who]) else "out"


def table(found: list[DeclaredRoute]) -> str:
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(("method", "path", "reach", "confirmed", "form", *WHO))
    for route in found:
        access = route.access
        yes = ("yes" if access.confirmed else "", "yes" if route.csrf else "")
        rows.writerow((route.method, route.path, access.reach, *yes, *(cell(route, who) for who in WHO)))
    return written.getvalue()


def test_the_declarations_are_those_of_the_reviewed_table(office: Office) -> None:
    now = table(routes(office))
    if not TABLE.exists():
        TABLE.write_text(now, encoding="utf-8")
        pytest.fail("written anew: look at the difference, and commit it")
    kept = TABLE.read_text(encoding="utf-8")
    differing = set(now.splitlines()) ^ set(kept.splitlines())
    assert now == kept, "\n".join(sorted(differing))


def test_a_route_that_says_nothing_is_refused(office: Office) -> None:
    app, more = create_app(office.parts), APIRouter()

    @more.get("/said")
    @open_to(ANYBODY)
    def said() -> None: ...

    @more.post("/silent/{name}")
    def silent(name: str) -> None: ...

    app.include_router(more)
    with pytest.raises(UndeclaredRoutes) as refused:
        refuse_undeclared(app)
    assert refused.value.routes == ["POST /silent/{name}"]


def test_whatever_people_send_carries_a_forms_token(office: Office) -> None:
    changing = [route for route in routes(office) if route.method != "GET"]
    assert [route.path for route in changing if route.access.door is Door.PEOPLE and not route.csrf] == []


class Answered(NamedTuple):
    """What came of one request, as far as letting in goes."""

    status: int
    code: str
    location: str

    @property
    def outcome(self) -> str:
        if self.status == httpx.codes.SEE_OTHER and self.location.split("?")[0] == "/sign-in":
            return "sign-in"
        return "out" if self.code == "role-missing" else "in"


@contextmanager
def asking(office: Office, roles: tuple[str, ...] = (), department: str = HERE) -> Iterator["Caller"]:
    """Somebody with these roles; without any: nobody."""
    account = None
    if roles:
        _, number = office.account(*roles, department=department)
        with office.owner.begin() as conn:
            account = accounts.account_by_id(conn, number)
    headers = {"origin": office.url, "accept": "application/json"}
    with httpx.Client(base_url=office.url, headers=headers, timeout=60, trust_env=False) as http:
        yield Caller(office, http, account)


class Caller:
    """Asks routes, each change with a session of its own: some end it."""

    def __init__(self, office: Office, http: httpx.Client, account: accounts.Account | None) -> None:
        self._office, self._http, self._account = office, http, account
        self._token = ""

    def ask(self, route: DeclaredRoute, path: str) -> Answered:
        if self._account is not None and not self._token:
            self._token = self._office.parts.sessions.open_for(self._account, "", second_factor=True).token
        token = self._token or "f" * 43
        cookie = f"mianzheng={token}" if self._token else f"mianzheng-form={token}"
        headers = {"cookie": cookie, "x-csrf-token": csrf_from(token)}
        response = self._http.request(route.method, path, headers=headers)
        self._http.cookies.clear()
        if route.method != "GET":
            self._token = ""  # it may have ended the session
        json = response.headers.get("content-type", "").startswith("application/problem+json")
        code = response.json()["code"] if json else ""
        return Answered(response.status_code, code, response.headers.get("location", ""))


def made_up(path: str) -> str:
    """An address of nothing."""
    path = re.sub(r"(/people/clients/[^/]+)/\{change\}", r"\1/suspend", path)
    for part, value in MADE_UP.items():
        path = path.replace(part, value)
    return re.sub(r"\{[^}]+\}", "1", path)


@pytest.mark.parametrize("who", [NOBODY, *(role.value for role in Role)])
def test_every_route_lets_in_whom_it_says(office: Office, who: str) -> None:
    wrong = []
    with asking(office, () if who == NOBODY else (who,)) as caller:
        for route in routes(office):
            if route.access.door is Door.ANYBODY and who not in {NOBODY, Role.WINDOW_OFFICER}:
                continue  # nobody is looked at; asked once without and once with a session
            found = caller.ask(route, made_up(route.path))
            expected = cell(route, who)
            if route.access.door is Door.PEOPLE and found.outcome != expected:
                wrong.append(f"{route.method} {route.path}: {found} and not {expected}")
            if route.access.door is Door.CLIENTS and not 400 <= found.status < 500:
                wrong.append(f"{route.method} {route.path}: {found} without a signed request")
            if route.access.door is Door.ANYBODY and found.outcome == "out":
                wrong.append(f"{route.method} {route.path}: {found}")
    assert wrong == []


# --- own or other department: each route that shows a department's own things is asked for its own and another's


def _account(office: Office, department: str) -> dict[str, str]:
    return {"{account_id}": str(office.account("publisher", department=department)[1])}


def _client(office: Office, department: str) -> dict[str, str]:
    client_id = f"matrix-{department}"
    with office.owner.begin() as conn:
        clients.add_client(conn, client_id, department, "系统")
    return {"{client_id}": client_id}


def _dataset(office: Office, department: str) -> dict[str, str]:
    found = (one.name for one in office.parts.catalogue.datasets if one.department == department)
    return {"{name}": next(found)}


OBJECTS = {"{account_id}": _account, "{client_id}": _client, "{name}": _dataset}
SHOWN_ELSEWHERE = {
    "/account/sessions/": "people/test_signing_in.py",
    "/officer/receipts/": "test_documents.py",
    "/v1/receipts/": "test_documents.py",
    "/v1/case-packages/": "test_documents.py",
    "/publisher/batches/": "test_publishing.py",
    "/publisher/uploads/": "test_publishing.py",
    "/applications/": "pages/test_rights_pages.py",
    "/grants/": "pages/test_rights_pages.py",
    "/officer/disputes/": "test_disputes.py",
    "/steward/disputes/": "test_disputes.py",
    "/officer/completions/": "pages/test_window_pages.py",
    "/officer/objections/": "pages/test_window_pages.py",
    "/publisher/completions/": "pages/test_window_pages.py",
    "/publisher/objections/": "pages/test_window_pages.py",
    "/publisher/held/": "pages/test_window_pages.py",
    "/publisher/cases/": "pages/test_work_on_cases.py",
    "/publisher/replies/": "pages/test_desk.py",
    "/scorecard/": "pages/test_report_pages.py",
}
"""Where things of another's are asked for that only a longer story makes: `tests/exchange_api/`."""


def test_things_of_other_departments_do_not_exist(office: Office) -> None:
    wrong, seen = [], 0
    for route in routes(office):
        parts = [part for part in OBJECTS if part in route.path]
        if route.access.door is not Door.PEOPLE or route.access.reach is not Reach.OWN_DEPARTMENT or not parts:
            continue
        role = next(role.value for role in Role if role in route.access.roles)
        outcomes = []
        for department in (HERE, ELSEWHERE):
            path = route.path
            for part, value in OBJECTS[parts[0]](office, department).items():
                path = path.replace(part, value)
            with asking(office, (role,)) as caller:
                outcomes.append(caller.ask(route, made_up(path)).status == httpx.codes.NOT_FOUND)
        seen += 1
        if not outcomes[1] or (outcomes[0] and route.method == "GET"):
            wrong.append(f"{route.method} {route.path}: not found, own {outcomes[0]}, other {outcomes[1]}")
    assert wrong == []
    assert seen > 5


def test_every_route_of_somebodys_own_things_is_asked_for_others(office: Office) -> None:
    bounded = {
        route.path
        for route in routes(office)
        if route.access.door is Door.PEOPLE and route.access.reach is not Reach.ALL and "{" in route.path
    }
    asked = {path for path in bounded if any(part in path for part in OBJECTS)}
    assert [path for path in bounded - asked if not path.startswith(tuple(SHOWN_ELSEWHERE))] == []
    tests = Path(__file__).parents[1]
    assert [file for file in SHOWN_ELSEWHERE.values() if not (tests / file).exists()] == []
