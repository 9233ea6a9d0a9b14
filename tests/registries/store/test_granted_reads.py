"""Reads under grants: fields told and compared as the grant says, with where they come from; nothing to who guesses."""

import datetime as dt

import pytest
import sqlalchemy as sa

from certificates.records import Question
from registries.home import Role
from registries.store import certificates, granted_reads, grants
from registries.store.certificates import Sought
from registries.store.granted_reads import AskCertificates, Subject
from registries.store.grants import Claimant
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import take_in
from tests.registries.store.granted import (
    DISABLED,
    FIELDS,
    ITEM,
    NOBODY,
    NUMBER,
    PURPOSE,
    RESIDENTS,
    TODAY,
    YESTERDAY,
    ask,
    card,
    grant,
    of,
    officer,
    resident,
    settle,
    statements,
)
from tests.registries.store.sample_catalogue import CLAIMANT, LICENCE_TYPE, LICENCES, NOW
from tests.registries.store.test_certificates import licence


def query(hub: Stores, *asks: granted_reads.Ask, now: dt.datetime = NOW) -> list[dict[str, granted_reads.Told]]:
    with hub.store(Role.API).begin() as conn:
        return granted_reads.query(conn, asks, now, TODAY)


def values(told: dict[str, granted_reads.Told]) -> dict[str, str | None]:
    return {name: one.value for name, one in told.items()}


def match(hub: Stores, *asks: granted_reads.Ask, now: dt.datetime = NOW) -> list[dict[str, str]]:
    with hub.store(Role.API).begin() as conn:
        found = granted_reads.match(conn, asks, now, TODAY)
    return [{name: one.outcome for name, one in told.items()} for told in found]


@pytest.fixture
def settled(hub: Stores) -> Stores:
    settle(hub)
    return hub


def test_fields_are_masked_unless_the_grant_says_in_clear(settled: Stores) -> None:
    masked, clear = grant(settled, "query"), grant(settled, "query", in_clear=True, valid_from=YESTERDAY)
    told, open_told = query(settled, ask(masked, *FIELDS), ask(clear, *FIELDS))
    assert values(open_told) == {
        "name": "林志强",
        "sex": "1",
        "birth_date": "1949-12-31",
        "address": "龙湖区长平路一号",
        "division_code": "440507",
        "disability_grade": "2",  # of several rows of one batch the first by key
    }
    assert values(told) == {
        "name": "林*强",
        "sex": "*",
        "birth_date": "1********1",
        "address": "龙******号",
        "division_code": "4****7",  # personal in the register
        "disability_grade": "*",
    }
    assert told["name"].masked
    assert not open_told["name"].masked
    assert [told[name].standing.dataset for name in ("address", "disability_grade")] == [RESIDENTS.name, DISABLED.name]
    standing = told["address"].standing
    assert (standing.data_as_of, standing.fresh, standing.score, standing.sure) == (NOW, True, 0.9, True)


def test_a_name_that_is_not_the_subjects_and_a_code_that_nobody_has_are_one_answer(settled: Stores) -> None:
    given = grant(settled, "query")
    right = ask(given, "address")
    asks = [
        of(right, subject=Subject("别人", NUMBER, "111")),
        of(right, subject=Subject("林志强", NOBODY, "111")),
        of(right, subject=Subject("林志强", NUMBER, "001")),
    ]
    with statements(settled.store(Role.API)) as (conn, seen):
        told = granted_reads.query(conn, asks, NOW, TODAY)
    assert len(seen) == 1
    assert [one["address"].value for one in told] == [None] * 3
    assert told[0] == told[1]
    assert not any(one["address"].found for one in told)


def test_former_names_and_spellings_are_the_subjects(settled: Stores) -> None:
    given = grant(settled, "query")
    names = ("林小强", "林阿强", "林 志・强", "林小强林阿强")
    told = query(settled, *(of(ask(given, "address"), subject=Subject(name, NUMBER, "111")) for name in names))
    assert [one["address"].found for one in told] == [True, True, True, False]


