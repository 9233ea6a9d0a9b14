"""Explanations say what the register shows, and why; masked for pages, and each look is in the ledger."""

import datetime as dt
import json

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from registries.contracts.model import Column, Dataset, RegisterRole, ValidTime
from registries.errors import StoreError
from registries.home import Role
from registries.store import ledger, planner, points_in_time, quarantine, subject_versions
from registries.store.engine import Store
from registries.store.explaining import explain
from registries.store.explanations import Explanation
from registries.store.keeping_tables import expiry
from registries.store.ledger_tables import ledger_body, ledger_entry
from registries.store.points_in_time import NOW as TODAY
from registries.store.points_in_time import Moment
from registries.store.subject_versions import Access, Looking, Version
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import take_in
from tests.registries.store.histories import FOREVER, HOMES, PERMITS, VISITS, Believed, Row
from tests.registries.store.random_histories import (
    CATALOGUE,
    DAYS,
    FEW,
    MINUTE,
    NUMBERS,
    POPULATION,
    Step,
    act,
    deliver,
    step,
)
from tests.registries.store.sample_catalogue import NOW, catalogue_of, make_dataset

WRONG, RIGHT = NUMBERS[:2]
LOOKING = Looking("steward", "复核", NOW)


@pytest.fixture
def everything(hub: Stores) -> Store:
    """The owner's store, who may do what the loader and the pages may."""
    planner.plan(hub.store(Role.LOAD), CATALOGUE)
    return hub.store(Role.OWNER)


def explained(conn: sa.Connection, key: str, moment: Moment = TODAY, *, masked: bool = True) -> Explanation:
    access = subject_versions.open_access(conn, POPULATION, key, LOOKING)

    def read(dataset: Dataset) -> list[Version]:
        return subject_versions.values_of(conn, dataset, POPULATION, access.key, moment)

    return explain(conn, CATALOGUE, POPULATION, access, moment, None if masked else read)


def home(number: str, name: str | None, valid_until: str | None = None) -> tuple[Row, bool]:
    return {"number": number, "name": name, "valid_from": None, "valid_until": valid_until}, False


def visit(number: str, name: str | None, address: str | None, word: int) -> tuple[Row, bool]:
    row = {"number": number, "name": name, "address": address, "valid_from": None, "operation": "U", "word": str(word)}
    return row, False


# --- against the register


@FEW
@given(steps=st.lists(step, min_size=2, max_size=6), data=st.data())
def test_what_is_explained_is_what_the_register_shows(
    everything: Store, steps: list[Step], data: st.DataObject
) -> None:
    models, at = {"homes": Believed(HOMES), "visits": Believed(VISITS)}, NOW
    edges: list[tuple[int, str, str]] = []
    times = []
    with everything.connect() as conn:
        for what, given_ in steps:
            at += MINUTE
            if what in models:
                deliver(conn, models[what], given_, at)  # type: ignore[arg-type] # by `what`
            else:
                act(conn, what, given_, edges, at)
            times.append(at)
        moment = Moment(
            data.draw(st.sampled_from([None, *map(dt.date.fromisoformat, DAYS)])),
            data.draw(st.sampled_from([None, *times])),
        )
        wanted = points_in_time.register_rows("population", CATALOGUE, moment)
        assert wanted is not None
        shown = {row["subject_key"]: row for row in conn.execute(wanted).mappings()}
        for key in NUMBERS:
            raw = explained(conn, key, moment, masked=False)
            masked = explained(conn, key, moment)
            assert _skeleton(raw) == _skeleton(masked)
            present = subject_versions.keys_at(conn, POPULATION, key, moment)[0]
            decided = {one.attribute: one.said.value for one in raw.decisions if one.said}
            row = shown.get(present, {"name": None, "address": None})
            assert decided == {name: row[name] for name in ("name", "address") if row[name] is not None}
            assert raw.known == (present in shown)


def _skeleton(found: Explanation) -> object:
    """All but the values."""
    decisions = [
        (
            one.attribute,
            *((said.dataset, said.batch, said.value_batch, said.mark, said.former, said.agrees) if said else ()
              for said in (one.said, *one.others)),
        )
        for one in found.decisions
    ]  # fmt: skip
    versions = [
        [(one.since, one.until, one.former, one.mark, one.known, one.valid, one.belongs) for one in history.versions]
        for history in found.histories
    ]
    return decisions, versions, found.refused, found.cases, sorted(found.batches)


# --- one by one


