"""Couples, co-owners and vehicles: every holder finds the certificate, and it says the same however its rows came."""

import random

import pytest
import sqlalchemy as sa

from certificates.records import CertificateRecord, LookUp, Question
from certificates.status import Status
from registries.contracts.model import CertificateMapping, Column, HolderMapping, ObjectMapping
from registries.store import certificates, grants, planner
from registries.store.certificates import Sought
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.life_tables import certificate_event
from registries.store.tables import certificate, certificate_holder, certificate_object
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import (
    CLAIMANT,
    LICENCE_TYPE,
    NOW,
    add_claimant,
    catalogue_of,
    make_dataset,
)

TODAY = NOW.date()
HUSBAND, WIFE, THIRD = "11010519491231002X", "440524188001010014", "110101199003072316"

MARRIAGES = make_dataset(
    "test_civil.marriages",
    [
        Column("number", "证号", key=True),
        *(Column(name, name) for name in ("man", "man_code", "woman", "woman_code", "woman_type", "status", "plate")),
    ],
    certificate=CertificateMapping(
        LICENCE_TYPE,
        number="number",
        holder_name="man",
        holder_code="man_code",
        status="status",
        further_holders=(HolderMapping("woman", "woman_code", "woman_type", role="女方"),),
        objects=(ObjectMapping("vehicle", "plate"),),
    ),
)
OWNERS = make_dataset(
    "test_land.owners",
    [
        Column("number", "不动产权证号", key=True),
        Column("owner_code", "权利人证件号码", key=True, semantic="citizen_number"),
        *(Column(name, name) for name in ("owner", "status", "unit", "address")),
    ],
    certificate=CertificateMapping(
        LICENCE_TYPE,
        number="number",
        holder_name="owner",
        holder_code="owner_code",
        status="status",
        objects=(ObjectMapping("real_estate_unit", "unit", "address"),),
    ),
)


@pytest.fixture
def planned(load: Store) -> Store:
    planner.plan(load, catalogue_of(MARRIAGES, OWNERS))
    return load


@pytest.fixture
def grant(owner: Store) -> Grant:
    with owner.begin() as conn:
        add_claimant(conn)
        grants.add_grant(conn, "test_office", "verification", "审批", "me", TODAY, certificate_type=LICENCE_TYPE)
        wish = grants.Wish("verification", "审批", "item", LICENCE_TYPE)
        (found,) = grants.covering_grants(conn, [(grants.Claimant("test_office", ""), wish)], TODAY)
    assert found is not None
    return found


def find(
    api: Store, grant: Grant, number: str, name: str, code: str, code_type: str = "111"
) -> CertificateRecord | None:
    asked = Question(LICENCE_TYPE, number, name, code, code_type, "审批", "item", "case")
    with api.begin() as conn:
        (found,) = certificates.find_certificates(conn, [Sought(asked, grant, CLAIMANT)], NOW, TODAY)
    assert isinstance(found, LookUp)
    return found.record


def marriage(number: str, **more: str | None) -> Row:
    row = {
        "man": "林志强",
        "man_code": HUSBAND,
        "woman": "陈美",
        "woman_code": WIFE,
        "woman_type": "111",
        "status": "10",
    }
    return {"number": number, **row, "plate": None, **more}


def owning(number: str, owner: str, code: str, **more: str | None) -> Row:
    row = {"status": "10", "unit": "440507001001GB00012", "address": "龙湖区长平路一号"}
    return {"number": number, "owner": owner, "owner_code": code, **row, **more}


