"""The folder of the hub's keys: one encrypted PEM per key, and ``keys.json`` with their states and the roots' word.

Several processes share it: changes are made under a file lock and by renaming, so that a reader sees the old index or
the new one, and a crash leaves at most a key file that nothing names.

    folder = KeyFolder(home / "keys", "passphrase")
    with folder.locked():
        folder.write(Index(states, signatures))
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Protocol

from certificates.errors import CertificatesError
from certificates.jose import Key, new_key
from certificates.key_files import from_pem, to_pem
from certificates.key_states import IN_FILE, KeyPurpose, KeyState, States, read_state


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


class ModuleMissing(CertificatesError):
    """Raised when a key lies in a module (PKCS#11) and the hub was told of none."""

    def __init__(self) -> None:
        super().__init__(
            "有密钥保存在密码模块中，但未配置模块。请设置 HUB_PKCS11_MODULE、HUB_PKCS11_TOKEN 和 HUB_PKCS11_PIN。",
            "A key lies in a module, and none is configured. Set HUB_PKCS11_MODULE, HUB_PKCS11_TOKEN, HUB_PKCS11_PIN.",
        )


class KeyModule(Protocol):
    """A module that makes keys and keeps their private halves (``certificates.hardware_keys`` is one)."""

    def makes(self, purpose: KeyPurpose, alg: str) -> bool:
        """Whether keys for this purpose and algorithm are made there."""

    def make(self, alg: str) -> tuple[str, Key]:
        """A new key, and the label under which it is found again."""

    def find(self, label: str, alg: str) -> Key:
        """The key of a label."""


@dataclass(frozen=True)
class Index:
    """What ``keys.json`` holds: every key's state, oldest first, and each root's signature over the published set."""

    states: States
    signatures: Sequence[str] = ()


class KeyFolder:
    """Reads and writes the files; knows nothing of purposes and moves."""

    def __init__(self, folder: Path, passphrase: str, module: KeyModule | None = None) -> None:
        self._folder = folder
        self._passphrase = passphrase.encode()
        self._module = module

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing anything meanwhile."""
        with (self._folder / ".lock").open("a") as file:
            flock(file, LOCK_EX)
            yield

    def begin(self) -> None:
        """Make the folder (0700) with its lock, and an empty index where there is nothing yet."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.locked():
            if not self._index.exists() and not any(self._folder.glob("*.pem")):
                self.write(Index(()))

    def stamp(self) -> tuple[int, int, int]:
        """Changes whenever the index is written. One ``stat``.

        Raises:
            KeysBroken: There is no index.
        """
        try:
            found = self._index.stat()
        except OSError as error:
            raise KeysBroken from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> Index:
        """The index.

        Raises:
            KeysBroken: It is missing or damaged.
        """
        try:
            content = json.loads(self._index.read_bytes())
            return Index(tuple(map(read_state, content["keys"])), tuple(map(str, content.get("signatures", ()))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeysBroken from error

    def write(self, index: Index) -> None:
        """Replace the index; it is there whole or not at all."""
        content = {"keys": [asdict(state) for state in index.states], "signatures": list(index.signatures)}
        _write_whole(self._index, json.dumps(content, indent=1).encode())

    def make(self, purpose: KeyPurpose, alg: str) -> tuple[str, Key]:
        """A new key, kept: its place (``file``, or its label in the module), and the key itself."""
        if self._module is not None and self._module.makes(purpose, alg):
            return self._module.make(alg)
        key = new_key(alg)
        _write_whole(self._folder / f"{key.kid}.pem", to_pem(key, self._passphrase))
        return IN_FILE, key

    def load(self, state: KeyState) -> Key:
        """The key of a state.

        Raises:
            KeysLocked: The passphrase is another one.
            KeysBroken: The file is missing, or holds another key.
            ModuleMissing: It lies in a module that nobody named.
        """
        key = self._from_file(state) if state.place == IN_FILE else self._from_module(state)
        if (key.kid, key.alg) != (state.kid, state.alg):
            raise KeysBroken
        return key

    @property
    def _index(self) -> Path:
        return self._folder / "keys.json"

    def _from_module(self, state: KeyState) -> Key:
        if self._module is None:
            raise ModuleMissing
        return self._module.find(state.place, state.alg)

    def _from_file(self, state: KeyState) -> Key:
        try:
            pem = (self._folder / f"{state.kid}.pem").read_bytes()
        except OSError as error:
            raise KeysBroken from error
        try:
            return from_pem(pem, self._passphrase, state.alg)
        except ValueError as error:
            raise KeysLocked from error


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
