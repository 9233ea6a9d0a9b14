"""For how long something is kept, in days, months or years, and what a contract says of it.

>>> import datetime as dt
>>> Period(3, "y").before(dt.datetime(2028, 2, 29, 4, 30, tzinfo=dt.UTC)).isoformat()
'2025-02-28T04:30:00+00:00'
>>> str(Period.parse("90d")), Period.parse("three years")
('90d', None)
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, Self, cast

Unit = Literal["d", "m", "y"]
UNITS: Final[tuple[Unit, ...]] = ("d", "m", "y")
_DAYS: Final = {"d": Fraction(1), "m": Fraction(365, 12), "y": Fraction(365)}
_FORM: Final = re.compile(r"([1-9][0-9]{0,3})([dmy])", re.ASCII)
_MONTHS: Final = 12


@dataclass(frozen=True)
class Period:
    """A number of days, months or years; months and years are those of the calendar."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """`90d`, `6m` or `5y`; None for anything else."""
        found = _FORM.fullmatch(text) if isinstance(text, str) else None
        return None if found is None else cls(int(found[1]), cast("Unit", found[2]))

    def __str__(self) -> str:
        """As in a contract: `90d`."""
        return f"{self.count}{self.unit}"

    @property
    def days(self) -> Fraction:
        """About how many days it has: to compare periods by."""
        return self.count * _DAYS[self.unit]

    def before(self, moment: dt.datetime) -> dt.datetime:
        """The moment so long before another; the last of a month stays within its month."""
        if self.unit == "d":
            return moment - dt.timedelta(days=self.count)
        months = moment.year * _MONTHS + moment.month - 1 - self.count * (1 if self.unit == "m" else _MONTHS)
        year, month = divmod(months, _MONTHS)
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


BODIES_AT_LEAST: Final = Period(3, "y")
"""Decree 809, article 29: who used shared data keeps the record of it for three years at least."""

Erasure = Literal["allowed", "named", "refused"]


@dataclass(frozen=True)
class Retention:
    """How long a dataset's landed files, former rows and bodies of answers are kept; None: as the hub has it.

    Attributes:
        erasure: whether a subject's rows may be erased: `allowed`, only where the dataset is named (`named`), or not at
            all (`refused`), and then `legal_basis` says why.
    """

    landed: Period | None = None
    history: Period | None = None
    bodies: Period | None = None
    erasure: Erasure = "named"
    legal_basis: str = ""
