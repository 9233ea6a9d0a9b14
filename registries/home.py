"""HUB_HOME: the one folder in which a hub keeps its own things, with their modes.

    HUB_HOME/    0711   the folder itself: the database's service user may pass through, not look
      postgres/         the embedded server's binaries and data (mianzheng.embedded_postgres)
      secrets/   0700   one value per file, 0600
      keys/      0700   signing keys, encrypted PEM
      ledger/    0700   what was signed last, so that a database set back is noticed (registries.ledger_memory)
      landed/ spill/ out/   0700   what arrived, what is in between, what is offered: encrypted, expiring
      dagster/ logs/    0700
      contracts/ catalogue/   0700   the operator's departments, and the versions of them that were accepted
      sources.json      where the contracts' servers are: {"<server of a contract>": "<address or folder>"}

Example:
    >>> import tempfile
    >>> home = HubHome(Path(tempfile.mkdtemp()))
    >>> home.prepare()
    >>> home.keep_secret("key_passphrase", "sesame")
    >>> home.secret("key_passphrase")
    'sesame'
"""

import contextlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from registries.errors import HomeError

SourceLocations = Mapping[str, str]
"""Server name of a contract -> its address: of a database, an API or a folder."""

_SECRET_NAME = re.compile(r"[a-z0-9_.]{1,64}")
_PRIVATE_FOLDERS = (
    *("secrets", "keys", "ledger", "landed", "spill", "out"),
    *("dagster", "logs", "contracts", "catalogue"),
)


class Role(StrEnum):
    """The store's roles: each process connects as the weakest that suffices."""

    OWNER = "hub_owner"
    LOAD = "hub_load"
    API = "hub_api"
    PAGE = "hub_page"


@dataclass(frozen=True)
class HubHome:
    """A hub's folder; knows where things are, and keeps its secrets.

    Attributes:
        environment: where secrets of sources are looked for first; composition roots give the process's.
    """

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def prepare(self) -> None:
        """Make the folders with their modes; safe to call again, and touches nothing above HUB_HOME."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)
        for name in _PRIVATE_FOLDERS:
            folder = self.path / name
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)

    def secret(self, name: str) -> str:
        """The value of a secret; HomeError if there is none."""
        try:
            return self._secret_path(name).read_text("utf-8")
        except OSError as error:
            raise HomeError(
                f"HUB_HOME 中没有可读的机密 {name}。请先运行 mianzheng up",
                f"there is no readable secret {name} in HUB_HOME; run mianzheng up first",
            ) from error

    def secret_or_none(self, name: str) -> str | None:
        """The value of a secret that need not be there, without a line end behind it: people write these by hand.

        The environment comes first: `source_health.key` is HUB_SOURCE_HEALTH_KEY there. HomeError if the file is there
        and can't be read.
        """
        told = self.environment.get(f"HUB_{name.replace('.', '_')}".upper())
        if told is not None:
            return told
        return self.secret(name).rstrip("\r\n") if self._secret_path(name).exists() else None

    def source_secret(self, server: str, what: str) -> str | None:
        """A secret of a source: `secrets/source_<server>.<what>`, such as password, key, host_key, token; or None."""
        return self.secret_or_none(f"source_{server}.{what}")

    def keep_secret(self, name: str, value: str) -> None:
        """Write a secret (0600); a reader sees the old value or the new one, never half of it."""
        written = self._written_aside(name, value)
        try:
            written.replace(self._secret_path(name))
        except OSError as error:
            written.unlink(missing_ok=True)
            raise _unwritable(name) from error

    def secret_or_new(self, name: str) -> str:
        """The secret's value, made at random (256 bits, base64url) if it is new; two processes get the same one."""
        path = self._secret_path(name)
        if not path.exists():
            written = self._written_aside(name, secrets.token_urlsafe(32))
            try:
                # link() refuses an existing name, so the first of two processes wins, with the file already complete
                with contextlib.suppress(FileExistsError):
                    os.link(written, path)
            finally:
                written.unlink(missing_ok=True)
        return self.secret(name)

    def store_url(self, role: Role) -> str:
        """The store's address for a role, `postgresql+psycopg://role:password@...`; HomeError if there is none."""
        return self.secret(f"store_{role.value}.url")

    def keep_store_url(self, role: Role, url: str) -> None:
        """Keep the store's address for a role."""
        self.keep_secret(f"store_{role.value}.url", url)

    def sources(self) -> SourceLocations:
        """Where the contracts' servers are; empty if nobody said so yet. HomeError if the file is malformed."""
        path = self.path / "sources.json"
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise _malformed_sources() from error
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise _malformed_sources()
        return found

    @property
    def landed(self) -> Path:
        """What arrived, encrypted: original bytes and Parquet."""
        return self.path / "landed"

    @property
    def spill(self) -> Path:
        """What is in between: room for work larger than memory."""
        return self.path / "spill"

    @property
    def out(self) -> Path:
        """What is offered for download."""
        return self.path / "out"

    @property
    def keys(self) -> Path:
        """Signing keys, encrypted at rest."""
        return self.path / "keys"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.path / "dagster"

    @property
    def logs(self) -> Path:
        """Logs of the hub's processes."""
        return self.path / "logs"

    def _secret_path(self, name: str) -> Path:
        if not _SECRET_NAME.fullmatch(name) or name.startswith("."):
            raise HomeError(f"机密名称不合规: {name!r}", f"not a name for a secret: {name!r}")
        return self.path / "secrets" / name

    def _written_aside(self, name: str, value: str) -> Path:
        folder = self._secret_path(name).parent
        try:
            handle, path = tempfile.mkstemp(dir=folder, prefix=".new-")  # mkstemp makes it 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(name) from error
        return Path(path)


def _unwritable(name: str) -> HomeError:
    return HomeError(
        f"无法在 HUB_HOME 中写入机密 {name}。请检查文件夹是否存在、权限与磁盘空间",
        f"secret {name} can't be written in HUB_HOME; check that the folder exists, its permissions and disk space",
    )


def _malformed_sources() -> HomeError:
    return HomeError(
        'HUB_HOME/sources.json 不可读。它应是 {"服务器名": "地址或文件夹"}',
        'HUB_HOME/sources.json can\'t be read; it should be {"server name": "address or folder"}',
    )
