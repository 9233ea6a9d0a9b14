"""The ledger from outside: anybody can replay it; set back or forked, it gets no signature until that is said."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from certificates.checkpoints import open_checkpoint, verify_proof
from certificates.keys import KeyPurpose
from certificates.receipts import leaf_data, verify_receipt
from certificates.tile_replay import replay
from certificates.tiles import bundles_of, parse_bundle, tiles_of
from mianzheng.embedded_postgres import Cluster
from registries.errors import LedgerDamaged
from registries.home import Role
from registries.ledger_loss import NothingLost, ReasonMissing, accept_loss, losses, set_back
from registries.ledger_memory import LedgerMemory
from registries.store import ledger
from tests.exchange_api.conftest import Asking, Certificates, Clock, Hub, Served, serving

SUPERUSER_PASSWORD = "a-word-for-tests"  # as the tests' cluster has it
NUMBER = "S0001"


def fetch_of(served: Served) -> Callable[[str], bytes | None]:
    def fetch(path: str) -> bytes | None:
        found = served.http.get(f"/ledger/{path}")
        assert found.status_code in {200, 404}
        return found.content if found.status_code == 200 else None

    return fetch


def test_anybody_can_replay_the_ledger_from_its_tiles(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    receipts = [asking.ask(served, NUMBER).json() for _ in range(5)]
    note = served.http.get("/ledger/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    keys = list(served.parts.keys.public_keys(KeyPurpose.CHECKPOINT).values())
    checkpoint = open_checkpoint(note.text, keys)
    assert checkpoint.size >= 5
    assert replay(checkpoint.size, checkpoint.root, fetch_of(served)) == []
    (bundle,) = bundles_of(checkpoint.size)
    leaves = parse_bundle(served.http.get(f"/ledger/{bundle}").content, bundle)
    for one in receipts:
        signed = one["receipt"].rpartition(".")[0].encode()
        assert leaf_data(signed) in leaves
    for tile in tiles_of(checkpoint.size):
        found = served.http.get(f"/ledger/{tile}")
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/000.p/99", "tile/1/000.p/1", "tile/entries/000", "tile/0/001.p/1", "tile/0/0", "tile/64/000",
     "tile/0/000.p/0", "tile/0/../checkpoint", "tile/0/%2e%2e/%2e%2e/x", "tile/entries/000.p/5/", "tile/0/000.p/256"],
)  # fmt: skip
def test_what_no_checkpoint_covers_is_not_there(
    served: Served, asking: Asking, certificates: Certificates, path: str
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    assert served.http.get(f"/ledger/{path}").status_code == 404


@pytest.fixture
def database(cluster: Cluster) -> Iterator["Databases"]:
    with psycopg.connect(cluster.url("postgres", SUPERUSER_PASSWORD, "postgres"), autocommit=True) as connection:
        yield Databases(connection)


class Databases:
    """What an operator with backups can do to a hub's database."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    @staticmethod
    def name(hub: Any) -> str:  # noqa: ANN401 - the fixture's hub
        return str(hub.home.store_url(Role.API).rsplit("/", 1)[1])

    def keep(self, hub: Any) -> None:  # noqa: ANN401 - as above
        hub.close()
        self.connection.execute(f'CREATE DATABASE "{self.name(hub)}_old" TEMPLATE "{self.name(hub)}" OWNER hub_owner')

    def bring_back(self, hub: Any) -> None:  # noqa: ANN401 - as above
        hub.close()
        self.connection.execute(f'DROP DATABASE "{self.name(hub)}" WITH (FORCE)')
        self.connection.execute(f'ALTER DATABASE "{self.name(hub)}_old" RENAME TO "{self.name(hub)}"')


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["code"])


SET_BACK = (503, "ledger-set-back")


