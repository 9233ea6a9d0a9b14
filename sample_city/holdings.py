"""What a department holds: certificates made from an index each, with their defects planted, and what changes in a day.

A holding says how its rows are made; everything else (chunks, truth, what changed since yesterday) is alike for all and
stands here. As a row depends on seed, index and day alone, a killed day is worked through again with the same outcome.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_city.columns import Column, Columns, dates, joined, pick, take, where
from sample_city.draws import Index, Shuffle, below, stream
from sample_city.lanes import DefectPlan, Queue
from sample_city.pace import EVERY_DAY, Pace
from sample_city.scripts import Script
from sample_city.truth import Truth

CHUNK = 10_000
CANCELLED_AT_FIRST = 25  # one in so many
MONTHS = 60  # days that are as good as for ever in a sample city
RUNS_ON, RUNS_ON_IN_A_YEAR = 90, 400  # days for which a good certificate is good still; in a scripted year
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    """Which rows are to be made: for which indexes, on which day, with which defects.

    `has` says for each kind of defect which rows have it, and `ever` which have it on some day (so that what must not
    change with it can be chosen accordingly); `drawn` is a number in [0, 2**20) to vary them by.
    `cancelled_since` is the day on which a certificate was cancelled, later than `day` for those that are good.
    `arrived` is the day on which each came to be; for `outlasts` days a good certificate stays good.
    """

    index: Index
    day: int
    has: Mapping[str, Mask]
    ever: Mapping[str, Mask]
    drawn: Index
    cancelled_since: Index
    arrived: Index
    outlasts: int
    pace: Pace

    @property
    def cancelled(self) -> Mask:
        """Which certificates are cancelled by the day."""
        cancelled: Mask = self.cancelled_since <= self.day
        return cancelled

    @property
    def elapsed(self) -> int:
        """How many days have passed by the calendar since the city's first."""
        return int(self.pace.elapsed(np.array(self.day)))

    def issued(self, earlier: Index, today: int) -> Index:
        """Days of issue: `earlier` for those of the city's first day, `today`; for others shortly before they came."""
        lately = today + self.pace.elapsed(self.arrived) - self.pace.before(self.index)
        return np.where(self.arrived > 0, lately, earlier)


@dataclass(frozen=True)
class Made:
    """Rows, and for each the position in what was asked for that it belongs to; some of those have none or several."""

    columns: Columns
    source: Index


@dataclass(frozen=True)
class Holding:
    """One dataset of a department.

    Attributes:
        key: the source's names of the columns that make the key.
        rates: kinds of defects and the share of rows that have each.
        count: how many indexes there are on the first day; `a_day` more come every day.
        make: makes rows.
    """

    dataset: str
    key: tuple[str, ...]
    rates: tuple[tuple[str, float], ...]
    count: int
    a_day: int
    seed: int
    make: Callable[[Asked], Made]
    script: Script | None = None
    pace: Pace = EVERY_DAY

    @property
    def plan(self) -> DefectPlan:
        """Which indexes have which kind of defect on which day."""
        return DefectPlan.of(self.count, self.rates, stream(self.seed, f"defects of {self.dataset}"), self.script)

    @property
    def cancellations(self) -> Queue:
        """Which certificate is cancelled on which day: some before the first, two on each later one."""
        return Queue(Shuffle(stream(self.seed, f"cancellations of {self.dataset}"), self.count), 2)

    def rows(self, index: Index, day: int) -> tuple[Columns, Index]:
        """The rows of these indexes as they stand on `day`, and the kind of each row's defect."""
        plan = self.plan
        kinds, lanes = plan.kinds_of(index, day), plan.lane_of(index)
        has, ever = ({kind: of == place for place, kind in enumerate(plan.kinds)} for of in (kinds, lanes))
        drawn = below(stream(self.seed, f"defect of {self.dataset}"), index, 1 << 20)
        arrived = np.maximum((index - self.count) // max(self.a_day, 1) + 1, 0)
        outlasts = RUNS_ON_IN_A_YEAR if self.script else RUNS_ON
        since = self._cancelled_since(index)
        made = self.make(Asked(index, day, has, ever, drawn, since, arrived, outlasts, self.pace))
        return made.columns, kinds[made.source]

    def chunks(self, day: int) -> Iterator[Index]:
        """All indexes that there are on `day`."""
        last = self.count + day * self.a_day
        return (np.arange(first, min(first + CHUNK, last)) for first in range(0, last, CHUNK))

    def snapshot(self, day: int, truth: Truth | None = None) -> Iterator[Columns]:
        """All rows in chunks; their defects go into `truth`."""
        for index in self.chunks(day):
            columns, kinds = self.rows(index, day)
            if truth is not None:
                truth.add(self.dataset, self.keys(columns), kinds, self.plan.kinds)
            yield columns

    def changed(self, day: int) -> tuple[Index, Index]:
        """The indexes whose rows changed on `day` (from 1), and those that are new."""
        cancelled = self.cancellations.on(day + self._cancelled_days)
        touched = np.unique(np.concatenate([self.plan.changed(day), cancelled]))
        return touched, np.arange(self.count + (day - 1) * self.a_day, self.count + day * self.a_day)

    def lasts(self, index: Index) -> Mask:
        """Which certificates are not cancelled for months."""
        lasts: Mask = self._cancelled_since(index) > MONTHS
        return lasts

    def tell(self, day: int, truth: Truth) -> None:
        """The truth alone, from the plan, without making every row again."""
        for kind in range(len(self.plan.kinds)):
            columns, kinds = self.rows(np.sort(self.plan.struck(kind, day)), day)
            truth.add(self.dataset, self.keys(columns), kinds, self.plan.kinds)

    def keys(self, columns: Columns) -> Column:
        """Each row's key as the truth file has it: its parts joined by a bar."""
        return joined(*(columns[name] for name in self.key), between="|")

    @property
    def _cancelled_days(self) -> int:
        """How many days of the queue lie before the city's first."""
        return self.count // CANCELLED_AT_FIRST // self.cancellations.pace

    def _cancelled_since(self, index: Index) -> Index:
        return self.cancellations.day_of(index) - self._cancelled_days


def cancelled_on(asked: Asked, today: int) -> Column:
    """The day of each cancellation as text; nothing for good certificates. `today` is the city's first day."""
    days = asked.pace.elapsed(np.minimum(asked.cancelled_since, asked.day)) + today
    return where(asked.cancelled, dates(days), pick([""], asked.index * 0))


def repeats(source: Index) -> Mask:
    """Which rows are the second of one position."""
    return np.concatenate([np.zeros(min(len(source), 1), dtype=np.bool_), source[1:] == source[:-1]])


def kept(columns: Columns, found: Mask) -> Made:
    """Only the rows for which everything was found."""
    source = np.flatnonzero(found)
    return Made({name: take(column, source) for name, column in columns.items()}, source)
