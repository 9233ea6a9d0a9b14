"""Batches beside those before them, in a real store: drift and lateness become cases, scores and profiles."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from certificates.sealing import sealing_key
from certificates.types import load_types
from quality import lateness
from quality.history import age
from quality.intake import Intake, IntakeOutcome
from registries.compare.images import Images
from registries.departments import Catalogue
from registries.home import Role
from registries.landing import Landing
from registries.store import profiles
from registries.working_days import shipped
from tests.conftest import Hub
from tests.quality.conftest import RESIDENTS, Delivery, asked, resident

FIRST = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)  # a Monday, 11:00 in China
STEP = dt.timedelta(days=2)
PEOPLE = 800
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def number(place: int) -> str:
    """A good citizen number (GB 11643)."""
    first = f"440511{1950 + place % 50}0101{place:03}"
    total = sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True))
    return first + "10X98765432"[total % 11]


class Calendar:
    """A hub on days that a test chooses."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.now = FIRST
        key = sealing_key(hub.home.secret_or_new("landing_key"))
        landing, images = Landing(hub.home.landed, key), Images(hub.home.spill, key)
        self.intake = Intake(hub.store(Role.LOAD), landing, images, hub.catalogue, load_types(), lambda: self.now, {})

    def deliver(self, people: int = PEOPLE, **changes: str | None) -> IntakeOutcome:
        self.now += STEP
        rows = [resident(number(place), **changes) for place in range(people)]
        dataset = self.hub.catalogue.dataset(RESIDENTS)
        return self.intake.take_in(RESIDENTS, connector=Delivery(dataset, rows, str(self.now), 500))

    def cases(self, rule: str) -> list[tuple[object, ...]]:
        query = 'SELECT state, rows, rows_open, reopened FROM hub."case" WHERE rule_id = '
        return asked(self.hub, f"{query}'{rule}' ORDER BY number")

    def score(self, rule: str) -> tuple[object, ...] | None:
        told = asked(
            self.hub,
            f"SELECT checked, failed FROM hub.score WHERE rule_id = '{rule}' "  # noqa: S608 - a rule's id of this file
            "AND batch = (SELECT max(batch) FROM hub.score)",
        )
        return told[0] if told else None


@pytest.fixture
def calendar(hub: Hub) -> Iterator[Calendar]:
    made = Calendar(hub)
    yield made
    made.intake.close()


def test_drift_opens_a_case_that_the_next_ordinary_batch_closes(calendar: Calendar) -> None:
    for _ in range(5):
        assert calendar.deliver().state == "done"
    assert calendar.score("volume-drift") is None, "four batches are no history"
    calendar.deliver()
    assert calendar.score("volume-drift") == (1, 0)
    assert calendar.score("freshness-in_time") == (PEOPLE, 0)
    calendar.deliver(PEOPLE + 160)  # more rows; the gate holds fewer
    assert calendar.score("volume-drift") == (1, 1)
    assert calendar.cases("volume-drift") == [("open", 1, 1, 0)]
    assert calendar.deliver(marital_status="90").state == "done"
    columns = len(calendar.hub.catalogue.dataset(RESIDENTS).columns)
    assert calendar.score("distribution-drift") == (columns, 1)
    assert calendar.cases("volume-drift") == [("closed", 1, 0, 0)]
    assert calendar.cases("distribution-drift") == [("open", 1, 1, 0)]
    with calendar.hub.store(Role.PAGE).begin() as conn:
        told = {one.column: one for one in profiles.of_batch(conn, 8)}
    marital = told["marital_status"]
    assert marital.values == {"90": PEOPLE}
    assert marital.distance is not None
    assert marital.bound is not None
    assert marital.bound < marital.distance
    assert told["name"].values is None, "nobody's name is counted"
    calendar.deliver()
    assert calendar.cases("distribution-drift") == [("closed", 1, 0, 0)]
    calendar.deliver(marital_status="90")
    assert calendar.cases("distribution-drift") == [("open", 1, 1, 1)], "a relapse opens the same case again"


