"""What the hub signed last, kept outside the database: so that a ledger set back to an older state is noticed.

    memory = LedgerMemory.of(home)
    memory.remember(Remembered(300, root, note))      # after each commit of a checkpoint, before anything leaves
    memory.recall()                                   # before the next is signed

`HUB_HOME/ledger/last_signed` has two slots, written in turn, each sealed by a key that stands in the secrets: a crash
in the middle of writing leaves the other one. Not synced to the disk each time: after a power cut it may be older than
the database, which hides nothing that the database still has. It goes forwards only; `accept` alone sets it otherwise.
"""

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from registries.errors import HomeError, LedgerSetBack
from registries.home import HubHome

SECRET = "ledger_seal"  # noqa: S105 -- the name of a secret, not one
_SLOT = 8_192
_SLOTS = 2


@dataclass(frozen=True)
class Remembered:
    """The checkpoint that was signed last.

    Attributes:
        note: its signed note; empty where it came with a backup alone.
        doubt: why nothing may be signed until somebody looked: a key of `LedgerSetBack.REASONS`; empty for none.
    """

    size: int
    root: bytes
    note: str
    doubt: str = ""


class LedgerMemory:
    """The file of one hub; several processes may share it."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    @classmethod
    def of(cls, home: HubHome) -> "LedgerMemory":
        """The memory of a hub; begun empty with the secret that seals it, and never again by itself."""
        path = home.path / "ledger" / "last_signed"
        if home.secret_or_none(SECRET) is None:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.touch(mode=0o600)  # before the secret: with the secret there, a file that is gone was taken away
        return cls(path, home.secret_or_new(SECRET).encode())

    def recall(self) -> Remembered | None:
        """What was remembered; None before the first checkpoint.

        Raises:
            LedgerSetBack: the file is gone, or neither of its slots is as it was written.
        """
        with self._opened() as file:
            return self._newest(file)[1]

    def remember(self, signed: Remembered) -> None:
        """Keep a checkpoint that was just signed, unless a larger one is known. Errors as `recall`."""
        with self._opened() as file:
            turn, known = self._newest(file)
            if known is None or signed.size > known.size:
                self._write(file, turn + 1, replace(signed, doubt=known.doubt if known else ""))

    def doubt(self, reason: str, at_least: Remembered) -> None:
        """Nothing may be signed from now on, until somebody accepts. Errors as `recall`."""
        with self._opened() as file:
            turn, known = self._newest(file)
            larger = known if known is not None and known.size >= at_least.size else at_least
            self._write(file, turn + 1, replace(larger, doubt=reason), sync=True)

    def accept(self, now: Remembered) -> None:
        """From now on this is what was signed last, whatever was known before; whoever calls this wrote down why."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.touch(mode=0o600)
        with self._opened() as file:
            turns = [turn for turn, _ in self._slots(file)]
            self._write(file, max(turns, default=0) + 1, replace(now, doubt=""), sync=True)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            raise LedgerSetBack("memory", 0) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        except OSError as error:
            raise HomeError(
                "无法写入 HUB_HOME/ledger/last_signed。请检查磁盘空间与权限",
                "HUB_HOME/ledger/last_signed can't be written; check disk space and permissions",
            ) from error
        finally:
            os.close(file)

    def _newest(self, file: int) -> tuple[int, Remembered | None]:
        found = self._slots(file)
        if found:
            return max(found, key=lambda slot: slot[0])
        if os.fstat(file).st_size:
            raise LedgerSetBack("memory", 0)
        return 0, None

    def _slots(self, file: int) -> list[tuple[int, Remembered]]:
        read = (os.pread(file, _SLOT, number * _SLOT) for number in range(_SLOTS))
        return [slot for slot in map(self._unsealed, read) if slot is not None]

    def _unsealed(self, slot: bytes) -> tuple[int, Remembered] | None:
        seal, _, text = slot.rstrip(b"\0").partition(b" ")
        if not hmac.compare_digest(seal, self._sealed(text)):
            return None
        members = json.loads(text)
        return members.pop("turn"), Remembered(**members | {"root": base64.b64decode(members["root"])})

    def _sealed(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, hashlib.sha256).hex().encode()

    def _write(self, file: int, turn: int, now: Remembered, *, sync: bool = False) -> None:
        members = {**asdict(now), "root": base64.b64encode(now.root).decode(), "turn": turn}
        text = json.dumps(members, ensure_ascii=False).encode()
        slot = self._sealed(text) + b" " + text
        os.pwrite(file, slot.ljust(_SLOT, b"\0"), turn % _SLOTS * _SLOT)
        if sync:
            os.fsync(file)
