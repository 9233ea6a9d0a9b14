"""A department's own folder: what its server has to keep from one start to the next, closed to others.

city/<department>/    0700
address             where its server listens; written when it does
token               what it wants to be shown; made by the department, told to whoever may ask it
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

ADDRESS, READY, TOKEN = "address", "ready", "token"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class DepartmentFolder:
    """The folder of one department of the city in `home`."""

    home: Path
    department: str

    @property
    def path(self) -> Path:
        """Made if it isn't there."""
        folder = self.home / self.department
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def token(self) -> str:
        """The department's token, made at random when it is first asked for."""
        return self.kept(TOKEN) or self.keep(TOKEN, secrets.token_urlsafe(32))

    def address(self) -> str | None:
        """Where its server listens, as far as it ever did."""
        return self.kept(ADDRESS)

    def listens(self, address: str) -> None:
        """Keep where its server listens, now that it does."""
        self.keep(ADDRESS, address)
        self.keep(READY, address)

    def last_port(self) -> int:
        """The port it listened on last time, so that whoever knows its address still finds it; 0 picks a free one."""
        known = (self.address() or "").rstrip("/").rpartition(":")[2].partition("/")[0]
        return int(known) if known.isdigit() else 0

    def kept(self, name: str) -> str | None:
        """What was kept under a name."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def keep(self, name: str, value: str) -> str:
        """Keep a value, whole or not at all; returns it."""
        part = self.path / f"{name}.part"
        part.touch(mode=0o600)
        part.write_text(value, encoding="utf-8")
        part.replace(self.path / name)
        return value
