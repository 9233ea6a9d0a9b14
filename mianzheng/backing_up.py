"""`mianzheng backup`: everything that a hub can't make again, in one sealed folder; the hub goes on meanwhile.

1. hold back retention and erasure, so that no file goes that the store still names; 2. one snapshot of the store: the
dump, the ledger's head and the store's digest are of the same moment; 3. the files, afterwards: all that the snapshot
names are there; 4. the manifest, last; 5. read it all again; 6. give the folder its name.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from certificates import merkle
from certificates.sealing import sealing_key
from mianzheng.database_dump import dump
from mianzheng.embedded_postgres import Cluster
from registries import backup_files
from registries.backup_files import DATABASE, FILES, KEY_SECRET, PARTS, Manifest
from registries.home import HubHome, Role
from registries.store import digest, expiries, ledger, restored
from registries.store.engine import Store


@dataclass(frozen=True)
class Backup:
    """What was made."""

    folder: Path
    files: int
    bytes: int
    ledger_size: int
    key_is_new: bool


def cluster_of(home: HubHome, service_user: str = "nobody") -> Cluster:
    """The embedded server of a hub, and its programs."""
    return Cluster(home.path / "postgres", service_user, home.path / "binaries")


def back_up(home: HubHome, into: Path, clock: Callable[[], datetime]) -> Backup:
    """Make a backup of a hub whose database runs; its folder's name is the time.

    Raises:
        DumpFailedError, RegistriesError: nothing was made; what was begun has a name that begins with a dot.
    """
    key_is_new = home.secret_or_none(KEY_SECRET) is None
    key = sealing_key(home.secret_or_none(KEY_SECRET) or home.secret_or_new(KEY_SECRET))
    name = clock().strftime("%Y%m%dT%H%M%SZ")
    part, done = into / f".{name}.part", into / name
    part.mkdir(mode=0o700, parents=True)
    with Store(home.store_url(Role.OWNER), pool_size=2) as store, expiries.one_at_a_time(store):
        manifest = _dumped(home, store, part, key, clock())
        with backup_files.sealed_part(part, FILES, key) as writer:
            count = backup_files.pack(home.path, writer)
    manifest = _whole(part, manifest, key)
    backup_files.verified(part, key)
    part.rename(done)
    _sync(into)
    return Backup(done, count, sum(each.bytes for each in manifest.parts), manifest.ledger_size, key_is_new)


def _dumped(home: HubHome, store: Store, part: Path, key: bytes, now: datetime) -> Manifest:
    with restored.snapshot(store) as (conn, snapshot):
        with backup_files.sealed_part(part, DATABASE, key) as writer:
            dump(cluster_of(home), home.store_url(Role.OWNER), snapshot, writer.write)
        kept = ledger.latest_checkpoint(conn)
        size, root, note = (kept.size, kept.root, kept.note) if kept else (0, merkle.EMPTY_ROOT, "")
        content = digest.store_digest(conn)[digest.TOTAL]
    return Manifest(now.isoformat(), str(home.path), size, root.hex(), note, content, ())


def _whole(part: Path, manifest: Manifest, key: bytes) -> Manifest:
    parts = tuple(backup_files.part_of(part, name) for name in PARTS)
    told = Manifest(**{**vars(manifest), "parts": parts}).sealed(key)
    backup_files.write_manifest(part, told)
    _sync(part)
    return told


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
