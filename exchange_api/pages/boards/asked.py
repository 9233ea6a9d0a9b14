"""What a dashboard is asked for: everything that narrows it stands in its address, so that a state can be sent.

asked = Asked(by="dataset", department="health")
asked.to(dataset="health.birth_certificates", by="rule")        # the address of the next state
"""

import datetime as dt
import re
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query

BOARDS: Final = "/steward/boards"
_DAY: Final = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_YEARS: Final = (1949, 2200)
_Word = Annotated[str, Query(max_length=160)]


@dataclass(frozen=True)
class Asked:
    """The members of a query string; "" or 0 is no limit. A board reads those that it knows.

    Attributes:
        by: what the rows of the table are.
        since, until: a day or a month, as `2026-03-01` or `2026-03`; anything else counts as nothing.
        after: of rows: behind which row number the page starts.
    """

    by: _Word = ""
    department: _Word = ""
    dataset: _Word = ""
    dimension: _Word = ""
    rule: _Word = ""
    register: _Word = ""
    type: _Word = ""
    item: _Word = ""
    state: _Word = ""
    since: _Word = ""
    until: _Word = ""
    after: Annotated[int, Query(ge=0, le=1 << 53)] = 0

    @property
    def query(self) -> str:
        """This state as a query string, without what is empty."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def to(self, board: str, **changes: Any) -> str:  # noqa: ANN401 - of the members' types
        """The address of a board in this state with changes."""
        query = replace(self, **changes).query
        return f"{BOARDS}/{board}" + (f"?{query}" if query else "")

    def first_day(self, otherwise: dt.date) -> dt.date:
        """The day of `since`."""
        return _day(self.since, otherwise)

    def last_day(self, otherwise: dt.date) -> dt.date:
        """The day of `until`; of a month its last one."""
        day = _day(self.until, otherwise)
        return last_of_month(day) if len(self.until) == len("2026-03") and day != otherwise else day


def last_of_month(day: dt.date) -> dt.date:
    """The month's last day.

    >>> last_of_month(dt.date(2028, 2, 3))
    datetime.date(2028, 2, 29)
    """
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def months_before(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months before.

    >>> months_before(dt.date(2026, 3, 31), 11)
    datetime.date(2025, 4, 1)
    """
    place = day.year * 12 + day.month - 1 - months
    return dt.date(place // 12, place % 12 + 1, 1)


def _day(text: str, otherwise: dt.date) -> dt.date:
    if not _DAY.fullmatch(text):
        return otherwise
    try:
        day = dt.date.fromisoformat(text if len(text) > len("2026-03") else f"{text}-01")
    except ValueError:
        return otherwise
    return day if _YEARS[0] <= day.year <= _YEARS[1] else otherwise