def test_both_spouses_find_the_one_certificate(planned: Store, api: Store, grant: Grant) -> None:
    with planned.begin() as conn:
        take_in(
            conn,
            MARRIAGES,
            [(marriage("M1", plate="粤D12345"), False), (marriage("M2", woman=None, woman_code=None), False)],
        )
    his = find(api, grant, "M1", "林志强", HUSBAND, "999")
    hers = find(api, grant, "M1", "陈美", WIFE)
    assert his is not None
    assert hers is not None
    assert [(one.name, one.role, one.asked) for one in his.holders] == [("林志强", "", True), ("陈美", "女方", False)]
    assert [one.asked for one in hers.holders] == [False, True]
    assert [(one.kind, one.number) for one in hers.objects] == [("vehicle", "粤D12345")]
    assert his.digest_ok
    alone = find(api, grant, "M2", "林志强", HUSBAND, "999")
    assert alone is not None
    assert len(alone.holders) == 1
    assert alone.digest_ok
    assert find(api, grant, "M2", "陈美", WIFE) is None


def test_a_spouse_and_an_object_that_a_row_has_no_more_are_gone(planned: Store, api: Store, grant: Grant) -> None:
    with planned.begin() as conn:
        take_in(conn, MARRIAGES, [(marriage("M1", plate="粤D12345"), False)])
        take_in(conn, MARRIAGES, [(marriage("M1", woman="陈美", woman_code=THIRD), False)])
    assert find(api, grant, "M1", "陈美", WIFE) is None
    now = find(api, grant, "M1", "陈美", THIRD)
    assert now is not None
    assert now.objects == ()
    assert now.digest_ok


def test_a_name_written_otherwise_is_kept_as_it_is_written(planned: Store, api: Store, grant: Grant) -> None:
    with planned.begin() as conn:
        take_in(conn, MARRIAGES, [(marriage("M1", woman="阿依古丽·买买提"), False)])
        take_in(conn, MARRIAGES, [(marriage("M1", woman="阿依古丽•买买提"), False)])
    found = find(api, grant, "M1", "阿依古丽买买提", WIFE)
    assert found is not None
    assert found.digest_ok
    assert found.holders[1].name == "阿依古丽•买买提"


def test_co_owners_have_a_row_each_and_one_certificate(planned: Store, api: Store, grant: Grant) -> None:
    rows = [owning("R1", "林志强", HUSBAND), owning("R1", "陈美", WIFE), owning("R2", "陈美", WIFE)]
    with planned.begin() as conn:
        take_in(conn, OWNERS, [(row, False) for row in rows])
    for name, code in (("林志强", HUSBAND), ("陈美", WIFE)):
        found = find(api, grant, "R1", name, code)
        assert found is not None
        assert [one.code for one in found.holders] == sorted([HUSBAND, WIFE])
        assert [one.asked for one in found.holders] == [one.code == code for one in found.holders]
        assert [(one.number, one.name) for one in found.objects] == [("440507001001GB00012", "龙湖区长平路一号")]
        assert found.digest_ok
    assert find(api, grant, "R2", "林志强", HUSBAND) is None


def test_a_co_owner_leaves_and_comes_back_and_the_status_did_not_move(
    planned: Store, owner: Store, api: Store, grant: Grant
) -> None:
    both = [(owning("R1", "林志强", HUSBAND), False), (owning("R1", "陈美", WIFE), False)]
    with planned.begin() as conn:
        take_in(conn, OWNERS, both)
        take_in(conn, OWNERS, both[1:])
    left = find(api, grant, "R1", "陈美", WIFE)
    assert left is not None
    assert (left.mark, left.digest_ok, [one.code for one in left.holders]) == (None, True, [WIFE])
    assert find(api, grant, "R1", "林志强", HUSBAND) is None
    with planned.begin() as conn:
        take_in(conn, OWNERS, both)
    back = find(api, grant, "R1", "林志强", HUSBAND)
    assert back is not None
    assert len(back.holders) == 2
    with owner.begin() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(certificate_event)).scalar_one() == 1


def test_a_certificate_whose_co_owners_all_vanished_is_being_checked(planned: Store, api: Store, grant: Grant) -> None:
    with planned.begin() as conn:
        take_in(
            conn,
            OWNERS,
            [
                (owning("R1", "林志强", HUSBAND), False),
                (owning("R1", "陈美", WIFE), False),
                (owning("R2", "陈美", WIFE), False),
            ],
        )
        take_in(conn, OWNERS, [(owning("R2", "陈美", WIFE), False)])
    for name, code in (("林志强", HUSBAND), ("陈美", WIFE)):
        found = find(api, grant, "R1", name, code)
        assert found is not None
        assert (found.mark, len(found.holders), found.digest_ok) == ("vanished", 2, True)


