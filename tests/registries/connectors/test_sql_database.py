"""Any SQL database: one code path, run against real MariaDB and real PostgreSQL, and SQLite for plain Python values."""

import dataclasses
import datetime as dt
import subprocess
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import psycopg
import pyarrow as pa
import pytest

from registries.connectors import sql_dialects
from registries.connectors.faults import AddressUnusable, SourceChangedShape, SourceDown, SourceFault
from registries.connectors.kinds import connector_for
from registries.connectors.remote_faults import DriverMissing, UnreadableColumn, WatermarkWentBack
from registries.connectors.sql_database import ROWS, SqlTable
from registries.connectors.sql_values import texts
from registries.connectors.taken import Taken
from registries.connectors.watermarks import NUMBERS
from registries.contracts.model import Column, Operation, Server
from registries.landing import Landing
from tests.mariadb_server import PASSWORD, MariaDb, is_installed, running_mariadb
from tests.registries.store.sample_catalogue import make_dataset

pytestmark = pytest.mark.skipif(not is_installed(), reason="needs mariadbd: apt-get install mariadb-server")

SERVER = Server("exchange", "sql_database", table="qualifications")
COLUMNS = (
    Column("seq", "序号", "integer"),
    Column("op", "操作"),
    Column("number", "证书编号", key=True, source_name="cert_no"),
    Column("name", "姓名"),
)
SNAPSHOT = make_dataset("hr.qualifications", COLUMNS, server=SERVER)
CHANGES = make_dataset(
    "hr.qualifications", COLUMNS, server=SERVER, delivery="changes", watermark="seq", operation=Operation("op", ("D",))
)
TABLE = (
    "CREATE TABLE qualifications (seq BIGINT, op CHAR(1), cert_no VARCHAR(30), name VARCHAR(50), internal_note INTEGER)"
)


class Source(Protocol):
    """A department's database."""

    url: str

    def execute(self, *statements: str) -> None: ...


@dataclasses.dataclass(frozen=True)
class Postgres:
    url: str

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]  # a text of this test


@pytest.fixture(scope="module")
def maria_server() -> Iterator[MariaDb]:
    with running_mariadb() as server:
        yield server


@pytest.fixture
def maria(maria_server: MariaDb) -> Iterator[MariaDb]:
    yield maria_server
    maria_server.execute("DROP DATABASE exchange", "CREATE DATABASE exchange CHARACTER SET utf8mb4")


@pytest.fixture
def postgres(city_database: str) -> Postgres:
    return Postgres(city_database.replace("postgresql://", "postgresql+psycopg://"))


@pytest.fixture(params=["mariadb", "postgresql"])
def source(request: pytest.FixtureRequest) -> Source:
    """Both, with the same table."""
    found: Source = request.getfixturevalue("maria" if request.param == "mariadb" else "postgres")
    found.execute(TABLE)
    return found


def rows_of(table: SqlTable) -> list[dict[str, str | None]]:
    return [row for batch in table.chunks() for row in batch.to_pylist()]


def numbers_of(table: SqlTable) -> list[str | None]:
    return [row["number"] for row in rows_of(table)]


def change(seq: int | str, number: str, op: str = "U", name: str = "张三") -> str:
    return f"INSERT INTO qualifications VALUES ({seq}, '{op}', '{number}', '{name}', 1)"  # noqa: S608 - the test's own


# --- snapshots


def test_rows_come_as_text_named_as_the_contracts_columns_in_the_keys_order(source: Source) -> None:
    source.execute(change(2, "B"), change(1, "A", name="𠮷野"))
    connector = connector_for(SNAPSHOT, {"exchange": source.url})
    assert connector is not None
    (batch,) = connector.chunks()
    assert {str(kind) for kind in batch.schema.types} == {"string"}
    assert batch.to_pylist() == [
        {"seq": "1", "op": "U", "number": "A", "name": "𠮷野"},
        {"seq": "2", "op": "U", "number": "B", "name": "张三"},
    ]
    assert (connector.position, connector.watermark(), connector.original()) == (None, None, None)
    assert connector.description == "exchange/qualifications"


