"""The rules that one snapshot of residents can't show: across datasets, against history, by the calendar, by trust.

    found = bench_kinds(scratch.home, months=60, seed=1, started=datetime(...))
    found[0].kind, found[0].planted, found[0].found, found[0].both

A desk delivers its permits month by month. In each month a few rows are planted with each defect that a row can have;
every third month something is wrong with the batch as a whole. What the hub finds is taken from its own dry run of the
delivery (rules), and from its store after it was taken in (conflicts). The unit is a row in a month, or a month.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import BinaryIO, Final, Literal

import numpy as np
import psycopg
import pyarrow as pa

from certificates.china_time import CHINA
from mianzheng.benchmark.people import births, citizen_numbers, people
from quality.intake import Intake
from quality.parting import Findings
from registries.contracts.model import Dataset
from registries.home import HubHome, Role

PEOPLE: Final = "benchmark_desk.people"
PERMITS: Final = "benchmark_desk.permits"
ROWS: Final = 1_500
EACH: Final = 6
"""Rows of each defect in each month."""

FIRST_ODD: Final = 7
"""Before this month everything is ordinary: a history has to begin."""

_STEP, _LATE = timedelta(days=30), timedelta(days=75)
_SHARES: Final = (0.7, 0.25, 0.05)
_OTHER_SHARES: Final = (0.4, 0.3, 0.3)
_CONFLICT: Final = "conflict"

RULES: Final = {
    "reference": "citizen_number-reference",
    "order": "events-in_order",
    "paper_era": "kind-code_table",
    "conflict": _CONFLICT,
    "volume": "volume-drift",
    "distribution": "distribution-drift",
    "missing": "distribution-drift",
    "late": "freshness-in_time",
}
"""Kind of defect -> the rule that is to find it."""

_OF_ROWS: Final = ("reference", "order", "paper_era", _CONFLICT)
_OF_BATCHES: Final = ("volume", "distribution", "late", "missing")
Row = dict[str, str | None]
Unit = tuple[int, int]
"""A month and a row's number in it; 0 is the batch as a whole."""


@dataclass(frozen=True)
class KindFound:
    """One rule: how many units were planted for it, how many it found, how many of those are the same."""

    kind: str
    planted: int
    found: int
    both: int

    @property
    def recall(self) -> float:
        """The share of planted ones that were found."""
        return self.both / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """The share of found ones that were planted."""
        return self.both / self.found if self.found else 1.0


@dataclass
class _Delivery:
    """All rows of a month."""

    dataset: Dataset
    rows: list[Row]
    name: str
    delivery: Literal["snapshot", "changes"] = "snapshot"
    position: str | None = None
    description = "mianzheng bench"

    def identity(self) -> str:
        return self.name

    def original(self) -> BinaryIO | None:
        return io.BytesIO(self.name.encode())

    def watermark(self) -> str | None:
        return None

    def chunks(self) -> Iterator[pa.RecordBatch]:
        names = [column.name for column in self.dataset.columns]
        columns = [pa.array([row.get(name) for row in self.rows], pa.string()) for name in names]
        yield pa.RecordBatch.from_arrays(columns, names=names)


@dataclass
class _Units:
    """By rule the planted and the found units."""

    planted: defaultdict[str, set[Unit]] = field(default_factory=lambda: defaultdict(set))
    found: defaultdict[str, set[Unit]] = field(default_factory=lambda: defaultdict(set))

    def measured(self) -> list[KindFound]:
        rules = dict.fromkeys(RULES.values())
        return [
            KindFound(rule, len(self.planted[rule]), len(self.found[rule]), len(self.planted[rule] & self.found[rule]))
            for rule in rules
        ]


@dataclass(frozen=True)
class _Month:
    """What is delivered in a month, and what is wrong with the batch as a whole, if anything."""

    number: int
    day: date
    odd: str | None


def months_of(count: int, first: date) -> Iterator[_Month]:
    """So many months; from FIRST_ODD on every third is odd, each kind in its turn."""
    day = first
    for number in range(count):
        turn, rest = divmod(number - FIRST_ODD, 3)
        odd = _OF_BATCHES[turn % len(_OF_BATCHES)] if number >= FIRST_ODD and rest == 0 else None
        day += _LATE if odd == "late" else _STEP
        yield _Month(number, day, odd)