def test_a_drift_of_level_one_holds_the_batch(hub: Hub) -> None:
    dataset = hub.catalogue.dataset(RESIDENTS)
    rules = tuple(replace(rule, level=1) if rule.id == "volume-drift" else rule for rule in dataset.rules)
    others = tuple(one for one in hub.catalogue.datasets if one.name != RESIDENTS)
    strict = Catalogue(hub.catalogue.departments, (*others, replace(dataset, rules=rules)), hub.catalogue.registers)
    calendar = Calendar(replace(hub, catalogue=strict))
    for _ in range(5):
        calendar.deliver()
    assert calendar.deliver(PEOPLE + 160).state == "held"
    assert calendar.deliver().state == "done", "what was held is no part of the history"
    calendar.intake.close()


def test_late_is_told_by_the_clock_and_closed_by_the_next_delivery(calendar: Calendar) -> None:
    calendar.deliver()
    store, catalogue = calendar.hub.store(Role.LOAD), calendar.hub.catalogue
    limit = catalogue.dataset(RESIDENTS).sla.fresh_for_days
    assert lateness.look(store, catalogue, shipped(), calendar.now + dt.timedelta(days=limit)).late == ()
    tomorrow = calendar.now + dt.timedelta(days=limit + 1)
    assert lateness.look(store, catalogue, shipped(), tomorrow).late == (RESIDENTS,)
    assert lateness.look(store, catalogue, shipped(), tomorrow).late == (), "once is enough"
    assert calendar.cases("freshness-in_time") == [("open", 1, 1, 0)]
    calendar.now = tomorrow
    calendar.deliver()
    assert calendar.score("freshness-in_time") == (PEOPLE, PEOPLE), "every row came too late"
    assert calendar.cases("freshness-in_time") == [("closed", 1, 0, 0)]
    assert lateness.look(store, catalogue, shipped(), calendar.now) == lateness.Looked((), ())


def test_a_source_that_confirms_what_is_held_is_late_no_more(calendar: Calendar) -> None:
    calendar.deliver()
    store, catalogue = calendar.hub.store(Role.LOAD), calendar.hub.catalogue
    for round_ in range(2):
        calendar.now += dt.timedelta(days=60)
        assert lateness.look(store, catalogue, shipped(), calendar.now).late == (RESIDENTS,)
        hear(calendar.hub, "2099-01-01")
        assert lateness.look(store, catalogue, shipped(), calendar.now).in_time == (RESIDENTS,)
        hear(calendar.hub, "2026-03-04")
        assert calendar.cases("freshness-in_time") == [("closed", 1, 0, round_)]
    steps = asked(calendar.hub, "SELECT count(*) FROM hub.case_step")
    assert asked(calendar.hub, "SELECT count(*) FROM hub.ledger_entry WHERE kind = 'case'") == steps == [(4,)]


def hear(hub: Hub, as_of: str) -> None:
    """As if the source had said then that nothing is new."""
    with hub.store(Role.OWNER).begin() as conn:
        statement = "UPDATE hub.dataset SET data_as_of = CAST(:as_of AS date) WHERE name = :name"
        conn.execute(sa.text(statement), {"as_of": as_of, "name": RESIDENTS})


def test_working_days_leave_holidays_out() -> None:
    before, after = (dt.datetime(2026, 9, day, 2, tzinfo=dt.UTC) for day in (24, 28))
    assert age(before, after, shipped(), working=False) == 4
    assert age(before, after, shipped(), working=True) == 1, "中秋节 until Sunday"


def test_agreed_working_days_reach_over_holidays_in_the_store(calendar: Calendar) -> None:
    dataset = calendar.hub.catalogue.dataset(RESIDENTS)
    working = replace(dataset, sla=replace(dataset.sla, working_days=True, fresh_for_days=3))
    only = Catalogue(calendar.hub.catalogue.departments, (working,), calendar.hub.catalogue.registers)
    calendar.now = dt.datetime(2026, 9, 26, 3, tzinfo=dt.UTC) - STEP  # Thursday before 中秋节; delivered that day
    calendar.now -= STEP
    calendar.deliver()
    lateness.look(calendar.hub.store(Role.LOAD), only, shipped(), calendar.now)
    told = asked(calendar.hub, f"SELECT fresh_for_days FROM hub.dataset WHERE name = '{RESIDENTS}'")  # noqa: S608 - a constant
    heard = calendar.now.date()
    assert told == [((shipped().after(heard, 3) - heard).days,)]
    assert told[0][0] > 3
