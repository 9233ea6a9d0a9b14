"""The desk sees what is unusual, and only inspectors do; two persons search by subject; who asked is told."""

import dataclasses
import datetime as dt
import json
from typing import Protocol

import pytest
import sqlalchemy as sa

from certificates.jose import ES256, Key, new_key
from certificates.receipts import compose, draft_receipt
from registries.departments import Catalogue
from registries.errors import StoreError
from registries.home import Role
from registries.inspection_faults import InspectionRefused
from registries.store import (
    accounts,
    asked,
    budgets,
    clients,
    grants,
    inspection_searches,
    inspections,
    ledger,
    schema,
    tellings,
)
from registries.store.budgets import Limit, Miss
from registries.store.engine import Store
from registries.store.inspections import Act, Hours, Period, Wanted
from registries.store.tellings import Shown
from tests.registries.store.test_migrating_back import downgrade

NOW = dt.datetime(2026, 3, 4, 2, 0, tzinfo=dt.UTC)  # Wednesday, ten in China
PERIOD = Period(NOW - dt.timedelta(days=7), NOW + dt.timedelta(days=1))
ZHANG, LI = "440500199001011234", "440500198002022345"
PURPOSE, ITEM = "行政许可审批", "食品经营许可新办"


class Hub(Protocol):
    """What these tests need of the fixture `hub`."""

    catalogue: Catalogue

    def store(self, role: Role) -> Store: ...


@dataclasses.dataclass
class Desk:
    """A hub with inspectors and officers, in whose ledger answers are written down as the API does."""

    hub: Hub
    key: Key
    accounts: dict[str, int]
    count: int = 0

    def __post_init__(self) -> None:
        self.page = self.hub.store(Role.PAGE)
        self.population = self.hub.catalogue.register("population")

    def answer(
        self,
        asker: str,
        subject: str = ZHANG,
        *,
        case: str = "ST-2026-0815",
        at: dt.datetime = NOW,
        code: str = "valid",
        tally: dict[str, int] | None = None,
        department: str = "civil_affairs",
    ) -> None:
        self.count += 1
        content = {
            "code": code,
            "asked": {"purpose": PURPOSE, "service_item": ITEM, "case": case, "department": department},
        }
        if tally:
            content |= {"size": sum(tally.values()), "tally": tally}
        payload = compose(
            issuer="https://hub.example",
            audience=asker,
            issued_at=int(at.timestamp()),
            jti=f"{self.count:032}",
            request_digest=bytes(32),
            salt=bytes(16),
            data_as_of=None,
            answer=content,
            member="verifications" if tally else "verification",
        )
        draft = draft_receipt(payload, self.key)
        entry = ledger.NewEntry("answer", asker, f"{self.count:032}", draft.leaf_data, draft.signing_input, bytes(32))
        with self.hub.store(Role.API).begin() as conn:
            (made,) = ledger.append(conn, [entry], at)
            assert isinstance(made, ledger.Appended)
            asked.note(conn, [asked.About(made.entry_id, "natural_person", subject, "T")])
            ledger.sequence(conn)

    def officer(self, login: str) -> str:
        return f"officer:{self.accounts[login]}"

    def follow(self) -> None:
        with self.page.begin() as conn:
            while inspections.catch_up(conn, 50):
                pass

    def entries(self) -> list[str]:
        """What the desk did, as the ledger has it."""
        wanted = sa.text(
            "SELECT b.payload FROM hub.ledger_entry e JOIN hub.ledger_body b ON b.entry_id = e.id"
            " WHERE e.issuer = 'inspection' ORDER BY e.id"
        )
        with self.hub.store(Role.OWNER).begin() as conn:
            return [json.loads(body)["act"] for body in conn.execute(wanted).scalars()]


