"""What a batch tells by the keys that it touched is what looking at every row would tell.

Random deliveries, joins and separations; after each of them both ways are gone, one of them in a savepoint.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.types import load_types
from registries.contracts.model import CertificateMapping, Column, Correction, Dataset, HolderMapping, RegisterRole
from registries.errors import SubjectRefused
from registries.store import (
    batches,
    case_closing,
    case_opening,
    certificates,
    conflicts,
    planner,
    proposals,
    subject_comparing,
    subjects,
    touched,
)
from registries.store.batches import Batch, BatchCounts
from registries.store.casework_tables import case, case_row
from registries.store.engine import Store
from registries.store.life_tables import certificate_event
from registries.store.merge import KeyDoubt, merge
from registries.store.shapes import current_table, touched_table
from registries.store.stage import Stage
from registries.store.subjects import Why
from registries.store.tables import (
    certificate,
    certificate_holder,
    conflict,
    subject_alias,
    subject_join,
    subject_proposal,
)
from tests.registries.store.sample_catalogue import LICENCE_TYPE, NOW, catalogue_of, make_dataset, text_batch

Rows = Mapping[str, Mapping[str, str | None]]
KEYS = ("11010519491231002X", "440524188001010014", "110101199003072316", "810000199408230021", "830000199201300022")
KIND, CERTIFICATE_KIND = "natural_person", load_types()[LICENCE_TYPE]
WHY = Why("户籍档案更正", "steward", NOW)

RESIDENTS = make_dataset(
    "test_police.citizens",
    [
        Column("number", "号码", key=True, semantic="citizen_number"),
        Column("name", "姓名", required=True),
        Column("sex", "性别", required=True),
    ],
    register=RegisterRole("population", "number", {"name": "name", "sex": "sex"}),
)
INSURED = make_dataset(
    "test_insurance.insured",
    [Column("number", "号码", key=True), Column("name", "姓名"), Column("sex", "性别")],
    register=RegisterRole("population", "number", {"name": "name", "sex": "sex"}, 3, authorities={"sex": 1}),
)
PATIENTS = make_dataset(
    "test_hospital.patients",
    [Column("card", "卡号", key=True), Column("number", "号码"), Column("name", "姓名")],
    register=RegisterRole("population", "number", {"name": "name"}, 2),
)
CORRECTIONS = make_dataset(
    "test_police.corrections",
    [Column("id", "编号", key=True), Column("old", "原号码"), Column("new", "现号码")],
    correction=Correction("population", "old", "new"),
)
LICENCES = make_dataset(
    "test_market.permits",
    [Column("number", "证号", key=True), *(Column(name, name) for name in ("man", "man_code", "woman", "status"))],
    certificate=CertificateMapping(
        LICENCE_TYPE,
        number="number",
        holder_name="man",
        holder_code="man_code",
        status="status",
        further_holders=(HolderMapping("woman", "man_code", role="女方"),),
    ),
)
OWNERS = make_dataset(
    "test_land.holdings",
    [
        Column("number", "证号", key=True),
        Column("code", "证件号码", key=True, semantic="citizen_number"),
        *(Column(name, name) for name in ("owner", "status")),
    ],
    certificate=CertificateMapping(LICENCE_TYPE, "number", "owner", "code", "status"),
)
CATALOGUE = catalogue_of(RESIDENTS, INSURED, PATIENTS, CORRECTIONS, LICENCES, OWNERS)


def told(columns: list[str], *values: st.SearchStrategy[str | None]) -> st.SearchStrategy[dict[str, str | None]]:
    return st.tuples(*values).map(lambda row: dict(zip(columns, row, strict=True)))


NUMBER, NAME, SEX = st.sampled_from(KEYS), st.sampled_from(["陈美", "林强", None]), st.sampled_from(["1", "2"])
PEOPLE = st.dictionaries(NUMBER, told(["name", "sex"], NAME.map(lambda name: name or "王五"), SEX))
DELIVERIES = st.one_of(
    st.tuples(st.just(RESIDENTS), PEOPLE),
    st.tuples(st.just(INSURED), st.dictionaries(NUMBER, told(["name", "sex"], NAME, SEX))),
    st.tuples(
        st.just(PATIENTS),
        st.dictionaries(st.sampled_from("ABC"), told(["number", "name"], st.none() | NUMBER, NAME)),
    ),
    st.tuples(st.just(CORRECTIONS), st.dictionaries(st.sampled_from("12"), told(["old", "new"], NUMBER, NUMBER))),
)
JOINS = st.tuples(NUMBER, NUMBER)
STEPS = st.lists(st.one_of(DELIVERIES, DELIVERIES, JOINS, st.just("separate")), min_size=3, max_size=8)


@pytest.fixture
def planned(load: Store, owner: Store) -> Store:
    """The owner's store: who may do what is tested elsewhere."""
    planner.plan(load, CATALOGUE)
    return owner