def test_identity_of_a_snapshot_changes_with_any_value_of_the_contract_and_only_then(source: Source) -> None:
    source.execute(change(1, "A"), change(2, "B"))
    seen = [SqlTable(SNAPSHOT, source.url).identity()]
    source.execute("UPDATE qualifications SET internal_note = 7")
    assert SqlTable(SNAPSHOT, source.url).identity() == seen[0]
    for statement in (
        "UPDATE qualifications SET name = '李四' WHERE cert_no = 'B'",
        "UPDATE qualifications SET name = NULL WHERE cert_no = 'B'",
        "UPDATE qualifications SET name = '' WHERE cert_no = 'B'",
        "DELETE FROM qualifications WHERE cert_no = 'A'",
    ):
        source.execute(statement)
        seen.append(SqlTable(SNAPSHOT, source.url).identity())
    assert len(set(seen)) == len(seen)


def test_identity_of_a_snapshot_with_a_watermark_costs_no_pull(source: Source) -> None:
    marked = dataclasses.replace(SNAPSHOT, watermark="seq")
    source.execute(change(1, "A"), change(5, "B"))
    assert SqlTable(marked, source.url).identity() == "5:2:0"
    assert SqlTable(marked, source.url).watermark() is None
    source.execute("UPDATE qualifications SET seq = NULL WHERE cert_no = 'A'")
    assert SqlTable(marked, source.url).identity() == "5:2:1"
    assert numbers_of(SqlTable(marked, source.url)) == ["A", "B"]


def test_an_empty_table_gives_no_chunks(source: Source) -> None:
    assert rows_of(SqlTable(SNAPSHOT, source.url)) == []
    assert rows_of(SqlTable(CHANGES, source.url)) == []
    assert SqlTable(CHANGES, source.url).identity() == "None:0:0"


def test_a_table_in_another_schema_with_odd_names_is_found(source: Source) -> None:
    odd = dataclasses.replace(
        SNAPSHOT,
        columns=(Column("number", "号", key=True, source_name="select"), Column("name", "名", source_name="姓 名")),
        server=dataclasses.replace(SERVER, table='Hu Ji.re"s%i'),
    )
    statements = (
        'DROP SCHEMA IF EXISTS "Hu Ji"',
        'CREATE SCHEMA "Hu Ji"',
        'CREATE TABLE "Hu Ji"."re""s%i" ("select" VARCHAR(9), "姓 名" VARCHAR(9))',
    )
    if source.url.startswith("mysql"):
        statements = tuple(
            each.replace('"re""s%i"', '`re"s%i`').replace('"', "`").replace("`re`s", '`re"s') for each in statements
        )
    source.execute(*statements)
    assert rows_of(SqlTable(odd, source.url)) == []


# --- change sets


def test_changes_come_by_watermark_and_the_next_delivery_begins_where_the_last_one_ended(source: Source) -> None:
    source.execute(*(change(10_000 * n, f"N{n}") for n in (3, 1, 2)))
    first = SqlTable(CHANGES, source.url)
    assert first.watermark() == "30000"
    assert numbers_of(first) == ["N1", "N2", "N3"]
    source.execute(change(50_000, "N2", "D"), change(40_000, "N1"))
    second = SqlTable(CHANGES, source.url, Taken(watermark="30000"))
    assert [(row["seq"], row["op"], row["number"]) for row in rows_of(second)] == [
        ("30000", "U", "N3"),  # asked for again: see the overlap
        ("40000", "U", "N1"),
        ("50000", "D", "N2"),
    ]
    assert second.watermark() == "50000"
    assert SqlTable(CHANGES, source.url, Taken(watermark="50000")).identity() == second.identity()


def test_a_begun_delivery_gives_the_same_rows_though_the_source_goes_on(source: Source) -> None:
    source.execute(change(1, "A"))
    begun = SqlTable(CHANGES, source.url)
    identity = begun.identity()
    source.execute(change(2, "B"))
    assert (numbers_of(begun), begun.watermark(), begun.identity()) == (["A"], "1", identity)
    after = SqlTable(CHANGES, source.url)
    assert after.identity() != identity
    assert numbers_of(after) == ["A", "B"]