@pytest.fixture
def desk(hub: Hub) -> Desk:
    made = {}
    with hub.store(Role.OWNER).begin() as conn:
        for login, role in {"zhao": "inspector", "qian": "inspector", "audit": "auditor"}.items():
            made[login] = accounts.add_account(conn, login, "hash", "某", "data_bureau", (role,))
        for login in ("wang", "chen", "lin", "wu", "he"):
            made[login] = accounts.add_account(conn, login, "hash", "某", "civil_affairs", ("window_officer",))
    return Desk(hub, new_key(ES256), made)


def test_what_is_unusual_is_found_with_the_answers_behind_it(desk: Desk) -> None:
    wang, chen = desk.officer("wang"), desk.officer("chen")
    for number in range(9):
        desk.answer(wang, ZHANG, case=f"ST-2026-01{number:02}")
    for number in range(6):
        desk.answer(chen, f"44050019900101{number:04}", case="ST-2026-0777")
    desk.answer(chen, LI, case="无", at=NOW + dt.timedelta(hours=12), code="no_match")
    desk.answer("client:approval", LI, case="0000", at=NOW + dt.timedelta(hours=12))
    desk.follow()
    inspector = desk.accounts["audit"]  # an auditor may look
    with desk.page.begin() as conn:
        (again,) = inspections.repeated(conn, inspector, PERIOD)
        assert (again.asker, again.asker_name, again.questions, again.cases) == (wang, "wang 某", 9, 9)
        (crowd,) = inspections.crowded(conn, inspector, PERIOD)
        assert (crowd.department, crowd.case_number, crowd.subjects) == ("civil_affairs", "ST-2026-0777", 6)
        made_up = {(line.asker, line.case_number) for line in inspections.caseless(conn, inspector, PERIOD)}
        assert made_up == {(chen, "无"), ("client:approval", "0000")}
        hours = Hours(dt.time(7, 30), dt.time(19), [])
        (late,) = inspections.after_hours(conn, inspector, PERIOD, hours)
        assert (late.asker, late.questions, late.days) == (chen, 1, 1)
        free = dataclasses.replace(hours, free_days=[dt.date(2026, 3, 4)])
        assert {line.asker: line.questions for line in inspections.after_hours(conn, inspector, PERIOD, free)} == {
            wang: 9,
            chen: 7,
        }
        behind = inspections.answers(conn, inspector, PERIOD, Wanted(alike=again.entry))
        assert [line.case_number for line in behind] == [f"ST-2026-01{number:02}" for number in reversed(range(9))]
        rest = inspections.answers(conn, inspector, PERIOD, Wanted(asker=chen, before=behind[0].entry_id + 3))
        assert len(rest) == 2
        found = inspections.receipt(conn, inspector, behind[0].entry_id, Act("audit", "抽查", NOW))
        assert found is not None
        assert found.payload.count(b".") == 1
        assert inspections.receipt(conn, inspector, 0, Act("audit", "抽查", NOW)) is None
    assert desk.entries() == ["receipt"]


def test_an_outlier_is_measured_by_the_median_of_those_who_do_the_same(desk: Desk) -> None:
    for login, count in {"wang": 40, "chen": 9, "lin": 11, "wu": 10, "he": 12}.items():
        for number in range(count):
            desk.answer(desk.officer(login), f"4405001990{number:08}", code="no_match" if login == "he" else "valid")
    desk.answer(desk.officer("he"), code="answered", tally={"no_match": 3, "valid": 1})
    desk.follow()
    with desk.page.begin() as conn:
        (found,) = inspections.outliers(conn, desk.accounts["zhao"], PERIOD)
        assert (found.asker_name, found.amount, found.median, found.peers) == ("wang 某", 40, 11.0, 5)
        assert found.score == pytest.approx(29 / max(1.4826, 11**0.5))
        (misses,) = inspections.outliers(conn, desk.accounts["zhao"], PERIOD, of_misses=True)
        assert (misses.asker_name, misses.amount) == ("he 某", 15)
        assert inspections.outliers(conn, desk.accounts["zhao"], PERIOD, peers=6) == []


