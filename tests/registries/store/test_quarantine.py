"""Refused rows are kept by reference with all their reasons until a newer batch comes; cases open and close."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import sqlalchemy as sa

from registries.store import batches, case_closing, case_opening, cases, conflicts, pages, quarantine, registers, scores
from registries.store.engine import Store
from registries.store.quarantine import RefusedRow
from registries.store.stage import Stage
from registries.store.tables import refused_row
from tests.registries.store.deliveries import Staged, take_in
from tests.registries.store.sample_catalogue import CATALOGUE, CIVIL, LICENCES, NOW, PEOPLE, STATISTICS, text_batch


@dataclass(frozen=True)
class Found:
    rule_id: str
    dimension: str
    checked: int
    failed: int
    rule_version: str = "1"
    indicator: str = "0302"
    level: int = 1
    beyond_mending: int = 0


def person(number: str | None, *, refused: bool = False) -> Staged:
    return {"number": number, "name": "x"}, refused


def open_rows(conn: sa.Connection) -> list[tuple[int, bool]]:
    rows = sa.select(refused_row.c.row_number, refused_row.c.key_digest.is_not(None))
    return [tuple(row) for row in conn.execute(rows.where(refused_row.c.until_batch.is_(None)).order_by(sa.text("1")))]


def test_references_with_reasons_and_no_values(load: Store, page: Store) -> None:
    with load.begin() as conn:
        batch, _ = take_in(conn, PEOPLE, [person("1"), person("2", refused=True), person(None, refused=True)])
        quarantine.record_findings(conn, batch, "name-required", 1, np.array([2, 3]))
        quarantine.record_findings(conn, batch, "key-required", 1, np.array([3]))
        quarantine.record_findings(conn, batch, "nice-to-have", 3, np.array([1, 2]))
        quarantine.record_findings(conn, batch, "nothing", 3, np.zeros(0, np.int64))
        assert open_rows(conn) == [(2, True), (3, False)]
        assert batch.keys_readable is False
    with page.begin() as conn:
        assert quarantine.refused_rows(conn, batch.number) == [
            RefusedRow(2, "quarantined", ("name-required",)),
            RefusedRow(3, "quarantined", ("key-required", "name-required")),
        ]
        assert [row.row_number for row in quarantine.all_refused_rows(conn, batch.number, page=1)] == [2, 3]
        reasons = {reason.rule_id: reason for reason in quarantine.reasons_of(conn, batch.number, first=1)}
    assert (reasons["name-required"].rows, reasons["name-required"].first_row_numbers) == (2, (2,))
    assert reasons["nice-to-have"].level == 3


def test_a_newer_snapshot_takes_the_place_of_refused_rows(load: Store) -> None:
    with load.begin() as conn:
        take_in(conn, PEOPLE, [person("1", refused=True), person("2", refused=True)])
        take_in(conn, PEOPLE, [person("1"), person("2", refused=True)])
        assert open_rows(conn) == [(2, True)]


def test_an_attempt_that_is_begun_again_starts_over(load: Store) -> None:
    with load.begin() as conn:
        batch, _ = take_in(conn, PEOPLE, [person("1", refused=True)])
        quarantine.record_findings(conn, batch, "r", 1, np.array([1]))
        quarantine.start_over(conn, batch)
        assert open_rows(conn) == []
        assert quarantine.reasons_of(conn, batch.number) == []


def test_a_held_batch_holds_what_is_not_quarantined(load: Store) -> None:
    with load.begin() as conn:
        batch = batches.open_batch(conn, PEOPLE, "test", "x", "test", NOW)
        stage = Stage(conn, PEOPLE, batch)
        stage.create()
        rows = [person("1")[0], person("2")[0], person("3")[0]]
        stage.copy_in(np.arange(1, 4), text_batch(PEOPLE, rows), np.array([False, True, False]))
        assert quarantine.record_refused(conn, PEOPLE, batch) == 1
        stage.refuse_all()
        assert quarantine.record_refused(conn, PEOPLE, batch, "held") == 2
        assert stage.counts() == (3, 0)


def test_a_finding_of_level_2_is_a_case_until_its_row_comes_back_mended(load: Store, page: Store) -> None:
    with load.begin() as conn:
        rows = [person("1"), person("2")]
        first, _ = take_in(conn, PEOPLE, rows, findings={"soft": [1, 2]})
        (opened,) = cases.list_cases(conn)
        assert [row.row_number for row in cases.rows_of(conn, opened.number)] == [1, 2]
        again, _ = take_in(conn, PEOPLE, rows, findings={"soft": [2]})
        (still,) = cases.list_cases(conn)
        assert still.rows_open == 2  # the rule's score is not there: it did not run
    with load.begin() as conn:
        scores.record_scores(conn, again, [Found("soft", "accuracy", 2, 1)])
        stage = Stage(conn, PEOPLE, again)
        stage.create()
        stage.copy_in(np.arange(1, 3), text_batch(PEOPLE, [row for row, _ in rows]), np.zeros(2, np.bool_))
        assert case_closing.close_mended(conn, again, PEOPLE, NOW) == 1
    with page.begin() as conn:
        (still,) = cases.list_cases(conn, "test_police", PEOPLE.name)
        (row,) = cases.rows_of(conn, still.number, state="open")
        assert (row.row_number, row.opened_batch, still.kind) == (2, first.number, "rectification")
        assert (still.rows, still.rows_open, cases.row_states(conn, still.number)) == (2, 1, {"mended": 1, "open": 1})
        assert still.due_on == dt.date(2026, 3, 13)  # ten working days after Sunday 1 March
        assert cases.list_cases(conn, state="closed") == []


def test_a_vanished_certificate_has_a_case_until_it_is_back(load: Store) -> None:
    there: list[Staged] = [({"licence_no": "A", "status": "10"}, False), ({"licence_no": "B", "status": "10"}, False)]
    with load.begin() as conn:
        take_in(conn, LICENCES, there)
        take_in(conn, LICENCES, there[:1])
        take_in(conn, LICENCES, there[:1])
        assert [case.cause for case in cases.list_cases(conn)] == ["vanished"]
        take_in(conn, LICENCES, there)
        assert cases.list_cases(conn) == []


def test_scores_keep_their_denominators(load: Store, page: Store) -> None:
    found = [Found("a", "accuracy", 100, 10), Found("b", "accuracy", 100, 0), Found("c", "completeness", 10, 10)]
    with load.begin() as conn:
        batch, _ = take_in(conn, PEOPLE, [person("1")])
        scores.record_scores(conn, batch, [*found, Found("d", "timeliness", 0, 0)])
        scores.record_scores(conn, batch, [*found, Found("d", "timeliness", 0, 0)])
    with page.begin() as conn:
        lines = scores.current_scores(conn, "test_police")
        assert [(line.rule_id, line.checked, line.failed) for line in lines] == [
            ("a", 100, 10),
            ("b", 100, 0),
            ("c", 10, 10),
            ("d", 0, 0),
        ]
        assert scores.current_scores(conn, "nobody") == []
        assert len(scores.score_history(conn, PEOPLE.name)) == 4
        (line,) = [line for line in pages.datasets(conn, "test_police") if line.name == PEOPLE.name]
        assert (line.score, line.batches, line.refused, line.open_cases) == (0.475, 1, 0, 0)
        assert ("test_police", "test_police", "test_police") in pages.departments(conn)


def divisions(*rows: tuple[str, str]) -> list[Staged]:
    return [({"code": code, "name": name}, False) for code, name in rows]


def test_registers_follow_their_authorities_and_conflicts_are_cases(load: Store, page: Store) -> None:
    with load.begin() as conn:
        take_in(conn, STATISTICS, divisions(("440507", "龙湖区"), ("440511", "金平区")))
        batch, _ = take_in(conn, CIVIL, divisions(("440507", "龙湖"), ("440511", "金平区"), ("440512", "濠江区")))
        view = registers.view("geography", CATALOGUE)
        rows = conn.execute(sa.select(view).order_by(view.c.subject_key)).all()
        assert [tuple(row) for row in rows] == [
            ("440507", "龙湖区", None, None, STATISTICS.name),
            ("440511", "金平区", None, None, STATISTICS.name),
            ("440512", "濠江区", None, None, CIVIL.name),
        ]
        assert conflicts.compare_all(conn, CATALOGUE, "geography") == 1
        assert conflicts.compare_all(conn, CATALOGUE, "geography") == 1
        assert case_opening.open_from_conflicts(conn, CATALOGUE, "geography", batch, NOW) == 1
        assert case_opening.open_from_conflicts(conn, CATALOGUE, "geography", batch, NOW) == 0
    with page.begin() as conn:
        (line,) = pages.list_conflicts(conn, "geography")
        assert (line.subject_key, line.value, line.authority_value, line.authority) == (
            "440507", "龙湖", "龙湖区", STATISTICS.name
        )  # fmt: skip
        assert pages.count_conflicts(conn) == {("geography", "name", CIVIL.name): 1}
        (case,) = cases.list_cases(conn)
        assert (case.cause, case.attribute, case.dataset) == ("conflict", "name", CIVIL.name)
    with load.begin() as conn:
        batch, _ = take_in(conn, CIVIL, divisions(("440507", "龙湖区"), ("440511", "金平区")))
        assert conflicts.compare_all(conn, CATALOGUE, "geography") == 0
        case_opening.open_from_conflicts(conn, CATALOGUE, "geography", batch, NOW)
        assert cases.list_cases(conn) == []


def test_two_datasets_of_one_register_are_told_of_one_after_the_other(load: Store) -> None:
    with load.begin() as conn:
        take_in(conn, STATISTICS, divisions(("440507", "龙湖区")))
        take_in(conn, CIVIL, divisions(("440507", "龙湖")))
    with ThreadPoolExecutor() as threads, load.connect() as first:
        assert conflicts.compare_all(first, CATALOGUE, "geography") == 1

        def second() -> int:
            with load.begin() as conn:
                return conflicts.compare_all(conn, CATALOGUE, "geography")

        waiting = threads.submit(second)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        first.commit()
        assert waiting.result(timeout=30) == 1
