"""A corrected number joins the two lives of a subject, with a reason, and they can be separated again."""

import dataclasses
import datetime as dt
import random

import numpy as np
import pytest
import sqlalchemy as sa

from certificates.records import Question
from registries.contracts.model import Column, Correction, RegisterRole, RuleSpec
from registries.errors import SubjectRefused
from registries.home import Role
from registries.store import (
    batches,
    certificates,
    conflicts,
    grants,
    ledger,
    planner,
    proposals,
    registers,
    roles,
    subjects,
)
from registries.store.certificates import Sought
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.stage import Stage
from registries.store.subjects import Why
from registries.store.tables import conflict, subject_alias, subject_join
from tests.registries.store.deliveries import take_in
from tests.registries.store.sample_catalogue import (
    CLAIMANT,
    DATASETS,
    LICENCE_TYPE,
    LICENCES,
    NOW,
    add_claimant,
    catalogue_of,
    make_dataset,
    text_batch,
)

WRONG, RIGHT, OTHER = "110105194912310021", "11010519491231002X", "440524188001010014"
FOURTH, FIFTH = "110101199003072316", "810000199408230021"
WHY = Why("户籍档案更正", "steward", NOW, "C-1")
TODAY = NOW.date()

RESIDENTS = make_dataset(
    "test_police.residents",
    [
        Column("number", "号码", key=True, classification="personal", semantic="citizen_number"),
        Column("name", "姓名", required=True, classification="personal"),
        Column("born_on", "出生日期", "date", required=True),
        Column("division", "区划"),
    ],
    register=RegisterRole("population", "number", {"name": "name", "birth_date": "born_on"}),
    area_column="division",
)
PATIENTS = make_dataset(
    "test_health.patients",
    [
        Column("card", "卡号", key=True),
        Column("number", "号码", classification="personal"),
        Column("name", "姓名", classification="personal"),
        Column("address", "住址"),
    ],
    register=RegisterRole("population", "number", {"name": "name", "address": "address"}, 2),
)
CORRECTIONS = make_dataset(
    "test_police.corrections",
    [Column("id", "编号", key=True), Column("old", "原号码"), Column("new", "现号码")],
    correction=Correction("population", "old", "new"),
)
CATALOGUE = catalogue_of(*(one for one in DATASETS if one.name != "test_police.people"), RESIDENTS, PATIENTS)
POPULATION = CATALOGUE.register("population")


@pytest.fixture
def planned(load: Store) -> Store:
    planner.plan(load, CATALOGUE)
    return load


def resident(number: str, name: str = "林志强", division: str | None = "440507") -> tuple[dict[str, str | None], bool]:
    return {"number": number, "name": name, "born_on": "1949-12-31", "division": division}, False


def patient(
    card: str, number: str, name: str = "林志强", address: str | None = "长平路"
) -> tuple[dict[str, str | None], bool]:
    return {"card": card, "number": number, "name": name, "address": address}, False


def population(load: Store) -> dict[str, tuple[object, ...]]:
    shown = registers.view("population", CATALOGUE)
    columns = ("name", "address", "birth_date", "area_code", "area_level", "dataset")
    with load.begin() as conn:
        rows = conn.execute(sa.select(shown.c.subject_key, *(shown.c[name] for name in columns))).all()
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: tuple(row[1:]) for row in rows}


def join(store: Store, former: str, present: str, why: Why = WHY) -> int:
    with store.begin() as conn:
        return subjects.join(conn, POPULATION, former, present, why)


def resolved(owner: Store) -> dict[str, str]:
    with owner.begin() as conn:
        return {row.alias: row.subject_key for row in conn.execute(sa.select(subject_alias))}


