"""Whether a batch fits its dataset's own history: robust statistics, which a few odd batches in it don't sway.

Volume: the logarithm of the number of rows against that of earlier batches. Snapshots grow, so their trend is
Theil and Sen's slope; change sets have a rhythm of the week, so they are compared with those of the same weekday where
there are enough. The score is how many (normal-scaled) median absolute deviations the batch lies off.

Distribution: the Jensen-Shannon distance (base 2, 0 to 1) between a column's shares, missing values among them, and the
medians of the shares before. It may be as far as `least`, as the column's own history has been, and as chance takes so
few rows; 0.15 is about a population stability index of 0.1.

    >>> sizes = [(date(2026, month, 1), 1000 + month) for month in range(1, 7)]
    >>> volume(sizes, (date(2026, 7, 1), 1006), trend=True).drifted(6, 0.1)
    False
    >>> volume(sizes, (date(2026, 7, 1), 600), trend=True).drifted(6, 0.1)
    True
    >>> volume(sizes[:3], (date(2026, 7, 1), 600), trend=True) is None  # too little history says nothing
    True

Standards: GB/T 36344-2018, indicator 0501 基于时间段的正确性.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon  # type: ignore[import-untyped] # scipy ships no types
from scipy.stats import chi2, median_abs_deviation, theilslopes  # type: ignore[import-untyped] # as above

LEAST_HISTORY: Final = 5
"""So many batches are a history."""

FEW: Final = 20
"""Rows: shares of fewer say nothing, nor do sizes below this."""

FAR: Final = 6.0
"""Deviations from a column's own history."""

_CHANCE: Final = 1 - 1e-6
_STEADY: Final = 0.01
"""No history is steadier than a hundredth: of equal sizes every other one would be infinitely far."""

_OF_SNAPSHOTS: Final = 0.5
"""Of a count the square root is chance (Poisson); of a snapshot, most of which was there before, less of it."""

_MISSING: Final = "\0"
Shares = NDArray[np.float64]
Sizes = Sequence[tuple[date, int]]


@dataclass(frozen=True)
class Volume:
    """How a batch's size lies to those before it: `score` deviations off, `change` as a share of what it should be."""

    score: float
    change: float

    def drifted(self, max_score: float, min_change: float) -> bool:
        """Whether it is both: unlike the history, and by so much that it matters."""
        return abs(self.score) > max_score and abs(self.change) > min_change


@dataclass(frozen=True)
class Shift:
    """How far a column's shares lie from its history, and how far they may."""

    distance: float
    bound: float

    @property
    def drifted(self) -> bool:
        """Whether it is too far."""
        return self.distance > self.bound


def volume(before: Sizes, now: tuple[date, int], *, trend: bool) -> Volume | None:
    """The size of a batch against those before it.

    Args:
        before: day and rows of each earlier batch.
        now: the same of this one.
        trend: whether sizes grow or shrink with time (snapshots); otherwise the weekday counts (change sets).

    Returns:
        None where there is too little history, or too few rows to say anything.
    """
    compared = before if trend else _of_weekday(before, now[0])
    if len(compared) < LEAST_HISTORY:
        return None
    sizes = np.log1p([rows for _, rows in compared])
    days = np.array([(day - now[0]).days for day, _ in compared], np.float64)
    slope = _slope(sizes, days) if trend else 0.0
    levels = sizes - slope * days  # what each says that today should be
    expected = float(np.median(levels))
    if max(now[1], np.expm1(expected)) < FEW:
        return None
    spread = float(median_abs_deviation(levels, scale="normal"))
    off = float(np.log1p(now[1])) - expected
    by_chance = float(np.exp(-expected / 2)) * (_OF_SNAPSHOTS if trend else 1)
    return Volume(off / float(np.hypot(max(spread, _STEADY), by_chance)), float(np.expm1(off)))


def _of_weekday(before: Sizes, day: date) -> Sizes:
    same = [one for one in before if one[0].weekday() == day.weekday()]
    return same if len(same) >= LEAST_HISTORY else before


def _slope(sizes: Shares, days: Shares) -> float:
    return float(theilslopes(sizes, days).slope) if len(np.unique(days)) > 1 else 0.0


def shift(before: Sequence[Mapping[str, int]], now: Mapping[str, int], least: float) -> Shift | None:
    """The shares of a column against those before.

    Args:
        before: of each earlier batch how often each value stood in the column.
        now: the same of this one.
        least: a distance that never is a drift.

    Returns:
        None where there is too little history, or too few rows to say anything.
    """
    told = [counts for counts in before if sum(counts.values()) >= FEW]
    if len(told) < LEAST_HISTORY or sum(now.values()) < FEW:
        return None
    cells = sorted({cell for counts in (*told, now) for cell in counts})
    history = np.array([_shares(counts, cells) for counts in told])
    usual = np.median(history, axis=0)
    usual = usual / usual.sum() if usual.sum() else history.mean(axis=0)
    off = np.array([_distance(row, usual) for row in history])
    own = float(np.median(off)) + FAR * float(median_abs_deviation(off, scale="normal"))
    sampled = _by_chance(len(cells), sum(now.values()), sum(map(_total, told)))
    return Shift(_distance(_shares(now, cells), usual), max(least, own, sampled))


def with_missing(values: Mapping[str, int] | None, rows: int, nulls: int) -> Mapping[str, int]:
    """A column's counts with its missing values as a value of their own; without codes only how many are there."""
    present = {"": rows - nulls} if values is None else values
    return {**present, _MISSING: nulls}


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _shares(counts: Mapping[str, int], cells: Sequence[str]) -> Shares:
    found: Shares = np.array([counts.get(cell, 0) for cell in cells], np.float64)
    whole: Shares = found / found.sum()
    return whole


def _distance(one: Any, other: Any) -> float:  # noqa: ANN401 - numpy's, of any shape of one axis
    found = float(jensenshannon(one, other, base=2))
    return 0.0 if np.isnan(found) else found  # a rounding error below zero has no root


def _by_chance(cells: int, rows: int, rows_before: int) -> float:
    """The distance that two samples of one population stay below: 8 times the divergence is nearly chi-squared."""
    if cells < 2:  # noqa: PLR2004 - one value has no shares
        return 0.0
    divergence = chi2.ppf(_CHANCE, cells - 1) / 8 * (1 / rows + 1 / rows_before) / np.log(2)
    return float(np.sqrt(divergence))