def test_a_row_that_is_committed_late_with_a_smaller_number_is_not_lost(source: Source) -> None:
    source.execute(change(5_000, "A"))
    first = SqlTable(CHANGES, source.url)
    identity, taken = first.identity(), Taken(watermark=first.watermark())
    assert SqlTable(CHANGES, source.url, taken).identity() == identity
    source.execute(change(5_000 - NUMBERS, "late"))
    second = SqlTable(CHANGES, source.url, taken)
    assert second.identity() != identity
    assert numbers_of(second) == ["late", "A"]


def test_rows_without_a_watermark_are_pulled_for_the_rules_to_name(source: Source) -> None:
    source.execute(change(1, "A"), change("NULL", "B"))
    table = SqlTable(CHANGES, source.url, Taken(watermark="1"))
    assert sorted(str(number) for number in numbers_of(table)) == ["A", "B"]
    assert table.identity() == "1:1:1"


def test_an_exchange_table_that_was_emptied_after_reading_has_nothing_new(source: Source) -> None:
    taken = Taken(watermark="7")
    assert connector_for(CHANGES, {"exchange": source.url}, before=taken) is None
    source.execute(change(8, "A"))
    assert connector_for(CHANGES, {"exchange": source.url}, before=taken) is not None


def test_an_exchange_table_that_was_numbered_anew_is_told_and_not_passed_over(source: Source) -> None:
    source.execute(change(8, "A"))
    with pytest.raises(WatermarkWentBack, match="seq"):
        SqlTable(CHANGES, source.url, Taken(watermark="900000")).identity()


TIMES = {"mysql": ("DATETIME(6)", "TIMESTAMP(6) NULL"), "postgresql": ("TIMESTAMP", "TIMESTAMPTZ")}


@pytest.mark.parametrize("zoned", [False, True])
def test_times_as_watermarks_lose_no_fraction_and_no_zone(source: Source, *, zoned: bool) -> None:
    columns = (Column("number", "号", key=True), Column("changed_at", "时", "timestamp"))
    server = dataclasses.replace(SERVER, table="moves")
    dataset = make_dataset("hr.moves", columns, server=server, delivery="changes", watermark="changed_at")
    kind = TIMES[source.url.partition("+")[0]][zoned]
    source.execute(f"CREATE TABLE moves (number VARCHAR(9), changed_at {kind})")
    for number, time in (("A", "2026-01-01 08:00:00.000001"), ("B", "2026-01-01 09:00:00.999999")):
        source.execute(f"INSERT INTO moves VALUES ('{number}', '{time}')")  # noqa: S608 - the test's own
    first = SqlTable(dataset, source.url)
    assert numbers_of(first) == ["A", "B"]
    mark = str(first.watermark())
    assert dt.datetime.fromisoformat(mark).microsecond == 999_999
    assert mark.endswith("+00") is zoned
    assert numbers_of(SqlTable(dataset, source.url, Taken(watermark=mark))) == ["B"]


# --- values


def test_mariadbs_values_come_exactly_as_it_shows_them(maria: MariaDb) -> None:
    shown = {
        "day": ("DATE", "'0000-00-00'", "0000-00-00"),
        "half_day": ("DATE", "'2024-02-00'", "2024-02-00"),
        "moment": ("DATETIME(3)", "'2026-01-02 08:00:00.5'", "2026-01-02 08:00:00.500"),
        "stamp": ("TIMESTAMP NULL", "'2026-01-02 08:00:00'", "2026-01-02 08:00:00+00"),
        "truth": ("TINYINT(1)", "1", "true"),
        "bit": ("BIT(1)", "b'0'", "false"),
        "small": ("TINYINT(1)", "2", "2"),
        "bits": ("BIT(9)", "b'100000001'", "257"),
        "amount": ("DECIMAL(30,10)", "12345678901234567890.0000000001", "12345678901234567890.0000000001"),
        "big": ("DECIMAL(30,0)", "100000000000000000000", "100000000000000000000"),
        "huge": ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
        "double_": ("DOUBLE", "1e20", "100000000000000000000"),
        "hours": ("TIME", "'-12:34:56'", "-12:34:56"),
        "code": ("INT(6) ZEROFILL", "42", "000042"),
        "emoji": ("VARCHAR(9)", "'😀'", "😀"),
        "gbk": ("VARCHAR(9) CHARACTER SET gbk", "'镕'", "镕"),
        "nothing": ("VARCHAR(9)", "NULL", None),
        "empty": ("VARCHAR(9)", "''", ""),
        "document": ("JSON", """'{"a": 1}'""", '{"a": 1}'),
    }
    maria.execute(
        f"CREATE TABLE shown ({', '.join(f'{name} {kind}' for name, (kind, _, _) in shown.items())})",
        f"INSERT INTO shown VALUES ({', '.join(value for _, value, _ in shown.values())})",  # noqa: S608 - the test's own
    )
    types = {"truth": "boolean", "bit": "boolean"}
    columns = [Column(name, name, types.get(name, "string"), key=name == "big") for name in shown]  # type: ignore[arg-type]
    dataset = make_dataset("a.shown", columns, server=dataclasses.replace(SERVER, table="shown"))
    zone = maria.url + "?init_command=SET+time_zone%3D%27%2B08:00%27"  # the department's own
    for url in (maria.url, zone):
        (row,) = rows_of(SqlTable(dataset, url))
        assert row == {name: text for name, (_, _, text) in shown.items()}