@dataclasses.dataclass(frozen=True)
class Delivery:
    """A batch that is merged and not told of yet: its stage is there."""

    dataset: Dataset
    batch: Batch


def deliver(conn: sa.Connection, dataset: Dataset, rows: Rows, doubt: KeyDoubt = KeyDoubt.NONE) -> Delivery:
    """A snapshot, merged. The key's first part is what the rows are named by."""
    batch = batches.open_batch(conn, dataset, "test", "x", "test", NOW)
    stage = Stage(conn, dataset, batch)
    stage.create()
    named = [{dataset.key[0]: key.split("/", maxsplit=1)[0], **row} for key, row in rows.items()]
    stage.copy_in(np.arange(1, 1 + len(named)), text_batch(dataset, named), np.zeros(len(named), np.bool_))
    counts = merge(conn, dataset, batch, close_vanished=True, doubt=doubt)
    case_closing.close_mended(conn, batch, dataset, NOW)
    case_opening.open_from_vanished(conn, batch, dataset, NOW)
    pulled = BatchCounts(len(named), len(named), 0, 0, **dataclasses.asdict(counts))
    return Delivery(dataset, batches.mark_taken_over(conn, batch, pulled, NOW, keys_readable=True))


def end(conn: sa.Connection, delivery: Delivery) -> None:
    Stage(conn, delivery.dataset, delivery.batch).drop()
    batches.mark_done(conn, delivery.batch)


def undone(conn: sa.Connection, act: Callable[[], None], shown: Callable[[sa.Connection], object]) -> object:
    """What it looks like after an act that is taken back."""
    savepoint = conn.begin_nested()
    act()
    found = shown(conn)
    savepoint.rollback()
    return found


def forget_touched(conn: sa.Connection, dataset: Dataset) -> None:
    conn.execute(sa.schema.DropTable(touched_table(dataset)))


def listed(
    conn: sa.Connection, *columns: sa.Column[object], where: sa.ColumnElement[bool] | None = None
) -> list[object]:
    wanted = sa.select(*columns) if where is None else sa.select(*columns).where(where)
    return sorted((tuple(row) for row in conn.execute(wanted)), key=repr)


def across(conn: sa.Connection) -> list[object]:
    """Conflicts, their open cases, likely pairs."""
    cased = (case.c.dataset, case.c.cause, case.c.attribute, case_row.c.subject_digest)
    proposed = [column for column in subject_proposal.c if column.name != "id"]
    return [
        listed(conn, *conflict.c),
        listed(conn, *cased, where=sa.and_(case_row.c.state == "open", case.c.number == case_row.c.case_number)),
        listed(conn, *proposed),
    ]


def find_all(conn: sa.Connection, batch: Batch) -> None:
    """Everything anew."""
    conflicts.compare_all(conn, CATALOGUE, "population")
    case_opening.open_from_conflicts(conn, CATALOGUE, "population", batch, NOW)
    for dataset in proposals.telling_datasets(CATALOGUE, KIND):
        proposals.propose_all(conn, CATALOGUE, dataset)


def vanished(conn: sa.Connection, dataset: Dataset) -> tuple[int, int]:
    current = current_table(dataset)
    marked = sa.select(sa.func.count()).select_from(current).where(current.c.mark == "vanished")
    open_cases = sa.select(sa.func.coalesce(sa.func.sum(case.c.rows_open), 0)).where(
        case.c.dataset == dataset.name, case.c.cause == "vanished", case.c.state == "open"
    )
    return int(conn.execute(marked).scalar_one()), int(conn.execute(open_cases).scalar_one())


