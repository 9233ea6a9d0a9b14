"""The hub's own keys: made at the first start, encrypted at rest, rotated with overlap, published as a JWK set.

A folder holds one PEM (PKCS#8, encrypted) per key and ``keys.json`` with their states. Several processes may share
it: changes are made under a file lock and by renaming; ``refresh`` picks up what another process changed.

After a rotation the old key verifies for good, and counts for receipts up to ``signs_until``, for processes that have
not noticed the rotation yet. An entry that was written down before the rotation is signed with the key that it names
(``signing_key``).

Example:
    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> from pathlib import Path
    >>> ring = KeyRing.open(Path(tempfile.mkdtemp()), "passphrase", now=datetime(2024, 1, 1, tzinfo=UTC))
    >>> ring.active(KeyPurpose.RECEIPT).alg, ring.active(KeyPurpose.CHECKPOINT).alg
    ('ES256', 'Ed25519')
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from certificates.errors import CertificatesError
from certificates.jose import ED25519, ES256, Key, new_key
from certificates.key_files import from_pem, to_pem

ROTATION_OVERLAP = timedelta(minutes=10)
"""How long after a rotation the old key still counts for new receipts of processes that have not refreshed yet."""


class KeyPurpose(StrEnum):
    """What a key is for; no key serves two purposes."""

    RECEIPT = "receipt"
    CHECKPOINT = "checkpoint"
    CLIENT = "client"
    CREDENTIAL = "credential"
    STATUS = "status"  # status lists, and the offline bundles that hold them
    DOCUMENT = "document"  # marks on copies, and manifests of archive packages


class KeyStatus(StrEnum):
    """Whether a key signs."""

    ACTIVE = "active"
    VERIFY_ONLY = "verify_only"


_ALGORITHMS = {purpose: ED25519 if purpose == KeyPurpose.CHECKPOINT else ES256 for purpose in KeyPurpose}
_PUBLISHED = tuple(purpose for purpose in KeyPurpose if purpose != KeyPurpose.CLIENT)


@dataclass(frozen=True)
class KeyState:
    """One key's entry in ``keys.json``.

    Attributes:
        made_at: Unix time in seconds.
        signs_until: Unix time after which nothing that the key signed counts any more; None while it is active.
    """

    kid: str
    purpose: KeyPurpose
    alg: str
    status: KeyStatus
    made_at: int
    signs_until: int | None = None


class KeysLocked(CertificatesError):
    """Raised when a key file cannot be decrypted with the passphrase, or is no key of its kind."""

    def __init__(self) -> None:
        super().__init__(
            "签名密钥无法解开：口令不符或文件已损坏。请检查 secrets/key_passphrase，或从备份恢复 keys 目录。",
            "The keys cannot be unlocked. Check secrets/key_passphrase, or restore the keys folder from its backup.",
        )


class KeysBroken(CertificatesError):
    """Raised when the keys folder cannot be read: ``keys.json`` or a key file is missing or damaged."""

    def __init__(self) -> None:
        super().__init__(
            "密钥目录不完整或无法读取。请从备份恢复 keys 目录；不要删除后重建，否则旧回执无法验证。",
            "The keys folder is incomplete. Restore it from its backup; do not make it anew, or old receipts are lost.",
        )


class UnknownKey(CertificatesError):
    """Raised when a key is asked for that the ring does not have."""

    def __init__(self) -> None:
        super().__init__(
            "没有这个密钥。请用 mianzheng keys 查看现有密钥。",
            "There is no such key. See mianzheng keys for those there are.",
        )


class KeyRing:
    """All keys of one folder, loaded once."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder = folder
        self._passphrase = passphrase.encode()
        self._keys: Mapping[str, Key] = {}
        self._states: tuple[KeyState, ...] = ()
        self._active: Mapping[KeyPurpose, Key] = {}
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def open(cls, folder: Path, passphrase: str, *, now: datetime) -> "KeyRing":
        """Load the ring; on the first start make the folder (0700) and one key for each purpose.

        Raises:
            KeysLocked: The passphrase is another one.
            KeysBroken: A file is missing or damaged.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ring = cls(folder, passphrase)
        with ring._locked():
            ring._begin_index()
            ring.refresh()  # a wrong passphrase shows here, before anything is made with it
            states = ring.states()
            missing = [purpose for purpose in KeyPurpose if not any(state.purpose == purpose for state in states)]
            if missing:
                ring._write_states((*states, *(ring._make(purpose, now) for purpose in missing)))
        ring.refresh()
        return ring

    def active(self, purpose: KeyPurpose) -> Key:
        """The key that signs for a purpose now."""
        return self._active[purpose]

    def signing_key(self, kid: str) -> Key:
        """The key that an entry names, to finish what was written down before a rotation.

        Raises:
            UnknownKey: The ring never had it.
        """
        try:
            return self._keys[kid]
        except KeyError:
            raise UnknownKey from None

    def public_keys(self, purpose: KeyPurpose) -> Mapping[str, Key]:
        """The verifying keys of a purpose, by ``kid``, those of old rotations included."""
        return {state.kid: self._keys[state.kid].public_only() for state in self._states if state.purpose == purpose}

    def states(self) -> tuple[KeyState, ...]:
        """Every key's state, oldest first."""
        return self._states

    def jwks(self) -> dict[str, Any]:
        """The published JWK set (RFC 7517): receipt and checkpoint keys with state and times; never client keys."""
        return {"keys": [self._to_jwk(state) for state in self._states if state.purpose in _PUBLISHED]}

    def _to_jwk(self, state: KeyState) -> dict[str, Any]:
        times = {"made_at": state.made_at, "signs_until": state.signs_until}
        members = {name: value for name, value in times.items() if value is not None}
        return {
            **self._keys[state.kid].to_jwk(),
            "purpose": state.purpose.value,
            "status": state.status.value,
            **members,
        }

    def rotate(self, purpose: KeyPurpose, now: datetime) -> Key:
        """Make a new key for a purpose; the one before only verifies from now on."""
        with self._locked():
            until = int((now + ROTATION_OVERLAP).timestamp())
            states = tuple(
                replace(state, status=KeyStatus.VERIFY_ONLY, signs_until=until)
                if (state.purpose, state.status) == (purpose, KeyStatus.ACTIVE)
                else state
                for state in self._read_states()
            )
            self._write_states((*states, self._make(purpose, now)))
        self.refresh()
        return self.active(purpose)

    def refresh(self) -> bool:
        """Pick up another process's rotation; one ``stat`` where nothing changed. Whether something did."""
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return False
        states = self._read_states()
        keys = {state.kid: self._keys.get(state.kid) or self._load(state) for state in states}
        self._keys, self._states = keys, states
        self._active = {state.purpose: keys[state.kid] for state in states if state.status == KeyStatus.ACTIVE}
        self._stamp = stamp
        return True

    # --- files ---

    @property
    def _index(self) -> Path:
        return self._folder / "keys.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / ".lock").open("a") as file:
            flock(file, LOCK_EX)
            yield

    def _read_stamp(self) -> tuple[int, int, int]:
        try:
            found = self._index.stat()
        except OSError as error:
            raise KeysBroken from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _begin_index(self) -> None:
        """An empty index before the first key: a crash then leaves at most a key file that nothing names."""
        if not self._index.exists() and not any(self._folder.glob("*.pem")):
            self._write_states(())

    def _read_states(self) -> tuple[KeyState, ...]:
        try:
            entries = json.loads(self._index.read_bytes())["keys"]
            return tuple(_state(entry) for entry in entries)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeysBroken from error

    def _write_states(self, states: tuple[KeyState, ...]) -> None:
        content = json.dumps({"keys": [asdict(state) for state in states]}, indent=1)
        _write_whole(self._index, content.encode())

    def _make(self, purpose: KeyPurpose, now: datetime) -> KeyState:
        key = new_key(_ALGORITHMS[purpose])
        pem = to_pem(key, self._passphrase)
        _write_whole(self._folder / f"{key.kid}.pem", pem)
        return KeyState(key.kid, purpose, key.alg, KeyStatus.ACTIVE, int(now.timestamp()))

    def _load(self, state: KeyState) -> Key:
        try:
            pem = (self._folder / f"{state.kid}.pem").read_bytes()
        except OSError as error:
            raise KeysBroken from error
        try:
            key = from_pem(pem, self._passphrase, state.alg)
        except ValueError as error:
            raise KeysLocked from error
        if (key.kid, key.alg) != (state.kid, state.alg):
            raise KeysBroken
        return key


def _state(entry: Mapping[str, Any]) -> KeyState:
    return KeyState(
        kid=str(entry["kid"]),
        purpose=KeyPurpose(entry["purpose"]),
        alg=str(entry["alg"]),
        status=KeyStatus(entry["status"]),
        made_at=int(entry["made_at"]),
        signs_until=None if entry["signs_until"] is None else int(entry["signs_until"]),
    )


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file (0600) so that it is there whole or not at all, even through a power cut."""
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
