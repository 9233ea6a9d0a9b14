"""Working days (工作日): Monday to Friday, without public holidays, with the weekend days that are worked instead.

What the State Council's office announces each year is data: `working_days.yaml` ships with the hub, and an operator's
HUB_HOME/working_days.yaml adds years or replaces them whole. For a year that nobody announced Monday to Friday count.

    >>> days = shipped()
    >>> days.after(dt.date(2026, 9, 30), 1), days.after(dt.date(2026, 10, 9), 1)  # 国庆节; Saturday the 10th is worked
    (datetime.date(2026, 10, 8), datetime.date(2026, 10, 10))
    >>> days.between(dt.date(2026, 2, 13), dt.date(2026, 2, 24))  # 春节
    2
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from registries.errors import RegistriesError
from registries.home import HubHome

FILE: Final = "working_days.yaml"
_SHIPPED: Final = Path(__file__).with_name(FILE)
_SATURDAY: Final = 5
_DAY: Final = dt.timedelta(days=1)
_LONGEST: Final = 31


class CalendarRefused(RegistriesError):
    """Raised when a calendar of working days can't be read as one; names the year at fault."""

    def __init__(self, year: object) -> None:
        super().__init__(
            f"工作日历 {FILE} 中 {year} 年的内容不合规。请写 holidays: [[起, 止, 名称]]，worked: [调休上班日]",
            f"{FILE}: year {year} is not as it should be; give holidays: [[first, last, name]] and worked: [days], all "
            "within the year",
        )


@dataclass(frozen=True)
class WorkingDays:
    """A calendar.

    Attributes:
        off: public holidays and their names.
        on: Saturdays and Sundays that are worked.
        years: those that were announced.
    """

    off: Mapping[dt.date, str]
    on: frozenset[dt.date]
    years: frozenset[int]

    def is_working(self, day: dt.date) -> bool:
        """Whether offices work on that day."""
        return day in self.on or (day.weekday() < _SATURDAY and day not in self.off)

    def after(self, day: dt.date, count: int) -> dt.date:
        """The working day that is so many working days after a day, which itself does not count."""
        while count > 0:
            day += _DAY
            count -= self.is_working(day)
        return day

    def between(self, day: dt.date, last: dt.date) -> int:
        """How many working days come after `day` until `last`, inclusive; negative if `last` lies before."""
        if last < day:
            return -self.between(last, day)
        return sum(self.is_working(day + _DAY * step) for step in range(1, (last - day).days + 1))


@cache
def shipped() -> WorkingDays:
    """The calendar that the hub ships."""
    return _calendar(_years(_SHIPPED))


def working_days(home: HubHome) -> WorkingDays:
    """The hub's calendar: the shipped one, with the years of the operator's own file.

    Raises:
        CalendarRefused: the operator's file is not as it should be.
    """
    own = home.path / FILE
    return _calendar(_years(_SHIPPED) | _years(own)) if own.exists() else shipped()


def _years(path: Path) -> dict[int, Any]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise CalendarRefused("—") from None
    if not isinstance(content, dict) or not all(type(year) is int for year in content):
        raise CalendarRefused("—")
    return content


def _calendar(years: Mapping[int, Any]) -> WorkingDays:
    off: dict[dt.date, str] = {}
    on: set[dt.date] = set()
    for year, given in years.items():
        if not isinstance(given, dict) or set(given) - {"holidays", "worked"}:
            raise CalendarRefused(year)
        for holiday in _list(year, given.get("holidays")):
            first, last, name = _holiday(year, holiday)
            off |= {first + _DAY * step: name for step in range((last - first).days + 1)}
        on |= {_day(year, day) for day in _list(year, given.get("worked"))}
    return WorkingDays(off, frozenset(on), frozenset(years))


def _list(year: int, given: object) -> list[Any]:
    if given is not None and not isinstance(given, list):
        raise CalendarRefused(year)
    return given or []


def _holiday(year: int, given: object) -> tuple[dt.date, dt.date, str]:
    if not isinstance(given, list) or len(given) != 3 or not isinstance(given[2], str):  # noqa: PLR2004 - first, last, name
        raise CalendarRefused(year)
    first, last = _day(year, given[0]), _day(year, given[1])
    if not 0 <= (last - first).days < _LONGEST:
        raise CalendarRefused(year)
    return first, last, given[2]


def _day(year: int, given: object) -> dt.date:
    if type(given) is not dt.date or given.year != year:
        raise CalendarRefused(year)
    return given