def test_a_refused_row_of_one_co_owner_marks_the_certificate(planned: Store, api: Store, grant: Grant) -> None:
    both = [owning("R1", "林志强", HUSBAND), owning("R1", "陈美", WIFE)]
    with planned.begin() as conn:
        take_in(conn, OWNERS, [(row, False) for row in both])
        take_in(conn, OWNERS, [(both[0], True), (both[1], False)])
    found = find(api, grant, "R1", "陈美", WIFE)
    assert found is not None
    assert (found.mark, len(found.holders)) == ("update_refused", 2)
    with planned.begin() as conn:
        take_in(conn, OWNERS, [(row, False) for row in both])
    mended = find(api, grant, "R1", "陈美", WIFE)
    assert mended is not None
    assert mended.mark is None


def test_the_latest_row_tells_the_status(planned: Store, api: Store, grant: Grant) -> None:
    with planned.begin() as conn:
        take_in(conn, OWNERS, [(owning("R1", "林志强", HUSBAND), False), (owning("R1", "陈美", WIFE), False)])
        take_in(conn, OWNERS, [(owning("R1", "陈美", WIFE, status="03"), False)], close=False)
    found = find(api, grant, "R1", "林志强", HUSBAND)
    assert found is not None
    assert found.status is not Status.VALID


def look_ups(owner: Store) -> list[tuple[object, ...]]:
    """All that is composed, in words that don't depend on the order of deliveries."""
    held = sa.select(
        certificate.c.number, certificate.c.mark, certificate_holder.c.ordinal, certificate_holder.c.code
    ).join(certificate_holder, certificate_holder.c.certificate_id == certificate.c.id)
    things = sa.select(certificate.c.number, sa.null(), certificate_object.c.ordinal, certificate_object.c.number)
    things = things.join(certificate_object, certificate_object.c.certificate_id == certificate.c.id)
    with owner.begin() as conn:
        return sorted(map(tuple, [*conn.execute(held), *conn.execute(things)]), key=repr)


def test_the_way_of_deliveries_does_not_count(planned: Store, owner: Store) -> None:
    """Random snapshots; at each the look-up is what one delivery into an empty store would give."""
    draw = random.Random(7)
    codes = [HUSBAND, WIFE, THIRD]
    for _ in range(6):
        rows = [
            owning(number, f"甲{code[-3:]}", code, unit=draw.choice(["A", "B"]))
            for number in ("R1", "R2", "R3", "R4")
            for code in draw.sample(codes, draw.randint(0, 3))
        ]
        if not rows:
            continue
        with planned.begin() as conn:
            take_in(conn, OWNERS, [(row, False) for row in rows])
        found = [row for row in look_ups(owner) if row[1] != "vanished"]
        numbers = {row["number"] for row in rows}
        holders = sorted({(row["number"], row["owner_code"]) for row in rows})
        assert sorted({(number, code) for number, _, _, code in found if code in codes}) == holders
        places = [ordinal for number, _, ordinal, code in found if code in codes and number in numbers]
        assert sorted(places) == sorted(
            place + 1 for number in numbers for place in range(sum(one == number for one, _ in holders))
        )


def test_the_same_delivery_again_changes_nothing(planned: Store, owner: Store) -> None:
    rows = [(owning("R1", "林志强", HUSBAND), False), (owning("R1", "陈美", WIFE), False)]
    with planned.begin() as conn:
        take_in(conn, OWNERS, rows)
    with owner.begin() as conn:
        before = conn.execute(sa.select(certificate)).all()
    with planned.begin() as conn:
        take_in(conn, OWNERS, rows)
    with owner.begin() as conn:
        assert conn.execute(sa.select(certificate)).all() == before
