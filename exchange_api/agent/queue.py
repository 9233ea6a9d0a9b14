"""The agent's questions on disk, sealed: written down before they are sent, kept until they are answered and fetched.

    queue = Queue(folder, key)
    queue.keep(entry)                # whole or not at all, and durable
    queue.find("R-1")                # the entry, or None
    queue.waiting()                  # names of those without an answer, oldest first

A question keeps its `jti` for good, and its signed bytes as long as they live: whatever happens, the hub sees one
request and gives one answer.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from certificates.sealing import SealBroken, SealedReader, SealedWriter
from exchange_api.agent.errors import QueueDamaged

State = Literal["waiting", "answered", "lost"]
_WAITING: Final = ".waiting"
_DONE: Final = ".done"


@dataclass(frozen=True)
class Entry:
    """One question of a vendor's system.

    Attributes:
        request_id: the vendor's name for it.
        path: where the hub is asked.
        jti: under which the hub is asked, for good.
        token: the request as it was signed last; "" before the first time.
        expires: Unix time up to which the token lives.
        content: what the receipt says, once it is there.
        beside: what travelled beside it: values, a copy.
    """

    request_id: str
    path: str
    question: dict[str, Any] = field(repr=False)
    asked_by: dict[str, Any] = field(repr=False)
    jti: str
    asked_at: int
    state: State = "waiting"
    token: str = field(default="", repr=False)
    expires: int = 0
    receipt: str = field(default="", repr=False)
    proof: str = field(default="", repr=False)
    content: dict[str, Any] | None = field(default=None, repr=False)
    beside: dict[str, Any] = field(default_factory=dict, repr=False)

    def sent(self, token: str, expires: int) -> "Entry":
        """As it is to be kept before these bytes are sent."""
        return replace(self, token=token, expires=expires)


class Queue:
    """A folder of sealed entries; each is one file whose name says nothing."""

    def __init__(self, folder: Path, key: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._key = key
        for left in folder.glob("*.part"):  # of a crash in the middle of writing
            left.unlink()

    def keep(self, entry: Entry) -> None:
        """Write an entry down, durably, in the place of what was known of it."""
        name = self._name(entry.request_id)
        suffix, other = (_WAITING, _DONE) if entry.state == "waiting" else (_DONE, _WAITING)
        part = self._folder / f"{name}.part"
        with part.open("wb") as file:
            with SealedWriter(file, self._key) as sealed:
                sealed.write(json.dumps(asdict(entry), ensure_ascii=False).encode())
            file.flush()
            os.fsync(file.fileno())
        if entry.state == "waiting":  # its place in the order, however often it is written down
            os.utime(part, (entry.asked_at, entry.asked_at))
        part.rename(self._folder / (name + suffix))
        (self._folder / (name + other)).unlink(missing_ok=True)
        self._sync()

    def find(self, request_id: str) -> Entry | None:
        """What is known of a question.

        Raises:
            QueueDamaged: its file can't be opened.
        """
        name = self._name(request_id)
        for suffix in (_DONE, _WAITING):
            place = self._folder / (name + suffix)
            if place.is_file():
                return self._read(place)
        return None

    def waiting(self) -> Iterator[Entry]:
        """The questions without an answer, oldest first; one that can't be opened is passed over."""
        places = sorted(self._folder.glob(f"*{_WAITING}"), key=lambda place: place.stat().st_mtime_ns)
        for place in places:
            try:
                yield self._read(place)
            except (QueueDamaged, FileNotFoundError):
                continue

    def count(self) -> int:
        """How many questions wait."""
        return sum(1 for _ in self._folder.glob(f"*{_WAITING}"))

    def forget(self, request_id: str) -> None:
        """Remove a question."""
        for suffix in (_WAITING, _DONE):
            (self._folder / (self._name(request_id) + suffix)).unlink(missing_ok=True)
        self._sync()

    def forget_older(self, answered: float, waiting: float) -> int:
        """Remove what was answered before a Unix time, and what has waited since before another; how many."""
        limits = ((_DONE, answered), (_WAITING, waiting))
        old = [one for suffix, than in limits for one in self._folder.glob(f"*{suffix}") if one.stat().st_mtime < than]
        for place in old:
            place.unlink(missing_ok=True)
        return len(old)

    def _read(self, place: Path) -> Entry:
        try:
            with place.open("rb") as file:
                return Entry(**json.loads(SealedReader(file, self._key).read()))
        except (SealBroken, ValueError, TypeError):
            raise QueueDamaged from None

    def _name(self, request_id: str) -> str:
        return hashlib.sha256(self._key + request_id.encode()).hexdigest()[:40]

    def _sync(self) -> None:
        """Make names durable, too."""
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
