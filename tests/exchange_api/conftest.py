"""A hub with certificates in it, served over real HTTP on a free port."""

import dataclasses
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from certificates.jose import ES256, Key, new_key, sign, signing_input
from certificates.receipts import TYP_REQUEST
from exchange_api.application import create_app
from exchange_api.parts import ApiSettings, HubParts, open_parts
from exchange_api.passwords import hash_password
from exchange_api.server import make_server
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.store import accounts, clients, grants
from registries.store.engine import Store
from tests.registries.store.deliveries import take_in

TYPE = "11100000MB0143028R001"
DATASET = "market_regulation.business_licences"
HOLDER = ("汕头市示例贸易有限公司", "91440500MA4UXXXX0A", "001")
OTHER_HOLDER = ("汕头市另一商行有限公司", "91440500MA4UYYYY1B", "001")
PURPOSE, ITEM = "行政许可审批", "食品经营许可新办"
PASSWORD = "门前大桥下 long enough"


class Hub(Protocol):
    """What these tests need of the fixture `hub`."""

    home: HubHome
    catalogue: Catalogue

    def store(self, role: Role) -> Store: ...


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Row = dict[str, str | None]


@dataclasses.dataclass
class Certificates:
    """Delivers business licences, as the intake does once the rules have been applied."""

    hub: Hub
    clock: Clock
    rows: dict[str, Row] = dataclasses.field(default_factory=dict)
    refused: dict[str, Row] = dataclasses.field(default_factory=dict)

    def add(self, number: str, holder: tuple[str, str, str] = HOLDER, **more: str) -> None:
        """A licence in order, valid without end unless `more` says otherwise."""
        self.rows[number] = {**licence(number, holder), **more}
        self.deliver()

    def vanish(self, number: str) -> None:
        """The next delivery lacks this number."""
        del self.rows[number]
        self.deliver()

    def refuse(self, number: str) -> None:
        """The next delivery has a row with this number that goes to quarantine; one taken over earlier stays."""
        self.rows.pop(number, None)
        self.refused[number] = licence(number, HOLDER) | {"status_code": "77"}
        self.deliver()

    def deliver(self) -> None:
        """A whole snapshot."""
        staged = [(row, False) for row in self.rows.values()] + [(row, True) for row in self.refused.values()]
        with self.hub.store(Role.LOAD).begin() as conn:
            take_in(conn, dataclasses.replace(self.hub.catalogue.dataset(DATASET), delivery="snapshot"), staged)
        with self.hub.store(Role.OWNER).begin() as conn:
            conn.execute(COVER, {"now": self.clock() - timedelta(hours=1), "dataset": DATASET})


def licence(number: str, holder: tuple[str, str, str]) -> Row:
    """A row of the contract's columns."""
    name, code, code_type = holder
    return {
        "certificate_number": number,
        "holder_name": name,
        "holder_code": code,
        "holder_code_type": code_type,
        "issuing_authority_name": "汕头市市场监督管理局",
        "issuing_authority_code": "11440500MB2D00000X",
        "issued_on": "2020-01-02",
        "valid_from": "2020-01-02",
        "valid_until": "9999-12-31",
        "status_code": "10",
        "area_code": "440507",
    }


COVER = sa.text("UPDATE hub.dataset SET data_as_of = :now, score = 0.99 WHERE name = :dataset")


@pytest.fixture
def certificates(hub: Hub, clock: Clock) -> Certificates:
    source = Certificates(hub, clock)
    source.deliver()
    return source


@dataclasses.dataclass(frozen=True)
class Served:
    """A running API."""

    parts: HubParts
    url: str
    http: httpx.Client
    others: tuple[HubParts, ...] = ()

    @property
    def engines(self) -> list[sa.Engine]:
        """The API's own, of each application."""
        return [each.store_api._engine for each in (self.parts, *self.others)]


@contextmanager
def listening(port: int = 0) -> Iterator[tuple[socket.socket, str]]:
    """A bound socket and its address; on `port`, or a free one."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        yield bound, f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def running(app: FastAPI, bound: socket.socket) -> Iterator[None]:
    """The application, served by uvicorn in a thread."""
    server = make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


class Alternating(httpx.BaseTransport):
    """Sends each request to the next of several servers, as a balancer does."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._transport = httpx.HTTPTransport()
        self._next = itertools.cycle(httpx.URL(address) for address in addresses)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        to = next(self._next)
        request.url = request.url.copy_with(host=to.host, port=to.port)
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


