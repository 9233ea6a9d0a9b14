"""Scores with what they are over, and the bands that name them.

>>> from exchange_api.pages.views.scores import Score
>>> Score(passed=199, checked=200).band.words.zh
'绿'
>>> Score(passed=0, checked=0).share is None
True
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from exchange_api.pages.views.frame import Words
from quality import grades


class Band(NamedTuple):
    """A colour that never stands alone: it has a name, and its range is on the page (GLEIF's bands)."""

    tone: str
    words: Words
    range: str
    up_to: float


_SHOWN: Mapping[str, tuple[Words, str]] = {
    "red": (Words("红", "red"), "≤ 90"),
    "orange": (Words("橙", "orange"), "≤ 95"),
    "yellow": (Words("黄", "yellow"), "≤ 98"),
    "green": (Words("绿", "green"), "> 98"),
}
BANDS = tuple(Band(name, *_SHOWN[name], float(most)) for name, most in grades.BANDS)


@dataclass(frozen=True)
class Score:
    """A score with what it is over. `mean` is set where a score is the mean of others instead of a share of rows."""

    passed: int
    checked: int
    mean: float | None = None

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None if nothing was checked: no data is not full marks."""
        if self.mean is not None:
            return self.mean
        return self.passed / self.checked if self.checked else None

    @property
    def band(self) -> Band:
        """The band of the share."""
        share = self.share or 0.0
        return next(band for band in BANDS if share <= band.up_to)
