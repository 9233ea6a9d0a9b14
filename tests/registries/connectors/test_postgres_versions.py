"""Whether a table changed, told by its row versions where that is safe, and by its values everywhere else."""

import shutil
import signal
from collections.abc import Iterator

import psycopg
import pytest

from mianzheng.embedded_postgres import Cluster
from registries.connectors.database import DatabaseTable
from registries.contracts.model import Column, Server
from tests.conftest import PASSWORD, short_lived_folder
from tests.registries.store.sample_catalogue import make_dataset

PEOPLE = make_dataset(
    "police.people",
    (Column("number", "号", key=True), Column("name", "名"), Column("born", "生日", "date")),
    server=Server("db", "database", table="people"),
)
TABLE = "CREATE TABLE people (number text PRIMARY KEY, name text, born date, note text)"
ROWS = "INSERT INTO people SELECT n::text, '张三', date '1990-01-01', 'x' FROM generate_series(1, 100) AS n"


@pytest.fixture
def people(city_database: str) -> str:
    """The people's table, filled."""
    run(city_database, TABLE, ROWS)
    return city_database


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]  # a text of this test


def identity(url: str) -> str:
    return DatabaseTable(PEOPLE, url).identity()


def told_by_versions(text: str) -> bool:
    """Rows, their sum, and the place; the values' identity has no place."""
    return text.count(":") == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people SET name = '李四' WHERE number = '7'",
        "UPDATE people SET name = NULL WHERE number = '7'",
        "DELETE FROM people WHERE number = '7'",
        "INSERT INTO people VALUES ('101', '王五')",
        "BEGIN; TRUNCATE people; " + ROWS + "; COMMIT",
        "ALTER TABLE people RENAME name TO old; ALTER TABLE people RENAME note TO name",
        "ALTER TABLE people DROP name; ALTER TABLE people ADD name text DEFAULT '张三'",
        "ALTER TABLE people ALTER born TYPE timestamp",
        "ALTER TABLE people RENAME TO old; CREATE TABLE people AS TABLE old",
    ],
)
def test_every_change_is_seen(people: str, change: str) -> None:
    before = identity(people)
    assert told_by_versions(before)
    run(people, *change.split("; "))
    assert identity(people) != before


def test_what_changes_no_row_is_nothing_new(people: str) -> None:
    before = identity(people)
    run(people, "VACUUM (FREEZE) people", "CREATE INDEX ON people (name)", "CREATE TABLE other (a int)", "CHECKPOINT")
    run(people, "BEGIN", "UPDATE people SET name = '李四'", "ROLLBACK")
    run(people, "ALTER TABLE people ADD since date DEFAULT current_date", "VACUUM (ANALYZE) people")
    assert identity(people) == before


def test_a_rewritten_table_is_pulled_once_more(people: str) -> None:
    before = identity(people)
    run(people, "VACUUM FULL people")
    after = identity(people)
    assert before != after == identity(people)


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE people RENAME TO kept", "CREATE VIEW people AS TABLE kept"),
        ("ALTER TABLE people SET UNLOGGED",),
        ("CREATE TABLE more () INHERITS (people)",),
        (
            "ALTER TABLE people RENAME TO kept",
            "CREATE TABLE people (LIKE kept) PARTITION BY HASH (number)",
            "CREATE TABLE part PARTITION OF people FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
            "INSERT INTO people TABLE kept",
        ),
        ("CREATE TYPE word AS ENUM ('张三', '李四', '甲')", "ALTER TABLE people ALTER name TYPE word USING name::word"),
        ("ALTER TABLE people DROP name", "ALTER TABLE people ADD name text GENERATED ALWAYS AS (note) VIRTUAL"),
    ],
    ids=["view", "unlogged", "inherited", "partitioned", "enumeration", "computed"],
)
def test_where_versions_can_not_tell_the_values_do(people: str, statements: tuple[str, ...]) -> None:
    run(people, *statements)
    before = identity(people)
    assert not told_by_versions(before)
    assert identity(people) == before
    run(people, "UPDATE people SET born = '1990-02-02' WHERE number = '7'")
    assert identity(people) != before