def test_the_register_shows_one_subject_and_two_again_after_a_separation(planned: Store, page: Store) -> None:
    with planned.begin() as conn:
        take_in(conn, RESIDENTS, [resident(RIGHT), resident(OTHER, "陈美", "440000")])
        take_in(conn, PATIENTS, [patient("1", WRONG), patient("2", OTHER, "陈美", None)])
    apart = population(planned)
    assert set(apart) == {WRONG, RIGHT, OTHER}
    assert apart[RIGHT] == ("林志强", None, "1949-12-31", "440507", "县", "test_police.residents")
    assert apart[OTHER][3:5] == ("440000", "省")
    join_id = join(page, WRONG, RIGHT)
    joined = population(planned)
    assert set(joined) == {RIGHT, OTHER}
    assert joined[RIGHT] == ("林志强", "长平路", "1949-12-31", "440507", "县", "test_police.residents")
    with page.begin() as conn:
        subjects.separate(conn, join_id, Why("误合并", "steward", NOW))
    assert population(planned) == apart


def test_a_reference_to_a_former_key_is_known(planned: Store, page: Store) -> None:
    with planned.begin() as conn:
        take_in(conn, RESIDENTS, [resident(RIGHT)])
    arguments = {"column": "number", "register": "population"}
    rule = RuleSpec("x", 1, "accuracy", "0305", "reference", "mianzheng:reference", arguments, ("number",), "", "", "1")

    def missing() -> list[int]:
        with planned.begin() as conn:
            stage = Stage(conn, PATIENTS, batches.open_batch(conn, PATIENTS, "test", "x", "test", NOW))
            stage.create()
            rows = [patient("1", WRONG)[0], patient("2", RIGHT)[0], patient("3", OTHER)[0]]
            stage.copy_in(np.arange(1, 4), text_batch(PATIENTS, rows), np.zeros(3, np.bool_))
            return [int(number) for numbers in stage.missing_references(rule) for number in numbers]

    assert missing() == [1, 3]
    join(page, WRONG, RIGHT)
    assert missing() == [3]


def test_a_dataset_that_has_both_keys_is_read_by_its_present_one(planned: Store, page: Store) -> None:
    with planned.begin() as conn:
        take_in(conn, RESIDENTS, [resident(WRONG, "林志"), resident(RIGHT)])
        take_in(conn, PATIENTS, [patient("1", WRONG, "林志", "旧址"), patient("2", WRONG, "林志", "新址")])
    join(page, WRONG, RIGHT)
    (row,) = population(planned).values()
    assert row[0] == "林志强"
    assert row[1] == "旧址"  # of two rows of one batch the first by its key, as for any subject


def test_conflicts_are_those_of_the_joined_subject(planned: Store, page: Store, owner: Store) -> None:
    with planned.begin() as conn:
        take_in(conn, RESIDENTS, [resident(RIGHT)])
        take_in(conn, PATIENTS, [patient("1", WRONG, "林志")])
        assert conflicts.compare_all(conn, CATALOGUE, "population") == 0
    join(page, WRONG, RIGHT)
    with planned.begin() as conn:
        assert conflicts.compare_all(conn, CATALOGUE, "population") == 1
    with owner.begin() as conn:
        row = conn.execute(sa.select(conflict.c.subject_key, conflict.c.value, conflict.c.authority_value)).one()
    assert tuple(row) == (RIGHT, "林志", "林志强")


def test_chains_lead_to_the_latest_and_come_apart_in_any_order(owner: Store, page: Store) -> None:
    first = join(page, WRONG, RIGHT)
    second = join(page, RIGHT, OTHER)
    third = join(page, OTHER, FOURTH)
    assert resolved(owner) == {WRONG: FOURTH, RIGHT: FOURTH, OTHER: FOURTH}
    with page.begin() as conn:
        subjects.separate(conn, second, WHY)
    assert resolved(owner) == {WRONG: RIGHT, OTHER: FOURTH}
    with page.begin() as conn:
        subjects.separate(conn, first, WHY)
        subjects.separate(conn, third, WHY)
    assert resolved(owner) == {}


