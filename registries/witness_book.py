"""What a witness keeps: which logs it knows, their keys, and the last checkpoint of each that it cosigned.

    book = WitnessBook(home.path / "witness")
    book.trust(parse_verifier("hub.example/ledger+…"))
    with book.turn(origin) as turn:                 # one at a time for each log, across processes
        decision = decide(submission, turn.known, own, at=now)
        turn.remember(decision.cosigned, note)      # on the disk before the cosignature leaves

One file for each log, written whole and synced. A log that was set back stays refused until `forget`, with a reason;
what was known stays beside it as evidence.
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from certificates.checkpoints import Checkpoint
from certificates.cosignatures import LOG, BadVerifier, Verifier, parse_verifier
from certificates.witness import KnownLog
from registries.errors import RegistriesError


class UnknownLog(RegistriesError):
    """Raised when a witness is asked about a log that it does not know."""

    def __init__(self) -> None:
        super().__init__(
            "见证方未登记这个日志。请先运行 mianzheng witness trust",
            "the witness does not know this log; run mianzheng witness trust first",
        )


class BookDamaged(RegistriesError):
    """Raised when what a witness kept of a log can't be read: it must not cosign without it."""

    def __init__(self) -> None:
        super().__init__(
            "见证记录无法读取,已停止见证该日志。请从备份恢复 HUB_HOME/witness",
            "the witness's record of this log can't be read, so that it is not cosigned; restore HUB_HOME/witness",
        )


@dataclass
class Turn:
    """One log, while it is this caller's turn."""

    known: KnownLog
    _file: Path
    _entry: dict[str, Any] = field(repr=False)

    def remember(self, cosigned: Checkpoint, note: str) -> None:
        """Keep what is about to be cosigned."""
        _write(self._file, {**self._entry, "note": note, **_plain(cosigned)})


class WitnessBook:
    """The files of one witness."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def trust(self, log: Verifier) -> None:
        """Know a log by one of its keys; more than one where it rotates them."""
        if log.kind != LOG:
            raise BadVerifier
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            file = self._file(log.name)
            entry = _read(file) if file.exists() else {"origin": log.name, "keys": [], "forgotten": []}
            _write(file, entry | {"keys": sorted({*entry["keys"], str(log)})})

    def forget(self, origin: str, reason: str, now: datetime) -> None:
        """Begin anew with a log that was set back, knowingly: its last checkpoint moves to the evidence.

        Raises:
            UnknownLog: there is no such log.
        """
        with self.turn(origin) as turn:
            entry = turn._entry  # noqa: SLF001 - of this file
            last = {name: entry.get(name) for name in ("size", "root", "note")}
            told = {"at": now.isoformat(), "reason": reason, **last}
            kept = {name: entry[name] for name in ("origin", "keys")}
            _write(self._file(origin), {**kept, "forgotten": [*entry["forgotten"], told]})

    def logs(self) -> list[dict[str, Any]]:
        """Every log, as it is kept."""
        return [_read(file) for file in sorted(self._folder.glob("*.json"))]

    @contextlib.contextmanager
    def turn(self, origin: str) -> Iterator[Turn]:
        """One log; nobody else decides about any log of this witness meanwhile.

        Raises:
            UnknownLog: it is none of those that are trusted.
            BookDamaged: what was kept of it can't be read.
        """
        file = self._file(origin)
        if not file.exists():
            raise UnknownLog
        with self._locked():
            entry = _read(file)
            keys = tuple(parse_verifier(text) for text in entry["keys"])
            yield Turn(KnownLog(keys, _checkpoint(entry)), file, entry)

    def last_note(self, digest: str) -> str | None:
        """The last checkpoint of a log that was cosigned, by the SHA-256 (hexadecimal) of its origin; None for none."""
        known = next((each for each in self.logs() if _digest(each["origin"]) == digest), {})
        note = known.get("note")
        return note if isinstance(note, str) else None

    def _file(self, origin: str) -> Path:
        return self._folder / f"{_digest(origin)}.json"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _digest(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def _plain(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"size": checkpoint.size, "root": base64.b64encode(checkpoint.root).decode()}


def _checkpoint(entry: dict[str, Any]) -> Checkpoint | None:
    if entry.get("size") is None:
        return None
    return Checkpoint(entry["origin"], entry["size"], base64.b64decode(entry["root"]))


def _read(file: Path) -> dict[str, Any]:
    try:
        entry = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BookDamaged from error
    if not isinstance(entry, dict) or not {"origin", "keys", "forgotten"} <= entry.keys():
        raise BookDamaged
    return entry


def _write(file: Path, entry: dict[str, Any]) -> None:
    handle, path = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        json.dump(entry, written, ensure_ascii=False, indent=1)
        written.flush()
        os.fsync(written.fileno())
    Path(path).replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