def bench_kinds(home: HubHome, *, months: int, seed: int, started: datetime) -> list[KindFound]:
    """Deliver month after month, and compare what was planted with what is found.

    Args:
        home: of a scratch hub with the desk's contracts.
        months: how many are delivered.
        seed: equal seeds, equal rows.
        started: the first day.
    """
    units, today = _Units(), [started]
    draw = np.random.default_rng(seed)
    with Intake.open(home, lambda: today[0]) as intake:
        known = _people(seed)
        people_of = intake.catalogue.dataset(PEOPLE)
        intake.take_in(PEOPLE, connector=_Delivery(people_of, known, "people"), deliverer="bench")
        for month in months_of(months, started.astimezone(CHINA).date()):
            today[0] = datetime(month.day.year, month.day.month, month.day.day, 9, tzinfo=CHINA)
            _deliver(home, intake, month, _permits(month, known, draw, units), units)
    return units.measured()


def _deliver(home: HubHome, intake: Intake, month: _Month, rows: list[Row], units: _Units) -> None:
    """Ask for a dry run, take the month in, and note what was found."""
    dataset = intake.catalogue.dataset(PERMITS)
    delivery = _Delivery(dataset, rows, f"month {month.number}")
    intake.dry_run(PERMITS, delivery, lambda findings: _note(month, findings, units))
    intake.take_in(PERMITS, connector=delivery, deliverer="bench")
    places = {row["citizen_number"]: place for place, row in enumerate(rows, 1)}
    units.found[_CONFLICT] |= {(month.number, places[key]) for key in _conflicts(home)}


def _note(month: _Month, findings: Findings, units: _Units) -> None:
    rules = set(RULES.values())
    for rule, level, rows in findings:
        if rule in rules and (rule != RULES["paper_era"] or level > 2):  # noqa: PLR2004 - lowered for the paper era
            units.found[rule] |= {(month.number, int(row)) for row in rows}
    units.found |= {
        rule: units.found[rule] | {(month.number, 0)}
        for rule, measured in findings.measures.items()
        if rule in rules and not measured.holds
    }


def _conflicts(home: HubHome) -> Iterable[str]:
    with psycopg.connect(home.store_url(Role.LOAD).replace("+psycopg", "")) as connection:
        rows = connection.execute("SELECT subject_key FROM hub.conflict WHERE dataset = %s", [PERMITS])
        return [key for (key,) in rows]


def _people(seed: int) -> list[Row]:
    ordinals = np.arange(3 * ROWS)
    told = people(ordinals, seed)
    return [
        {"citizen_number": number, "name": name}
        for number, name in zip(told.column("citizen_number").to_pylist(), told.column("name").to_pylist(), strict=True)
    ]


def _permits(month: _Month, known: list[Row], draw: np.random.Generator, units: _Units) -> list[Row]:
    """A month's rows: a few more each month, and what is planted."""
    count = round((ROWS + 4 * month.number) * (1.5 if month.odd == "volume" else 1) * (1 + draw.normal(0, 0.003)))
    shares = _OTHER_SHARES if month.odd == "distribution" else _SHARES
    kinds = draw.choice(["1", "2", "3"], count, p=shares)
    noted = draw.random(count) < (0.6 if month.odd == "missing" else 0.95)
    rows = [_permit(place, known[place], str(kinds[place]), noted=bool(noted[place])) for place in range(count)]
    if month.odd is not None:
        units.planted[RULES[month.odd]].add((month.number, 0))
    chosen = draw.choice(count, EACH * len(_OF_ROWS), replace=False)
    for turn, kind in enumerate(_OF_ROWS):
        for place in chosen[turn * EACH : (turn + 1) * EACH]:
            _spoil(kind, rows[place], int(place))
            units.planted[RULES[kind]].add((month.number, int(place) + 1))
    return rows


def _permit(place: int, person: Mapping[str, str | None], kind: str, *, noted: bool) -> Row:
    return {
        **person,
        "number": f"P{place:06}",
        "kind": kind,
        "note": "已核" if noted else None,
        "applied_on": "2019-12-20",
        "issued_on": "2020-01-05",
        "status_since": None if place % 3 else "2020-01-05",
        "valid_until": "2040-01-04",
        "status": "valid",
    }


def _spoil(kind: str, row: Row, place: int) -> None:
    match kind:
        case "reference":
            unknown = np.array([9 * ROWS + place])
            row["citizen_number"] = citizen_numbers(unknown, births(unknown), 1)[0].as_py()
        case "order":
            row["applied_on" if place % 2 else "status_since"] = "2020-02-01" if place % 2 else "2019-12-31"
        case "paper_era":
            row["citizen_number"], row["kind"] = None, "旧"
        case _:
            row["name"] = f"{row['name']}二"