def test_any_joins_and_separations_come_to_what_following_them_gives(owner: Store, page: Store) -> None:
    """The functions against ten lines that follow the joins in force."""
    draw = random.Random(11)
    keys = [RIGHT, OTHER, FOURTH, FIFTH, "830000199201300022"]
    force: dict[str, tuple[int, str]] = {}

    def latest(key: str) -> str:
        while key in force:
            key = force[key][1]
        return key

    for _ in range(60):
        former, present = draw.sample(keys, 2)
        together = [one for one in keys if latest(one) in {latest(former), latest(present)}]
        if force and draw.random() < 0.4:
            gone = draw.choice(sorted(force))
            with page.begin() as conn:
                subjects.separate(conn, force.pop(gone)[0], WHY)
        elif former in force or latest(present) == former or len(together) > 4:
            with pytest.raises(SubjectRefused):
                join(page, former, present)
        else:
            force[former] = (join(page, former, present), present)
        assert resolved(owner) == {key: latest(key) for key in force}


@pytest.mark.parametrize(
    ("former", "present", "reason"),
    [
        (RIGHT, RIGHT, "keys"),
        ("110105 491231002", RIGHT, "keys"),  # 15 digits of the same number
        (RIGHT, WRONG, "keys"),  # no right number
        ("", RIGHT, "keys"),
        (OTHER, RIGHT, "HB012"),
        (FIFTH, FOURTH, "HB011"),
    ],
)
def test_what_can_not_be_joined_is_refused_with_a_reason(page: Store, former: str, present: str, reason: str) -> None:
    join(page, RIGHT, OTHER)
    join(page, FIFTH, OTHER)
    with pytest.raises(SubjectRefused) as refused:
        join(page, former, present)
    assert refused.value.reason == reason
    assert not any(key in str(refused.value) for key in (RIGHT, OTHER, FOURTH, WRONG))


def test_a_reason_is_needed_and_a_separation_is_once(page: Store) -> None:
    join_id = join(page, WRONG, RIGHT)
    blank = dataclasses.replace(WHY, reason=" ")
    with pytest.raises(SubjectRefused), page.begin() as conn:
        subjects.separate(conn, join_id, blank)
    with page.begin() as conn:
        subjects.separate(conn, join_id, WHY)
    with pytest.raises(SubjectRefused) as twice, page.begin() as conn:
        subjects.separate(conn, join_id, WHY)
    assert twice.value.reason == "HB015"


def test_the_history_is_kept_and_shown_masked(page: Store, owner: Store) -> None:
    join_id = join(page, WRONG, RIGHT)
    with page.begin() as conn:
        subjects.separate(conn, join_id, Why("误合并", "other", NOW + dt.timedelta(hours=1)))
    again = join(page, WRONG, RIGHT)
    with page.begin() as conn:
        latest, before = subjects.list_joins(conn)
        assert subjects.list_joins(conn, before=again) == [before]
    assert (latest.id, latest.separated_at) == (again, None)
    assert (before.former_key, before.present_key) == ("1101**********0021", "1101**********002X")
    assert (before.reason, before.case_number, before.joined_by) == ("户籍档案更正", "C-1", "steward")
    assert (before.separated_by, before.separation_reason) == ("other", "误合并")
    with owner.begin() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(subject_join)).scalar_one() == 2


def test_the_ledger_has_both_acts_with_digests_and_no_keys(page: Store, owner: Store) -> None:
    join_id = join(page, WRONG, RIGHT)
    with page.begin() as conn:
        subjects.separate(conn, join_id, WHY)
    with owner.begin() as conn:
        ledger.sequence(conn)
        report = ledger.check(conn)
        stored = ledger.stored(conn, [("subjects", f"{act}:{join_id}") for act in ("join", "separate")])
    assert (report.size, report.faults) == (2, [])
    bodies = [row.payload.decode() for row in stored.values() if row.payload]
    assert len(bodies) == 2
    for body in bodies:
        assert '"subject_kind":"natural_person"' in body
        assert not any(word in body for word in (WRONG, RIGHT, "户籍", "110105"))