def test_a_whole_table_in_gbk_comes_as_unicode(maria: MariaDb) -> None:
    maria.execute(TABLE + " CHARACTER SET gbk", change(1, "A", name="朱镕基"))
    assert rows_of(SqlTable(SNAPSHOT, maria.url))[0]["name"] == "朱镕基"


def test_postgresqls_values_come_exactly_as_it_shows_them(postgres: Postgres) -> None:
    shown = {
        "day": ("date", "'infinity'", "infinity"),
        "old": ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
        "stamp": ("timestamptz", "'2026-01-02 08:00:00.5+08'", "2026-01-02 00:00:00.5+00"),
        "amount": ("numeric", "0.00000001", "0.00000001"),
        "truth": ("boolean", "true", "true"),
        "id": ("uuid", "'00000000-0000-0000-0000-00000000000a'", "00000000-0000-0000-0000-00000000000a"),
        "number": ("bigint", "-7", "-7"),
        "ratio": ("double precision", "1e-7", "0.0000001"),
    }
    postgres.execute(
        f"CREATE TABLE shown ({', '.join(f'{name} {kind}' for name, (kind, _, _) in shown.items())})",
        f"INSERT INTO shown VALUES ({', '.join(value for _, value, _ in shown.values())})",  # noqa: S608 - the test's own
    )
    columns = [Column(name, name, "boolean" if name == "truth" else "string", key=name == "number") for name in shown]
    dataset = make_dataset("a.shown", columns, server=dataclasses.replace(SERVER, table="shown"))
    assert rows_of(SqlTable(dataset, postgres.url)) == [{name: text for name, (_, _, text) in shown.items()}]


def test_drivers_that_give_python_values_are_read_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    import sqlite3

    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute(TABLE)
        connection.execute(change(1, "A"))
        connection.execute("INSERT INTO qualifications VALUES (2, NULL, 'B', 1.50, 3)")
    connection.close()
    assert [row["name"] for row in rows_of(SqlTable(CHANGES, url))] == ["张三", "1.5"]


CST = dt.timezone(dt.timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (1e-9, "0.000000001"),
        (dt.datetime(2026, 1, 2, 8, 0, 0, 120_000), "2026-01-02 08:00:00.12"),  # noqa: DTZ001 - has no zone
        (dt.datetime(2026, 1, 2, 8, 0, tzinfo=CST), "2026-01-02 00:00:00+00"),
        (dt.date(812, 1, 2), "0812-01-02"),
        (dt.timedelta(days=1, seconds=61, microseconds=500_000), "24:01:01.5"),
        (dt.time(8, 30), "08:30:00"),
        (True, "true"),
        (uuid.UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        (None, None),
    ],
)
def test_every_python_value_has_one_text(value: object, text: str | None) -> None:
    assert texts([value], Column("a", "甲"), "s").to_pylist() == [text]


