"""`mianzheng demonstrate year`: twelve monthly deliveries are taken into an empty hub, so that somebody can look.

    first_delivery(date(2026, 11, 22))      # date(2025, 12, 5): the last delivery is this month's, or the one before

What happens in it stands in `sample_city.scripts` and `sample_city.year_events`. Afterwards `mianzheng up` serves it.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from mianzheng.asked_year import answering, ask_of_month
from mianzheng.demonstration import prepare_demonstration
from mianzheng.errors import StartFailedError
from mianzheng.monthly_contracts import write_monthly_contracts
from mianzheng.sample_city_up import sample_city
from mianzheng.scripted_year import ScriptedYear, YearClock, morning_of, rest_of_month, year_end
from mianzheng.settings import Settings
from mianzheng.store_set_up import set_up_store
from mianzheng.supervisor import child_environment, hub_database, only_one
from mianzheng.terminal import say
from quality.intake import Intake
from registries.home import HubHome
from sample_city import year
from sample_city.city import found
from sample_city.scripts import MONTHS, month_after

PEOPLE = 2_000


@dataclass(frozen=True)
class MonthTaken:
    """What became of a month's deliveries, before the clerk mended anything: counts of batches, and of rows refused."""

    month: str
    batches: int
    held: int
    refused: int


def first_delivery(today: date) -> date:
    """The fifth of the month whose twelfth delivery is not later than `today`.

    >>> first_delivery(date(2026, 11, 22)), first_delivery(date(2026, 11, 4))
    (datetime.date(2025, 12, 5), datetime.date(2025, 11, 5))
    """
    last = today.replace(day=year.FIRST_DAY.day)
    months = 12 * last.year + last.month - 1 - (MONTHS - 1) - (last > today)
    return last.replace(year=months // 12, month=months % 12 + 1)


def demonstrate_year(settings: Settings, first: date, told: Callable[[MonthTaken], None]) -> None:
    """Take the year that begins on `first` into the hub's folder, which has to be a new one; tell of each month.

    Raises:
        StartFailedError: there is a hub in the folder already, or a part did not come up.
    """
    home = HubHome(settings.hub_home(), os.environ)
    home.prepare()
    if found(home.path / "sample_city") is not None:
        raise StartFailedError(
            f"目录 {home.path} 中已有示例城市。请把 HUB_HOME 设到一个新目录。",
            f"There is a sample city in {home.path} already; set HUB_HOME to a new folder.",
        )
    small = settings.model_copy(update={"sample_people": PEOPLE, "sample_mariadb": False})
    with contextlib.ExitStack() as stack:
        stack.enter_context(only_one(home))
        owner_url = hub_database(small, home, stack)
        write_monthly_contracts(home)
        set_up_store(home, owner_url)
        prepare_demonstration(home, morning_of(first))
        sample_city(small, home, child_environment(home), first, stack, say, year=True)
        _take_in(small, home, first, told)


def _take_in(settings: Settings, home: HubHome, first: date, told: Callable[[MonthTaken], None]) -> None:
    folder = home.path / "sample_city"
    url = home.sources()["residents_database"]
    year.begin(folder, url, settings.sample_people, settings.sample_seed, first)
    now = YearClock(morning_of(first))
    with Intake.open(home, now) as intake, answering(home, settings.address(), now) as client:
        scripted, asked = ScriptedYear(folder, url, intake, now), partial(ask_of_month, client, folder)
        for month in scripted.months():
            taken = scripted.outcomes[month]
            held = sum(outcome.state == "held" for outcome in taken)
            refused = sum(outcome.counts.quarantined for outcome in taken)
            told(MonthTaken(f"{month_after(first, month):%Y-%m}", len(taken), held, refused))
            if month + 1 < MONTHS:
                rest_of_month(scripted, home, asked)
        year_end(scripted, home, asked)
