"""The look-up: found by the right holder alone, all misses alike, and ignorance never mistaken for no match."""

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

from certificates.records import LookUp, Question
from certificates.status import Status
from registries.errors import NotGranted
from registries.store import certificates, grants
from registries.store.certificates import Sought
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.tables import certificate
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import CLAIMANT, LICENCE_TYPE, LICENCES, NOW, add_claimant

TODAY = NOW.date()
LATER = NOW + dt.timedelta(days=2)


def licence(number: str, **more: str | None) -> Row:
    return {
        "licence_no": number,
        "holder": "汕头示例有限公司",
        "holder_code": "91440500MA4UHGDR0K",
        "code_type": "001",
        "status": "10",
        "issued_on": "2020-05-01",
        "valid_until": "9999-12-31",
        "issuer": "汕头市市场监督管理局",
        **more,
    }


def question(number: str, **more: str) -> Question:
    return Question.parse(
        {
            "certificate_type": LICENCE_TYPE,
            "certificate_number": number,
            "holder_name": "汕头示例有限公司",
            "holder_code": "91440500MA4UHGDR0K",
            "holder_code_type": "001",
            "purpose": "行政许可审批",
            "service_item": "item",
            "case": "case",
            **more,
        }
    )


@pytest.fixture
def grant(owner: Store) -> Grant:
    with owner.begin() as conn:
        add_claimant(conn)
        grants.add_grant(
            conn, "test_office", "verification", "行政许可审批", "me", TODAY, certificate_type=LICENCE_TYPE
        )
    with owner.begin() as conn:
        wish = grants.Wish("verification", "行政许可审批", "item", LICENCE_TYPE)
        (found,) = grants.covering_grants(conn, [(grants.Claimant("test_office", ""), wish)], TODAY)
    assert found is not None
    return found


def find(api: Store, grant: Grant, *questions: Question, now: dt.datetime = LATER) -> list[LookUp]:
    with api.begin() as conn:
        return certificates.find_certificates(conn, [Sought(one, grant, CLAIMANT) for one in questions], now, TODAY)


def test_a_certificate_is_found_with_all_it_says(load: Store, api: Store, grant: Grant) -> None:
    identifier = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A", identifier=identifier), False), (licence("B", identifier="?"), False)])
    (found, other) = find(api, grant, question("A", holder_name="汕头·示例 有限公司"), question("b"))
    assert found.record is not None
    assert other.record is not None
    assert (found.record.number, found.record.status, found.record.mark) == ("A", Status.VALID, None)
    assert found.record.long_term
    assert found.record.valid_until is None
    assert found.record.digest_ok
    assert found.record.identifier_ok is True
    assert other.record.identifier_ok is False
    assert [holder.code for holder in found.record.holders] == ["91440500MA4UHGDR0K"]
    assert found.source.covered
    assert found.source.fresh
    assert found.source.data_as_of == NOW
    assert not found.being_checked


def test_no_such_number_and_another_holder_are_one_answer_by_one_statement(
    load: Store, api: Store, grant: Grant
) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False)])
    statements: list[str] = []
    with api.connect() as conn:
        sa.event.listen(conn, "before_cursor_execute", lambda *call: statements.append(call[2]))
        asked = [
            question("NOSUCH"),
            question("A", holder_code="91110000600037341L"),
            question("A", holder_name="别的公司"),
            question("A", holder_code_type="099"),
        ]
        misses = certificates.find_certificates(conn, [Sought(one, grant, CLAIMANT) for one in asked], LATER, TODAY)
    assert len(set(map(repr, misses))) == 1
    assert misses[0].record is None
    assert not misses[0].being_checked
    assert len(statements) == 1


def test_a_quarantined_update_is_being_checked_and_never_no_match(load: Store, api: Store, grant: Grant) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False), (licence("B", holder_code=None), True)])
    (new,) = find(api, grant, question("B"))
    assert new.record is None
    assert new.being_checked
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A", status="99"), True), (licence("B"), False)])
    updated, mended = find(api, grant, question("A"), question("B"))
    assert updated.record is not None
    assert (updated.record.mark, updated.being_checked) == ("update_refused", True)
    assert mended.record is not None
    assert not mended.being_checked


