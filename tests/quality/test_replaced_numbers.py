"""Numbers that a source corrects: the former one waits no longer, and its case ends; who is only alike waits."""

from collections.abc import Callable, Sequence
from typing import cast

import pytest

from quality.intake import IntakeOutcome
from registries.departments import load_catalogue
from registries.home import Role
from registries.store import subjects
from registries.store.subjects import Why
from tests.conftest import Hub
from tests.quality.conftest import LICENCES, NOW, NUMBERS, RESIDENTS, asked, licence, resident

Deliver = Callable[..., IntakeOutcome]
Row = dict[str, str | None]
pytestmark = pytest.mark.usefixtures("placed_either_way")

FORMER, PRESENT = "91110000600037341L", "91350100M000100Y43"
ROWS = [licence(f"A{place}", issued_on=f"2020-01-0{place + 1}") for place in range(5)]
OTHERS, LAST = ROWS[:4], ROWS[4]


def corrected(**changes: str | None) -> Row:
    return {**LAST, "certificate_number": "B4", **changes}


def vanished_cases(hub: Hub) -> Sequence[object]:
    return cast("Sequence[object]", asked(hub, "SELECT state, rows FROM hub.\"case\" WHERE cause = 'vanished'"))


def marks(hub: Hub) -> dict[object, object]:
    return dict(asked(hub, "SELECT number, mark FROM hub.certificate WHERE number IN ('A4', 'B4')"))


def join(hub: Hub, register: str, former: str, present: str) -> None:
    with hub.store(Role.PAGE).begin() as conn:
        subjects.join(conn, load_catalogue().register(register), former, present, Why("更正", "test", NOW))


def test_a_number_corrected_by_the_same_delivery_opens_no_case(hub: Hub, deliver: Deliver) -> None:
    deliver(LICENCES, ROWS)
    outcome = deliver(LICENCES, [*OTHERS, corrected()], "second")
    assert (outcome.counts.new, outcome.counts.vanished) == (1, 1)
    assert vanished_cases(hub) == []
    assert marks(hub) == {"A4": "vanished", "B4": None}  # papers may bear the former number
    history = "SELECT certificate_number FROM data.market_regulation__business_licences_history"
    assert asked(hub, history) == [("A4",)]
    deliver(LICENCES, [*ROWS, corrected()], "third")
    assert marks(hub) == {"A4": None, "B4": None}  # it is back


def test_a_correction_that_comes_later_ends_the_case(hub: Hub, deliver: Deliver) -> None:
    deliver(LICENCES, ROWS)
    deliver(LICENCES, OTHERS, "second")
    assert vanished_cases(hub) == [("open", 1)]
    another = corrected(issued_on="2021-01-01")
    deliver(LICENCES, [*OTHERS, another], "third")
    assert vanished_cases(hub) == [("open", 1)]
    deliver(LICENCES, [*OTHERS, another, corrected(certificate_number="C4")], "fourth")
    assert vanished_cases(hub) == [("closed", 1)]
    rows = (
        "SELECT r.state FROM hub.case_row r JOIN hub.\"case\" c ON c.number = r.case_number WHERE c.cause = 'vanished'"
    )
    assert asked(hub, rows) == [("gone",)]
    assert marks(hub)["A4"] == "vanished"


def test_who_is_alike_before_or_twice_replaces_nobody(hub: Hub, deliver: Deliver) -> None:
    deliver(LICENCES, [*ROWS, corrected()])
    deliver(LICENCES, [*OTHERS, corrected()], "second")  # B4 had stood beside it all the time
    assert vanished_cases(hub) == [("open", 1)]
    two = [corrected(certificate_number=number) for number in ("C4", "D4")]
    deliver(LICENCES, [*OTHERS, corrected(), *two], "third")
    assert vanished_cases(hub) == [("open", 1)]


def test_a_holder_whose_number_was_corrected_is_told_by_the_join(hub: Hub, deliver: Deliver) -> None:
    deliver(LICENCES, ROWS)
    rows = [*OTHERS, corrected(holder_code=PRESENT)]
    deliver(LICENCES, rows, "second")
    assert vanished_cases(hub) == [("open", 1)]
    join(hub, "legal_entities", FORMER, PRESENT)
    deliver(LICENCES, [*rows, licence("A9")], "third")
    assert vanished_cases(hub) == [("closed", 1)]


def test_a_resident_who_was_joined_is_missing_no_more(hub: Hub, deliver: Deliver) -> None:
    good = [resident(number) for number in NUMBERS]
    bad = {**good[0], "citizen_number": "110105194912310021"}
    present = resident("830000199201300022", birth_date="1992-01-30")
    deliver(RESIDENTS, good)
    deliver(RESIDENTS, [*good[1:], bad, present], "second")
    assert vanished_cases(hub) == [("open", 1)]
    join(hub, "population", NUMBERS[0], "830000199201300022")
    deliver(RESIDENTS, [*good[1:], bad, {**present, "name": "李四"}], "third")
    assert vanished_cases(hub) == [("closed", 1)]
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(4,)]