def test_who_decided_and_who_said_otherwise(everything: Store) -> None:
    with everything.begin() as conn:
        take_in(conn, HOMES, [home(RIGHT, "张三丰"), home(NUMBERS[2], "李四")])
        take_in(conn, VISITS, [visit(RIGHT, "章三丰", "长平路一号", 1)], close=False)
        take_in(conn, HOMES, [home(RIGHT, "张三丰", FOREVER), home(NUMBERS[2], "李四")])
        name, address = explained(conn, RIGHT).decisions
    assert (name.attribute, address.attribute) == ("name", "address")
    assert name.said is not None
    assert (name.said.dataset, name.said.precedence, name.said.batch, name.said.value_batch) == (HOMES.name, 1, 3, 1)
    ((other),) = name.others
    assert (other.dataset, other.agrees, other.batch) == (VISITS.name, False, 2)
    assert address.said is not None
    assert (address.said.dataset, address.others) == (VISITS.name, ())


def test_refused_rows_former_keys_and_cases(everything: Store) -> None:
    with everything.begin() as conn:
        take_in(conn, HOMES, [home(WRONG, "张三丰")], findings={"name-odd": [1]})
        batch, _ = take_in(conn, HOMES, [(home(WRONG, "张三丰")[0], True)])
        quarantine.record_findings(conn, batch, "name-placeholder", 1, np.array([1]))
        act(conn, "join", (WRONG, RIGHT), [], NOW)
        found = explained(conn, WRONG)
        assert found.keys == ("1101**********002X", "1101**********0021")
        assert found.known
        assert found.decisions[0].said is not None
        assert found.decisions[0].said.former
        assert found.decisions[0].said.mark == "update_refused"
        assert [(one.dataset, one.batch, one.row_number, one.rule_ids) for one in found.refused] == [
            (HOMES.name, 2, 1, ("name-placeholder",))
        ]
        assert [(case.cause, case.rule_id, case.state) for case in found.cases] == [("finding", "name-odd", "open")]
        assert not explained(conn, WRONG, Moment(known_at=NOW - MINUTE)).known


def test_certificates_stand_side_by_side(everything: Store) -> None:
    permits = CATALOGUE.register("certificates")
    row: Row = {"number": "A1", "name": "某某公司", "code": "x", "status": "10", "valid_until": "2024-12-31"}
    with everything.begin() as conn:
        take_in(conn, PERMITS, [(row, False), ({**row, "number": "B"}, False)])
        take_in(conn, PERMITS, [({**row, "number": "B"}, False)])
        access = subject_versions.open_access(conn, permits, "A1", LOOKING)
        found = explain(conn, CATALOGUE, permits, access, TODAY)
        assert found.decisions == ()  # vanished
        assert found.histories[0].versions[0].mark == "vanished"
        assert [case.cause for case in found.cases] == ["vanished"]
        access = subject_versions.open_access(conn, permits, "B", LOOKING)
        decided = explain(conn, CATALOGUE, permits, access, Moment(as_of=dt.date(2024, 12, 31))).decisions
        assert [one.said.value if one.said else None for one in decided if one.attribute == "holder_name"] == ["某**司"]
        assert explain(conn, CATALOGUE, permits, access, Moment(as_of=dt.date(2025, 1, 1))).decisions == ()


def test_pages_see_masks_and_only_what_was_written_down(everything: Store, hub: Stores) -> None:
    with everything.begin() as conn:
        take_in(conn, HOMES, [home(RIGHT, "张三丰")])
    page = hub.store(Role.PAGE)
    with page.begin() as conn:
        found = explained(conn, RIGHT.lower())
        assert found.decisions[0].said is not None
        assert found.decisions[0].said.value == "张*丰"
        assert RIGHT not in repr(found)
        assert "张三丰" not in repr(found)
    # of another subject, of a look of an earlier transaction, of none
    for access in (Access(1, WRONG), Access(1, RIGHT), Access(99, RIGHT)):
        with pytest.raises(StoreError) as caught, page.begin() as conn:
            subject_versions.read(conn, HOMES, access, TODAY)
        assert caught.value.sqlstate == "HB016"
    with pytest.raises(StoreError) as caught, page.begin() as conn:
        subject_versions.values_of(conn, HOMES, POPULATION, RIGHT, TODAY)
    assert caught.value.sqlstate == "42501"


def test_each_look_is_in_the_ledger_without_the_key(everything: Store, hub: Stores) -> None:
    with hub.store(Role.PAGE).begin() as conn:
        explained(conn, RIGHT)
    with everything.begin() as conn:
        ledger.sequence(conn)
        (kind, jti, payload), = conn.execute(
            sa.select(ledger_entry.c.kind, ledger_entry.c.jti, ledger_body.c.payload).join(ledger_body)
        ).all()  # fmt: skip
        assert ledger.check(conn).faults == []
    assert (kind, jti) == ("access", "access:1")
    told = json.loads(payload)
    assert (told["act"], told["by"], told["register"], told["values"]) == ("explain", "steward", "population", False)
    assert RIGHT.encode() not in payload
    assert "复核" not in payload.decode()


