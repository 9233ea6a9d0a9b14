"""`mianzheng restore`: a hub from its backup, in an empty folder or one that lost its database; safe to run again.

1. read the backup whole before anything is touched; 2. note that a restore is under way: the hub does not start until
it is through; 3. files that are missing; what is there stays; 4. an empty database, the former one set aside by another
name; all of the dump or nothing; 5. the same content as when it was made, by the store's digest; 6. migrate, close
sessions, replay the ledger; 7. what was signed last: where this folder does not know, nothing is signed until somebody
says what is lost (`mianzheng ledger accept-loss`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from certificates.keys import KeyPurpose
from certificates.sealing import sealing_key
from mianzheng.database_dump import restore as restore_database
from mianzheng.embedded_postgres import Cluster
from mianzheng.errors import MianzhengError
from mianzheng.store_set_up import SERVED, keep_addresses, set_up_store
from registries import backup_files
from registries.backup_files import DATABASE, FILES, KEY_SECRET, BackupUnusable, Manifest
from registries.errors import LedgerDamaged, LedgerSetBack
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.ledger_memory import LedgerMemory, Remembered
from registries.store import digest, ledger, restored, roles
from registries.store.engine import Store

UNDER_WAY = "restoring"
"""File in HUB_HOME while a restore is not through."""


class DatabaseNotEmptyError(MianzhengError):
    """A restore was to fill a database that holds a hub already."""

    def __init__(self) -> None:
        """Say what to do instead."""
        super().__init__(
            "目标数据库已有枢纽数据。请提供一个空数据库(HUB_DATABASE_URL),原数据库请自行保留或改名",
            "the database holds a hub already; give an empty one (HUB_DATABASE_URL), and keep or rename the former",
        )


class RestoreUnderWayError(MianzhengError):
    """A hub was to start whose restore did not come through."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "上次恢复没有完成,不能启动。请重新运行 mianzheng restore",
            "the last restore did not come through, so that the hub does not start; run mianzheng restore again",
        )


@dataclass(frozen=True)
class Restored:
    """What came back.

    Attributes:
        files: brought back, and there before.
        signs: whether the hub signs at once; if not, somebody has to say what is lost.
        aside: the name of the former database; empty where there was none.
    """

    made_at: str
    files: dict[str, int]
    ledger_size: int
    signs: bool
    aside: str


def look_for_unfinished(home: HubHome) -> None:
    """Refuse to start a hub in the middle of a restore. Raises RestoreUnderWayError."""
    if (home.path / UNDER_WAY).exists():
        raise RestoreUnderWayError


def backup_key(home: HubHome, key_file: Path | None) -> bytes:
    """The backup's key: of a file, of HUB_BACKUP_KEY, or of this folder's secrets. HomeError if there is none."""
    told = key_file.read_text("utf-8").strip() if key_file else home.secret_or_none(KEY_SECRET)
    return sealing_key(told or home.secret(KEY_SECRET))


def restore(
    home: HubHome,
    folder: Path,
    key: bytes,
    database: Callable[[], tuple[str, str]],
    tools: Cluster,
    clock: Callable[[], datetime],
) -> Restored:
    """Bring a hub back. The hub is not running, and nobody else starts it.

    Args:
        home: where to.
        folder: the backup's.
        key: the backup's.
        database: makes the empty database; gives its owner's address, and the name of the one set aside.
        tools: where pg_restore is.
        clock: the time.

    Raises:
        BackupUnusable: nothing was touched.
        DumpFailedError, RegistriesError: run it again once the cause is mended.
    """
    manifest = backup_files.verified(folder, key)
    home.prepare()
    (home.path / UNDER_WAY).touch(mode=0o600)
    had_memory = (home.path / "ledger" / "last_signed").exists()
    with backup_files.opened_part(folder, FILES, key) as reader:
        files = dict(backup_files.unpack(reader, home.path))
    owner_url, aside = database()
    _fill(home, owner_url, folder, key, manifest, tools)
    set_up_store(home, owner_url, clock)
    with Store(home.store_url(Role.OWNER)) as owner:
        size = _after(home, owner, manifest, clock)
        signs = _remember(home, owner, manifest, had_memory=had_memory)
    (home.path / UNDER_WAY).unlink()
    return Restored(manifest.made_at, files, size, signs, aside)


def _fill(home: HubHome, owner_url: str, folder: Path, key: bytes, manifest: Manifest, tools: Cluster) -> None:
    passwords = {role: home.secret_or_new(f"password_{role.value}") for role in SERVED}
    keep_addresses(home, owner_url, passwords)
    with Store(home.store_url(Role.OWNER)) as owner:
        with owner.begin() as conn:
            if not restored.is_empty(conn):
                raise DatabaseNotEmptyError
        roles.create_roles(owner, passwords)
        with backup_files.opened_part(folder, DATABASE, key) as reader:
            restore_database(tools, owner_url, reader)
        with owner.begin() as conn:
            if digest.store_digest(conn)[digest.TOTAL] != manifest.store_digest:
                raise BackupUnusable(DATABASE)


def _after(home: HubHome, owner: Store, manifest: Manifest, clock: Callable[[], datetime]) -> int:
    """Paths of this machine, no session of the former one, and a ledger that is whole."""
    with owner.begin() as conn:
        restored.settle(conn, f"{manifest.home}/landed/", f"{home.path}/landed/")
    keys = open_keys(home, clock()).public_keys(KeyPurpose.CHECKPOINT, stolen=True)
    with owner.begin() as conn:
        report = ledger.check(conn, list(keys.values()))
    if report.faults:
        raise LedgerDamaged(report.faults[0][0] or 0)
    return report.size


def _remember(home: HubHome, owner: Store, manifest: Manifest, *, had_memory: bool) -> bool:
    """Whether the hub may sign: it may where this folder still knows what was signed last, and nothing is missing."""
    memory = LedgerMemory.of(home)
    there = Remembered(manifest.ledger_size, bytes.fromhex(manifest.ledger_root), manifest.ledger_note)
    if not had_memory:
        memory.doubt("restored", there)
    try:
        known = memory.recall()
    except LedgerSetBack:
        return False
    if known is None or known.doubt:
        return known is None
    with owner.begin() as conn:
        return known.size <= there.size and ledger.root_at(conn, known.size) == known.root