def test_a_certificate_in_a_former_name_is_found_by_the_present_one(hub: Stores) -> None:
    settle(hub, LICENCES)
    with hub.store(Role.LOAD).begin() as conn:
        row = licence("P", holder="林小强", holder_code=NUMBER, code_type="111")
        take_in(conn, LICENCES, [(row, False)])
    given = grant(hub, "verification", (), dataset=None, certificate_type=LICENCE_TYPE)
    with hub.store(Role.OWNER).begin() as conn:
        right = next(one for one in grants.list_grants(conn) if one.id == given)
    names = ("林小强", "林志强", "林阿强", "林小", "陈美")
    asked = [Question(LICENCE_TYPE, "P", name, NUMBER, "111", PURPOSE, ITEM, "case") for name in names]
    with hub.store(Role.API).begin() as conn:
        sought = [Sought(one, right, CLAIMANT) for one in asked]
        found = certificates.find_certificates(conn, sought, NOW, TODAY)
    assert [one.record is not None for one in found] == [True, True, True, False, False]


def test_a_dataset_can_be_asked_for_by_its_columns(settled: Stores) -> None:
    given = grant(settled, "query", ("points", "grade"), dataset=DISABLED.name)
    (told,) = query(settled, of(ask(given, "points", "grade", "address"), source=DISABLED.name))
    assert {name: one.granted for name, one in told.items()} == {"points": True, "grade": True, "address": False}
    assert told["points"].value == "7"
    assert told["address"].value is None


def test_matches_say_match_mismatch_or_unknown(settled: Stores) -> None:
    given = grant(settled, "matching")
    claims = {"name": "林・志强", "sex": "2", "birth_date": "1949-12-31", "disability_grade": "3"}
    (told,) = match(settled, ask(given, **claims))
    assert told == {"name": "match", "sex": "mismatch", "birth_date": "match", "disability_grade": "mismatch"}
    (late,) = match(settled, ask(given, **claims), now=NOW + dt.timedelta(days=30))
    assert late == {"name": "match", "sex": "unknown", "birth_date": "match", "disability_grade": "unknown"}
    (nobody,) = match(settled, of(ask(given, sex="1"), subject=Subject("林志强", NOBODY, "111")))
    assert nobody == {"sex": "unknown"}


def test_what_is_in_doubt_is_no_mismatch(settled: Stores) -> None:
    given = grant(settled, "matching")
    with settled.store(Role.LOAD).begin() as conn:
        take_in(conn, RESIDENTS, [(resident(NUMBER, "林志强", sex="2")[0], True)], close=False)
    (told,) = match(settled, ask(given, sex="2", address="龙湖区长平路一号"))
    assert told == {"sex": "unknown", "address": "match"}


def test_the_area_of_a_grant_bounds_what_it_reaches(settled: Stores) -> None:
    here = grant(settled, "query", area_code="440507")
    there = grant(settled, "query", area_code="440511", valid_until=TODAY)
    told = query(settled, ask(here, "address"), ask(there, "address"))
    assert [one["address"].value is not None for one in told] == [True, False]
    assert told[1]["address"].granted


def test_a_corrected_number_finds_what_the_former_one_has(settled: Stores) -> None:
    given = grant(settled, "query", in_clear=True)
    with settled.store(Role.OWNER).begin() as conn:
        joined = "INSERT INTO hub.subject_alias (subject_kind, alias, subject_key) VALUES ('natural_person', :a, :b)"
        conn.execute(sa.text(joined), {"a": NUMBER, "b": NOBODY})
    asks = [of(ask(given, "address"), subject=Subject("林志强", code, "111")) for code in (NUMBER, NOBODY)]
    assert [one["address"].value for one in query(settled, *asks)] == ["龙湖区长平路一号"] * 2


def test_many_questions_are_one_statement(settled: Stores) -> None:
    given = grant(settled, "query")
    with statements(settled.store(Role.API)) as (conn, seen):
        told = granted_reads.query(conn, [ask(given, *FIELDS)] * 20, NOW, TODAY)
    assert len(seen) == 1
    assert len(told) == 20


