"""Counts for dashboards on a real database: as the rows say, once however often they are asked for, about nobody."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from registries.errors import StoreError
from registries.home import Role
from registries.store import batches, dashboard_reads, dashboards, declaring, roles, scores
from registries.store.batches import Batch
from registries.store.dashboard_reads import ConflictLine, CoverageLine, Period
from registries.store.dashboard_tables import dataset_standing, declared_total, score_month
from registries.store.declaring import Declared
from registries.store.engine import Store
from registries.store.tables import batch as batch_table
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import Staged, take_in
from tests.registries.store.sample_catalogue import LICENCE_TYPE, LICENCES, NOW, PEOPLE

YEAR = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))


@dataclass(frozen=True)
class Found:
    """A score as the intake keeps it."""

    rule_id: str
    checked: int
    failed: int
    rule_version: str = "v1"
    dimension: str = "accuracy"
    indicator: str = "0301"
    level: int = 1
    beyond_mending: int = 0


def deliver(conn: sa.Connection, at: dt.datetime, found: Sequence[Found], delivery: str = "snapshot") -> Batch:
    """A batch of one row with these scores, taken over at a time."""
    batch, _ = take_in(conn, PEOPLE, [({"number": "1", "name": "a"}, False)])
    scores.record_scores(conn, batch, found)
    moved = sa.update(batch_table).where(batch_table.c.number == batch.number)
    conn.execute(moved.values(taken_over_at=at, delivery=delivery))
    again = batches.get(conn, batch.number)
    assert again is not None
    return again


def month(conn: sa.Connection) -> dict[tuple[dt.date, str], tuple[int, int]]:
    lines = dashboard_reads.months(conn, YEAR, PEOPLE.name)
    return {(line.month, line.rule_id): (line.checked, line.failed) for line in lines}


def test_a_month_has_its_last_snapshot_or_all_change_sets_and_each_batch_once(load: Store) -> None:
    march, april = dt.date(2026, 3, 1), dt.date(2026, 4, 1)
    with load.begin() as conn:
        deliver_at = dt.datetime(2026, 3, 31, 15, 59, tzinfo=dt.UTC)  # 23:59 in China: still March
        first = deliver(conn, deliver_at - dt.timedelta(days=9), [Found("a", 100, 50), Found("gone", 10, 1)])
        assert dashboards.note_batch(conn, first)
        last = deliver(conn, deliver_at, [Found("a", 100, 40)])
        assert [dashboards.note_batch(conn, last) for _ in range(3)] == [True, False, False]
        assert month(conn) == {(march, "a"): (100, 40)}
        for failed in (3, 4):
            batch = deliver(conn, deliver_at + dt.timedelta(minutes=2), [Found("a", 10, failed)], "changes")
            dashboards.note_batch(conn, batch)
        assert month(conn) == {(march, "a"): (100, 40), (april, "a"): (20, 7)}
        (standing,) = (line for line in dashboard_reads.standings(conn) if line.dataset == PEOPLE.name)
        assert (standing.batch, standing.batches, standing.held) == (batch.number, 4, False)
        later = Period(dt.date(2026, 9, 9), YEAR.until)
        early = dashboard_reads.months(conn, later, PEOPLE.name)
        assert [(line.month, line.failed) for line in early] == [(april, 7)]  # the last month before holds
        pooled = dashboard_reads.months(conn, later)
        assert [(line.rule_id, line.dimension, line.checked, line.failed) for line in pooled] == [
            ("", "accuracy", 20, 7)
        ]


def test_a_held_batch_stands_there_and_gives_no_score(load: Store) -> None:
    with load.begin() as conn:
        batch = deliver(conn, NOW, [Found("a", 100, 50)])
        conn.execute(sa.update(batch_table).where(batch_table.c.number == batch.number).values(hold_reason="volume"))
        held = batches.get(conn, batch.number)
        assert held is not None
        assert dashboards.note_batch(conn, held)
        assert month(conn) == {}
        assert conn.execute(sa.select(dataset_standing.c.held)).scalars().all() == [True]


def licence(number: str, issued_on: str | None) -> Staged:
    return {"licence_no": number, "status": "10", "holder": "x", "issued_on": issued_on}, False


def held(conn: sa.Connection) -> dict[int, tuple[int, int]]:
    return {line.year: (line.held, line.doubtful) for line in dashboard_reads.coverage(conn, 1949)}


def test_certificates_are_counted_by_year_and_lags_of_new_ones_alone(load: Store) -> None:
    old = [licence("A", "2019-05-01"), licence("B", "2019-06-01"), licence("C", None)]
    with load.begin() as conn:
        batch, _ = take_in(conn, LICENCES, old)
        dashboards.note_batch(conn, batch)
        assert dashboards.uncounted(conn) == [LICENCES.name]
        assert dashboards.count_certificates(conn, LICENCES.name, NOW) == 3
        assert (dashboards.uncounted(conn), dashboard_reads.lags(conn, YEAR)) == ([], [])
        assert held(conn) == {2019: (2, 0), 0: (1, 0)}
        conn.execute(sa.update(batch_table).values(opened_at=dt.datetime(2026, 2, 20, tzinfo=dt.UTC)))
        new = [licence("D", "2026-02-27"), licence("E", "2026-03-01"), licence("F", "2018-01-01")]
        later, _ = take_in(conn, LICENCES, [*old[1:], *new])  # A has vanished
        dashboards.note_batch(conn, later)
        for _ in range(2):
            dashboards.count_certificates(conn, LICENCES.name, NOW)
        lags = [(line.month, line.days, line.certificates) for line in dashboard_reads.lags(conn, YEAR)]
        assert lags == [(dt.date(2026, 2, 1), 2, 1), (dt.date(2026, 3, 1), 0, 1)]  # F is older than the connection
        assert held(conn) == {2026: (2, 0), 2019: (2, 1), 2018: (1, 0), 0: (1, 0)}


def test_what_issuers_declare_is_kept_for_ever_and_the_latest_word_counts(load: Store, page: Store) -> None:
    with load.begin() as conn:
        batch, _ = take_in(conn, LICENCES, [licence("A", "2019-05-01")])
        dashboards.note_batch(conn, batch)
        dashboards.count_certificates(conn, LICENCES.name, NOW)
    with page.begin() as conn:
        for issued in (7, 4):
            declaring.declare(conn, Declared(LICENCE_TYPE, LICENCES.department, 2019, issued), "lin", NOW)
        declaring.declare(conn, Declared(LICENCE_TYPE, LICENCES.department, 2025, 9), "lin", NOW)
        lines = dashboard_reads.coverage(conn, 2013)
        declared = dashboard_reads.declared(conn, LICENCES.department)
    assert lines == [
        CoverageLine(LICENCE_TYPE, LICENCES.department, 2025, 0, 0, 9),
        CoverageLine(LICENCE_TYPE, LICENCES.department, 2019, 1, 0, 4),
    ]
    assert [line[1:4] for line in declared] == [(2025, 9, "lin"), (2019, 4, "lin")]
    with load.begin() as conn:
        kinds = conn.execute(sa.text("SELECT kind FROM hub.ledger_entry WHERE issuer = 'declared_total'")).scalars()
        assert list(kinds) == ["declared_total"] * 3
    for wrong in (Declared(LICENCE_TYPE, "x", 2019, -1), Declared(LICENCE_TYPE, "x", 19, 1)):
        with pytest.raises(StoreError), page.begin() as conn:
            declaring.declare(conn, wrong, "lin", NOW)


def test_nobody_changes_what_was_declared(hub: Stores, page: Store) -> None:
    with page.begin() as conn:
        declaring.declare(conn, Declared(LICENCE_TYPE, "x", 2019, 1), "lin", NOW)
    for statement in (sa.update(declared_total).values(issued=2), sa.delete(declared_total)):
        with pytest.raises(StoreError), hub.store(Role.OWNER).begin() as conn:
            conn.execute(statement)


def test_conflicts_are_counted_by_both_sides(load: Store) -> None:
    insert = """INSERT INTO hub.conflict (register, subject_key, attribute, dataset, authority, value, authority_value,
                public) VALUES ('geography', :key, 'name', 'a.x', 'b.y', 'v', 'w', true)"""
    with load.begin() as conn:
        conn.execute(sa.text(insert), [{"key": f"{number}"} for number in range(3)])
        for _ in range(2):
            assert dashboards.count_conflicts(conn) == 3
        assert dashboard_reads.conflicts(conn) == [ConflictLine("geography", "name", "a.x", "b.y", 3)]


def test_pages_read_counts_and_write_none_and_the_api_reads_nothing(page: Store, api: Store) -> None:
    for store, role in ((page, Role.PAGE), (api, Role.API)):
        with store.begin() as conn:
            assert roles.privilege_faults(conn, role) == []
    with page.begin() as conn:
        assert dashboard_reads.uses(conn, YEAR) == []
    forbidden = (
        (page, sa.update(score_month).values(failed=0)),
        (page, sa.delete(dataset_standing)),
        (page, sa.text("SELECT hub.count_answers(1)")),
        (api, sa.select(score_month)),
        (api, sa.select(declared_total)),
    )
    for store, statement in forbidden:
        with pytest.raises(StoreError), store.begin() as conn:
            conn.execute(statement)
