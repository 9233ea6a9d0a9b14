"""PostgreSQL's change sets by watermark, in columns: what `sql_database` promises of them, and the same rows."""

import dataclasses

import psycopg
import pyarrow as pa
import pytest

from registries.connectors.database_changes import DatabaseChanges
from registries.connectors.faults import SourceChangedShape, SourceDown
from registries.connectors.kinds import connector_for
from registries.connectors.remote_faults import WatermarkWentBack
from registries.connectors.sql_database import SqlTable
from registries.connectors.taken import NOTHING_TAKEN, Taken
from registries.connectors.watermarks import NUMBERS
from registries.contracts.model import Column, Operation, Server
from tests.registries.store.sample_catalogue import make_dataset

COLUMNS = (
    Column("seq", "序号", "integer"),
    Column("op", "操作"),
    Column("number", "证书编号", key=True, source_name="cert_no"),
    Column("name", "姓名"),
)
CHANGES = make_dataset(
    "hr.qualifications",
    COLUMNS,
    server=Server("exchange", "database", table="qualifications"),
    delivery="changes",
    watermark="seq",
    operation=Operation("op", ("D",)),
)


@pytest.fixture
def url(city_database: str) -> str:
    """An exchange table, empty."""
    run(city_database, "CREATE TABLE qualifications (seq bigint, op text, cert_no text, name text, internal_note int)")
    return city_database


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]  # a text of this test


def change(seq: int | str, number: str, name: str = "张三") -> str:
    return f"INSERT INTO qualifications VALUES ({seq}, 'U', '{number}', '{name}', 1)"  # noqa: S608 - the test's own


def numbers_of(changes: DatabaseChanges) -> list[str | None]:
    return [number for batch in changes.chunks() for number in batch.column("number").to_pylist()]


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("taken", [None, "1500", "2999", "3000", "30000"])
def test_the_same_rows_as_by_any_driver(url: str, taken: str | None, *, index: bool) -> None:
    run(url, "INSERT INTO qualifications SELECT n, 'U', n, '张三', 1 FROM generate_series(1, 3000) AS n ORDER BY n % 7")
    run(url, change("NULL", "none", "o''k"), change(3000, "again"))
    if index:
        run(url, "CREATE INDEX ON qualifications (seq)", "VACUUM (ANALYZE) qualifications")
    before = Taken(watermark=taken)
    ours, theirs = DatabaseChanges(CHANGES, url, before), SqlTable(CHANGES, url, before)
    if taken == "30000":
        for look in (ours.identity, theirs.identity):
            with pytest.raises(WatermarkWentBack, match="seq"):
                look()
        return
    assert (ours.identity(), ours.watermark()) == (theirs.identity(), theirs.watermark())
    tables = [
        pa.Table.from_batches(connector.chunks()).sort_by([("number", "ascending")]) for connector in (ours, theirs)
    ]
    assert tables[0].equals(tables[1])
    assert tables[0].num_rows == 3002 - max(0, int(taken or 0) - NUMBERS - 1)


def test_a_first_pull_keeps_the_tables_order_and_later_ones_the_watermarks(url: str) -> None:
    run(url, change(3, "C"), change(1, "A"), change(2, "B"))
    assert numbers_of(DatabaseChanges(CHANGES, url)) == ["C", "A", "B"]
    assert numbers_of(DatabaseChanges(CHANGES, url, Taken(watermark="2"))) == ["A", "B", "C"]


def test_a_begun_delivery_gives_the_same_rows_though_the_source_goes_on(url: str) -> None:
    run(url, change(1, "A"))
    begun = DatabaseChanges(CHANGES, url)
    identity = begun.identity()
    run(url, change(2, "B"))
    assert (numbers_of(begun), begun.watermark(), begun.identity()) == (["A"], "1", identity)
    after = DatabaseChanges(CHANGES, url)
    assert (after.identity() != identity, numbers_of(after)) == (True, ["A", "B"])


def test_a_row_that_is_committed_late_with_a_smaller_number_is_not_lost(url: str) -> None:
    run(url, change(5_000, "A"))
    first = DatabaseChanges(CHANGES, url)
    identity, taken = first.identity(), Taken(watermark=first.watermark())
    assert DatabaseChanges(CHANGES, url, taken).identity() == identity
    run(url, change(5_000 - NUMBERS, "late"))
    second = DatabaseChanges(CHANGES, url, taken)
    assert second.identity() != identity
    assert numbers_of(second) == ["late", "A"]


def test_an_empty_table_gives_nothing_and_one_emptied_after_reading_is_no_delivery(url: str) -> None:
    changes = connector_for(CHANGES, {"exchange": url})
    assert isinstance(changes, DatabaseChanges)
    assert (changes.identity(), changes.watermark(), numbers_of(changes)) == ("None:0:0", None, [])
    assert connector_for(CHANGES, {"exchange": url}, before=Taken(watermark="7")) is None
    run(url, change("NULL", "A"))
    assert connector_for(CHANGES, {"exchange": url}, before=Taken(watermark="7")) is not None


@pytest.mark.parametrize(("kind", "mark"), [("timestamp", ".999999"), ("timestamptz", ".999999+00")])
def test_times_as_watermarks_lose_no_fraction_and_no_zone(city_database: str, kind: str, mark: str) -> None:
    columns = (Column("number", "号", key=True), Column("changed_at", "时", "timestamp"))
    dataset = make_dataset(
        "hr.moves",
        columns,
        server=Server("exchange", "database", table="moves"),
        delivery="changes",
        watermark="changed_at",
    )
    run(city_database, f"CREATE TABLE moves (number text, changed_at {kind})")
    run(city_database, "INSERT INTO moves VALUES ('A', '2026-01-01 08:00:00.1'), ('B', '2026-01-01 09:00:00.999999')")
    first = DatabaseChanges(dataset, city_database)
    assert first.watermark() == f"2026-01-01 09:00:00{mark}"
    assert numbers_of(first) == ["A", "B"]
    assert numbers_of(DatabaseChanges(dataset, city_database, Taken(watermark=first.watermark()))) == ["B"]


def test_a_missing_column_and_a_server_that_is_down_are_told(url: str) -> None:
    odd = dataclasses.replace(CHANGES, columns=(*COLUMNS, Column("more", "多")))
    with pytest.raises(SourceChangedShape) as caught:
        DatabaseChanges(odd, url).identity()
    assert caught.value.missing == ("more",)
    with pytest.raises(SourceDown) as down:
        DatabaseChanges(CHANGES, "postgresql://reader@127.0.0.1:1/x", NOTHING_TAKEN, lambda _: "a-word").identity()
    assert "a-word" not in str(down.value)
