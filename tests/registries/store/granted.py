"""A small population in a store, with the grants that tests ask under."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from registries.contracts.model import Column, Dataset, RegisterRole
from registries.home import Role
from registries.store import accounts, grants, planner
from registries.store.engine import Store
from registries.store.granted_reads import Ask, Field, Subject
from registries.store.grants import Claimant
from registries.store.tables import grant_right
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import CLAIMANT, NOW, add_claimant, catalogue_of, make_dataset

TODAY = NOW.date()
PURPOSE, ITEM = "行政许可审批", "食品经营许可新办"
ADDRESS = "龙湖区长平路一号"
NUMBER, OTHER, NOBODY = "11010519491231002X", "440524188001010014", "110101199003072316"

RESIDENTS = make_dataset(
    "test_police.residents",
    [
        Column("number", "公民身份号码", key=True, classification="sensitive", semantic="citizen_number"),
        Column("name", "姓名", classification="personal", semantic="person_name"),
        Column("former", "曾用名", classification="personal", semantic="person_name"),
        Column("sex", "性别", classification="personal"),
        Column("born_on", "出生日期", "date", classification="personal"),
        Column("address", "住址", classification="personal"),
        Column("division", "区划", classification="public"),
    ],
    register=RegisterRole(
        "population",
        "number",
        {
            "name": "name",
            "former_names": "former",
            "sex": "sex",
            "birth_date": "born_on",
            "address": "address",
            "division_code": "division",
        },
    ),
    area_column="division",
)
DISABLED = make_dataset(
    "test_disabled.cards",
    [
        Column("card", "证号", key=True),
        Column("number", "公民身份号码", classification="sensitive", semantic="citizen_number"),
        Column("name", "姓名", classification="personal", semantic="person_name"),
        Column("address", "住址", classification="personal"),
        Column("grade", "等级", classification="sensitive"),
        Column("points", "分值", "integer", classification="public"),
    ],
    register=RegisterRole(
        "population", "number", {"name": "name", "address": "address", "disability_grade": "grade"}, precedence=2
    ),
)
FIELDS = ("name", "sex", "birth_date", "address", "division_code", "disability_grade")


def resident(number: str, name: str, **more: str | None) -> tuple[Row, bool]:
    row = {"former": None, "sex": "1", "born_on": "1949-12-31", "address": ADDRESS, "division": "440507"}
    return {"number": number, "name": name, **row, **more}, False


def card(key: str, number: str, name: str, **more: str | None) -> tuple[Row, bool]:
    return {"card": key, "number": number, "name": name, "address": "别处", "grade": "2", "points": "7", **more}, False


def settle(hub: Stores, *others: Dataset) -> None:
    """Two people, one of whom has a card; the client that asks."""
    load = hub.store(Role.LOAD)
    planner.plan(load, catalogue_of(RESIDENTS, DISABLED, *others))
    with load.begin() as conn:
        renamed = resident(NUMBER, "林志强", former="林小强、林阿强")
        take_in(conn, RESIDENTS, [renamed, resident(OTHER, "陈美", sex="2")])
        take_in(conn, DISABLED, [card("C1", NUMBER, "林志强"), card("C2", NUMBER, "林志强", grade="1")])
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.dataset SET data_as_of = :now, score = 0.9"), {"now": NOW})
        add_claimant(conn)


def grant(hub: Stores, act: grants.Act, fields: tuple[str, ...] = FIELDS, **more: object) -> int:
    """A grant of the client's department on the population, unless `more` says otherwise."""
    changed = {name: more.pop(name) for name in ("area_code", "askers", "in_clear", "suspended_at") if name in more}
    settings = {"department": CLAIMANT.department, "dataset": "population", "fields": fields, **more}
    department, valid_from = settings.pop("department"), settings.pop("valid_from", TODAY)
    with hub.store(Role.OWNER).begin() as conn:
        made = grants.add_grant(conn, department, act, PURPOSE, "市政数局", valid_from, **settings)  # type: ignore[arg-type] # a test's shorthand
        if "suspended_at" in changed:
            changed["suspended_because"] = "核查"
        if changed:
            conn.execute(sa.update(grant_right).where(grant_right.c.id == made).values(changed))
    return made


def ask(grant_id: int | None, *fields: str, **claimed: str) -> Ask:
    """The client's question about the first person: fields to tell, or fields with what is claimed of them."""
    wanted = tuple(Field(name, grant_id) for name in fields) + tuple(
        Field(name, grant_id, value) for name, value in claimed.items()
    )
    return Ask(CLAIMANT, Subject("林志强", NUMBER, "111"), "population", wanted, PURPOSE, ITEM)


def of(one: Ask, **changes: object) -> Ask:
    """The same question, changed."""
    return dataclasses.replace(one, **changes)  # type: ignore[arg-type] # a test's shorthand


@contextmanager
def statements(store: Store) -> Iterator[tuple[sa.Connection, list[str]]]:
    """A connection, and the statements that go over it."""
    seen: list[str] = []
    with store.connect() as conn:
        sa.event.listen(conn, "before_cursor_execute", lambda *call: seen.append(call[2]))
        yield conn, seen


def officer(hub: Stores, department: str = CLAIMANT.department) -> Claimant:
    """An officer's account."""
    with hub.store(Role.OWNER).begin() as conn:
        made = accounts.add_account(conn, f"w-{department}", "x", "林小明", department, frozenset({"officer"}))
    return Claimant(department, f"officer:{made}")


YESTERDAY = TODAY - dt.timedelta(days=1)
