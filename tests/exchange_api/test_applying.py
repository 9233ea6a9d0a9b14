"""The way of an application against a real store: a model that counts days by itself must agree at every step."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from certificates.china_time import CHINA
from certificates.types import load_types
from exchange_api.errors import NotFound
from exchange_api.sharing.applying import Applying
from exchange_api.sharing.errors import (
    AlreadyAsked,
    ConsentMissing,
    MalformedApplication,
    NotShared,
    SharingError,
    TooLongAsked,
    WrongStep,
)
from exchange_api.sharing.forms import read_form
from exchange_api.sharing.steps import Actor
from registries.departments import load_catalogue
from registries.errors import StoreError
from registries.home import Role
from registries.store import applications, grants, held_grants, ledger
from registries.store.applications import Application
from registries.store.grants import Claimant, Wish
from registries.store.tables import grant_right
from registries.working_days import shipped
from tests.exchange_api.conftest import TYPE, Clock, Hub
from tests.exchange_api.sharing_sessions import ASKS, AUTHORITY, CONSENT, DATASET, DRAFTS, PROVIDES, STRANGER, form

WISH = Wish("query", "养老机构轮候", "ELDER-CARE", dataset=DATASET, fields=("name",))
DAYS = shipped()


@pytest.fixture
def applying(hub: Hub, clock: Clock) -> Applying:
    return Applying(hub.store(Role.PAGE), lambda: hub.catalogue, load_types(), clock, shipped)


OFFICER = Claimant("civil_affairs", "officer:2")


def covers(hub: Hub, wish: Wish, day: date, who: Claimant = OFFICER) -> bool:
    with hub.store(Role.API).begin() as conn:
        return grants.covering_grants(conn, [(who, wish)], day) != [None]


def stands(hub: Hub, number: int) -> Application:
    with hub.store(Role.PAGE).begin() as conn:
        found = applications.by_number(conn, number)
    assert found is not None
    return found


class Way(RuleBasedStateMachine):
    """Everybody tries everything; the model says what should come of it."""

    hub: Hub
    clock: Clock
    applying: Applying

    @initialize()
    def draft(self) -> None:
        self.number = self.applying.draft(DRAFTS, form(valid_from=self.today.isoformat(), valid_until="2028-01-31"))
        self.state, self.left = "draft", 0
        self.missing_asked, self.longer, self.longer_decided, self.consented = False, 0, False, False

    @property
    def today(self) -> date:
        return self.clock().astimezone(CHINA).date()

    def attempt(self, act: Callable[[], object], *, actor: Actor, by: Actor, when: bool) -> bool:
        """Whether it was done; it must be just when the model says so, and otherwise refused as it should be."""
        if actor is not by:
            with pytest.raises(NotFound):
                act()
            return False
        if not when:
            with pytest.raises((WrongStep, AlreadyAsked)):
                act()
            return False
        act()
        return True

    @rule(days=st.integers(1, 8))
    def time_passes(self, days: int) -> None:
        for _ in range(days):
            self.clock.move(days=1)
            self.left -= self.state == "pending" and DAYS.is_working(self.today)

    @rule(actor=st.sampled_from([ASKS, DRAFTS, PROVIDES]))
    def submit(self, actor: Actor) -> None:
        done = self.attempt(
            lambda: self.applying.submit(actor, self.number, CONSENT), actor=actor, by=ASKS, when=self.state == "draft"
        )
        if done:
            self.state, self.left, self.consented = "pending", 10, True

    @precondition(lambda self: self.consented)
    @rule(actor=st.sampled_from([PROVIDES, ASKS, STRANGER]))
    def ask_missing(self, actor: Actor) -> None:
        when = self.state == "pending" and not self.missing_asked
        if self.attempt(
            lambda: self.applying.ask_missing(actor, self.number, "缺少事项清单"), actor=actor, by=PROVIDES, when=when
        ):
            self.state, self.missing_asked, self.left = "supplementing", True, max(self.left, 0)

    @rule(actor=st.sampled_from([ASKS, PROVIDES]))
    def supplement(self, actor: Actor) -> None:
        if self.attempt(
            lambda: self.applying.supplement(actor, self.number, "事项清单附后"),
            actor=actor,
            by=ASKS,
            when=self.state == "supplementing",
        ):
            self.state, self.left = "pending", max(self.left, 1)

    @precondition(lambda self: self.consented)
    @rule(actor=st.sampled_from([PROVIDES, AUTHORITY]), days=st.integers(1, 10))
    def ask_longer(self, actor: Actor, days: int) -> None:
        when = self.state in {"pending", "supplementing"} and not self.longer
        if self.attempt(
            lambda: self.applying.ask_longer(actor, self.number, days, "需会商"), actor=actor, by=PROVIDES, when=when
        ):
            self.longer = days

    @precondition(lambda self: self.consented)
    @rule(actor=st.sampled_from([AUTHORITY, PROVIDES]), allowed=st.booleans())
    def decide_longer(self, actor: Actor, *, allowed: bool) -> None:
        when = self.state in {"pending", "supplementing"} and self.longer > 0 and not self.longer_decided
        if self.attempt(
            lambda: self.applying.decide_longer(actor, self.number, allowed=allowed),
            actor=actor,
            by=AUTHORITY,
            when=when,
        ):
            self.longer_decided = True
            self.left += self.longer if allowed else 0

    @precondition(lambda self: self.consented)
    @rule(actor=st.sampled_from([PROVIDES, ASKS]))
    def grant(self, actor: Actor) -> None:
        if self.attempt(
            lambda: self.applying.grant(actor, self.number, CONSENT),
            actor=actor,
            by=PROVIDES,
            when=self.state == "pending",
        ):
            self.state = "granted"

    @precondition(lambda self: self.consented)
    @rule(actor=st.sampled_from([PROVIDES, STRANGER]))
    def refuse(self, actor: Actor) -> None:
        if self.attempt(
            lambda: self.applying.refuse(actor, self.number, "用途与职责无关"),
            actor=actor,
            by=PROVIDES,
            when=self.state == "pending",
        ):
            self.state = "refused"

    @rule(actor=st.sampled_from([ASKS, PROVIDES]))
    def withdraw(self, actor: Actor) -> None:
        when = self.state in {"draft", "pending", "supplementing"}
        if self.attempt(
            lambda: self.applying.withdraw(actor, self.number, "不再需要"), actor=actor, by=ASKS, when=when
        ):
            self.state = "withdrawn"

    @invariant()
    def the_store_agrees(self) -> None:
        found = stands(self.hub, self.number)
        assert found.state == self.state
        if self.state == "pending":
            assert found.due_on is not None
            assert DAYS.between(self.today, found.due_on) == self.left
        if self.state == "supplementing":
            assert found.days_left == self.left

    def teardown(self) -> None:
        with self.hub.store(Role.PAGE).begin() as conn:
            given = held_grants.of_application(conn, self.number)
            steps = applications.steps(conn, application_number=self.number)
        assert len(given) == (1 if self.state == "granted" else 0)
        pairs = sa.text("SELECT count(*) FROM hub.ledger_entry WHERE kind = 'right'")
        all_steps = sa.text("SELECT count(*) FROM hub.right_step")
        with self.hub.store(Role.OWNER).begin() as conn:
            assert conn.execute(pairs).scalar() == conn.execute(all_steps).scalar(), "each step is in the ledger"
        assert next(step.kind for step in steps) == "drafted"


@pytest.mark.timeout(240)
def test_every_way_of_an_application(hub: Hub, clock: Clock, applying: Applying) -> None:
    start = clock.now

    class Here(Way):
        def __init__(self) -> None:
            super().__init__()
            self.hub, self.clock, self.applying = hub, clock, applying
            clock.now = start

    bounded = settings(
        max_examples=25,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(Here, settings=bounded)  # type: ignore[no-untyped-call] # Hypothesis has no types there
    with hub.store(Role.OWNER).begin() as conn:
        ledger.sequence(conn)
        assert ledger.check(conn).size > 25


def test_what_has_no_conditions_is_granted_at_once(hub: Hub, applying: Applying, clock: Clock) -> None:
    wanted = form(resource=f"type:{TYPE}", act="verification", fields="", service_items="新办\n变更", per_day="500")
    number = applying.draft(DRAFTS, wanted)
    wish = Wish("verification", "养老机构轮候", "变更", TYPE)
    assert not covers(hub, wish, clock().date())
    granted = applying.submit(ASKS, number, CONSENT)
    assert (granted.state, granted.wanted.conditional, granted.provided_at) == ("granted", False, clock())
    assert covers(hub, wish, clock().date())
    assert not covers(hub, wish._replace(service_item="注销"), clock().date())
    assert not covers(hub, wish, date(2027, 3, 2)), "after its last day"
    with hub.store(Role.PAGE).begin() as conn:
        given = held_grants.of_application(conn, number)
    assert [(one.service_item, one.per_day, one.application) for one in given] == [
        ("新办", 500, number),
        ("变更", 500, number),
    ]


def test_a_grant_says_who_what_where_and_how_often(hub: Hub, applying: Applying, clock: Clock) -> None:
    wanted = form(askers="officer:2; client:intake-1", area_code="440500", per_hour="60", in_clear="on")
    number = applying.draft(DRAFTS, wanted)
    applying.submit(ASKS, number, CONSENT)
    applying.grant(PROVIDES, number, CONSENT)
    today = clock().date()
    assert covers(hub, WISH, today)
    assert covers(hub, WISH, today, Claimant("civil_affairs", "client:intake-1"))
    assert not covers(hub, WISH, today, Claimant("civil_affairs", "officer:7")), "not named"
    assert not covers(hub, WISH, today, Claimant("tax", "officer:2")), "another department"
    assert not covers(hub, WISH._replace(fields=("name", "address")), today), "one field too many"
    assert not covers(hub, WISH._replace(act="matching"), today)
    with hub.store(Role.API).begin() as conn:
        (found,) = grants.covering_grants(conn, [(Claimant("civil_affairs", "officer:2"), WISH)], today)
    assert found is not None
    assert (found.area_code, found.per_hour, found.per_day, found.in_clear) == ("440500", 60, None, True)


def test_all_wishes_of_a_group_are_one_statement(hub: Hub, applying: Applying, clock: Clock) -> None:
    applying.submit(ASKS, applying.draft(DRAFTS, form(resource=f"type:{TYPE}", act="verification", fields="")), CONSENT)
    right = Wish("verification", "养老机构轮候", "ELDER-CARE", TYPE)
    who = Claimant("civil_affairs", "client:a")
    store, seen = hub.store(Role.API), []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    with store.begin() as conn:
        seen.clear()
        wanted = [(who, right), (who, WISH), (Claimant("tax", "client:b"), right)] * 80
        found = grants.covering_grants(conn, wanted, clock().date())
    assert [one is not None for one in found] == [True, False, False] * 80
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("changed", "member"),
    [
        ({"basis": " "}, "basis"),
        ({"scene": ""}, "scene"),
        ({"scope": "x" * 501}, "scope"),
        ({"purpose": "a\u0000b"}, "purpose"),
        ({"service_items": " ,"}, "service_items"),
        ({"fields": ""}, "fields"),
        ({"fields": "password"}, "fields"),
        ({"act": "verification"}, "act"),
        ({"act": "steal"}, "act"),
        ({"mode": "fax"}, "mode"),
        ({"valid_from": "2026-02-28"}, "valid_from"),
        ({"valid_until": "2026-03-01"}, "valid_until"),
        ({"valid_until": "tomorrow"}, "valid_until"),
        ({"valid_from": "2026-05-01", "valid_until": "2026-04-01"}, "valid_until"),
        ({"askers": "zhang"}, "askers"),
        ({"area_code": "4405"}, "area_code"),
        ({"per_day": "-1"}, "per_day"),
        ({"per_hour": "1e3"}, "per_hour"),
        ({"resource": "x"}, "resource"),
    ],
)
def test_a_form_that_is_wrong_names_its_member(changed: dict[str, str], member: str) -> None:
    with pytest.raises(MalformedApplication) as refused:
        read_form(form(**changed), "civil_affairs", load_catalogue(), load_types(), date(2026, 3, 2))
    assert refused.value.member == member


def test_what_is_not_there_or_not_reasoned_is_refused(applying: Applying) -> None:
    with pytest.raises(NotShared):
        applying.draft(DRAFTS, form(resource="dataset:x.y"))
    number = applying.draft(DRAFTS, form())
    with pytest.raises(ConsentMissing):
        applying.submit(ASKS, number, "  ")
    applying.submit(ASKS, number, CONSENT)
    with pytest.raises(ConsentMissing):
        applying.refuse(PROVIDES, number, "")
    for days in (0, 11):
        with pytest.raises(TooLongAsked):
            applying.ask_longer(PROVIDES, number, days, "需会商")
    for nobody in (STRANGER, DRAFTS):
        with pytest.raises(NotFound):
            applying.withdraw(nobody, number, "x")
    assert issubclass(TooLongAsked, SharingError)


def test_data_that_flow_elsewhere_are_provided_later(applying: Applying, hub: Hub, clock: Clock) -> None:
    number = applying.draft(DRAFTS, form(mode="batch_exchange"))
    applying.submit(ASKS, number, CONSENT)
    granted = applying.grant(PROVIDES, number, CONSENT)
    assert (granted.provided_at, granted.provide_by) == (None, date(2026, 3, 30))
    clock.move(days=3)
    applying.provided(PROVIDES, number)
    assert stands(hub, number).provided_at == clock()
    with pytest.raises(WrongStep):
        applying.provided(PROVIDES, number)


@pytest.fixture
def pending(applying: Applying) -> int:
    number = applying.draft(DRAFTS, form())
    applying.submit(ASKS, number, CONSENT)
    return number


A_GRANT = """INSERT INTO hub.grant_right (department, act, fields, purpose, granted_by, valid_from)
             VALUES ('civil_affairs', 'query', '{name}', 'x', 'me', '2026-01-01')"""
NOT_GRANTED_YET = """
INSERT INTO hub.grant_right (department, act, dataset, fields, purpose, service_item, granted_by, valid_from,
                             valid_until, application)
