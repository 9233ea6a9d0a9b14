"""Databases: real PostgreSQL, read as text, in bounded chunks, with faults that tell nothing of rows or addresses."""

import dataclasses

import psycopg
import pyarrow as pa
import pytest

from registries.connectors.database import DatabaseTable
from registries.connectors.faults import SourceChangedShape, SourceDown
from registries.connectors.kinds import connector_for
from registries.connectors.rows import ROWS
from registries.connectors.taken import Taken
from registries.contracts.loading import Dataset
from registries.departments import load_catalogue

TYPES = {"birth_date": "date", "registered_on": "date", "updated_at": "timestamptz"}


@pytest.fixture
def residents() -> Dataset:
    return load_catalogue().dataset("public_security.residents")


@pytest.fixture
def url(city_database: str, residents: Dataset) -> str:
    """The residents' database, with real types where a contract has text."""
    columns = ", ".join(f"{column.name} {TYPES.get(column.name, 'text')}" for column in residents.columns)
    with psycopg.connect(city_database, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE residents ({columns}, internal_note text)")
    return city_database


def fill(url: str, rows: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO residents SELECT lpad(n::text, 18, '0'), '张三', '1', date '1990-01-02', '01', '440507', NULL,"
            " '1', '10', '1', date '2015-06-01', timestamptz '2025-01-02 09:00:00+08', 'secret'"
            " FROM generate_series(1, %s) AS n",
            (rows,),
        )


def test_rows_come_as_text_named_as_the_contracts_columns(url: str, residents: Dataset) -> None:
    fill(url, 2)
    batches = list(connector_for(residents, {"residents_database": url}).chunks())
    table = pa.Table.from_batches(batches)
    assert table.schema.names == [column.name for column in residents.columns]
    assert {str(kind) for kind in table.schema.types} == {"string"}
    first = table.to_pylist()[0]
    assert (first["birth_date"], first["updated_at"]) == ("1990-01-02", "2025-01-02 01:00:00+00")
    assert (first["address"], first["name"]) == (None, "张三")


def test_the_sources_own_settings_do_not_change_what_is_read(url: str, residents: Dataset) -> None:
    fill(url, 1)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE " + connection.info.dbname + " SET datestyle = 'German'")
        connection.execute("ALTER DATABASE " + connection.info.dbname + " SET timezone = 'Asia/Shanghai'")
    row = next(DatabaseTable(residents, url).chunks()).to_pylist()[0]
    assert (row["birth_date"], row["updated_at"]) == ("1990-01-02", "2025-01-02 01:00:00+00")


def test_chunks_are_bounded_and_their_order_stays(url: str, residents: Dataset) -> None:
    fill(url, 120_001)
    table = DatabaseTable(residents, url)
    once = list(table.chunks())
    assert max(batch.num_rows for batch in once) <= ROWS
    assert min(batch.num_rows for batch in once) > 0
    assert pa.Table.from_batches(once).equals(pa.Table.from_batches(list(table.chunks())))
    numbers = pa.Table.from_batches(once).column("citizen_number").to_pylist()
    assert numbers == [f"{number:018}" for number in range(1, 120_002)]


def test_an_empty_table_gives_no_chunks(url: str, residents: Dataset) -> None:
    assert list(DatabaseTable(residents, url).chunks()) == []
    assert DatabaseTable(residents, url).identity().startswith("0:0:")


def test_a_missing_column_is_named(url: str, residents: Dataset) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE residents RENAME COLUMN ethnicity TO nation")
    for call in (DatabaseTable(residents, url).identity, lambda: list(DatabaseTable(residents, url).chunks())):
        with pytest.raises(SourceChangedShape) as caught:
            call()
        assert caught.value.missing == ("ethnicity",)


def test_a_missing_table_is_told_with_its_sqlstate(city_database: str, residents: Dataset) -> None:
    with pytest.raises(SourceDown) as caught:
        DatabaseTable(residents, city_database).identity()
    assert caught.value.code == "42P01"


@pytest.mark.parametrize("part", ["password", "host"])
def test_a_source_that_is_down_tells_neither_address_nor_password(url: str, residents: Dataset, part: str) -> None:
    info = psycopg.conninfo.conninfo_to_dict(url)
    wrong = {"password": "not-the-password", "host": "127.0.0.1"} | ({"port": "1"} if part == "host" else {})
    port, name = wrong.get("port", info["port"]), info["dbname"]
    address = f"postgresql+psycopg://postgres:{wrong['password']}@127.0.0.1:{port}/{name}"
    with pytest.raises(SourceDown) as caught:
        list(DatabaseTable(residents, address).chunks())
    assert caught.value.__cause__ is None
    for secret in ("not-the-password", "127.0.0.1", str(port)):
        assert secret not in str(caught.value)
    assert "residents_database/residents" in caught.value.zh


def test_nothing_can_be_written_through_it(url: str, residents: Dataset) -> None:
    fill(url, 1)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE residents RENAME TO people")
        connection.execute(
            "CREATE FUNCTION note() RETURNS text LANGUAGE sql VOLATILE AS $$ DELETE FROM people RETURNING name $$"
        )
        columns = ", ".join(f"p.{c.name}" if c.name != "name" else "note() AS name" for c in residents.columns)
        connection.execute(f"CREATE VIEW residents AS SELECT {columns} FROM people AS p")  # noqa: S608 - the test's
    with pytest.raises(SourceDown) as caught:
        list(DatabaseTable(residents, url).chunks())
    assert caught.value.code == "interrupted"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (1,)


def test_a_table_whose_name_has_quotes_or_a_schema_is_found(city_database: str, residents: Dataset) -> None:
    columns = ", ".join(f'"{column.name}" text' for column in residents.columns)
    with psycopg.connect(city_database, autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "Hu Ji"')
        connection.execute(f'CREATE TABLE "Hu Ji"."re""sidents" ({columns})')
    server = dataclasses.replace(residents.server, table='Hu Ji.re"sidents')
    assert DatabaseTable(dataclasses.replace(residents, server=server), city_database).identity().startswith("0:0:")


def test_the_password_comes_from_the_secrets_where_the_address_has_none(url: str, residents: Dataset) -> None:
    fill(url, 1)
    info = psycopg.conninfo.conninfo_to_dict(url)
    bare = f"postgresql://postgres@127.0.0.1:{info['port']}/{info['dbname']}"
    with pytest.raises(SourceDown):
        DatabaseTable(residents, bare).identity()
    connector = connector_for(
        residents, {"residents_database": bare}, {"source_residents_database.password": str(info["password"])}.get
    )
    assert connector is not None
    assert sum(batch.num_rows for batch in connector.chunks()) == 1


def test_change_sets_come_by_watermark(url: str, residents: Dataset) -> None:
    fill(url, 2)
    changes = dataclasses.replace(residents, delivery="changes", watermark="updated_at")
    first = connector_for(changes, {"residents_database": url})
    assert first is not None
    assert first.watermark() == "2025-01-02 01:00:00+00"
    assert sum(batch.num_rows for batch in first.chunks()) == 2
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE residents SET updated_at = '2025-01-03' WHERE citizen_number = lpad('1', 18, '0')")
    second = connector_for(changes, {"residents_database": url}, before=Taken(watermark=first.watermark()))
    assert second is not None
    assert second.identity() != first.identity()
    assert second.delivery == "changes"
    (batch,) = second.chunks()
    assert batch.column("citizen_number").to_pylist() == ["0" * 16 + "02", "0" * 17 + "1"]


def test_an_address_that_is_none_is_told_without_quoting_it(residents: Dataset) -> None:
    with pytest.raises(SourceDown) as caught:
        DatabaseTable(residents, "postgresql://reader:a-word@[host/db").identity()
    assert "a-word" not in str(caught.value)