def test_pages_may_join_and_nothing_else_and_the_api_may_not(page: Store, api: Store, hub: object) -> None:
    with pytest.raises(Exception, match="42501"), api.begin() as conn:
        subjects.join(conn, POPULATION, WRONG, RIGHT, WHY)
    for role in (Role.API, Role.PAGE, Role.LOAD):
        with hub.store(role).begin() as conn:  # type: ignore[attr-defined] # the fixture's own class
            assert roles.privilege_faults(conn, role) == []
    with pytest.raises(Exception, match="42501"), page.begin() as conn:
        conn.execute(sa.select(subject_join))
    entry = sa.text("SELECT hub.append_subject_entry('join', 99, :hash, :hash, '', :hash, now())")
    with pytest.raises(Exception, match="HB015"), page.begin() as conn:  # no entry of the ledger without a join
        conn.execute(entry, {"hash": bytes(32)})


# --- likely pairs


def test_a_batch_that_closes_one_number_and_opens_another_of_the_same_person_proposes(
    planned: Store, page: Store
) -> None:
    with planned.begin() as conn:
        take_in(conn, RESIDENTS, [resident(WRONG), resident(OTHER, "陈美"), resident(FOURTH, "王五")])
        assert proposals.propose_all(conn, CATALOGUE, RESIDENTS) == 0
        batch, _ = take_in(conn, RESIDENTS, [resident(RIGHT), resident(OTHER, "陈美"), resident(FIFTH, "赵六")])
        assert proposals.propose_all(conn, CATALOGUE, RESIDENTS) == 1
        assert proposals.propose_all(conn, CATALOGUE, RESIDENTS) == 0
        assert proposals.propose_all(conn, CATALOGUE, PATIENTS) == 0
    with page.begin() as conn:
        (proposal,) = subjects.list_proposals(conn)
    assert (proposal.former_key, proposal.present_key) == ("1101**********0021", "1101**********002X")
    assert (proposal.dataset, proposal.batch) == (RESIDENTS.name, batch.number)
    assert set(population(planned)) == {RIGHT, OTHER, FIFTH}
    with page.begin() as conn:
        join_id = subjects.join_proposed(conn, proposal.id, WHY)
        assert subjects.list_proposals(conn) == []
        subjects.separate(conn, join_id, WHY)
    with planned.begin() as conn:
        assert proposals.propose_all(conn, CATALOGUE, RESIDENTS) == 0  # somebody knew better
    with pytest.raises(SubjectRefused), page.begin() as conn:
        subjects.join_proposed(conn, proposal.id, WHY)


def test_rows_that_tell_of_a_correction_propose(planned: Store, page: Store) -> None:
    planner.plan(planned, with_corrections := catalogue_of(*CATALOGUE.datasets, CORRECTIONS))
    rows = [{"id": "1", "old": WRONG, "new": OTHER}, {"id": "2", "old": FOURTH, "new": FOURTH}]
    with planned.begin() as conn:
        take_in(conn, CORRECTIONS, [(row, False) for row in rows])
        assert proposals.propose_all(conn, with_corrections, CORRECTIONS) == 1
        take_in(conn, CORRECTIONS, [({**row, "id": row["id"] + "x"}, False) for row in [{**rows[0], "new": RIGHT}]])
        assert proposals.propose_all(conn, with_corrections, CORRECTIONS) == 1
    with page.begin() as conn:
        (proposal,) = subjects.list_proposals(conn)
        assert (proposal.former_key, proposal.present_key) == ("1101**********0021", "1101**********002X")
        subjects.join_proposed(conn, proposal.id, WHY)
    with planned.begin() as conn:
        assert proposals.propose_all(conn, with_corrections, CORRECTIONS) == 0


def test_twins_of_one_name_are_not_proposed(planned: Store) -> None:
    with planned.begin() as conn:
        take_in(conn, RESIDENTS, [resident(WRONG), resident(OTHER, "陈美")])
        take_in(conn, RESIDENTS, [resident(RIGHT), resident(FOURTH), resident(OTHER, "陈美")])
        assert proposals.propose_all(conn, CATALOGUE, RESIDENTS) == 0