def test_an_older_backup_gets_no_signature_until_the_loss_is_accepted(
    hub: Hub, certificates: Certificates, clock: Clock, asking: Asking, database: Databases
) -> None:
    certificates.add(NUMBER)
    with serving(hub, clock) as served:
        assert asking.ask(served, NUMBER).status_code == 200
        port = int(served.url.rsplit(":", 1)[1])
    database.keep(hub)
    with serving(hub, clock, port) as served:
        lost = [asking.ask(served, NUMBER).json() for _ in range(3)]
        jwks = served.http.get("/v1/keys.jwks").json()
    database.bring_back(hub)
    with serving(hub, clock, port) as served:
        assert problem(asking.ask(served, NUMBER)) == SET_BACK
        ready = served.http.get("/health/ready")
        assert ready.status_code == 503
        assert "accept-loss" in ready.json()["reasons"][0]["en"]
        assert "旧" in ready.json()["reasons"][0]["zh"]
        page = served.http.get("/ledger", headers={"accept": "text/html"}).text
        assert "已停止签发" in page
        assert "accept-loss" in page
        memory, owner = LedgerMemory.of(hub.home), hub.store(Role.OWNER)
        with owner.begin() as conn:
            found = set_back(conn, memory)
        assert found is not None
        assert found.reason == "behind"
        with pytest.raises(ReasonMissing):
            accept_loss(owner, memory, " ", "operator", clock())
        loss = accept_loss(owner, memory, "the disk broke", "operator", clock())
        assert (loss.why, loss.last_size - loss.size) == ("behind", 3)
        with pytest.raises(NothingLost):
            accept_loss(owner, memory, "again", "operator", clock())
        after = asking.ask(served, NUMBER)
        assert after.status_code == 200
        assert served.http.get("/health/ready").status_code == 200
        page = served.http.get("/ledger", headers={"accept": "text/html"}).text
        assert "已停止签发" not in page
        assert "the disk broke" in page
        keys = list(served.parts.keys.public_keys(KeyPurpose.CHECKPOINT).values())
        verify_proof(after.json()["proof"], verify_receipt(after.json()["receipt"], jwks).leaf_data, keys)
    with owner.begin() as conn:
        (told,) = losses(conn)
        assert set_back(conn, memory) is None
        assert ledger.check(conn, keys).faults == []
    assert told["last"]["note"] == lost[-1]["proof"].partition("\n\n")[2]
    assert (told["reason"], told["by"]) == ("the disk broke", "operator")


def test_a_fork_gets_no_signature(
    hub: Hub, certificates: Certificates, clock: Clock, asking: Asking, database: Databases
) -> None:
    certificates.add(NUMBER)
    with serving(hub, clock) as served:
        asking.ask(served, NUMBER)
    database.keep(hub)
    with serving(hub, clock) as served:
        asking.ask(served, NUMBER)
    database.bring_back(hub)
    with hub.store(Role.OWNER).begin() as conn:
        for number in range(4):  # another history, and longer
            payload = f"forged {number}".encode()
            digest = hashlib.sha256(payload).digest()
            ledger.append(conn, [ledger.NewEntry("answer", "x", str(number), digest, payload)], clock())
        head = ledger.sequence(conn)
        ledger.keep_checkpoint(conn, head.size, head.root, "whatever", clock())
    with serving(hub, clock) as served:
        assert problem(asking.ask(served, NUMBER)) == SET_BACK
        assert "fork" in served.http.get("/health/ready").json()["reasons"][0]["en"]


def test_a_ledger_set_back_under_a_running_hub_gets_no_signature(
    hub: Hub, certificates: Certificates, asking: Asking, served: Served
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    asking.ask(served, NUMBER)
    with hub.store(Role.OWNER).begin() as conn:
        for table in ("ledger_asked", "checkpoint", "ledger_node", "ledger_sequence", "ledger_body", "ledger_entry"):
            conn.execute(sa.text(f"ALTER TABLE hub.{table} DISABLE TRIGGER USER"))
            conn.execute(sa.text(f"DELETE FROM hub.{table}"))  # noqa: S608 - names of our own
            conn.execute(sa.text(f"ALTER TABLE hub.{table} ENABLE TRIGGER USER"))
    assert problem(asking.ask(served, NUMBER)) == SET_BACK


def test_a_record_that_was_taken_away_or_changed_is_no_way_around(
    hub: Hub, certificates: Certificates, clock: Clock, asking: Asking, served: Served
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    file = hub.home.path / "ledger" / "last_signed"
    whole = file.read_bytes()
    file.unlink()
    assert problem(asking.ask(served, NUMBER)) == SET_BACK
    file.write_bytes(bytes(byte ^ 1 for byte in whole))
    assert problem(asking.ask(served, NUMBER)) == SET_BACK
    file.write_bytes(whole)
    assert asking.ask(served, NUMBER).status_code == 200
    file.unlink()
    assert (
        accept_loss(hub.store(Role.OWNER), LedgerMemory.of(hub.home), "deleted by mistake", "x", clock()).why
        == "memory"
    )
    assert asking.ask(served, NUMBER).status_code == 200


def test_a_crash_before_the_checkpoint_was_remembered_hides_nothing(
    hub: Hub, certificates: Certificates, asking: Asking, served: Served
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    file = hub.home.path / "ledger" / "last_signed"
    before = file.read_bytes()
    asking.ask(served, NUMBER)
    file.write_bytes(before)
    assert asking.ask(served, NUMBER).status_code == 200
    known = LedgerMemory.of(hub.home).recall()
    assert known is not None
    assert known.note == served.http.get("/ledger/checkpoint").text


def test_a_damaged_ledger_is_no_loss_that_can_be_accepted(
    hub: Hub, certificates: Certificates, clock: Clock, asking: Asking, served: Served
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("ALTER TABLE hub.ledger_entry DISABLE TRIGGER USER"))
        conn.execute(sa.text("UPDATE hub.ledger_entry SET jti = 'x' || jti"))
    with pytest.raises(LedgerDamaged):
        accept_loss(hub.store(Role.OWNER), LedgerMemory.of(hub.home), "why not", "x", clock())
