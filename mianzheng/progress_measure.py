"""How far a step of the intake is, how fast it goes, and how long it will take: numbers only, no words.

    measure = Measure(now=0.0, total=Total(10_000_000))
    measure.seen(200_000, now=2.0)
    measure.rate(2.0), measure.left(2.0)          # 100,000 rows a second, 98 seconds

Times are seconds of a monotonic clock and come in as arguments.
"""

from collections import deque
from typing import NamedTuple

WINDOW_SECONDS = 10.0
"""The rate is that of so many last seconds: a step that warms up, or slows down, shows it soon."""

SHORTEST_SECONDS = 1.0
"""Less time than this says nothing about a rate."""


class Total(NamedTuple):
    """How many rows there are to do; `exact` is false for a guess, such as the rows of the snapshot before."""

    rows: int
    exact: bool = True


class Measure:
    """One step of one dataset, from its beginning."""

    def __init__(self, now: float, total: Total | None) -> None:
        """A step that begins now, over `total` rows; None where nobody knows how many they will be."""
        self.started = now
        self.rows: int | None = None
        self._total = total
        self._samples: deque[tuple[float, int]] = deque([(now, 0)])

    @property
    def total(self) -> Total | None:
        """What is left of the guess: more rows than it said have refuted it."""
        return None if self._total is None or (self.rows or 0) > self._total.rows else self._total

    @property
    def share(self) -> float | None:
        """Done, from 0 to 1; None where rows or total are not known."""
        if self.rows is None or self.total is None or not self.total.rows:
            return None
        return self.rows / self.total.rows

    def seen(self, rows: int, now: float) -> None:
        """So many rows went through since the step began."""
        self.rows = rows
        self._samples.append((now, rows))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_SECONDS:  # noqa: PLR2004 - one before the window, one in it
            self._samples.popleft()

    def rate(self, now: float) -> float | None:
        """Rows a second of the last seconds; None before it can be told. It falls while nothing comes."""
        (first, before), (last, rows) = self._samples[0], self._samples[-1]
        end = last if now - last < WINDOW_SECONDS and last - first >= SHORTEST_SECONDS else now
        return (rows - before) / (end - first) if rows > before and end - first >= SHORTEST_SECONDS else None

    def left(self, now: float) -> float | None:
        """Seconds until the step is done, if it goes on like this; None where that can't be told."""
        rate, total = self.rate(now), self.total
        if rate is None or total is None or self.rows is None:
            return None
        since = now - self._samples[-1][0]
        return max(0.0, (total.rows - self.rows) / rate - (since if since < WINDOW_SECONDS else 0.0))
