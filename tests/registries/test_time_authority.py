"""Checkpoints are stamped by a real authority over HTTP on loopback; whatever else it does stops nothing."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.jose import ED25519, Key, new_key
from certificates.proven_times import LogKey, stamped_time
from certificates.trusted_time import BadTimeStamp, read_anchors
from registries.errors import HomeError, StoreError
from registries.home import HubHome, Role
from registries.store import ledger, roles, time_stamps
from registries.store.engine import Store
from registries.store.ledger import NewEntry
from registries.time_authority import OVERDUE, AuthorityDown, TimeAuthority, is_overdue, stamp_latest
from tests import time_authority

NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
ORIGIN = "hub.example/ledger"


@pytest.fixture(scope="module")
def clock_house(tmp_path_factory: pytest.TempPathFactory) -> time_authority.TimeAuthority:
    return time_authority.TimeAuthority.found(tmp_path_factory.mktemp("authority"))


class Stores(Protocol):
    """What these tests need of the fixture `hub`."""

    def store(self, role: Role) -> Store: ...


@pytest.fixture
def owner(hub: Stores) -> Store:
    return hub.store(Role.OWNER)


@pytest.fixture
def api(hub: Stores) -> Store:
    return hub.store(Role.API)


@pytest.fixture
def load(hub: Stores) -> Store:
    return hub.store(Role.LOAD)


@pytest.fixture
def key() -> Key:
    return new_key(ED25519)


def grow(store: Store, count: int, key: Key) -> int:
    """So many more entries and a checkpoint over all; its size."""
    with store.begin() as conn:
        before = ledger.head(conn).size
        names = [f"jti-{before + number}" for number in range(count)]
        entries = [
            NewEntry("answer", "client-1", name, hashlib.sha256(name.encode()).digest(), name.encode(), bytes(32))
            for name in names
        ]
        ledger.append(conn, entries, NOW)
        head = ledger.sequence(conn)
        note = sign_checkpoint(Checkpoint(ORIGIN, head.size, head.root), key)
        ledger.keep_checkpoint(conn, head.size, head.root, note, NOW)
    return head.size


def test_the_latest_checkpoint_is_stamped_once(
    api: Store, load: Store, key: Key, clock_house: time_authority.TimeAuthority
) -> None:
    with clock_house.serving() as url:
        authority = TimeAuthority(url, clock_house.root)
        assert stamp_latest(load, authority) is None  # nothing to stamp
        grow(api, 3, key)
        grow(api, 2, key)
        with api.begin() as conn:
            assert time_stamps.waiting_since(conn) == NOW
        stamped = stamp_latest(load, authority)
        assert stamped is not None
        assert stamped.checkpoint.size == 5
        assert stamp_latest(load, authority) is None
        grow(api, 4, key)
        later = stamp_latest(load, authority)
        assert later is not None
    proven = stamped_time(
        stamped.checkpoint.note, stamped.token, [LogKey(key)], read_anchors(clock_house.root), origin=ORIGIN
    )
    assert proven.at == stamped.at
    with api.begin() as conn:
        assert time_stamps.waiting_since(conn) is None
        assert [time_stamps.stamped(conn, covering=place) for place in (0, 4)] == [stamped, stamped]
        assert time_stamps.stamped(conn, covering=5) == later == time_stamps.latest(conn)
        assert time_stamps.stamped(conn, covering=9) is None
        assert time_stamps.of_size(conn, 5) == stamped
        assert time_stamps.of_size(conn, 3) is None
        assert list(time_stamps.faults(conn)) == []


@pytest.mark.parametrize("column", ["size", "token", "at", "row_digest"])
def test_a_changed_row_is_found(
    owner: Store, api: Store, load: Store, key: Key, clock_house: time_authority.TimeAuthority, column: str
) -> None:
    grow(api, 3, key)
    grow(api, 1, key)
    with load.begin() as conn:
        time_stamps.keep(conn, 4, clock_house.stamp(b"anything"), NOW)
    changes = {
        "size": "3",
        "token": "set_byte(token, 9, get_byte(token, 9) # 1)",
        "at": "at + interval '1 microsecond'",
        "row_digest": "set_byte(row_digest, 31, get_byte(row_digest, 31) # 128)",
    }
    with owner.begin() as conn:
        conn.execute(sa.text("ALTER TABLE hub.time_stamp DISABLE TRIGGER USER"))
        conn.execute(sa.text(f"UPDATE hub.time_stamp SET {column} = {changes[column]}"))  # noqa: S608 - fixed texts
        assert list(time_stamps.faults(conn)) == [3 if column == "size" else 4]


def test_stamps_are_only_added_and_only_by_the_loader(owner: Store, api: Store, load: Store, key: Key) -> None:
    size = grow(api, 1, key)
    with pytest.raises(StoreError), api.begin() as conn:
        time_stamps.keep(conn, size, b"token", NOW)
    with load.begin() as conn:
        time_stamps.keep(conn, size, b"token", NOW)
        time_stamps.keep(conn, size, b"another", NOW)
        kept = time_stamps.latest(conn)
        assert kept is not None
        assert kept.token == b"token"
    for change in ("UPDATE hub.time_stamp SET token = 'x'", "DELETE FROM hub.time_stamp", "TRUNCATE hub.time_stamp"):
        for store in (owner, load):
            with pytest.raises(StoreError), store.begin() as conn:
                conn.execute(sa.text(change))
    for store, role in ((api, Role.API), (load, Role.LOAD)):
        with store.begin() as conn:
            assert roles.privilege_faults(conn, role) == []


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Somebody on loopback who answers like this."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://user:secret@127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def reply(status: int, body: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(500, b"oh"), AuthorityDown),
        (reply(302, b"", location="http://127.0.0.1:1/"), AuthorityDown),
        (reply(200, b"x" * 70_000), AuthorityDown),
        (reply(200, b"<html>"), BadTimeStamp),
    ],
)
def test_authorities_that_fail(
    api: Store,
    load: Store,
    key: Key,
    clock_house: time_authority.TimeAuthority,
    answer: Callable[[BaseHTTPRequestHandler], None],
    error: type[Exception],
) -> None:
    grow(api, 1, key)
    with answering(answer) as url, pytest.raises(error) as caught:
        stamp_latest(load, TimeAuthority(url, clock_house.root))
    assert "secret" not in str(caught.value)
    with api.begin() as conn:
        assert time_stamps.latest(conn) is None


def test_an_authority_that_is_not_there() -> None:
    for url in ("http://127.0.0.1:1/", "no address", "ftp://127.0.0.1/"):
        with pytest.raises(AuthorityDown):
            TimeAuthority(url, b"")._ask(b"")


def test_another_authority_than_the_one_named(
    tmp_path: Path, api: Store, load: Store, key: Key, clock_house: time_authority.TimeAuthority
) -> None:
    grow(api, 1, key)
    other = time_authority.TimeAuthority.found(tmp_path)
    with clock_house.serving() as url, pytest.raises(BadTimeStamp) as caught:
        stamp_latest(load, TimeAuthority(url, other.root))
    assert caught.value.reason == "chain"


def test_how_a_hub_is_told_of_its_authority(tmp_path: Path, clock_house: time_authority.TimeAuthority) -> None:
    def told(**environment: str) -> TimeAuthority | None:
        home = HubHome(tmp_path / "home", environment)
        home.prepare()
        return TimeAuthority.of(home)

    assert told() is None
    file = str(clock_house.folder / "root.pem")
    found = told(HUB_TSA_URL="http://tsa.example", HUB_TSA_CERTIFICATE=file)
    assert found == TimeAuthority("http://tsa.example", clock_house.root)
    (tmp_path / "home" / "secrets" / "tsa_certificate").write_bytes(clock_house.root)
    assert found is not None
    assert read_anchors((told(HUB_TSA_URL="http://tsa.example") or found).certificate) == read_anchors(
        found.certificate
    )
    (tmp_path / "home" / "secrets" / "tsa_certificate").unlink()
    for wrong in ({}, {"HUB_TSA_CERTIFICATE": str(tmp_path / "none")}):
        with pytest.raises(HomeError):
            told(HUB_TSA_URL="http://tsa.example", **wrong)


def test_when_stamps_are_overdue() -> None:
    assert not is_overdue(None, NOW)
    assert not is_overdue(NOW - OVERDUE, NOW)
    assert is_overdue(NOW - OVERDUE - dt.timedelta(seconds=1), NOW)