def join(conn: sa.Connection, former: str, present: str) -> None:
    savepoint = conn.begin_nested()
    try:
        subjects.join(conn, CATALOGUE.register("population"), former, present, WHY)
    except SubjectRefused:
        savepoint.rollback()


def separate(conn: sa.Connection) -> None:
    last = sa.select(sa.func.max(subject_join.c.id)).where(subject_join.c.separated_at.is_(None))
    number = conn.execute(last).scalar()
    if number is not None:
        subjects.separate(conn, number, WHY)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, doubts=st.lists(st.booleans(), min_size=8, max_size=8))
def test_what_touched_rows_tell_is_what_all_rows_tell(planned: Store, steps: list[object], doubts: list[bool]) -> None:
    with planned.connect() as conn:  # rolled back
        for step, doubt in zip(steps, doubts, strict=False):
            match step:
                case "separate":
                    separate(conn)
                case (Dataset() as dataset, rows):
                    delivery = deliver(conn, dataset, rows, KeyDoubt.NEW if doubt else KeyDoubt.NONE)
                    assert vanished(conn, dataset)[0] == vanished(conn, dataset)[1]
                    subject_comparing.compare(conn, CATALOGUE, dataset, delivery.batch, NOW)
                    assert across(conn) == undone(conn, lambda d=delivery: find_all(conn, d.batch), across)
                    end(conn, delivery)
                case (former, present):
                    join(conn, former, present)
        conn.rollback()


STATUS = st.sampled_from(["10", "20"])
LICENCE_ROWS = st.dictionaries(
    st.sampled_from("ABCD"),
    told(
        ["man", "man_code", "woman", "status"],
        st.just("林强"),
        st.sampled_from(KEYS[:2]),
        NAME,
        STATUS,
    ),
)
OWNER_ROWS = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(KEYS[:3])),
    told(["owner", "status"], st.sampled_from(["林强", "陈美"]), STATUS),
).map(lambda rows: {f"{number}/{code}": {"code": code, **row} for (number, code), row in rows.items()})


def looked_up(conn: sa.Connection) -> list[object]:
    """Certificates, holders, status events, but for the ids of those that are new."""
    told_of = [column for column in certificate.c if column.name != "id"]
    parts = []
    for table in (certificate_holder, certificate_event):
        columns = [column for column in table.c if column.name != "certificate_id"]
        joined = sa.select(certificate.c.dataset, certificate.c.number, *columns)
        rows = conn.execute(joined.join_from(table, certificate, certificate.c.id == table.c.certificate_id))
        parts.append(sorted((tuple(row) for row in rows), key=repr))
    return [listed(conn, *told_of), *parts]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(st.tuples(st.just(LICENCES), LICENCE_ROWS), st.tuples(st.just(OWNERS), OWNER_ROWS)),
        min_size=2,
        max_size=7,
    )
)
def test_look_ups_are_the_same_by_touched_rows_and_by_all(planned: Store, steps: list[tuple[Dataset, Rows]]) -> None:
    with planned.connect() as conn:
        for dataset, rows in steps:
            delivery = deliver(conn, dataset, rows)

            def compose_all(d: Delivery = delivery) -> None:
                forget_touched(conn, d.dataset)
                certificates.compose_look_ups(conn, d.dataset, d.batch, CERTIFICATE_KIND)

            expected = undone(conn, compose_all, looked_up)
            certificates.compose_look_ups(conn, dataset, delivery.batch, CERTIFICATE_KIND)
            assert looked_up(conn) == expected
            assert vanished(conn, dataset)[0] == vanished(conn, dataset)[1]
            end(conn, delivery)
        conn.rollback()


def person(name: str, sex: str = "1") -> dict[str, str | None]:
    return {"name": name, "sex": sex}


@pytest.fixture
def disagreeing(planned: Store) -> Iterator[tuple[sa.Connection, Delivery]]:
    """Two datasets that agree, told of; then one changes a name, and is merged."""
    with planned.connect() as conn:
        for dataset in (RESIDENTS, PATIENTS):
            rows = {KEYS[0]: person("陈美")} if dataset is RESIDENTS else {"A": {"number": KEYS[0], "name": "陈美"}}
            delivery = deliver(conn, dataset, rows)
            subject_comparing.compare(conn, CATALOGUE, dataset, delivery.batch, NOW)
            end(conn, delivery)
        yield conn, deliver(conn, RESIDENTS, {KEYS[0]: person("林强")})
        conn.rollback()


