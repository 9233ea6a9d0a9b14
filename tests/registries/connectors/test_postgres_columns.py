"""Tables read column by column: the same rows as row by row, whatever stands in them."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.connectors import postgres_columns
from registries.connectors.postgres_columns import taken_apart, whole
from registries.connectors.postgres_moments import dates, moments
from registries.connectors.postgres_reading import as_texts, kinds_of, libpq, reading, streamed
from registries.contracts.model import Column, Dataset, Server
from tests.registries.store.sample_catalogue import make_dataset

ODD = (
    "'a', '2026-01-02', '2026-01-02 08:00:00', '2026-01-02 08:00:00+08', 1.50, true",
    "'', '0001-01-01', '0001-01-01 00:00:00', '0001-01-02 00:00:00+00', -0.0, false",
    "NULL, NULL, NULL, NULL, NULL, NULL",
    "'汉字 𠮷\t\n\\', '9999-12-31', '9999-12-31 23:59:59', '1969-12-31 23:59:59+00', 1e10, NULL",
)
"""Text, date, timestamp, timestamptz, numeric, boolean."""

PEOPLE = make_dataset(
    "police.people",
    [Column("id", "号", "integer", key=True), Column("word", "词", source_name="wo rd"), Column("day", "日", "date")]
    + [Column(name, name) for name in ("moment", "stamp", "amount", "truth")],
    server=Server("db", "database", table="people"),
)
TABLE = (
    'CREATE TABLE people (id serial, "wo rd" text, day date, moment timestamp, stamp timestamptz, amount numeric,'
    " truth boolean, note text)"
)


@pytest.fixture
def people(city_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The people's table, empty; it is read page by page."""
    monkeypatch.setattr(postgres_columns, "PAGES", 1)
    run(city_database, TABLE)
    return city_database


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]  # a text of this test


def insert(values: str, times: int = 1) -> str:
    columns = '"wo rd", day, moment, stamp, amount, truth'
    return f"INSERT INTO people ({columns}) SELECT {values} FROM generate_series(1, {times})"  # noqa: S608 - the test's


def both(url: str, dataset: Dataset = PEOPLE) -> tuple[pa.Table, pa.Table]:
    """The table column by column, and row by row."""

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        with reading(libpq(url, None), "s") as cursor:
            yield cursor

    schema = pa.schema([(column.name, pa.string()) for column in dataset.columns])
    with opened() as cursor:
        one_by_one = pa.Table.from_batches(streamed(cursor, as_texts(dataset, kinds_of(cursor, dataset))), schema)
    return pa.Table.from_batches(whole(opened, dataset), schema), one_by_one