def test_only_inspectors_in_office_see_the_desk(desk: Desk) -> None:
    for login in ("wang", "nobody"):
        with refused("HB061"), desk.page.begin() as conn:
            inspections.caseless(conn, desk.accounts.get(login, 0), PERIOD)
    with refused("HB061"), desk.page.begin() as conn:
        inspections.lift(conn, desk.accounts["audit"], 1, Act("audit", "看看", NOW))
    with pytest.raises(StoreError, match="42501"), desk.page.begin() as conn:
        conn.execute(sa.text("SELECT * FROM hub.inspected_answer"))
    with pytest.raises(StoreError, match="42501"), desk.hub.store(Role.API).begin() as conn:
        inspections.caseless(conn, desk.accounts["zhao"], PERIOD)


def test_who_was_stopped_is_let_in_by_an_inspector_with_a_reason(desk: Desk) -> None:
    with desk.hub.store(Role.OWNER).begin() as conn:
        clients.add_client(conn, "approval", "civil_affairs", "审批系统")
    with desk.hub.store(Role.API).begin() as conn:
        zhao = desk.officer("zhao")
        budgets.note(conn, [Miss("client:approval", 0, 60), Miss(desk.officer("wang"), 1, 50), Miss(zhao, 2, 50)], NOW)
        assert budgets.stopped(conn) == 3
    with desk.page.begin() as conn:
        stops = {stop.asker: stop for stop in inspections.stops(conn, desk.accounts["qian"])}
    assert stops["client:approval"].department == "civil_affairs"
    assert stops["client:approval"].misses == 60
    for act, wanted, reason in (
        (Act("qian", " ", NOW), stops["client:approval"].id, "reason"),
        (Act("qian", "核实", NOW), 0, "HB062"),
    ):
        with refused(reason), desk.page.begin() as conn:
            inspections.lift(conn, desk.accounts["qian"], wanted, act)
    with refused("HB061"), desk.page.begin() as conn:  # who is locked is no inspector in office
        inspections.lift(conn, desk.accounts["zhao"], stops[zhao].id, Act("zhao", "核实", NOW))
    with desk.page.begin() as conn:
        for stop in stops.values():
            inspections.lift(conn, desk.accounts["qian"], stop.id, Act("qian", "联调数据有误，已更正", NOW))
    with desk.hub.store(Role.API).begin() as conn:
        assert budgets.stopped(conn) == 0
        found, account = clients.client_with_keys(conn, "approval"), accounts.account_by_login(conn, "wang")
        assert budgets.note(conn, [Miss("client:approval", 0, 49)], NOW) == []  # begins anew
    assert found is not None
    assert account is not None
    assert (found.state, account.state) == ("active", "open")
    assert desk.entries()[-3:] == ["lift", "lift", "lift"]


def test_a_search_needs_two_persons_a_day_and_gives_one_look(desk: Desk) -> None:
    zhao, qian = desk.accounts["zhao"], desk.accounts["qian"]
    desk.answer(desk.officer("wang"), ZHANG)
    desk.answer(desk.officer("chen"), LI)
    desk.follow()
    asks, decides = Act("zhao", "群众投诉被多次查询", NOW), Act("qian", "", NOW)
    with refused("reason"), desk.page.begin() as conn:
        inspection_searches.ask(conn, desk.population, ZHANG, zhao, Act("zhao", "", NOW))
    with desk.page.begin() as conn:
        wanted = inspection_searches.ask(conn, desk.population, ZHANG, zhao, asks)
    with refused("HB066"), desk.page.begin() as conn:  # nobody has approved it
        inspection_searches.look(conn, wanted, zhao, asks)
    with refused("HB065"), desk.page.begin() as conn:
        inspection_searches.decide(conn, wanted, zhao, True, asks)
    with refused("HB064"), desk.page.begin() as conn:
        late = dataclasses.replace(decides, now=NOW + dt.timedelta(days=1))
        inspection_searches.decide(conn, wanted, qian, True, late)
    with desk.page.begin() as conn:
        inspection_searches.decide(conn, wanted, qian, True, decides)
        (listed,) = inspection_searches.searches(conn, qian, NOW)
    assert (listed.shown, listed.approved, listed.own, listed.asked_by) == (
        "4405**********1234",
        True,
        False,
        "zhao 某",
    )
    for who, when in ((qian, NOW), (zhao, NOW + dt.timedelta(days=1))):
        with refused("HB066"), desk.page.begin() as conn:
            inspection_searches.look(conn, wanted, who, dataclasses.replace(asks, now=when))
    with desk.page.begin() as conn:
        (line,) = inspection_searches.look(conn, wanted, zhao, asks)
    assert (line.asker_name, line.case_number, line.act) == ("wang 某", "ST-2026-0815", "verification")
    with refused("HB066"), desk.page.begin() as conn:
        inspection_searches.look(conn, wanted, zhao, asks)
    assert desk.entries() == ["search_asked", "search_approved", "search_looked"]
    with desk.hub.store(Role.OWNER).begin() as conn:
        kept = conn.execute(sa.text("SELECT CAST(s AS text) FROM hub.inspection_search s")).scalar_one()
    assert ZHANG not in kept


