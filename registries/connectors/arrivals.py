r"""Which of the files in a place is the next delivery of a dataset.

A delivery's position is what the `*` of its contract's pattern stands for, then the file's name: so that
`full_20260601.csv` and `changes_20260602.csv` sort together. Files that end in `.part` are being
written and don't count. Files that end in `.dry` are only to be tried: `full_20260601.csv.dry`.

    >>> matched("enterprises_*.csv", "enterprises_20260131.csv")
    '20260131'
    >>> matched("enterprises_*.csv", "people_20260131.csv") is None
    True
"""

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from registries.connectors.faults import NoDelivery
from registries.connectors.file_faults import NotAFileName
from registries.connectors.place import Entry
from registries.connectors.taken import Taken
from registries.contracts.model import Dataset, Delivery

MANIFEST: Final = ".manifest.json"
"""The end of a manifest's name; its beginning is the name of the file that it vouches for."""

TRIAL: Final = ".dry"
"""The end of the name of a file that is only to be tried."""

_BETWEEN: Final = "\t"  # sorts before every character that a file's name may have here


@dataclass(frozen=True)
class Arrival:
    """A complete file of a dataset.

    Attributes:
        position: None where the pattern has no `*`: then each delivery takes the place of the one before.
        late: a change set that belongs before one that was taken, and nothing tells which rows are newer.
        manifest: the file that vouches for it, if there is one.
    """

    entry: Entry
    position: str | None
    delivery: Delivery
    manifest: Entry | None = None
    late: bool = False

    @property
    def identity(self) -> str:
        """What tells it from any other file, and from itself before it was written anew: SHA-256, in hex."""
        told = f"{self.entry.name}\x1f{self.entry.size}\x1f{self.entry.state}"
        return hashlib.sha256(told.encode()).hexdigest()


def next_arrival(dataset: Dataset, entries: Sequence[Entry], before: Taken) -> Arrival | None:
    """The delivery to take in next; None: all have been taken, or are superseded.

    A snapshot says everything, so that the newest is next, and older ones never are. Of a dataset that comes as changes
    the oldest that was not taken is next, full files and change sets together; those that are late come last.

    Raises:
        NoDelivery: no complete file of the dataset's patterns has ever arrived.
        NotAFileName: a name that fits can't be written down.
    """
    found = arrivals(dataset, entries)
    if not found:
        raise NoDelivery(dataset.server.name, _patterns(dataset))
    if dataset.delivery == "snapshot":
        newest = max(found, key=_order)
        return None if _before(newest, before.latest) else newest
    waiting = [one for one in found if one.position is None or one.position not in before.positions]
    if dataset.watermark is None:
        waiting = [one for one in (_judged(one, before) for one in waiting) if one is not None]
    return min(waiting, key=lambda one: (one.late, _order(one)), default=None)


def arrivals(dataset: Dataset, entries: Iterable[Entry]) -> list[Arrival]:
    """The complete files of the dataset, in no particular order."""
    by_name = {entry.name: entry for entry in entries if not entry.name.endswith(".part")}
    found = []
    for name, entry in by_name.items():
        delivery = delivery_of(dataset, name)
        if delivery is not None and not name.endswith(MANIFEST):
            found.append(Arrival(entry, _position(dataset, name), delivery, by_name.get(name + MANIFEST)))
    return found


def trial_arrivals(dataset: Dataset, entries: Iterable[Entry]) -> list[Arrival]:
    """The files of the dataset that are only to be tried, in no particular order; they have no place in any order."""
    found = []
    for entry in entries:
        delivery = delivery_of(dataset, entry.name.removesuffix(TRIAL)) if entry.name.endswith(TRIAL) else None
        if delivery is not None:
            found.append(Arrival(entry, None, delivery))
    return found


def arrivals_digest(dataset: Dataset, entries: Iterable[Entry]) -> str:
    """What tells newly arrived files from those seen before, without reading them: SHA-256, 32 hex digits."""
    every = list(entries)
    everything = [*arrivals(dataset, every), *trial_arrivals(dataset, every)]
    told = sorted(f"{one.entry.name}\x1f{one.entry.size}\x1f{one.entry.state}" for one in everything)
    return hashlib.sha256("\x1e".join(told).encode()).hexdigest()[:32]


def delivery_of(dataset: Dataset, name: str) -> Delivery | None:
    """What a file of this name holds: all rows, or what changed; None if it is not the dataset's."""
    server = dataset.server
    if server.changes_pattern is not None and fnmatch.fnmatchcase(name, server.changes_pattern):
        return "changes"
    if server.pattern is not None and fnmatch.fnmatchcase(name, server.pattern):
        return "snapshot" if server.changes_pattern is not None else dataset.delivery
    return None


def matched(pattern: str, name: str) -> str | None:
    """What the pattern's `*`s stand for in a file's name; None if it does not fit."""
    fits = _expression(pattern).fullmatch(name)
    return None if fits is None else _BETWEEN.join(fits.groups())


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = [re.compile(fnmatch.translate(part)).pattern for part in pattern.split("*")]
    return re.compile("(.*?)".join(_inside(part) for part in parts), re.DOTALL)


def _inside(translated: str) -> str:
    r"""What fnmatch wraps as `(?s:...)\Z`."""
    return translated.removeprefix("(?s:").removesuffix(r")\Z")


def _position(dataset: Dataset, name: str) -> str | None:
    server = dataset.server
    if not name.isprintable():
        raise NotAFileName(server.name)
    for pattern in (server.changes_pattern, server.pattern):
        told = None if pattern is None else matched(pattern, name)
        if told is not None:
            return f"{told}{_BETWEEN}{name}" if "*" in (pattern or "") else None
    return None


def _order(one: Arrival) -> tuple[str, float]:
    return one.position or "", one.entry.changed_at


def _before(one: Arrival, latest: str | None) -> bool:
    return one.position is not None and latest is not None and one.position < latest


def _judged(one: Arrival, before: Taken) -> Arrival | None:
    """A full file that is late says nothing any more; a change set that is late might, and somebody has to decide."""
    if not _before(one, before.latest):
        return one
    if one.delivery == "snapshot":
        return None
    return Arrival(one.entry, one.position, one.delivery, one.manifest, late=True)


def _patterns(dataset: Dataset) -> str:
    return ", ".join(pattern for pattern in (dataset.server.pattern, dataset.server.changes_pattern) if pattern)