def test_bytes_and_documents_are_refused_by_the_columns_name(source: Source) -> None:
    kind = "BLOB" if source.url.startswith("mysql") else "BYTEA"
    source.execute(
        f"ALTER TABLE qualifications ADD COLUMN photo {kind}", change(1, "A").replace(", 1)", ", 1, 'secret')")
    )
    columns = (*COLUMNS, Column("photo", "照片"))
    with pytest.raises(UnreadableColumn, match="photo") as caught:
        rows_of(SqlTable(dataclasses.replace(SNAPSHOT, columns=columns), source.url))
    assert "secret" not in str(caught.value)


# --- size


def fill(maria: MariaDb, rows: int) -> None:
    maria.execute(
        TABLE,
        "INSERT INTO qualifications SELECT seq, 'I', concat('N', lpad(seq, 9, '0')), repeat('名', 40), 1"  # noqa: S608
        f" FROM seq_1_to_{rows}",
        "ALTER TABLE qualifications ADD PRIMARY KEY (seq)",
    )


MEASURE = """
import resource, sys
sys.path.insert(0, ".")
from tests.registries.connectors.test_sql_database import CHANGES
from registries.connectors.sql_database import SqlTable
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
sizes, after_first = [], 0
for batch in SqlTable(CHANGES, sys.stdin.readline().strip()).chunks():
    sizes.append(batch.num_rows)
    after_first = after_first or peak()
print(sum(sizes), max(sizes), peak() - after_first)
"""


def test_300_000_rows_stream_through_memory_of_one_chunk(maria: MariaDb) -> None:
    fill(maria, 300_000)
    done = subprocess.run([sys.executable, "-c", MEASURE], input=maria.url, capture_output=True, text=True, check=True)
    rows, largest, grown = map(int, done.stdout.split())
    assert (rows, largest) == (300_000, ROWS)
    assert grown < 40, f"{grown} MB more than after the first of 15 chunks"


# --- what goes wrong


def killed_after(chunks: int, table: SqlTable, maria: MariaDb) -> Iterator[pa.RecordBatch]:
    """The chunks, and after some of them the reader's connection is killed."""
    for position, batch in enumerate(table.chunks(), start=1):
        yield batch
        if position == chunks:
            maria.execute(*(f"KILL {reader}" for reader in maria.readers()))


@dataclasses.dataclass
class Killed:
    """A table whose connection dies under way."""

    table: SqlTable
    maria: MariaDb

    def chunks(self) -> Iterator[pa.RecordBatch]:
        return killed_after(2, self.table, self.maria)

    def original(self) -> None: ...


def test_a_connection_killed_half_way_leaves_nothing_and_the_next_call_repeats(maria: MariaDb, tmp_path: Path) -> None:
    fill(maria, 100_000)
    whole = Landing(tmp_path, bytes(32)).land(1, SqlTable(CHANGES, maria.url))
    landing = Landing(tmp_path / "landed", bytes(32))
    (tmp_path / "landed").mkdir()
    with pytest.raises(SourceDown) as caught:
        landing.land(2, Killed(SqlTable(CHANGES, maria.url), maria))  # type: ignore[arg-type]  # of it, what landing asks
    assert caught.value.code in {"2013", "2006", "1927"}
    assert list((tmp_path / "landed").iterdir()) == []
    again = landing.land(2, SqlTable(CHANGES, maria.url))
    assert (again.rows, again.digest) == (100_000, whole.digest)


def test_a_pull_that_is_given_up_closes_its_connection_at_once(maria: MariaDb) -> None:
    fill(maria, 100_000)
    chunks = SqlTable(CHANGES, maria.url).chunks()
    next(chunks)
    assert len(maria.readers()) == 1
    chunks.close()  # type: ignore[attr-defined]  # a generator
    for _ in range(100):  # the server notices a moment later
        if not maria.readers():
            break
    assert maria.readers() == []


def test_nothing_can_be_written_through_it(maria: MariaDb) -> None:
    maria.execute(
        TABLE,
        change(1, "A"),
        "CREATE TABLE traces (n INT)",
        "CREATE FUNCTION trace() RETURNS INT NOT DETERMINISTIC BEGIN INSERT INTO traces VALUES (1); RETURN 1; END",
        "CREATE VIEW spy AS SELECT trace() AS seq, op, cert_no, name FROM qualifications",
    )
    spied = dataclasses.replace(SNAPSHOT, server=dataclasses.replace(SERVER, table="spy"))
    with pytest.raises(SourceDown) as caught:
        rows_of(SqlTable(spied, maria.url.replace("reader:", "root:")))
    assert caught.value.code == "1792"  # cannot execute statement in a READ ONLY transaction
    with maria.cursor() as cursor:
        assert cursor.execute("SELECT * FROM traces") == 0