def test_certificates_of_a_subject_by_type(settled: Stores, load: object) -> None:  # noqa: ARG001 - plans the small catalogue
    who = Subject("汕头示例有限公司", "91440500MA4UHGDR0K", "001")
    with settled.store(Role.LOAD).begin() as conn:
        rows = [licence("A"), licence("B", status="05"), licence("C", holder="另一公司")]
        take_in(conn, LICENCES, [(row, False) for row in rows])
    given = grant(settled, "query", (), dataset=None, certificate_type=LICENCE_TYPE)
    other = "11100000MB03271699001"
    wanted = AskCertificates(CLAIMANT, who, {LICENCE_TYPE: given, other: given}, PURPOSE, ITEM)
    stranger = AskCertificates(CLAIMANT, who._replace(name="别的公司"), {LICENCE_TYPE: given}, PURPOSE, ITEM)
    with settled.store(Role.API).begin() as conn:
        told, nothing = granted_reads.certificates(conn, [wanted, stranger], NOW, TODAY)
    assert {one.number: one.status for one in told[LICENCE_TYPE].certificates} == {"A": "valid", "B": "revoked_penalty"}
    assert told[LICENCE_TYPE].standing.covered
    assert not told[other].granted
    assert told[other].certificates == ()
    assert nothing[LICENCE_TYPE].certificates == ()


def test_grants_of_others_and_grants_at_rest_reach_nothing(settled: Stores) -> None:
    right = grant(settled, "query")
    wrong = {
        "none": None,
        "nobody's": 10_000,
        "of another act": grant(settled, "matching"),
        "for other fields": grant(settled, "query", ("sex",)),
        "of another source": grant(settled, "query", dataset=RESIDENTS.name),
        "of a certificate type": grant(settled, "query", dataset=None, certificate_type=LICENCE_TYPE),
        "not yet in force": grant(settled, "query", valid_from=TODAY + dt.timedelta(days=1)),
        "over": grant(settled, "query", valid_from=YESTERDAY, valid_until=YESTERDAY),
        "of another department": grant(settled, "query", department="other_office"),
        "for other askers": grant(settled, "query", askers=["officer:1"], valid_until=TODAY),
        "suspended": grant(settled, "query", suspended_at=NOW, valid_until=TODAY + dt.timedelta(days=1)),
        "for another item": grant(settled, "query", service_item="别的事项"),
    }
    told = query(settled, *(ask(one, "address") for one in wrong.values()))
    got = {name: (one["address"].granted, one["address"].value) for name, one in zip(wrong, told, strict=True)}
    assert got == dict.fromkeys(wrong, (False, None))
    by_officer, stranger = officer(settled), officer(settled, "other_office")
    askers = [
        by_officer,
        stranger,
        Claimant(CLAIMANT.department, stranger.asker),
        Claimant(CLAIMANT.department, "client:x"),
    ]
    askers += [Claimant(CLAIMANT.department, asker) for asker in ("", "officer:", "officer:x", "nobody", "client:")]
    told = query(settled, *(of(ask(right, "address"), claimant=one) for one in askers))
    assert [one["address"].granted for one in told] == [True] + [False] * (len(askers) - 1)
    with settled.store(Role.OWNER).begin() as conn:
        grants.end_grant(conn, right, YESTERDAY)
    (ended,) = query(settled, ask(right, "address"))
    assert not ended["address"].granted


def test_who_is_suspended_or_locked_reads_nothing(settled: Stores) -> None:
    given, someone = grant(settled, "query"), officer(settled)
    with settled.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.client SET state = 'suspended'"))
        conn.execute(sa.text("UPDATE hub.account SET state = 'closed'"))
    told = query(settled, ask(given, "address"), of(ask(given, "address"), claimant=someone))
    assert [one["address"].value for one in told] == [None, None]


def test_a_field_that_no_contract_has_is_not_served(settled: Stores) -> None:
    given = grant(settled, "query", ("shoe_size", "number", "*area"))
    (told,) = query(settled, ask(given, "shoe_size", "*area"))
    assert not told["shoe_size"].standing.served
    assert told["shoe_size"].value is None
    assert told["*area"].value is None
    (nowhere,) = query(settled, of(ask(given, "number"), source="no_such_register"))
    assert not nowhere["number"].granted


def test_departments_that_disagree_are_told(settled: Stores) -> None:
    given = grant(settled, "query")
    with settled.store(Role.LOAD).begin() as conn:
        take_in(conn, DISABLED, [card("C1", NUMBER, "林志强")], close=False)
        conn.execute(
            sa.text("""INSERT INTO hub.conflict (register, subject_key, attribute, dataset, authority, value,
                                                 authority_value, public)
                       VALUES ('population', :key, 'address', :other, :first, 'a', 'b', false)"""),
            {"key": NUMBER, "other": DISABLED.name, "first": RESIDENTS.name},
        )
    (told,) = query(settled, ask(given, "address", "name"))
    assert told["address"].standing.in_doubt
    assert not told["name"].standing.in_doubt
