"""The store's part of case-checks: yes, no or unknown under a grant that the store looks up itself; never a value."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import pytest
import sqlalchemy as sa

from registries.departments import Catalogue
from registries.errors import StoreError
from registries.home import Role
from registries.store import case_checks, clients, grants
from registries.store.case_checks import Asking, CheckMade, Fact, FactWish, HeldWish, Received, ReceivedWish
from registries.store.engine import Store
from tests.registries.store.deliveries import take_in

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
PURPOSE, ITEM = "行政许可审批", "公办养老机构入住轮候登记"
WANG, LI = "440507195001010016", "440507199001010011"
HARDSHIP, RESIDENTS = "civil_affairs.hardship_persons", "public_security.residents"
DISABLED, DISABILITY = "disabled_persons_federation.disability_certificates", "DEMO00000000000000005"
CASE = "ST-2026-7"


class Hub(Protocol):
    catalogue: Catalogue

    def store(self, role: Role) -> Store: ...


def person(number: str, name: str, **more: str) -> dict[str, str | None]:
    return {"citizen_number": number, "name": name, **more}


@pytest.fixture
def town(hub: Hub) -> Hub:
    """Two people: Wang is old, in hardship and disabled; Li is young, and nothing of that."""
    rows: dict[str, Sequence[tuple[dict[str, str | None], bool]]] = {
        RESIDENTS: [
            (person(WANG, "王·大明", birth_date="1950-01-01", division_code="440507"), False),
            (person(LI, "李小红", birth_date="1990-01-01", division_code="110101"), False),
        ],
        HARDSHIP: [
            (person(WANG, "王·大明", kind="1", state="1", since="2025-01-01", valid_until="2026-12-31"), False),
            (person(LI, "李小红", kind="2", state="1", since="2023-01-01", valid_until="2023-12-31"), False),
        ],
        DISABLED: [
            (
                {
                    "certificate_number": f"{WANG}42",
                    "holder_name": "王•大明",
                    "holder_code": WANG,
                    "holder_code_type": "111",
                    "status_code": "valid",
                    "issued_on": "2020-01-01",
                    "valid_until": "2030-01-01",
                },
                False,
            )
        ],
    }
    with hub.store(Role.LOAD).begin() as conn:
        for name, staged in rows.items():
            take_in(conn, hub.catalogue.dataset(name), staged)
    with hub.store(Role.OWNER).begin() as conn:
        clients.add_client(conn, "window", "civil_affairs", "窗口系统")
        conn.execute(sa.text("UPDATE hub.dataset SET data_as_of = :now"), {"now": NOW - timedelta(hours=3)})
    return hub


@pytest.fixture
def granted(town: Hub) -> Callable[..., int]:
    def grant(act: grants.Act, *fields: str, **more: str) -> int:
        with town.store(Role.OWNER).begin() as conn:
            return grants.add_grant(
                conn, "civil_affairs", act, PURPOSE, "市政数局", date(2026, 1, 1), fields=fields, **more
            )

    return grant


def asking(grant: int, key: str = WANG, **more: str) -> Asking:
    name = {WANG: "王 大明", LI: "李小红"}.get(key.upper(), "陈某")
    told = Asking("civil_affairs", "client:window", grant, PURPOSE, ITEM, "natural_person", key, name)
    return replace(told, **more)


def fact(hub: Hub, *wanted: FactWish) -> list[Fact | None]:
    with hub.store(Role.API).begin() as conn:
        return case_checks.facts(conn, wanted, NOW, TODAY)


STATE = (("state", "equals", ("1",)),)


def test_rules_answer_yes_no_or_unknown_under_a_grant_for_their_columns(town: Hub, granted: Callable[..., int]) -> None:
    of = granted("query", "birth_date", "division_code", dataset=RESIDENTS)
    aged = (("birth_date", "age_at_least", ("60",)), ("division_code", "one_of", ("440507", "440511")))
    found = fact(
        town,
        FactWish(asking(of), "query", RESIDENTS, aged),
        FactWish(asking(of, LI), "query", RESIDENTS, aged),
        FactWish(asking(of, "440507197001010014"), "query", RESIDENTS, aged),
        FactWish(asking(of, WANG.lower()), "query", RESIDENTS, (("division_code", "at_most", ("440599",)),)),
        FactWish(asking(of), "query", "nobody.knows", aged),
    )
    assert [each and (each.granted, each.found, each.answer) for each in found] == [
        (True, True, True), (True, True, False), (True, False, None), (True, True, True), None,
    ]  # fmt: skip
    first = found[0]
    assert first is not None
    assert (first.fresh, first.doubtful, first.data_as_of) == (True, False, NOW - timedelta(hours=3))


OPERATIONS = {
    ("not_before_today", ()): True,
    ("present", ()): True,
    ("at_least", ("2026-06-01",)): True,
    ("at_most", ("2026-06-01",)): False,
    ("at_least", ("2027",)): False,
    ("equals", ("x",)): False,
    ("one_of", ("x", "2026-12-31")): True,
    ("age_at_least", ("60",)): False,
    ("age_at_least", ("sixty",)): None,
    ("nonsense", ("x",)): None,
}


def test_operations(town: Hub, granted: Callable[..., int]) -> None:
    of = granted("query", "valid_until", dataset=HARDSHIP)
    wanted = [FactWish(asking(of), "query", HARDSHIP, (("valid_until", *each),)) for each in OPERATIONS]
    assert [each and each.answer for each in fact(town, *wanted)] == list(OPERATIONS.values())


def test_a_row_counts_while_it_holds_and_names_are_alike_as_people_have_them(
    town: Hub, granted: Callable[..., int]
) -> None:
    of = granted("query", "state", dataset=HARDSHIP)
    wang, li = fact(town, *(FactWish(asking(of, key), "query", HARDSHIP, STATE) for key in (WANG, LI)))
    assert wang is not None
    assert li is not None
    assert (wang.answer, li.found, li.answer) == (True, False, None)  # Li's entitlement ended in 2023
    of = granted("matching", "name", dataset=RESIDENTS)
    same, other, alone = fact(
        town,
        FactWish(asking(of), "matching", RESIDENTS, (("name", "same", ("王 大明",)),)),
        FactWish(asking(of), "matching", RESIDENTS, (("name", "same", ("王小明",)),)),
        FactWish(asking(of, subject_name="王小明"), "matching", RESIDENTS, (("name", "same", ("王小明",)),)),
    )
    assert same is not None
    assert other is not None
    assert alone is not None
    assert (same.answer, other.answer) == (True, False)
    assert (alone.granted, alone.found, alone.answer) == (True, False, None)  # a number alone opens nothing


def test_no_grant_no_answer_whatever_the_caller_says(town: Hub, granted: Callable[..., int]) -> None:
    query, match = granted("query", "state", dataset=HARDSHIP), granted("matching", "name", dataset=HARDSHIP)
    ended = granted("query", "state", "kind", dataset=HARDSHIP)
    with town.store(Role.OWNER).begin() as conn:
        grants.end_grant(conn, ended, date(2026, 2, 1))
    wrong = [
        FactWish(asking(ended), "query", HARDSHIP, STATE),
        FactWish(asking(query, department="tax"), "query", HARDSHIP, STATE),
        FactWish(asking(query, purpose="好奇"), "query", HARDSHIP, STATE),
        FactWish(asking(query), "query", RESIDENTS, (("name", "present", ()),)),
        FactWish(asking(query), "query", HARDSHIP, (("kind", "equals", ("1",)),)),
        FactWish(asking(query), "matching", HARDSHIP, (("state", "same", ("1",)),)),
        FactWish(asking(query), "query", HARDSHIP, (("state", "same", ("1",)),)),
        FactWish(asking(match), "matching", HARDSHIP, (("name", "at_least", ("一",)),)),
        FactWish(asking(query, asker="client:nobody"), "query", HARDSHIP, STATE),
        FactWish(asking(query), "query", HARDSHIP, (("mark", "present", ()),)),
        FactWish(asking(10**9), "query", HARDSHIP, STATE),
    ]
    for each in fact(town, *wrong):
        assert each is not None
        assert (each.granted, each.found, each.doubtful, each.answer) == (False, False, False, None)


def test_a_grant_for_an_area_reaches_rows_of_that_area(town: Hub, granted: Callable[..., int]) -> None:
    of = granted("query", "birth_date", dataset=RESIDENTS)
    with town.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.grant_right SET area_code = '440500' WHERE id = :id"), {"id": of})
    born = (("birth_date", "present", ()),)
    wang, li = fact(town, *(FactWish(asking(of, key), "query", RESIDENTS, born) for key in (WANG, LI)))
    assert wang is not None
    assert li is not None
    assert (wang.granted, wang.answer, li.granted, li.found) == (True, True, True, False)


def test_a_row_that_is_being_checked_is_doubtful(town: Hub, granted: Callable[..., int]) -> None:
    of = granted("query", "state", dataset=HARDSHIP)
    with town.store(Role.LOAD).begin() as conn:
        refused = person(LI, "李小红", kind="9", state="1", since="2025-01-01", valid_until="2026-12-31")
        wang = person(WANG, "王·大明", kind="1", state="1", since="2025-01-01", valid_until="2026-12-31")
        take_in(conn, town.catalogue.dataset(HARDSHIP), [(wang, False), (refused, True)])
    wang_now, li_now = fact(town, *(FactWish(asking(of, key), "query", HARDSHIP, STATE) for key in (WANG, LI)))
    assert wang_now is not None
    assert li_now is not None
    assert (wang_now.doubtful, li_now.doubtful) == (False, True)


def test_a_holders_numbers_are_found_by_code_and_name_under_a_grant(town: Hub, granted: Callable[..., int]) -> None:
    of = granted("verification", certificate_type=DISABILITY)
    wishes = [
        HeldWish(asking(of), DISABILITY, "111"),
        HeldWish(asking(of, subject_name="王小明"), DISABILITY, "111"),
        HeldWish(asking(of, LI), DISABILITY, "111"),
        HeldWish(asking(of), "DEMO00000000000000003", "111"),
        HeldWish(asking(of, department="tax"), DISABILITY, "111"),
    ]
    with town.store(Role.API).begin() as conn:
        assert case_checks.held_numbers(conn, wishes, TODAY) == [(f"{WANG}42",), (), (), (), ()]


def test_paper_that_the_hub_could_have_answered_needs_a_reason_and_is_kept_once(town: Hub) -> None:
    made = CheckMade("I-1", "1.0.0", "civil_affairs", CASE, "natural_person", WANG, (("id", "exempt", "match"),))
    taken = Received("I-1", "id", "identity", "civil_affairs", CASE, "natural_person", WANG, "paper", None)
    with town.store(Role.API).begin() as conn:
        case_checks.note_checks(conn, [made, replace(made, case="other")], NOW)
        without = case_checks.note_received(conn, taken, NOW)
        first = case_checks.note_received(conn, replace(taken, reason="applicant_wishes"), NOW)
        again = case_checks.note_received(conn, replace(taken, reason="urgent"), NOW + timedelta(days=1))
        unasked = case_checks.note_received(conn, replace(taken, material="form", kept_as="form", reason="urgent"), NOW)
    assert (without.outcome, without.could_have, without.hub_reason) == ("reason_missing", True, "match")
    assert (first.outcome, again.outcome, again.received_at) == ("received", "known", NOW)
    assert (unasked.outcome, unasked.could_have) == ("received", False)
    with town.store(Role.PAGE).begin() as conn:
        counted = conn.execute(sa.text("SELECT material, could_have, reason FROM hub.material_received ORDER BY id"))
        assert [tuple(row) for row in counted] == [("id", True, "applicant_wishes"), ("form", False, None)]


def test_what_was_received_before_counts_in_the_same_case_or_department(town: Hub) -> None:
    taken = Received("I-1", "m", "lease", "civil_affairs", CASE, "natural_person", WANG, "file", None, "ab" * 32)
    wish = ReceivedWish("civil_affairs", "natural_person", WANG, CASE, "lease")
    with town.store(Role.API).begin() as conn:
        case_checks.note_received(conn, taken, NOW)
        wanted = [
            wish, replace(wish, case="other"), replace(wish, department="tax"),
            replace(wish, department="tax", case="other"), replace(wish, subject_key=LI), replace(wish, kept_as="x"),
        ]  # fmt: skip
        found = case_checks.received_before(conn, wanted)
    assert [each and each.same_case for each in found] == [True, False, True, None, None, None]


SECRET = {
    "SELECT 1 FROM hub.case_check": Role.API,
    "SELECT 1 FROM hub.case_material": Role.API,
    "SELECT 1 FROM hub.material_received": Role.API,
    "SELECT 1 FROM hub.dispute": Role.API,
    "SELECT 1 FROM hub.dispute_evidence": Role.API,
    "SELECT subject_digest FROM hub.case_check": Role.PAGE,
    "SELECT case_digest FROM hub.material_received": Role.PAGE,
    "SELECT match_digest FROM hub.dispute": Role.PAGE,
}


def test_the_api_reads_none_of_it_and_the_pages_no_digest(hub: Hub) -> None:
    for statement, role in SECRET.items():
        with pytest.raises(StoreError, match="InsufficientPrivilege"), hub.store(role).begin() as conn:
            conn.execute(sa.text(statement))
