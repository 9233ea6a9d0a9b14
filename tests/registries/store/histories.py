"""What datasets of each kind held and hold, by a slow, obvious model: one dictionary, copied after every delivery.

model = Believed(VISITS)
model.take_in(rows, whole=False, at=moment, number=1)
model.rows(as_of, known_at)
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from registries.contracts.model import (
    CertificateMapping,
    Code,
    Column,
    Dataset,
    Operation,
    RegisterRole,
    ValidTime,
)
from tests.registries.store.sample_catalogue import LICENCE_TYPE, make_dataset

Row = dict[str, str | None]
FOREVER = "2099-12-31"
DELETED = Operation("operation", ("D",))
_DAYS = [Column("valid_from", "起", "date"), Column("valid_until", "止", "date")]
_OPERATION = Column("operation", "操作", code_table=(Code("U", "写"), Code("D", "删")))

HOMES = make_dataset(
    "test_police.homes",
    [
        Column("number", "号码", key=True, classification="personal"),
        Column("name", "姓名", classification="personal"),
        *_DAYS,
    ],
    register=RegisterRole("population", "number", {"name": "name"}),
    valid_time=ValidTime("valid_from", "valid_until", (FOREVER,)),
)
VISITS = make_dataset(
    "test_health.visits",
    [
        Column("number", "号码", key=True, classification="personal"),
        Column("name", "姓名", classification="personal"),
        Column("address", "住址"),
        Column("valid_from", "起", "date"),
        _OPERATION,
        Column("word", "序", "integer", required=True),
    ],
    register=RegisterRole("population", "number", {"name": "name", "address": "address"}, 2),
    delivery="changes",
    watermark="word",
    operation=DELETED,
    valid_time=ValidTime("valid_from"),
)
NOTES = make_dataset(
    "test_health.notes",
    [
        Column("number", "号码", key=True),
        Column("name", "姓名", classification="personal"),
        Column("valid_until", "止", "date"),
        _OPERATION,
    ],
    delivery="changes",
    operation=DELETED,
    valid_time=ValidTime(until="valid_until"),
)
PERMITS = make_dataset(
    "test_market.permits",
    [
        Column("number", "编号", key=True),
        Column("name", "主体", classification="personal"),
        Column("code", "代码"),
        Column("status", "状态"),
        *_DAYS,
    ],
    register=RegisterRole("certificates", "number", {"holder_name": "name"}),
    certificate=CertificateMapping(LICENCE_TYPE, "number", "name", "code", "status"),
    valid_time=ValidTime("valid_from", "valid_until", (FOREVER,)),
)


@dataclass(frozen=True)
class Held:
    """A row, by which batch it came, and whether it is marked as vanished."""

    row: Row
    since: int
    vanished: bool = False


@dataclass
class Believed:
    """A dataset's rows after each delivery.

    `words` are the tombstones of deleted keys, `floor` is where the newest snapshot stands.
    """

    dataset: Dataset
    held: dict[str, Held] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    floor: int | None = None
    beliefs: list[tuple[dt.datetime, Mapping[str, Held]]] = field(default_factory=list)

    def take_in(self, rows: Sequence[tuple[Row, bool]], *, whole: bool, at: dt.datetime, number: int) -> None:
        """One delivery; `rows` with whether each was refused."""
        good: dict[str, Row] = {}
        for row, refused in rows:
            key = str(row["number"])
            if not refused and (key not in good or self._word(row) >= self._word(good[key])):
                good[key] = row
        if self.dataset.watermark:
            self._by_word(good, {str(row["number"]) for row, _ in rows}, whole, number)
        else:
            self._by_arrival(good, {str(row["number"]) for row, _ in rows}, whole, number)
        self.beliefs.append((at, dict(self.held)))

    def rows(self, as_of: dt.date | None, known_at: dt.datetime | None) -> dict[str, Held]:
        """What was believed then to hold on that day."""
        return {key: one for key, one in self.known(known_at).items() if self.holds(one.row, as_of)}

    def known(self, known_at: dt.datetime | None) -> Mapping[str, Held]:
        """What the last delivery had left that was there by then, whatever the clock said of those before it."""
        known: Mapping[str, Held] = {}
        for at, belief in self.beliefs:
            if known_at is None or any(later <= known_at for later, _ in self.beliefs[self._place(at, belief) :]):
                known = belief
        return known

    def holds(self, row: Row, as_of: dt.date | None) -> bool:
        """Whether its own columns say that it holds on a day."""
        told = self.dataset.valid_time
        if as_of is None or told is None:
            return True
        first = row.get(told.since or "")
        last = row.get(told.until or "")
        begun = first is None or dt.date.fromisoformat(first) <= as_of
        return begun and (last is None or last in told.long_term or dt.date.fromisoformat(last) >= as_of)

    # --- what a delivery does

    def _by_arrival(self, good: Mapping[str, Row], came: set[str], whole: bool, number: int) -> None:
        for key, row in good.items():
            if row.get("operation") == "D":
                self.held.pop(key, None)
            else:
                self._put(key, row, number)
        for key in came - good.keys() & self.held.keys():
            self.held[key] = Held(self.held[key].row, self.held[key].since)  # refused, but it is there
        for key in [key for key in self.held if whole and key not in came]:
            if self.dataset.certificate:
                self.held[key] = Held(self.held[key].row, self.held[key].since, vanished=True)
            else:
                del self.held[key]

    def _by_word(self, good: Mapping[str, Row], came: set[str], whole: bool, number: int) -> None:
        standing = max((self._word(row) for row in good.values()), default=None) if whole else None
        floor = self.floor
        for key, row in good.items():
            word, speaks = self._word(row), max(self._word(row), standing or 0)
            above = floor is None or (speaks >= floor if standing is not None else speaks > floor)
            if key in self.held:
                if word < self._word(self.held[key].row):
                    continue
                if row["operation"] != "D":
                    self._put(key, row, number)
                elif above:
                    del self.held[key]
                    self.words[key] = max(word, self.words.get(key, word))
            elif row["operation"] == "D":
                self.words[key] = max(word, self.words.get(key, word))
            elif above and speaks >= self.words.get(key, speaks):
                self._put(key, row, number)
                self.words.pop(key, None)
        if standing is not None and (floor is None or standing >= floor):
            self._stand(standing, came)

    def _stand(self, standing: int, came: set[str]) -> None:
        self.floor = standing
        self.words = {key: word for key, word in self.words.items() if word > standing}
        for key in [key for key, one in self.held.items() if key not in came and self._word(one.row) <= standing]:
            del self.held[key]

    def _put(self, key: str, row: Row, number: int) -> None:
        kept = {name: value for name, value in row.items() if name != "operation"}
        same = key in self.held and self.held[key].row == kept
        self.held[key] = Held(kept, self.held[key].since if same else number)

    def _place(self, at: dt.datetime, belief: Mapping[str, Held]) -> int:
        return next(place for place, each in enumerate(self.beliefs) if each[0] == at and each[1] is belief)

    def _word(self, row: Row) -> int:
        return int(str(row["word"])) if self.dataset.watermark else 0


def joined(edges: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Former key -> the latest one, following the joins in force."""
    steps = dict(edges)
    ends = {}
    for former in steps:
        end = former
        while end in steps:
            end = steps[end]
        ends[former] = end
    return ends


def register(
    parts: Sequence[Mapping[str, Held]], datasets: Sequence[Dataset], aliases: Mapping[str, str]
) -> dict[str, dict[str, str | None]]:
    """The register of these rows, the dataset that decides first in front: subject -> attribute -> value."""
    merged: dict[str, dict[str, str | None]] = {}
    for part, dataset in zip(parts, datasets, strict=True):
        for subject, row in _offered(part, aliases).items():
            told = merged.setdefault(subject, {"name": None, "address": None, "dataset": dataset.name})
            for attribute, column in (dataset.register.attributes if dataset.register else {}).items():
                if told[attribute] is None:
                    told[attribute] = row.get(column)
    return merged


def _offered(part: Mapping[str, Held], aliases: Mapping[str, str]) -> dict[str, Row]:
    """One dataset's row of each subject: its own, or else the latest of its former keys."""
    offered = {key: one.row for key, one in part.items() if key not in aliases}
    former = sorted(
        ((one.since, key, one.row) for key, one in part.items() if key in aliases), key=lambda each: (-each[0], each[1])
    )
    for _, key, row in former:
        present = aliases[key]
        if present not in part:
            offered.setdefault(present, row)
    return offered
