"""Who is struck on which day: defects, moves and revocations, decided by places in a random order and not by state.

A lane is a stretch of the order. In a lane of defects a window of `count` places slides by `pace` places each day:
those it leaves behind were mended, those it reaches are new. So the state of any day can be made at once, and a day
that is worked through twice gives the same.

    >>> import numpy as np
    >>> plan = DefectPlan.of(1000, (("name_missing", 0.01),), key=5)
    >>> first, second = (set(plan.struck(0, day).tolist()) for day in (0, 1))
    >>> len(first), len(second), len(first & second)
    (10, 10, 9)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_city.draws import Index, Shuffle
from sample_city.scripts import Script

HANDFUL = 5  # at least so many of each kind, however small the city
MENDED_PER_DAY = 10  # one in so many
RESERVE_DAYS = 30  # days until a lane starts over, where there is room
NEVER = np.iinfo(np.int32).max
CLEAN = -1


@dataclass(frozen=True)
class Lane:
    """`count` places of the stretch [start, start + length) are struck; the window slides by `pace` a day.

    In a scripted year `windows` says for each month which places are struck: from the first up to, not including, the
    last.
    """

    start: int
    length: int
    count: int
    pace: int
    windows: tuple[tuple[int, int], ...] = ()

    def holds(self, places: Index, day: int) -> NDArray[np.bool_]:
        """Which of `places` are struck on `day`."""
        inside = (places >= self.start) & (places < self.start + self.length)
        first, end = self._edges(day)
        return inside & ((places - self.start - first) % self.length < end - first)

    def window(self, day: int) -> Index:
        """The places that are struck on `day`."""
        return self.start + np.arange(*self._edges(day)) % self.length

    def _edges(self, day: int) -> tuple[int, int]:
        if self.windows:
            return self.windows[min(day, len(self.windows) - 1)]
        return self.pace * day, self.pace * day + self.count


@dataclass(frozen=True)
class DefectPlan:
    """One lane for each kind of defect of one dataset; a row has one kind at most."""

    order: Shuffle
    kinds: tuple[str, ...]
    lanes: tuple[Lane, ...]

    @classmethod
    def of(
        cls, rows: int, rates: tuple[tuple[str, float], ...], key: int, script: Script | None = None
    ) -> "DefectPlan":
        """A plan for `rows` rows with the share of each kind in `rates`, or as a scripted year has it."""
        lanes, start = [], 0
        for _, rate in rates:
            if script is not None:
                length = min(script.reach, rows // len(rates))
                lanes.append(Lane(start, length, 0, 0, script.windows()))
                start += length
                continue
            count = max(HANDFUL, round(rate * rows))
            pace = max(1, count // MENDED_PER_DAY)
            length = min(count + RESERVE_DAYS * pace, rows // len(rates))
            lanes.append(Lane(start, length, min(count, length - 1), pace))
            start += length
        return cls(Shuffle(key, rows), tuple(kind for kind, _ in rates), tuple(lanes))

    @property
    def rows(self) -> int:
        """How many rows the plan covers; later ones are clean."""
        return self.order.size

    def kinds_of(self, index: Index, day: int) -> Index:
        """For each index the position of its kind in `kinds`, or CLEAN."""
        found = np.full(len(index), CLEAN)
        covered = np.flatnonzero(index < self.rows)
        places = self.order.forth(index[covered])
        for kind, lane in enumerate(self.lanes):
            found[covered[lane.holds(places, day)]] = kind
        return found

    @property
    def reach(self) -> int:
        """How many places of the order the lanes take; whoever stands behind them is never struck."""
        last = self.lanes[-1]
        return last.start + last.length

    def spares(self, index: Index) -> NDArray[np.bool_]:
        """Which of `index` (in [0, rows)) never have a defect, on no day."""
        spared: NDArray[np.bool_] = self.order.forth(index) >= self.reach
        return spared

    def lane_of(self, index: Index) -> Index:
        """For each index the position of the kind that it has on some days, or CLEAN: that never changes."""
        found = np.full(len(index), CLEAN)
        covered = np.flatnonzero(index < self.rows)
        ends = np.array([lane.start + lane.length for lane in self.lanes])
        kind = np.searchsorted(ends, self.order.forth(index[covered]), side="right")
        found[covered] = np.where(kind < len(ends), kind, CLEAN)
        return found

    def struck(self, kind: int, day: int) -> Index:
        """Who has this kind of defect on `day`."""
        return self.order.back(self.lanes[kind].window(day))

    def changed(self, day: int) -> Index:
        """Who got or lost a defect on `day` (from 1)."""
        pairs = [(self.struck(kind, day - 1), self.struck(kind, day)) for kind in range(len(self.lanes))]
        return np.concatenate([np.setxor1d(before, after) for before, after in pairs])


@dataclass(frozen=True)
class Queue:
    """Things that happen once, to `pace` of `size` each day from day 1, in a random order (a move, a death)."""

    order: Shuffle
    pace: int

    def day_of(self, index: Index) -> Index:
        """The day on which it happens to each index; NEVER beyond the queue."""
        day = np.full(len(index), NEVER)
        covered = np.flatnonzero(index < self.order.size)
        day[covered] = self.order.forth(index[covered]) // self.pace + 1
        return day

    def on(self, day: int) -> Index:
        """To whom it happens on `day`."""
        places = np.arange((day - 1) * self.pace, min(day * self.pace, self.order.size))
        return self.order.back(places)