def test_a_vanished_certificate_is_marked_and_comes_back(load: Store, api: Store, grant: Grant) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False), (licence("B"), False)])
        take_in(conn, LICENCES, [(licence("B"), False)])
    (gone,) = find(api, grant, question("A"))
    assert gone.record is not None
    assert gone.record.mark == "vanished"
    with load.begin() as conn:
        _, counts = take_in(conn, LICENCES, [(licence("A"), False), (licence("B"), False)])
        assert (counts.unchanged, counts.changed) == (2, 0)
    (back,) = find(api, grant, question("A"))
    assert back.record is not None
    assert back.record.mark is None


def test_status_moves_are_kept_in_order_and_only_when_it_moves(load: Store, api: Store, grant: Grant) -> None:
    steps = [("10", None, None), ("05", "2024-02-01", "处罚"), ("05", "2024-02-01", "处罚"), ("10", "2024-03-01", None)]
    for place, (status, since, reason) in enumerate(steps):
        row = licence("A", status=status, status_since=since, status_reason=reason, issuer=str(place))
        with load.begin() as conn:
            take_in(conn, LICENCES, [(row, False)])
    (found,) = find(api, grant, question("A"))
    assert found.record is not None
    told = [(event.status, event.since, event.reason) for event in found.record.events]
    assert told == [
        (Status.VALID, None, ""),
        (Status.REVOKED_PENALTY, dt.date(2024, 2, 1), "处罚"),
        (Status.VALID, dt.date(2024, 3, 1), ""),
    ]


def test_a_new_holder_takes_the_place_of_the_old_one(load: Store, api: Store, grant: Grant) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False)])
        take_in(conn, LICENCES, [(licence("A", holder="新公司"), False)])
    old, new = find(api, grant, question("A"), question("A", holder_name="新公司"))
    assert old.record is None
    assert new.record is not None
    assert new.record.digest_ok


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", "Z"),
        ("status", "suspended"),
        ("valid_until", dt.date(2030, 1, 1)),
        ("issuing_authority_name", "别处"),
    ],
)
def test_a_changed_row_is_told_by_its_digest(
    load: Store, owner: Store, api: Store, grant: Grant, column: str, value: object
) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False)])
    with owner.begin() as conn:
        conn.execute(sa.update(certificate).values({column: value}))
    (found,) = find(api, grant, question("A"))
    assert found.record is not None
    assert not found.record.digest_ok


def test_a_status_code_that_no_table_knows_is_being_checked(load: Store, api: Store, grant: Grant) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A", status="77"), False)])
    (found,) = find(api, grant, question("A"))
    assert found.record is None
    assert found.being_checked


def test_sources_are_told_apart(load: Store, api: Store, grant: Grant) -> None:
    (nothing,) = find(api, grant, question("A"))
    assert not nothing.source.covered
    assert nothing.source.data_as_of is None
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False)])
    (late,) = find(api, grant, question("A"), now=NOW + dt.timedelta(days=30))
    assert late.source.covered
    assert not late.source.fresh


def test_nothing_is_looked_up_without_a_grant_that_covers_it(load: Store, api: Store, grant: Grant) -> None:
    with load.begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False)])
    for wrong in (
        question("A", purpose="好奇"),
        question("A", certificate_type="11100000MB03271699001"),
    ):
        with pytest.raises(NotGranted) as caught:
            find(api, grant, question("A"), wrong)
        assert caught.value.positions == [1]
    with pytest.raises(NotGranted):
        find(api, dataclasses.replace(grant, id=grant.id + 99), question("A"))
    with pytest.raises(NotGranted), api.begin() as conn:
        certificates.find_certificates(
            conn, [Sought(question("A"), grant, CLAIMANT)], NOW, TODAY - dt.timedelta(days=1)
        )
