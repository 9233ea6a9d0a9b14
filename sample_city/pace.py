"""How fast time passes in a city: a step is a day, or in a scripted year a month.

>>> Pace().elapsed(np.array([0, 3])), Pace(date(2025, 12, 5)).elapsed(np.array([0, 3]))
(array([0, 3]), array([ 0, 90]))
>>> Pace().before(np.array([0, 1])), Pace(date(2025, 12, 5)).before(np.array([0, 1, 2]))
(array([0, 0]), array([ 3, 14, 25]))
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from sample_city.draws import Index

SHORTEST_MONTH = 27  # days that surely lie between two deliveries
APART, FIRST = 11, 3


@dataclass(frozen=True)
class Pace:
    """From steps to days of the calendar.

    Attributes:
        monthly_from: the day of a scripted year's first delivery, one that every month has; None: a step is a day.
    """

    monthly_from: date | None = None

    def elapsed(self, steps: Index) -> Index:
        """Days from the first step to each of these."""
        if self.monthly_from is None:
            return steps
        first = np.datetime64(self.monthly_from, "M")
        months = (first + steps).astype("datetime64[D]") - first.astype("datetime64[D]")
        days: Index = months.astype(np.int64)
        return days

    def before(self, which: Index) -> Index:
        """How many days before its delivery each of the things that came with it has happened."""
        return which * 0 if self.monthly_from is None else (which * APART + FIRST) % SHORTEST_MONTH


EVERY_DAY = Pace()
