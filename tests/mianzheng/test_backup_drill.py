"""The drill: a hub is backed up while it answers, lost, restored elsewhere; what is lost is said before it signs."""

import dataclasses
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from certificates.receipts import verify_receipt
from certificates.sealing import sealing_key
from mianzheng.backing_up import Backup, back_up
from mianzheng.database_dump import DumpFailedError
from mianzheng.embedded_postgres import Cluster
from mianzheng.restoring import (
    DatabaseNotEmptyError,
    Restored,
    RestoreUnderWayError,
    backup_key,
    look_for_unfinished,
    restore,
)
from registries import backup_files
from registries.backup_files import BackupUnusable
from registries.home import HubHome, Role
from registries.ledger_loss import accept_loss
from registries.ledger_memory import LedgerMemory
from registries.store import digest
from registries.store.engine import Store
from tests.conftest import OWNER, PASSWORD, short_lived_folder
from tests.exchange_api.conftest import (
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    asking,
    certificates,
    clock,
    serving,
)

__all__ = ["asking", "certificates", "clock"]  # fixtures of the API's tests
NUMBER = "S0001"
LANDED = "landed/batches/1.parquet"
SET_BACK = "ledger-set-back"


@dataclasses.dataclass
class Elsewhere:
    """Another machine: a folder and a server of its own, both empty."""

    home: HubHome
    cluster: Cluster

    def database(self) -> tuple[str, str]:
        self.cluster.start(PASSWORD)
        aside = f"hub_before_{secrets.token_hex(4)}"
        self.cluster.set_aside("hub", aside, PASSWORD)
        self.cluster.create_database("hub", OWNER, PASSWORD, PASSWORD)
        return self.cluster.url(OWNER, PASSWORD, "hub"), aside

    def restored(self, backup: Backup, key: bytes, clock: Clock) -> Restored:
        return restore(self.home, backup.folder, key, self.database, self.cluster, clock)

    def as_hub(self, hub: Hub) -> Hub:
        """The same for tests that serve it."""
        return type(hub)(self.home, hub.catalogue)  # type: ignore[call-arg] # the fixture's own class


@pytest.fixture(scope="module")
def other_server(cluster: Cluster) -> Iterator[Cluster]:
    """The server of the other machine: its roles have passwords of their own."""
    folder = short_lived_folder()
    server = Cluster(folder / "postgres", binaries=cluster.folder / "binaries")
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def elsewhere(other_server: Cluster, tmp_path: Path) -> Elsewhere:
    home = HubHome(tmp_path / "elsewhere")
    home.path.mkdir(mode=0o711)
    return Elsewhere(home, other_server)


@pytest.fixture
def filled(hub: Hub, cluster: Cluster, certificates: Certificates) -> Hub:
    """A hub with a certificate and a landed file."""
    (hub.home.path / "binaries").symlink_to(cluster.folder / "binaries")
    certificates.add(NUMBER)
    file = hub.home.path / LANDED
    file.parent.mkdir(parents=True)
    file.write_bytes(b"sealed rows")
    file.with_name("2.parquet.part").write_bytes(b"under way")
    return hub


def key_of(home: HubHome) -> bytes:
    return sealing_key(home.secret(backup_files.KEY_SECRET))


def problem(answer: httpx.Response) -> str:
    assert answer.status_code == 503
    return str(answer.json()["code"])


def test_the_drill(filled: Hub, asking: Asking, clock: Clock, elsewhere: Elsewhere, tmp_path: Path) -> None:
    hub = filled
    with serving(hub, clock) as served:
        port = int(served.url.rsplit(":", 1)[1])
        token = asking.token(served.url, asking.question(NUMBER))

        def send(to: Served) -> httpx.Response:
            return to.http.post("/v1/verifications", content=token, headers={"content-type": "application/jwt"})

        first = send(served).json()
        backup = back_up(hub.home, tmp_path / "backups", clock)
        later = asking.ask(served, NUMBER)
        assert later.status_code == 200
        with hub.store(Role.OWNER).begin() as conn:
            content = digest.store_digest(conn)[digest.TOTAL]
    assert backup.key_is_new
    assert [each.name for each in (tmp_path / "backups").iterdir()] == [backup.folder.name]
    key = key_of(hub.home)
    shutil.rmtree(hub.home.path / "keys")  # the machine is lost, and with it everything in its folder

    found = elsewhere.restored(backup, key, clock)
    assert (found.signs, found.ledger_size) == (False, backup.ledger_size)
    assert (elsewhere.home.path / LANDED).read_bytes() == b"sealed rows"
    assert not (elsewhere.home.path / LANDED).with_name("2.parquet.part").exists()
    assert elsewhere.home.secret("landing_key") == hub.home.secret("landing_key")
    with Store(elsewhere.home.store_url(Role.OWNER)) as owner:
        with owner.begin() as conn:
            assert digest.store_digest(conn)[digest.TOTAL] == content  # answers are not part of it
        again = elsewhere.as_hub(hub)
        with serving(again, clock, port) as served:
            assert problem(asking.ask(served, NUMBER)) == SET_BACK
            ready = served.http.get("/health/ready").json()
            assert "backup" in ready["reasons"][0]["en"]
            assert "备份" in ready["reasons"][0]["zh"]
            loss = accept_loss(owner, LedgerMemory.of(elsewhere.home), "the machine burnt", "operator", clock())
            assert loss.why == "restored"
            assert served.http.get("/health/ready").json()["reasons"] == []
            jwks = served.http.get("/v1/keys.jwks").json()
            for receipt in (first["receipt"], later.json()["receipt"], asking.ask(served, NUMBER).json()["receipt"]):
                verify_receipt(receipt, jwks)  # those of before too, and the one that the ledger lost
            repeated = send(served).json()
            assert verify_receipt(repeated["receipt"], jwks) == verify_receipt(first["receipt"], jwks)


