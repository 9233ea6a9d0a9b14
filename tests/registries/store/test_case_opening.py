"""Cases opened and closed by deliveries: one cause is one case, relapses reopen it, what people settled stays so."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from registries.errors import StoreError
from registries.store import (
    batches,
    case_closing,
    case_opening,
    case_steps,
    cases,
    casework,
    ledger,
    quarantine,
    scores,
)
from registries.store.batches import Batch
from registries.store.case_steps import NewStep
from registries.store.casework import NewEvidence, Raised
from registries.store.engine import Store
from registries.store.stage import Stage
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import LICENCES, NOW, PEOPLE, text_batch
from tests.registries.store.test_quarantine import Found

DUE = dt.date(2026, 3, 13)


def person(number: str, name: str = "x") -> Row:
    return {"number": number, "name": name}


def deliver(conn: sa.Connection, rows: Sequence[Row], wrong: Sequence[int], now: dt.datetime = NOW) -> Batch:
    """A snapshot of people, with the rule `soft` finding the rows of these numbers; told in the order of the intake."""
    batch, _ = take_in(conn, PEOPLE, [(row, False) for row in rows])
    scores.record_scores(conn, batch, [Found("soft", "accuracy", len(rows), len(wrong), level=2)])
    if wrong:
        quarantine.record_findings(conn, batch, "soft", 2, np.array(wrong))
    stage = Stage(conn, PEOPLE, batch)
    stage.create()
    stage.copy_in(np.arange(1, len(rows) + 1), text_batch(PEOPLE, list(rows)), np.zeros(len(rows), np.bool_))
    case_closing.close_mended(conn, batch, PEOPLE, now)
    case_opening.open_from_findings(conn, batch, PEOPLE, now)
    stage.drop()
    return batch


PEOPLE_HERE = [person("1"), person("2"), person("3")]


def acts(conn: sa.Connection, number: int) -> list[tuple[str, int | None]]:
    return [(step.act, step.rows) for step in cases.steps_of(conn, number)]


def test_one_cause_is_one_case_and_says_how_many_of_all_are_mended(load: Store) -> None:
    with load.begin() as conn:
        deliver(conn, PEOPLE_HERE, [1, 2])
        (opened,) = cases.list_cases(conn)
        assert (opened.rows, opened.rows_open, opened.rule_id, opened.due_on) == (2, 2, "soft", DUE)
        deliver(conn, PEOPLE_HERE, [2, 3])
        (same,) = cases.list_cases(conn)
        assert (same.number, same.rows, same.rows_open, same.rows_settled) == (opened.number, 3, 2, 1)
        deliver(conn, PEOPLE_HERE, [])
        assert cases.list_cases(conn) == []
        (closed,) = cases.list_cases(conn, state="closed")
        assert (closed.ending, closed.rows, closed.rows_open, closed.number) == ("mended", 3, 0, opened.number)
        told = acts(conn, opened.number)
        assert told == [("opened", 2), ("rows_mended", 1), ("rows_added", 1), ("closed", 2)]
        kept = conn.execute(sa.text("SELECT count(*) FROM hub.ledger_entry WHERE kind = 'case'")).scalar_one()
        assert kept == len(told)
    with load.begin() as conn:
        ledger.sequence(conn)
        assert ledger.check(conn).faults == []


def test_a_relapse_within_a_year_reopens_the_case_and_later_it_is_another(load: Store) -> None:
    with load.begin() as conn:
        deliver(conn, PEOPLE_HERE, [1])
        deliver(conn, PEOPLE_HERE, [])
        deliver(conn, PEOPLE_HERE, [1, 2], NOW + dt.timedelta(days=300))
        (again,) = cases.list_cases(conn)
        assert (again.reopened, again.rows, again.rows_open, again.ending) == (1, 2, 2, None)
        assert again.due_on > DUE
        deliver(conn, PEOPLE_HERE, [], NOW + dt.timedelta(days=310))
        deliver(conn, PEOPLE_HERE, [3], NOW + dt.timedelta(days=320))  # nobody who was in it
        (other,) = cases.list_cases(conn)
        assert (other.number != again.number, other.reopened) == (True, 0)
        deliver(conn, PEOPLE_HERE, [], NOW + dt.timedelta(days=330))
        deliver(conn, PEOPLE_HERE, [1], NOW + dt.timedelta(days=700))
        assert [case.reopened for case in cases.list_cases(conn)] == [0]


def test_a_row_that_is_gone_is_not_mended(load: Store) -> None:
    with load.begin() as conn:
        deliver(conn, PEOPLE_HERE, [1, 2])
        batch, _ = take_in(conn, PEOPLE, [(person("1"), False), (person("3"), False)])
        scores.record_scores(conn, batch, [Found("soft", "accuracy", 2, 0, level=2)])
        assert cases.list_cases(conn)[0].rows_open == 2
    with load.begin() as conn:
        number = cases.list_cases(conn)[0].number
        deliver(conn, [person("3")], [])
        states = cases.row_states(conn, number)
        assert sum(states.values()) == 2
        assert "open" not in states


def propose(conn: sa.Connection, number: int, act: case_steps.Act, by: str, reason: str | None = None) -> None:
    case_steps.take(conn, [NewStep(number, act, by, "test_police", reason)], NOW)


def test_what_one_proposed_and_another_approved_stays_settled_until_it_passes(load: Store, page: Store) -> None:
    with load.begin() as conn:
        deliver(conn, PEOPLE_HERE, [1])
        number = cases.list_cases(conn)[0].number

    def settle(*approving: str) -> int:
        with page.begin() as conn:
            propose(conn, number, "answered", "zhang", "matches_archive")
            for by in approving:
                propose(conn, number, "approved", by, "steward")
            return casework.settle(conn, number, "found_right", NOW)

    for approving in ((), ("zhang",)):  # nobody approves what he proposed
        with pytest.raises(StoreError, match="HB023"):
            settle(*approving)
    assert settle("li") == 1
    with load.begin() as conn:
        deliver(conn, PEOPLE_HERE, [1])
        assert cases.list_cases(conn) == []
        (closed,) = cases.list_cases(conn, state="closed")
        assert (closed.ending, cases.row_states(conn, number)) == ("found_right", {"found_right": 1})
        deliver(conn, PEOPLE_HERE, [])
        assert cases.row_states(conn, number) == {"mended": 1}
        deliver(conn, PEOPLE_HERE, [1])
        (again,) = cases.list_cases(conn)
        assert (again.number, again.reopened) == (number, 1)


def test_beyond_mending_needs_both_sides_and_evidence_and_leaves_the_score(load: Store, page: Store) -> None:
    file = NewEvidence(bytes(32), "application/pdf", 3, "somewhere")
    with load.begin() as conn:
        deliver(conn, PEOPLE_HERE, [1, 3])
        number = cases.list_cases(conn)[0].number

    def settle(*, evidence: bool, sides: Sequence[str]) -> None:
        with page.begin() as conn:
            if evidence:
                casework.add_evidence(conn, number, file, "zhang", NOW)
            propose(conn, number, "asked_beyond_mending", "zhang", "archive_lost")
            for by, side in zip(("li", "wang"), sides, strict=False):
                propose(conn, number, "approved", by, side)
            casework.settle(conn, number, "beyond_mending", NOW)

    for evidence, sides in ((False, ("provider", "steward")), (True, ("steward",)), (True, ("steward", "steward"))):
        with pytest.raises(StoreError, match="HB023"):
            settle(evidence=evidence, sides=sides)
    settle(evidence=True, sides=("provider", "steward"))
    with load.begin() as conn:
        (closed,) = cases.list_cases(conn, state="closed")
        assert (closed.ending, cases.row_states(conn, number)) == ("beyond_mending", {"beyond_mending": 2})
        batch = deliver(conn, PEOPLE_HERE, [1, 3])
        assert cases.list_cases(conn) == []
        stage = Stage(conn, PEOPLE, batch)
        stage.create()
        stage.copy_in(np.arange(1, 4), text_batch(PEOPLE, PEOPLE_HERE), np.zeros(3, np.bool_))
        assert case_closing.beyond_mending(conn, batch, PEOPLE) == {"soft": 2}


def test_a_refused_row_can_be_beyond_mending_too(load: Store, page: Store) -> None:
    """A steward raises it under its rule, and both sides approve: the score leaves it out, and it stays refused."""
    rows = [(person("1"), False), (person("2"), True)]
    with load.begin() as conn:
        batch, _ = take_in(conn, PEOPLE, rows)
        quarantine.record_findings(conn, batch, "hard", 1, np.array([2]))
    raised = Raised("steward", "rectification", PEOPLE.name, rule_id="hard", refused=((batch.number, 2),))
    file = NewEvidence(bytes(32), "application/pdf", 3, "somewhere")
    with page.begin() as conn:
        made = casework.raise_case(conn, raised, NOW, DUE)
        assert made is not None
        propose(conn, made.number, "opened", "li")
        casework.add_evidence(conn, made.number, file, "zhang", NOW)
        propose(conn, made.number, "asked_beyond_mending", "zhang", "archive_lost")
        propose(conn, made.number, "approved", "wang", "provider")
        propose(conn, made.number, "approved", "li", "steward")
        assert casework.settle(conn, made.number, "beyond_mending", NOW) == 1
    with load.begin() as conn:
        again, _ = take_in(conn, PEOPLE, rows)
        quarantine.record_findings(conn, again, "hard", 1, np.array([2]))
        stage = Stage(conn, PEOPLE, again)
        stage.create()
        stage.copy_in(np.arange(1, 3), text_batch(PEOPLE, [row for row, _ in rows]), np.array([False, True]))
        assert case_closing.beyond_mending(conn, again, PEOPLE) == {"hard": 1}
        stage.drop()


def test_a_case_that_somebody_raised_closes_when_its_column_changes(load: Store, page: Store) -> None:
    with load.begin() as conn:
        take_in(conn, PEOPLE, [(person("1"), False), (person("2"), False)])
    raised = Raised("objection", "verification", PEOPLE.name, attribute="name", keys=(("1",),))
    with page.begin() as conn:
        first = casework.raise_case(conn, raised, NOW, DUE)
        again = casework.raise_case(conn, raised, NOW, DUE)
        assert first is not None
        assert again is not None
        assert (first.number, first.is_new, again.is_new) == (again.number, True, False)
        assert casework.raise_case(conn, replace(raised, keys=()), NOW, DUE) is None
    with load.begin() as conn:
        take_in(conn, PEOPLE, [(person("1"), False), (person("2", "y"), False)])
        assert len(cases.list_cases(conn)) == 1
        take_in(conn, PEOPLE, [(person("1", "z"), False), (person("2", "y"), False)])
        (closed,) = cases.list_cases(conn, state="closed")
        assert (closed.cause, closed.ending) == ("objection", "mended")


def test_a_case_about_a_row_that_stands_shows_it_masked_and_closes_when_its_column_changes(
    load: Store, page: Store
) -> None:
    known = {"number": "440507199001010011", "name": "李小红", "division": "440507", "born_on": "1990-01-01"}
    with load.begin() as conn:
        take_in(conn, PEOPLE, [(known, False), (person("2"), False)])
    about = Raised("steward", "rectification", PEOPLE.name, attribute="name")

    def raised(raised: Raised, **named: str) -> casework.RaisedOnRows | None:
        with page.begin() as conn:
            return casework.raise_on_rows(conn, raised, named, None, NOW, DUE)

    assert raised(about, number="3") is None
    assert raised(about, born_on="not a day") is None
    assert raised(about, number="2", unknown="x") is None
    assert raised(replace(about, dataset="test_police.nothing"), number="2") is None
    made = raised(about, number=str(known["number"]))
    assert made is not None
    (row,) = made.rows
    assert row["number"] not in {None, known["number"]}
    assert row["name"] not in {None, known["name"]}
    again = raised(about, number=str(known["number"]))
    assert again is not None
    assert (made.case.is_new, again.case) == (True, made.case._replace(is_new=False))
    with load.begin() as conn:
        take_in(conn, PEOPLE, [({**known, "name": "李晓红"}, False), (person("2"), False)])
        (closed,) = cases.list_cases(conn, state="closed")
        assert (closed.number, closed.ending) == (made.case.number, "mended")


def test_vanished_certificates_of_a_batch_are_one_case(load: Store) -> None:
    rows: list[Row] = [{"licence_no": number, "status": "10"} for number in ("A", "B", "C")]
    there = [(row, False) for row in rows]
    with load.begin() as conn:
        take_in(conn, LICENCES, there)
        take_in(conn, LICENCES, there[:1])
        (case,) = cases.list_cases(conn)
        assert (case.cause, case.rows, case.rows_open) == ("vanished", 2, 2)
        take_in(conn, LICENCES, there[:2])
        (case,) = cases.list_cases(conn)
        assert (case.rows, case.rows_open) == (2, 1)
        take_in(conn, LICENCES, there[:1])  # gone again, while the case is open
        (case,) = cases.list_cases(conn)
        assert (case.rows, case.rows_open, case.reopened) == (2, 2, 0)


@pytest.mark.parametrize("rows", [20_000])
def test_many_findings_of_one_rule_are_one_case(load: Store, rows: int) -> None:
    numbers = np.arange(1, rows + 1)
    many = [person(str(number)) for number in numbers]
    with load.begin() as conn:
        batch = batches.open_batch(conn, PEOPLE, "test", "x", "test", NOW)
        stage = Stage(conn, PEOPLE, batch)
        stage.create()
        stage.copy_in(numbers, text_batch(PEOPLE, many), np.zeros(rows, np.bool_))
        quarantine.record_findings(conn, batch, "soft", 2, numbers)
        assert case_opening.open_from_findings(conn, batch, PEOPLE, NOW) == rows
        (case,) = cases.list_cases(conn)
        assert (case.rows, case.rows_open) == (rows, rows)
        scores.record_scores(conn, batch, [Found("soft", "accuracy", rows, 0, level=2)])
        conn.execute(sa.text("DELETE FROM hub.finding"))
        assert case_closing.close_mended(conn, batch, PEOPLE, NOW) == rows
        assert cases.list_cases(conn) == []