def test_a_person_is_told_who_asked_but_not_what_a_law_withholds(desk: Desk) -> None:
    with desk.hub.store(Role.OWNER).begin() as conn:
        secret = grants.add_grant(
            conn, "public_security", "verification", PURPOSE, "市政数局", dt.date(2026, 1, 1), certificate_type="T"
        )
        grants.withhold(conn, secret, "反有组织犯罪法第二十七条")
    desk.answer(desk.officer("wang"), ZHANG)
    desk.answer(desk.officer("chen"), LI)
    for _ in range(2):
        desk.answer("client:x", ZHANG, department="public_security", case="GA-2026-0001")
    desk.follow()
    clerk = Shown("chen", desk.accounts["chen"], "居民身份证", NOW)
    with desk.page.begin() as conn:
        told = tellings.tell(conn, desk.population, f" {ZHANG} ", clerk)
    assert [(one.department, one.case_number, one.code) for one in told.questions] == [
        ("civil_affairs", "ST-2026-0815", "valid")
    ]
    assert told.withheld == ("反有组织犯罪法第二十七条",)
    with desk.page.begin() as conn:
        again = tellings.tell(conn, desk.population, ZHANG, clerk)
        shown = inspections.accesses(conn, desk.accounts["zhao"], PERIOD)
    assert {one.act for one in again.questions} == {"access", "verification"}
    assert len(shown) == 2
    with refused("reason"), desk.page.begin() as conn:
        tellings.tell(conn, desk.population, ZHANG, dataclasses.replace(clerk, document=" "))
    with desk.hub.store(Role.OWNER).begin() as conn:
        budgets.set_limit(conn, budgets.Key("telling", "*"), Limit(2, None), "test")
    with refused("HB067"), desk.page.begin() as conn:
        tellings.tell(conn, desk.population, ZHANG, clerk)


def test_the_migration_goes_back_and_forth_with_people_stopped(desk: Desk) -> None:
    owner = desk.hub.store(Role.OWNER)
    with desk.hub.store(Role.API).begin() as conn:
        budgets.note(conn, [Miss(desk.officer("wang"), 1, 50)], NOW)
    downgrade(owner, "0020")
    with owner.begin() as conn:
        assert conn.execute(sa.text("SELECT to_regclass('hub.asker_stopped')")).scalar_one() is None
        assert conn.execute(sa.text("SELECT count(*) FROM pg_proc WHERE proname LIKE 'inspect%'")).scalar_one() == 0
        account = accounts.account_by_login(conn, "wang")
    assert account is not None
    assert account.state == "locked"
    schema.migrate(owner)
    assert schema.drift(owner) == []


def refused(reason: str) -> "pytest.RaisesExc[InspectionRefused]":
    return pytest.raises(InspectionRefused, check=lambda error: error.reason == reason)
