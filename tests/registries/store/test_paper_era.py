"""Rows of the paper era, without their holder's number: trusted least, and told of by number and name alone."""

import pytest
import sqlalchemy as sa

from certificates.status import Status
from certificates.types import load_types
from certificates.verdicts import VerdictCode, judge
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.tables import certificate
from tests.registries.store.deliveries import take_in
from tests.registries.store.sample_catalogue import LICENCES
from tests.registries.store.test_certificates import TODAY, find, grant, licence, question

__all__ = ["grant"]
PAPER = [
    (licence("OLD", holder_code=None), False),
    (licence("OLDER", holder_code=None, code_type=None), False),
    (licence("GONE", holder_code=None, status="05"), False),
    (licence("NEW"), False),
]


@pytest.fixture
def paper(load: Store) -> Store:
    with load.begin() as conn:
        take_in(conn, LICENCES, PAPER)
    return load


def test_rows_without_a_holders_number_load_as_d(paper: Store) -> None:
    with paper.begin() as conn:
        told = conn.execute(sa.select(certificate.c.number, certificate.c.trust_level)).all()
    assert dict(map(tuple, told)) == {"OLD": "D", "OLDER": "D", "GONE": "D", "NEW": "A"}


def test_number_and_name_find_it_and_nothing_less_does(paper: Store, api: Store, grant: Grant) -> None:
    assert paper is not None
    asked = [
        question("OLD"),
        question("OLDER"),
        question("OLD", holder_name="别的公司"),
        question("NO"),
        question("NEW"),
    ]
    old, older, other, none, new = find(api, grant, *asked)
    assert [found.unchecked for found in (old, older, other, none, new)] == ["valid", "valid", None, None, None]
    assert (old.record, older.record, other.record) == (None, None, None)
    assert repr(other) == repr(none)
    verdict = judge(question("OLD"), old, TODAY, load_types())
    assert verdict.code == VerdictCode.PENDING_CHECK
    assert new.record is not None


def test_its_state_is_told_for_bad_news_does_not_wait(paper: Store, api: Store, grant: Grant) -> None:
    assert paper is not None
    (gone,) = find(api, grant, question("GONE"))
    assert gone.unchecked == Status.REVOKED_PENALTY


def test_it_is_found_by_its_holder_once_its_source_has_the_number(paper: Store, api: Store, grant: Grant) -> None:
    with paper.begin() as conn:
        take_in(conn, LICENCES, [(licence(str(row["licence_no"])), False) for row, _ in PAPER])
    (found,) = find(api, grant, question("OLD"))
    assert (found.unchecked, found.record is None) == (None, False)
    assert found.record is not None
    assert (found.record.trust_level, found.record.digest_ok) == ("A", True)