def test_a_renamed_label_is_seen(people: str) -> None:
    run(people, "CREATE TYPE word AS ENUM ('张三')", "ALTER TABLE people ALTER name TYPE word USING name::word")
    before = identity(people)
    run(people, "ALTER TYPE word RENAME VALUE '张三' TO '李四'")
    assert identity(people) != before


def test_whoever_may_not_read_system_columns_looks_at_values(people: str) -> None:
    with psycopg.connect(people, autocommit=True) as connection:
        info = psycopg.conninfo.conninfo_to_dict(people)
        connection.execute("DROP ROLE IF EXISTS columns_reader")
        connection.execute("CREATE ROLE columns_reader LOGIN PASSWORD 'a-word'")
        connection.execute("GRANT SELECT (number, name, born, note) ON people TO columns_reader")
        url = f"postgresql://columns_reader:a-word@127.0.0.1:{info['port']}/{info['dbname']}"
        try:
            found = identity(url)
            assert not told_by_versions(found)
            assert found == identity(url)
        finally:
            connection.execute("REVOKE ALL (number, name, born, note) ON people FROM columns_reader")
            connection.execute("DROP ROLE columns_reader")


def test_rows_that_a_policy_hides_count_as_gone(people: str) -> None:
    info = psycopg.conninfo.conninfo_to_dict(people)
    run(people, "DROP ROLE IF EXISTS row_reader", "CREATE ROLE row_reader LOGIN PASSWORD 'a-word'")
    run(people, "GRANT SELECT ON people TO row_reader", "ALTER TABLE people ENABLE ROW LEVEL SECURITY")
    run(people, "CREATE POLICY visible ON people USING (number <> '7')")
    url = f"postgresql://row_reader:a-word@127.0.0.1:{info['port']}/{info['dbname']}"
    try:
        before = identity(url)
        assert before.startswith("99:")
        run(people, "ALTER POLICY visible ON people USING (number <> '8')")
        assert identity(url) != before
    finally:
        run(people, "DROP OWNED BY row_reader", "DROP ROLE row_reader")


@pytest.fixture
def own_server() -> Iterator[Cluster]:
    """A server that a test may crash."""
    folder = short_lived_folder()
    server = Cluster(folder / "postgres")
    try:
        server.start(PASSWORD)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_a_crash_makes_a_server_another_one_and_a_restart_does_not(own_server: Cluster) -> None:
    """Transactions that were not yet on disk are lost, and their numbers are given out again."""
    run(own_server.url("postgres", PASSWORD, "postgres"), TABLE, ROWS)
    before = identity(own_server.url("postgres", PASSWORD, "postgres"))
    own_server.stop()
    own_server.start(PASSWORD)
    assert identity(own_server.url("postgres", PASSWORD, "postgres")) == before
    assert own_server._server is not None
    own_server._server.send_signal(signal.SIGQUIT)
    own_server._server.wait()
    own_server.start(PASSWORD)
    assert identity(own_server.url("postgres", PASSWORD, "postgres")) != before


def test_a_transaction_number_that_is_given_out_twice_hides_nothing(own_server: Cluster) -> None:
    """As after four thousand million transactions: a frozen row and its successor, at one place, of one number."""
    url = own_server.url("postgres", PASSWORD, "postgres")
    run(url, "CREATE TABLE people (number text, name text, born date)", "INSERT INTO people VALUES ('1', '张三')")
    number = version(url)
    with psycopg.connect(own_server.url("postgres", PASSWORD, "template1"), autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE)")
    run(url, "VACUUM (FREEZE)")
    assert told_by_versions(identity(url))
    own_server.stop()
    own_server._run("pg_resetwal", "-f", "-x", str(int(number[1]) - 50), "-D", str(own_server.data))
    own_server.start(PASSWORD)
    url = own_server.url("postgres", PASSWORD, "postgres")
    before = identity(url)
    assert not told_by_versions(before)
    run(url, "DELETE FROM people", "VACUUM (TRUNCATE off) people")
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute("SELECT txid_current()").fetchone() != (int(number[1]) - 1,):
            pass
        connection.execute("INSERT INTO people VALUES ('1', '李四')")
    assert version(url) == number
    assert identity(url) != before


def version(url: str) -> tuple[str, str]:
    """Place and transaction of the only row."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT ctid::text, xmin::text FROM people").fetchone()
    assert found is not None
    return found[0], found[1]