# --- certificates


@pytest.fixture
def grant(owner: Store) -> Grant:
    with owner.begin() as conn:
        add_claimant(conn)
        grants.add_grant(conn, "test_office", "verification", "审批", "me", TODAY, certificate_type=LICENCE_TYPE)
        wish = grants.Wish("verification", "审批", "item", LICENCE_TYPE)
        (found,) = grants.covering_grants(conn, [(grants.Claimant("test_office", ""), wish)], TODAY)
    assert found is not None
    return found


def asked(number: str, code: str, name: str = "林志强") -> Question:
    return Question(LICENCE_TYPE, number, name, code, "111", "审批", "item", "case")


def licence(number: str, code: str) -> tuple[dict[str, str | None], bool]:
    return {"licence_no": number, "holder": "林志强", "holder_code": code, "code_type": "111", "status": "10"}, False


def test_a_certificate_is_found_by_every_key_of_its_holder_until_they_are_separated(
    planned: Store, api: Store, page: Store, grant: Grant
) -> None:
    with planned.begin() as conn:
        take_in(conn, LICENCES, [licence("OLD", WRONG), licence("NEW", RIGHT), licence("HIS", OTHER)])

    def found(number: str, code: str) -> bool:
        with api.begin() as conn:
            (one,) = certificates.find_certificates(conn, [Sought(asked(number, code), grant, CLAIMANT)], NOW, TODAY)
        assert one.record is None or [holder.asked for holder in one.record.holders] == [True]
        return one.record is not None

    assert [found("OLD", RIGHT), found("NEW", WRONG)] == [False, False]
    joins = [join(page, WRONG, RIGHT), join(page, RIGHT, FOURTH)]
    for number in ("OLD", "NEW"):
        assert [found(number, code) for code in (WRONG, RIGHT, FOURTH)] == [True, True, True]
        assert not found(number, OTHER)
    assert not found("HIS", RIGHT)
    for join_id in joins:
        with page.begin() as conn:
            subjects.separate(conn, join_id, WHY)
    assert [found("OLD", WRONG), found("OLD", RIGHT), found("NEW", WRONG)] == [True, False, False]


def test_misses_are_one_answer_by_one_statement_for_joined_holders_too(
    planned: Store, api: Store, page: Store, grant: Grant
) -> None:
    with planned.begin() as conn:
        take_in(conn, LICENCES, [licence("OLD", WRONG)])
    join(page, WRONG, RIGHT)
    statements: list[str] = []
    questions = [asked("NOSUCH", RIGHT), asked("OLD", RIGHT, "别人"), asked("NOSUCH", OTHER), asked("OLD", OTHER)]
    with api.connect() as conn:
        sa.event.listen(conn, "before_cursor_execute", lambda *call: statements.append(call[2]))
        misses = certificates.find_certificates(conn, [Sought(one, grant, CLAIMANT) for one in questions], NOW, TODAY)
    assert len(set(map(repr, misses))) == 1
    assert misses[0].record is None
    assert len(statements) == 1


def test_a_join_makes_no_more_probes(planned: Store, owner: Store, page: Store, grant: Grant) -> None:
    """What PostgreSQL counts: the index of holders is asked as often for joined holders as for any."""
    with planned.begin() as conn:
        take_in(conn, LICENCES, [licence("OLD", WRONG)])
    join(page, WRONG, RIGHT)
    scans = sa.text("SELECT pg_stat_get_xact_numscans('hub.certificate_holder_match_digest_idx'::regclass)")
    counted = []
    for question in (asked("OLD", OTHER), asked("OLD", RIGHT, "别人"), asked("NOSUCH", RIGHT), asked("NOSUCH", OTHER)):
        with owner.begin() as conn:
            before = conn.execute(scans).scalar_one()
            certificates.find_certificates(conn, [Sought(question, grant, CLAIMANT)], NOW, TODAY)
            counted.append(conn.execute(scans).scalar_one() - before)
    assert counted == [1, 1, 1, 1]