def test_nothing_is_lost_when_a_crash_emptied_the_touched_keys(disagreeing: tuple[sa.Connection, Delivery]) -> None:
    conn, delivery = disagreeing
    conn.execute(sa.delete(touched_table(RESIDENTS)))
    assert touched.keys_of(conn, RESIDENTS, delivery.batch) is None
    subject_comparing.compare(conn, CATALOGUE, RESIDENTS, delivery.batch, NOW)
    assert [row[1] for row in listed(conn, conflict.c.dataset, conflict.c.value)] == ["陈美"]


def test_only_what_was_touched_is_looked_at(disagreeing: tuple[sa.Connection, Delivery]) -> None:
    """A conflict that nobody touched stays as it is, right or wrong: it isn't looked at."""
    conn, delivery = disagreeing
    other = ("population", KEYS[1], "name", PATIENTS.name, RESIDENTS.name, "x", "y", False)
    conn.execute(sa.insert(conflict).values(other))
    subject_comparing.compare(conn, CATALOGUE, RESIDENTS, delivery.batch, NOW)
    assert [row[0] for row in listed(conn, conflict.c.subject_key)] == sorted(KEYS[:2])


def test_a_contract_that_says_something_else_makes_all_be_looked_at(
    disagreeing: tuple[sa.Connection, Delivery],
) -> None:
    conn, delivery = disagreeing
    role = RegisterRole("population", "number", {"name": "name"}, 0)
    decides = catalogue_of(*(one for one in CATALOGUE.datasets if one.name != PATIENTS.name))
    decides = catalogue_of(*decides.datasets, dataclasses.replace(PATIENTS, register=role))
    assert conflicts.are_told(conn, CATALOGUE, "population")
    assert not conflicts.are_told(conn, decides, "population")
    conn.execute(sa.delete(touched_table(RESIDENTS)))
    conn.execute(sa.insert(touched_table(RESIDENTS)).values(number=KEYS[4]))
    subject_comparing.compare(conn, decides, RESIDENTS, delivery.batch, NOW)
    assert listed(conn, conflict.c.dataset, conflict.c.authority) == [(RESIDENTS.name, PATIENTS.name)]
    assert conflicts.are_told(conn, decides, "population")


def test_a_join_waits_for_the_next_batch_of_its_kind(disagreeing: tuple[sa.Connection, Delivery]) -> None:
    conn, delivery = disagreeing
    subject_comparing.compare(conn, CATALOGUE, RESIDENTS, delivery.batch, NOW)
    end(conn, delivery)
    join(conn, KEYS[0], KEYS[1])
    subject_comparing.compare_joined(conn, CATALOGUE)
    assert [row[0] for row in listed(conn, conflict.c.subject_key)] == [KEYS[1]]
    assert listed(conn, subject_join.c.compared) == [(False,)]
    again = deliver(conn, CORRECTIONS, {})
    subject_comparing.compare(conn, CATALOGUE, CORRECTIONS, again.batch, NOW)
    assert listed(conn, subject_join.c.compared) == [(True,)]
    assert len(listed(conn, case.c.number, where=case.c.state == "open")) == 1
    separate(conn)
    assert listed(conn, subject_join.c.compared) == [(False,)]
    assert listed(conn, subject_alias.c.alias) == []


def test_a_row_that_names_another_subject_now_frees_the_one_that_it_named(planned: Store) -> None:
    with planned.connect() as conn:
        deliveries: list[tuple[Dataset, Rows]] = [
            (RESIDENTS, {key: person("陈美") for key in KEYS[:2]}),
            (PATIENTS, {"A": {"number": KEYS[0], "name": "林强"}}),
            (PATIENTS, {"A": {"number": KEYS[1], "name": "陈美"}}),
        ]
        found = []
        for dataset, rows in deliveries:
            delivery = deliver(conn, dataset, rows)
            subject_comparing.compare(conn, CATALOGUE, dataset, delivery.batch, NOW)
            found.append(len(listed(conn, conflict.c.subject_key)))
            end(conn, delivery)
        assert found == [0, 1, 0]
        assert listed(conn, case.c.state) == [("closed",)]
        conn.rollback()