def test_nothing_lost_signs_at_once_and_a_hub_that_signed_more_does_not(
    filled: Hub, asking: Asking, clock: Clock, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    hub = filled
    with serving(hub, clock) as served:
        asking.ask(served, NUMBER)
    backup = back_up(hub.home, tmp_path, clock)
    (elsewhere.home.path / "ledger").mkdir(mode=0o700)
    (elsewhere.home.path / "secrets").mkdir(mode=0o700)
    for name in ("ledger/last_signed", "secrets/ledger_seal"):
        shutil.copy(hub.home.path / name, elsewhere.home.path / name)
    assert elsewhere.restored(backup, key_of(hub.home), clock).signs
    with serving(hub, clock) as served:
        asking.ask(served, NUMBER)
    shutil.copy(hub.home.path / "ledger/last_signed", elsewhere.home.path / "ledger/last_signed")
    assert not elsewhere.restored(backup, key_of(hub.home), clock).signs


def test_what_is_there_stays(filled: Hub, clock: Clock, elsewhere: Elsewhere, tmp_path: Path) -> None:
    with serving(filled, clock) as served:
        kid = next(iter(served.parts.keys.jwks()["keys"]))["kid"]
    backup = back_up(filled.home, tmp_path, clock)
    newer = elsewhere.home.path / LANDED
    newer.parent.mkdir(parents=True)
    newer.write_bytes(b"blanked after an erasure")
    elsewhere.restored(backup, key_of(filled.home), clock)
    assert newer.read_bytes() == b"blanked after an erasure"
    assert (elsewhere.home.path / "keys" / f"{kid}.pem").exists()


def test_a_restore_that_was_cut_short_is_run_again(
    filled: Hub, clock: Clock, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    backup, key = back_up(filled.home, tmp_path, clock), key_of(filled.home)

    def breaks() -> tuple[str, str]:
        raise DumpFailedError("pg_restore", "no space left")

    with pytest.raises(DumpFailedError):
        restore(elsewhere.home, backup.folder, key, breaks, elsewhere.cluster, clock)
    with pytest.raises(RestoreUnderWayError):
        look_for_unfinished(elsewhere.home)
    elsewhere.restored(backup, key, clock)
    look_for_unfinished(elsewhere.home)
    url = elsewhere.cluster.url(OWNER, PASSWORD, "hub")
    with pytest.raises(DatabaseNotEmptyError):
        restore(elsewhere.home, backup.folder, key, lambda: (url, ""), elsewhere.cluster, clock)


def test_a_backup_that_was_changed_anywhere_touches_nothing(
    filled: Hub, clock: Clock, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    backup, key = back_up(filled.home, tmp_path, clock), key_of(filled.home)
    assert backup_files.verified(backup.folder, key).ledger_size == backup.ledger_size
    for name in (*backup_files.PARTS, backup_files.MANIFEST):
        file = backup.folder / name
        whole = file.read_bytes()
        for bad in (
            whole[:-1],
            whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :],
        ):
            file.write_bytes(bad)
            with pytest.raises(BackupUnusable):
                elsewhere.restored(backup, key, clock)
        file.unlink()
        with pytest.raises(BackupUnusable):
            elsewhere.restored(backup, key, clock)
        file.write_bytes(whole)
    with pytest.raises(BackupUnusable):
        elsewhere.restored(backup, bytes(32), clock)
    assert not (elsewhere.home.path / "restoring").exists()
    assert not (elsewhere.home.path / "keys").exists()


def test_no_secret_of_this_machine_and_nothing_readable_leaves(filled: Hub, clock: Clock, tmp_path: Path) -> None:
    with serving(filled, clock):
        pass
    backup = back_up(filled.home, tmp_path, clock)
    everything = b"".join(file.read_bytes() for file in backup.folder.iterdir())
    for readable in (b"PRIVATE KEY", b"PGDMP", "汕头市".encode(), filled.home.secret("landing_key").encode()):
        assert readable not in everything
    modes = {file.stat().st_mode & 0o777 for file in backup.folder.iterdir()}
    assert modes == {0o600}
    home = HubHome(tmp_path / "unpacked")
    home.path.mkdir()
    with backup_files.opened_part(backup.folder, backup_files.FILES, key_of(filled.home)) as reader:
        backup_files.unpack(reader, home.path)
    names = {file.name for file in (home.path / "secrets").iterdir()}
    assert "key_passphrase" in names
    assert not {name for name in names if name.startswith(("password_", "store_", "backup_", "ledger_"))}


def test_the_key_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    text = "A" * 43
    file = tmp_path / "key"
    file.write_text(f"{text}\n")
    home = HubHome(tmp_path / "hub", {"HUB_BACKUP_KEY": text})
    assert backup_key(home, None) == backup_key(HubHome(tmp_path / "hub"), file) == bytes(32)