CARDS = make_dataset(
    "test_health.cards",
    [
        Column("area", "区", key=True),
        Column("no", "号", "integer", key=True),
        Column("person", "持卡人", classification="personal"),
        Column("address", "住址", classification="personal"),
        Column("sex", "性别", classification="personal"),
        Column("closed", "停用"),
        Column("made_at", "时间", "timestamp"),
        Column("ends", "止"),
    ],
    register=RegisterRole("population", "person", {"address": "address", "sex": "sex"}, where=(("closed", None),)),
    valid_time=ValidTime("made_at", "ends", ("长期",)),
)


def card(no: str, person: str, address: str, closed: str | None = None, ends: str | None = None) -> tuple[Row, bool]:
    row = {"area": "a", "no": no, "person": person, "address": address, "sex": "1", "closed": closed, "ends": ends}
    return {**row, "made_at": "2024-01-15 23:30:00"}, False


@pytest.mark.parametrize(
    ("as_of", "address"),
    [(None, "c"), ("2024-01-15", "c"), ("2024-01-14", None), ("2025-01-01", "d"), ("2999-01-01", "d")],
)
def test_several_rows_of_one_subject(hub: Stores, as_of: str | None, address: str | None) -> None:
    catalogue = catalogue_of(CARDS)
    planner.plan(hub.store(Role.LOAD), catalogue)
    moment = Moment(dt.date.fromisoformat(as_of) if as_of else None)
    register = catalogue.register("population")
    with hub.store(Role.OWNER).connect() as conn:
        take_in(conn, CARDS, [card("9", RIGHT, "b", ends="长期"), card("3", WRONG, "w"), card("4", RIGHT, "x", "是")])
        rows = [card("9", RIGHT, "b", ends="长期"), card("3", WRONG, "w"), card("4", RIGHT, "x", "是")]
        take_in(conn, CARDS, [*rows, card("11", RIGHT, "c", ends="2024-12-31"), card("12", RIGHT, "d", ends="见附件")])
        wanted = points_in_time.register_rows("population", catalogue, moment)
        assert wanted is not None
        shown = wanted.subquery()
        view = conn.execute(sa.select(shown.c.address).where(shown.c.subject_key == RIGHT)).scalar()
        access = subject_versions.open_access(conn, register, RIGHT, LOOKING)
        masked = explain(conn, catalogue, register, access, moment)
        raw = explain(
            conn,
            catalogue,
            register,
            access,
            moment,
            lambda dataset: subject_versions.values_of(conn, dataset, register, access.key, moment),
        )
    said = {one.attribute: one.said.value for one in raw.decisions if one.said}
    assert (view, said.get("address")) == (address, address)
    assert _skeleton(masked) == _skeleton(raw)
    assert {one.said.value for one in masked.decisions if one.said} <= {"*"}  # half of a short code would be all of it
    assert [version.belongs for version in masked.histories[0].versions] == [False, True, True, True]


def test_what_expired_is_told(everything: Store, hub: Stores) -> None:
    with everything.begin() as conn:
        take_in(conn, HOMES, [home(RIGHT, "张三丰")])
        gone = {"run": 1, "dataset": HOMES.name, "before": NOW, "state": "done", "count": 1, "planned_at": NOW}
        for what, batch, rule in (("landed", 1, "P1Y"), ("history", 4, "P5Y")):
            conn.execute(sa.insert(expiry).values(what=what, batch=batch, rule=rule, done_at=NOW, **gone))
    with hub.store(Role.PAGE).begin() as conn:
        found = explained(conn, RIGHT)
    assert (found.batches[1].expired, found.batches[1].rule) == (NOW, "P1Y")
    assert found.histories[0].incomplete_before == 4


def test_what_no_contract_describes_any_more_can_not_be_looked_at(everything: Store, hub: Stores) -> None:
    with everything.begin() as conn:
        take_in(conn, HOMES, [home(RIGHT, "张三丰")])
    planner.plan(hub.store(Role.LOAD), catalogue_of(VISITS))
    with hub.store(Role.PAGE).begin() as conn:
        access = subject_versions.open_access(conn, POPULATION, RIGHT, LOOKING)
        assert subject_versions.read(conn, HOMES, access, TODAY) == []