SELECT department, act, dataset, fields, purpose, 'ELDER-CARE', 'me', valid_from, valid_until, id FROM hub.application
"""
FORBIDDEN = {
    Role.PAGE: (
        "UPDATE hub.application SET state = 'draft', due_on = NULL",
        "UPDATE hub.application SET fields = '{address}'",
        "UPDATE hub.application SET conditional = false",
        NOT_GRANTED_YET,
        A_GRANT,
        "UPDATE hub.grant_right SET fields = '{name}'",
        "DELETE FROM hub.application",
        "UPDATE hub.right_step SET told = '{}'",
        "DELETE FROM hub.right_step",
        "DELETE FROM hub.ledger_entry",
        "SELECT payload FROM hub.ledger_body",
    ),
    Role.API: (
        A_GRANT,
        NOT_GRANTED_YET,
        "UPDATE hub.grant_right SET suspended_at = NULL, suspended_because = NULL",
        "UPDATE hub.application SET state = 'granted'",
        "INSERT INTO hub.right_step (application, kind, at, told) VALUES (1, 'granted', now(), '{}')",
    ),
}


@pytest.mark.usefixtures("pending")
def test_no_role_goes_around_the_steps(hub: Hub) -> None:
    for role, statements in FORBIDDEN.items():
        for statement in statements:
            with pytest.raises(StoreError), hub.store(role).begin() as conn:
                conn.execute(sa.text(statement))


def test_more_than_was_asked_for_is_never_given(hub: Hub, applying: Applying, pending: int) -> None:
    applying.grant(PROVIDES, pending, CONSENT)
    wider: list[dict[str, Any]] = [
        {"fields": ["name", "address"]},
        {"service_item": "ANOTHER"},
        {"purpose": "另一用途"},
        {"valid_until": date(2029, 1, 1)},
        {"in_clear": True},
        {"department": "tax"},
        {"act": "retrieval"},
        {"per_day": 10},
    ]
    with hub.store(Role.PAGE).begin() as conn:
        (given,) = held_grants.of_application(conn, pending)
    left_out = {"id", "fields", "askers", "withheld_because"}
    same = {column.name: getattr(given, column.name) for column in grant_right.c if column.name not in left_out}
    for more in wider:
        with pytest.raises(StoreError), hub.store(Role.PAGE).begin() as conn:
            conn.execute(sa.insert(grant_right).values({**same, "fields": list(given.fields), **more}))


def test_time_runs_by_working_days(applying: Applying, hub: Hub, clock: Clock) -> None:
    clock.now += timedelta(days=205)  # Wednesday 23 September: 中秋节 and 国庆节 lie before the answer
    number = applying.draft(DRAFTS, form(valid_from="2026-10-01"))
    applying.submit(ASKS, number, CONSENT)
    assert stands(hub, number).due_on == date(2026, 10, 14)


def test_of_two_who_decide_at_once_one_finds_it_decided(hub: Hub, applying: Applying, pending: int) -> None:
    def tried(act: Callable[[], object]) -> bool:
        try:
            act()
        except WrongStep:
            return False
        return True

    acts = [
        lambda: applying.grant(PROVIDES, pending, CONSENT),
        lambda: applying.withdraw(ASKS, pending, "不再需要"),
        lambda: applying.refuse(PROVIDES, pending, "用途与职责无关"),
        lambda: applying.grant(PROVIDES, pending, CONSENT),
    ]
    with ThreadPoolExecutor(len(acts)) as pool:
        assert sum(pool.map(tried, acts)) == 1
    with hub.store(Role.PAGE).begin() as conn:
        given = held_grants.of_application(conn, pending)
    assert len(given) == (1 if stands(hub, pending).state == "granted" else 0)