def test_a_statement_that_takes_too_long_is_ended(maria: MariaDb, monkeypatch: pytest.MonkeyPatch) -> None:
    maria.execute(TABLE, change(1, "A"), "CREATE VIEW slow AS SELECT seq + sleep(60) AS seq, op, cert_no, name FROM"
                  " qualifications")  # fmt: skip
    quick = tuple(text.replace("3600", "0.2") for text in sql_dialects._OPENINGS["mariadb"])
    monkeypatch.setitem(sql_dialects._OPENINGS, "mariadb", quick)  # type: ignore[arg-type]  # a dict
    with pytest.raises(SourceDown) as caught:
        rows_of(SqlTable(dataclasses.replace(SNAPSHOT, server=dataclasses.replace(SERVER, table="slow")), maria.url))
    assert caught.value.code == "1969"


def test_a_missing_column_is_named_and_a_missing_table_told_by_its_code(source: Source) -> None:
    source.execute("ALTER TABLE qualifications RENAME COLUMN cert_no TO zhengshu")
    for call in (SqlTable(CHANGES, source.url).identity, lambda: rows_of(SqlTable(SNAPSHOT, source.url))):
        with pytest.raises(SourceChangedShape) as caught:
            call()
        assert caught.value.missing == ("cert_no",)
    source.execute("DROP TABLE qualifications")
    with pytest.raises(SourceDown) as down:
        SqlTable(SNAPSHOT, source.url).identity()
    assert down.value.code in {"1146", "42P01"}


def test_columns_are_matched_as_the_database_itself_matches_them(maria: MariaDb) -> None:
    maria.execute(TABLE.replace("cert_no", "CERT_NO"), change(1, "A"))
    assert numbers_of(SqlTable(SNAPSHOT, maria.url)) == ["A"]


def test_a_source_that_is_down_tells_neither_address_nor_password(maria: MariaDb) -> None:
    maria.execute(TABLE)
    wrong = maria.url.replace(PASSWORD, "another-word")
    nowhere = f"mysql+pymysql://reader:{PASSWORD}@127.0.0.1:1/exchange"
    for url, code in ((wrong, "1045"), (nowhere, "2003")):
        with pytest.raises(SourceDown) as caught:
            SqlTable(SNAPSHOT, url).identity()
        assert caught.value.code == code
        assert caught.value.__cause__ is None
        for secret in (PASSWORD, "another-word", "127.0.0.1", "reader"):
            assert secret not in str(caught.value)


def test_the_password_comes_from_the_secrets_where_the_address_has_none(maria: MariaDb) -> None:
    maria.execute(TABLE, change(1, "A"))
    address = maria.url.replace(f":{PASSWORD}", "")
    asked: list[str] = []

    def secrets(name: str) -> str:
        asked.append(name)
        return PASSWORD

    connector = connector_for(SNAPSHOT, {"exchange": address}, secrets)
    assert connector is not None
    assert sum(batch.num_rows for batch in connector.chunks()) == 1
    assert asked == ["source_exchange.password"]


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("oracle+oracledb://reader:a-word@host/?service_name=x", DriverMissing),
        ("dm+dmPython://reader:a-word@host:5236", DriverMissing),
        ("reader:a-word@host", AddressUnusable),
        ("mysql+pymysql://reader:a-word@host:port/x", AddressUnusable),
        ("mysql+pymysql://reader:a-word@host/x?no_such=1", AddressUnusable),
    ],
)
def test_addresses_that_cannot_be_used_say_what_to_do(address: str, fault: type[SourceFault]) -> None:
    with pytest.raises(fault) as caught:
        SqlTable(SNAPSHOT, address).identity()
    assert "a-word" not in str(caught.value)
    assert caught.value.source == "exchange/qualifications"
