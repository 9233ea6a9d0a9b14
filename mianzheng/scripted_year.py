"""The scripted year on a real hub: twelve monthly deliveries are taken in, each at its own time.

    clock = YearClock(first_moment())
    with Intake.open(home, clock) as intake:
        year = ScriptedYear(city, database_url, intake, clock)
        for month in year.months():             # 0 to 11: what is due was taken in
            rest_of_month(year, home, asked)    # what the worker does on the days that follow; the clerk hands in again

The clock is an argument as everywhere, and goes forward only. The departments' servers have to run, and sources.json
has to say where they are.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

from exchange_api.casework.escalating import escalate_overdue
from mianzheng import alert_pass, dashboard_pass
from quality import lateness
from quality.intake import Intake, IntakeOutcome
from quality.monthly import close_months
from registries.connectors.faults import NoDelivery
from registries.connectors.pushed import PushedRows
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.store import declaring
from registries.store.declaring import Declared
from registries.store.engine import Store
from registries.working_days import working_days
from sample_city import driver_permits, pushing, real_estate, year
from sample_city.city import City, found
from sample_city.department_folder import DepartmentFolder
from sample_city.errors import NoCityError
from sample_city.scripts import MONTHS

CHINA: Final = timezone(timedelta(hours=8))
MORNING: Final = time(9)
PUSHED: Final = real_estate.DATASET
LOOKED_AT, ASKED_AT, ESCALATED_AT, CLOSED_AT = 5, 12, 20, 27
"""Days after a delivery: who is late, what offices ask, whose case is overdue, the first days of the next month."""

CLERKS: Final = driver_permits.DATASET


def quiet(_dataset: str) -> None:
    """For callers that don't show what is being taken in."""


class YearClock:
    """Gives the time that it was set to."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        """The time."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Go forward; a moment that is over stays over."""
        self._moment = max(self._moment, moment)


def morning_of(day: date) -> datetime:
    """Nine in the morning in China."""
    return datetime.combine(day, MORNING, CHINA)


class ScriptedYear:
    """Delivers month by month to the hub of `intake`.

    Attributes:
        outcomes: month -> what became of its deliveries, of the clerk's too.
    """

    def __init__(
        self, folder: Path, database_url: str, intake: Intake, clock: YearClock, told: Callable[[str], None] = quiet
    ) -> None:
        self._folder = folder
        self._url = database_url
        self._intake = intake
        self._clock = clock
        self._told = told
        self._pushed = pushing.Progress()
        self.outcomes: dict[int, list[IntakeOutcome]] = {}

    @property
    def city(self) -> City:
        """The city as it stands in its folder."""
        city = found(self._folder)
        if city is None:
            raise NoCityError
        return city

    @property
    def catalogue(self) -> Catalogue:
        """The contracts in force."""
        return self._intake.catalogue

    def months(self) -> Iterator[int]:
        """Each month once its deliveries are taken in; `begin` built the first."""
        for month in range(MONTHS):
            if month:
                year.next_month(self._folder, self._url)
            self._clock.set(morning_of(self.city.day))
            self.outcomes[month] = [*self._pulled(), *self._pushes()]
            yield month

    def on(self, days_after: int) -> datetime:
        """Let so many days pass since the month's delivery; the moment that it is then."""
        self._clock.set(morning_of(self.city.day + timedelta(days=days_after)))
        return self._clock()

    def clerk_mends(self) -> list[IntakeOutcome]:
        """Transport's clerk hands his workbook in again; it is taken in on that day."""
        self._clock.set(morning_of(year.clerk_mends(self._folder)))
        taken = self._taken(CLERKS)
        self.outcomes[self.city.days] += taken
        return taken

    def issued(self) -> Mapping[tuple[str, int], int]:
        """How many certificates of each dataset and year departments say that they have issued."""
        return year.issued(self._folder)

    def _pulled(self) -> Iterator[IntakeOutcome]:
        """What all sources have that are pulled, in the order of the references between them."""
        for dataset in self._intake.catalogue.in_order_of_references():
            if dataset.pulled:
                yield from self._taken(dataset.name)

    def _taken(self, name: str) -> list[IntakeOutcome]:
        """Whatever waits of a dataset; nothing where its publisher has not delivered for the first time yet."""
        self._told(name)
        try:
            return [outcome for outcome in self._intake.take_in_all(name) if outcome.batch is not None]
        except NoDelivery:
            return []

    def _pushes(self) -> Iterator[IntakeOutcome]:
        """What natural resources pushes, as the intake worker takes it in."""
        dataset = self._intake.catalogue.dataset(PUSHED)
        for progress, body in pushing.bodies(self.city, self._pushed):
            self._told(PUSHED)
            connector = PushedRows(
                dataset, pushing.CLIENT, progress.sequence, hashlib.sha256(body).digest(), _opened(body)
            )
            yield self._intake.take_in(PUSHED, connector=connector, deliverer=pushing.CLIENT)
            self._pushed = progress
            folder = DepartmentFolder(self._folder, pushing.DEPARTMENT)
            folder.keep(pushing.PROGRESS, json.dumps(asdict(progress)))  # its own process goes on from here


def _opened(body: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(body)


def rest_of_month(year_: ScriptedYear, home: HubHome, asked: Callable[[int], None]) -> None:
    """What a running hub does in the weeks between two deliveries, at its times; the clerk delivers in between.

    `asked` lets offices ask what they ask in that month.
    """
    days = working_days(home)
    with Store(home.store_url(Role.LOAD)) as store:
        lateness.look(store, year_.catalogue, days, year_.on(LOOKED_AT))
        alert_pass.look_once(home, store, year_.on(LOOKED_AT))
        year_.clerk_mends()
        year_.on(ASKED_AT)
        asked(year_.city.days)
        alert_pass.look_once(home, store, year_.on(ESCALATED_AT))
        escalate_overdue(store, year_.on(ESCALATED_AT), days)
        alert_pass.look_once(home, store, year_.on(ESCALATED_AT))
        escalate_overdue(store, year_.on(CLOSED_AT), days)
        close_months(store, year_.on(CLOSED_AT))


def year_end(year_: ScriptedYear, home: HubHome, asked: Callable[[int], None]) -> datetime:
    """Some days after the last delivery: what is looked at on dashboards is counted; the moment that it is then."""
    now, days = year_.on(LOOKED_AT), working_days(home)
    asked(year_.city.days)
    with Store(home.store_url(Role.LOAD)) as store:
        lateness.look(store, year_.catalogue, days, now)
        escalate_overdue(store, now, days)
        alert_pass.look_once(home, store, now)
        close_months(store, now)
        _declare(year_, store, now)
        dashboard_pass.look_once(store, now)
    return now


def _declare(year_: ScriptedYear, store: Store, now: datetime) -> None:
    """Departments declare how many certificates they issued in the two years that the story touches."""
    with store.begin() as conn:
        for (name, issued_in), number in year_.issued().items():
            dataset = year_.catalogue.dataset(name)
            if dataset.certificate is not None:
                said = Declared(dataset.certificate.type_code, dataset.department, issued_in, number)
                declaring.declare(conn, said, f"{dataset.department}-clerk", now)