@contextmanager
def serving_twice(hub: Hub, clock: Callable[[], datetime]) -> Iterator[Served]:
    """Serve the hub by two applications that share its database and its folder, and ask them in turn."""
    with listening() as (bound, url), listening() as (second, other_url):
        settings = ApiSettings(issuer=url)
        with (
            open_parts(hub.home, clock, settings) as parts,
            open_parts(hub.home, clock, settings) as others,
            running(create_app(parts), bound),
            running(create_app(others), second),
            httpx.Client(base_url=url, timeout=30, transport=Alternating([url, other_url])) as http,
        ):
            yield Served(parts, url, http, (others,))


@contextmanager
def serving(hub: Hub, clock: Callable[[], datetime], port: int = 0) -> Iterator[Served]:
    """Serve the hub over HTTP."""
    with (
        listening(port) as (bound, url),
        open_parts(hub.home, clock, ApiSettings(issuer=url)) as parts,
        running(create_app(parts), bound),
        httpx.Client(base_url=url, timeout=30) as http,
    ):
        yield Served(parts, url, http)


@pytest.fixture
def served(hub: Hub, certificates: Certificates, clock: Clock) -> Iterator[Served]:  # noqa: ARG001 - the source is covered
    with serving(hub, clock) as running:
        yield running


@dataclasses.dataclass
class Asking:
    """A registered client that asks."""

    client_id: str
    key: Key
    clock: Clock
    count: int = 0

    def question(self, number: str, holder: tuple[str, str, str] = HOLDER, **more: str) -> dict[str, str]:
        name, code, code_type = holder
        return {
            "certificate_type": TYPE,
            "certificate_number": number,
            "holder_name": name,
            "holder_code": code,
            "holder_code_type": code_type,
            "purpose": PURPOSE,
            "service_item": ITEM,
            "case": "ST-2026-0001",
        } | more

    def token(self, to: str, question: dict[str, str], **claims: object) -> str:
        self.count += 1
        issued = int(self.clock().timestamp())
        payload = {
            "iss": self.client_id,
            "aud": to,
            "iat": issued,
            "exp": issued + 60,
            "jti": f"{self.client_id}-{self.count:020}",
            "url": f"{to}/v1/verifications",
            "question": question,
        } | claims
        return sign(signing_input(payload, self.key, TYP_REQUEST), self.key)

    def ask(self, served: Served, number: str, holder: tuple[str, str, str] = HOLDER, **more: str) -> httpx.Response:
        return send(served, self.token(served.url, self.question(number, holder, **more)))


def send(served: Served, token: str) -> httpx.Response:
    return served.http.post("/v1/verifications", content=token, headers={"content-type": "application/jwt"})


def signed_content(token: str) -> str:
    """Header and payload of a token: the same answer has them byte for byte, while ES256 signs never twice alike."""
    return token.rpartition(".")[0]


def add_client(hub: Hub, client_id: str, department: str = "civil_affairs") -> Key:
    key = new_key(ES256)
    with hub.store(Role.OWNER).begin() as conn:
        clients.add_client(conn, client_id, department, f"{client_id} 审批系统")
        clients.add_client_key(conn, client_id, key.to_jwk())
    return key


@pytest.fixture
def asking(hub: Hub, clock: Clock) -> Asking:
    """A client whose department holds a grant."""
    with hub.store(Role.OWNER).begin() as conn:
        grants.add_grant(
            conn, "civil_affairs", "verification", PURPOSE, "市政数局", date(2026, 1, 1), certificate_type=TYPE
        )
    return Asking("approval-1", add_client(hub, "approval-1"), clock)


@pytest.fixture
def make_account(hub: Hub) -> Callable[..., int]:
    def make(login: str, *roles: str, department: str = "civil_affairs") -> int:
        with hub.store(Role.OWNER).begin() as conn:
            kept = hash_password(PASSWORD)
            return accounts.add_account(conn, login, kept, "林小明", department, frozenset(roles))

    return make