@pytest.fixture
def row_by_row(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first pages of those ranges that were read row by row after all."""
    seen: list[int] = []
    before = postgres_columns._Pages.row_by_row

    def noted(pages: postgres_columns._Pages, first: int) -> pa.Table:
        seen.append(first)
        return before(pages, first)

    monkeypatch.setattr(postgres_columns._Pages, "row_by_row", noted)
    return seen


def test_ordinary_rows_of_every_form(people: str, row_by_row: list[int]) -> None:
    for values in (*ODD, *ODD):
        run(people, insert(values, 70))
    run(people, "DELETE FROM people WHERE id BETWEEN 100 AND 350", "UPDATE people SET note = 'moved' WHERE id < 20")
    by_column, one_by_one = both(people)
    assert by_column.num_rows == 309
    assert by_column.equals(one_by_one)
    assert row_by_row == []


@pytest.mark.parametrize(
    "odd",
    [
        "E'a\\x1fb', NULL, NULL, NULL, NULL, NULL",
        "E'\\x1f', NULL, NULL, NULL, NULL, NULL",
        "E'\\x1e', NULL, NULL, NULL, NULL, NULL",
        "E'\\x1e\\x1e', NULL, NULL, NULL, NULL, NULL",
        "E'\\x1e\\x1f\\x1e', NULL, NULL, NULL, NULL, NULL",
        "'a', 'infinity', NULL, NULL, NULL, NULL",
        "'a', '-infinity', NULL, NULL, NULL, NULL",
        "'a', '0044-03-15 BC', NULL, NULL, NULL, NULL",
        "'a', '12026-01-01', NULL, NULL, NULL, NULL",
        "'a', NULL, 'infinity', NULL, NULL, NULL",
        "'a', NULL, '0044-03-15 12:00:00.5 BC', '-infinity', 'NaN', NULL",
        "'a', NULL, '2026-01-02 08:00:00.000001', '2026-01-02 08:00:00.5+08', NULL, NULL",
        "'a', NULL, '0999-01-02 08:00:00.120', '1969-12-31 23:59:59.999999+00', NULL, NULL",
    ],
)
def test_what_could_be_mistaken_is_not(people: str, odd: str) -> None:
    run(people, *(insert(values, 3) for values in ODD), insert(odd, 2), *(insert(values, 3) for values in ODD))
    by_column, one_by_one = both(people)
    assert by_column.equals(one_by_one)
    run(people, f"TRUNCATE people; {insert(odd)}")
    by_column, one_by_one = both(people)
    assert by_column.equals(one_by_one)


def test_only_pages_with_such_texts_are_read_row_by_row(people: str, row_by_row: list[int]) -> None:
    run(people, insert(ODD[0], 400), insert("E'\\x1e', NULL, NULL, NULL, NULL, NULL"), insert(ODD[1], 400))
    by_column, one_by_one = both(people)
    assert by_column.equals(one_by_one)
    assert len(row_by_row) == 1


def test_all_rows_are_of_one_state_of_the_database(people: str) -> None:
    run(people, insert(ODD[0], 500))

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        with reading(libpq(people, None), "s") as cursor:
            yield cursor

    batches = whole(opened, PEOPLE)
    first = next(batches)
    run(people, "DELETE FROM people", insert(ODD[1], 500))
    words = [word for batch in (first, *batches) for word in batch.column("word").to_pylist()]
    assert words == ["a"] * 500


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE people RENAME TO kept", "CREATE VIEW people AS TABLE kept"),
        ("CREATE TABLE more () INHERITS (people)", "INSERT INTO more SELECT * FROM people"),
        (
            'ALTER TABLE people ALTER "wo rd" SET STORAGE EXTERNAL',
            "UPDATE people SET \"wo rd\" = repeat('x', 9000) WHERE id = 7",
        ),
    ],
    ids=["view", "inherited", "out of line"],
)
def test_what_is_no_plain_table_is_read_row_by_row(people: str, statements: tuple[str, ...]) -> None:
    run(people, insert(ODD[0], 10), *statements)
    by_column, one_by_one = both(people)
    assert by_column.num_rows >= 10
    assert by_column.equals(one_by_one)


@pytest.mark.parametrize("view", [False, True])
def test_numbers_have_no_exponent(people: str, *, view: bool) -> None:
    run(people, "ALTER TABLE people ADD ratio double precision, ADD share real")
    for ratio in ("1e-7", "1e20", "-2.5", "NULL", "'NaN'", "'-infinity'"):
        run(people, f"INSERT INTO people (ratio, share) VALUES ({ratio}, {ratio})")  # noqa: S608 - the test's own
    if view:
        run(people, "ALTER TABLE people RENAME TO kept", "CREATE VIEW people AS TABLE kept")
    floats = dataclasses.replace(PEOPLE, columns=(Column("ratio", "率", "number"), Column("share", "份", "number")))
    shown = ["0.0000001", "100000000000000000000", "-2.5", None, "NaN", "-Infinity"]
    for table in both(people, floats):
        assert [column.to_pylist() for column in table.columns] == [shown, shown]


def test_an_empty_table_has_no_rows(people: str) -> None:
    assert both(people)[0].num_rows == 0
    run(people, insert(ODD[0], 10), "DELETE FROM people")
    assert both(people)[0].num_rows == 0


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00\x1e\x1f")), min_size=1))
def test_joined_texts_come_apart(texts: list[str | None]) -> None:
    joined = "\x1f".join("\x1e" if text is None else text for text in texts).encode()
    assert taken_apart(pa.py_buffer(joined), len(texts)).to_pylist() == texts
    assert taken_apart(pa.py_buffer(joined), len(texts) + 1) is None


@settings(max_examples=200, deadline=None)
@given(moment=st.lists(st.none() | st.datetimes(), min_size=1), whole_seconds=st.booleans())
def test_moments_are_written_as_the_server_does(moment: list[dt.datetime | None], *, whole_seconds: bool) -> None:
    if whole_seconds:
        moment = [None if one is None else one.replace(microsecond=0) for one in moment]
    start, unit = dt.datetime(2000, 1, 1), dt.timedelta(microseconds=1)  # noqa: DTZ001 - as a column without zone
    sent = [-(1 << 63) + 1 if one is None else (one - start) // unit for one in moment]
    shown = [None if one is None else shortened(one.isoformat(sep=" ")) + "+00" for one in moment]
    data = b"".join(number.to_bytes(8, "big", signed=True) for number in sent)
    assert moments(data, len(sent), "+00").to_pylist() == shown
    days = [-(1 << 31) + 1 if one is None else (one - start).days for one in moment]
    data = b"".join(number.to_bytes(4, "big", signed=True) for number in days)
    assert dates(data, len(days)).to_pylist() == [None if one is None else one.date().isoformat() for one in moment]


def shortened(text: str) -> str:
    return text.rstrip("0") if "." in text else text
