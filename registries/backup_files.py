"""A backup's form: a folder with sealed files and a manifest that says what they are, written last and sealed too.

    <name>/database.sealed    pg_dump's custom format
    <name>/files.sealed       tar of HUB_HOME: landed files, keys, secrets, contracts, addresses of sources
    <name>/manifest.json      digests, the ledger's head, the store's digest; no backup without it

Sealed with the backup's own key (AES-256-GCM in chunks, `certificates.sealing`): keys and personal data leave the hub
in no other form. What is this machine's alone (passwords and addresses of its database, the backup's key) is left out.
"""

import hashlib
import hmac
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from certificates.sealing import SealBroken, SealedReader, SealedWriter
from registries.errors import RegistriesError
from registries.ledger_memory import SECRET as LEDGER_SEAL

FORMAT = "mianzheng-backup/1"
KEY_SECRET = "backup_key"  # noqa: S105 -- the name of a secret
DATABASE, FILES, MANIFEST = "database.sealed", "files.sealed", "manifest.json"
PARTS = (DATABASE, FILES)
TAKEN = (
    *("landed", "keys", "secrets", "contracts", "catalogue", "witness"),
    *("sources.json", "witnesses.json", "webhooks.json"),
)
_OWN = ("secrets/password_", "secrets/store_", f"secrets/{KEY_SECRET}", f"secrets/{LEDGER_SEAL}")
_BLOCK = 1 << 20


class BackupUnusable(RegistriesError):
    """Raised when a folder is no whole backup, was changed, or is sealed with another key; `what` names the file."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"备份不可用:{what} 缺失、被改动,或备份密钥不符。请换用另一份备份,并核对 --key-file 或 HUB_BACKUP_KEY",
            f"the backup can't be used: {what} is missing or was changed, or the backup's key is another one; take "
            "another backup, and check --key-file or HUB_BACKUP_KEY",
        )
        self.what = what


@dataclass(frozen=True)
class Part:
    """A file of a backup: bytes on the disk, and their SHA-256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes:
        made_at: ISO 8601.
        home: where HUB_HOME was.
        ledger_size, ledger_root, ledger_note: the latest checkpoint in the backup; root in hexadecimal.
        store_digest: of the store's content; a faithful restore has the same.
        seal: over all of the above, by the backup's key.
    """

    made_at: str
    home: str
    ledger_size: int
    ledger_root: str
    ledger_note: str
    store_digest: str
    parts: tuple[Part, ...]
    format: str = FORMAT
    seal: str = ""

    def sealed(self, key: bytes) -> "Manifest":
        """With its seal."""
        text = json.dumps(asdict(replace(self, seal="")), sort_keys=True, ensure_ascii=False)
        return replace(self, seal=hmac.digest(key, f"manifest\n{text}".encode(), hashlib.sha256).hex())


@contextmanager
def sealed_part(folder: Path, name: str, key: bytes) -> Iterator[SealedWriter]:
    """A new file of a backup, on the disk when the block ends."""
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with SealedWriter(file, key) as writer:
            yield writer
        file.flush()
        os.fsync(file.fileno())


def part_of(folder: Path, name: str) -> Part:
    """A written file as the manifest lists it."""
    with (folder / name).open("rb") as file:
        return Part(name, os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The last file of a backup."""
    descriptor = os.open(folder / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())


def verified(folder: Path, key: bytes) -> Manifest:
    """Read a backup whole: the manifest's seal, every file's digest, every chunk's seal.

    Raises:
        BackupUnusable: anything about it.
    """
    manifest = _manifest(folder, key)
    for part in manifest.parts:
        try:
            same = part_of(folder, part.name) == part
            with opened_part(folder, part.name, key) as reader:
                while same and reader.read(_BLOCK):
                    pass
        except (OSError, SealBroken) as error:
            raise BackupUnusable(part.name) from error
        if not same:
            raise BackupUnusable(part.name)
    return manifest


@contextmanager
def opened_part(folder: Path, name: str, key: bytes) -> Iterator[SealedReader]:
    """A file of a backup, to read. SealBroken as it is read."""
    with (folder / name).open("rb") as file:
        yield SealedReader(file, key)


def _manifest(folder: Path, key: bytes) -> Manifest:
    try:
        members: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        parts = tuple(Part(**part) for part in members.pop("parts"))
        manifest = Manifest(**members, parts=parts)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupUnusable(MANIFEST) from error
    whole = manifest.format == FORMAT and tuple(part.name for part in parts) == PARTS
    if not whole or not hmac.compare_digest(manifest.sealed(key).seal, manifest.seal):
        raise BackupUnusable(MANIFEST)
    return manifest


# --- the files of HUB_HOME


def pack(home: Path, into: SealedWriter) -> int:
    """Write the files of a hub's folder as a tar; how many. Files under way (`.part`, dotfiles) are not among them."""
    count = 0
    with tarfile.open(fileobj=cast("BinaryIO", into), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for path in _files(home):
            name = path.relative_to(home).as_posix()
            if not _is_taken(name):
                continue
            try:
                tar.add(path, name, recursive=False, filter=_without_owner)
            except FileNotFoundError:  # an upload that was just taken in
                continue
            count += 1
    return count


def unpack(source: SealedReader, home: Path) -> Mapping[str, int]:
    """Bring back what `home` lacks; what is there stays, since it is not older than the backup.

    Returns:
        How many files came (`brought`) and how many were there (`there`).

    Raises:
        BackupUnusable: a name in it leads elsewhere.
    """
    counts = {"brought": 0, "there": 0}
    own_keys = (home / "keys" / "keys.json").exists()  # a key ring is one whole, and this one is not older
    with tarfile.open(fileobj=cast("BinaryIO", source), mode="r|") as tar:
        for member in tar:
            target = home / member.name
            if not member.isfile() or not _is_safe(member.name):
                raise BackupUnusable(FILES)
            if target.exists() or (own_keys and member.name.startswith("keys/")):
                counts["there"] += 1
                continue
            _write(tar, member, target)
            counts["brought"] += 1
    return counts


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    content = tar.extractfile(member)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while content is not None and (block := content.read(_BLOCK)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def _files(home: Path) -> Iterator[Path]:
    for name in TAKEN:
        place = home / name
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from sorted(each for each in place.rglob("*") if each.is_file() and not each.is_symlink())


def _is_taken(name: str) -> bool:
    path = PurePosixPath(name)
    under_way = path.suffix == ".part" or path.name.startswith(".")
    return not under_way and not name.startswith(_OWN)


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts[0] in TAKEN and _is_taken(name)


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
