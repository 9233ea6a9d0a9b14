"""Human resources' exchange database (前置库): a table to which each change is added as a row, numbered in their order.

It is a MariaDB server (`mysql+pymysql://`), or stands in the city's own PostgreSQL server where there is none
(`postgresql+psycopg://`); the statements are the same for both. A day's rows are written in one transaction that first
removes what a killed attempt may have left.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from sample_city.columns import Columns, digits, pick, text
from sample_city.errors import ExchangeDatabaseDownError

TABLE = "qualifications_exchange"
COLUMNS = (
    "seq", "op", "certificate_number", "certificate_identifier", "holder_name", "holder_code_type", "holder_code",
    "trade_code", "skill_level", "issued_on", "issuing_authority_name", "issuing_authority_code", "status",
    "status_since", "area_code",
)  # fmt: skip
NEW, CHANGED, DELETED = "I", "U", "D"
ROOM = 1_000_000  # sequence numbers of one day

DROP_PERSONS = "DROP TABLE IF EXISTS insured_persons"
CREATE_PERSONS = """
CREATE TABLE insured_persons (
    citizen_number varchar(18), name varchar(100), insured_since varchar(10), insurance_state varchar(10))
"""
INSERT_PERSONS = """
INSERT INTO insured_persons (citizen_number, name, insured_since, insurance_state) VALUES (%s, %s, %s, %s)
"""
DROP = "DROP TABLE IF EXISTS qualifications_exchange"
CREATE = """
CREATE TABLE qualifications_exchange (
    seq bigint PRIMARY KEY, op varchar(1), certificate_number varchar(64), certificate_identifier varchar(128),
    holder_name varchar(100), holder_code_type varchar(3), holder_code varchar(32), trade_code varchar(20),
    skill_level varchar(10), issued_on varchar(10), issuing_authority_name varchar(100),
    issuing_authority_code varchar(18), status varchar(20), status_since varchar(10), area_code varchar(6))
"""
INSERT = """
INSERT INTO qualifications_exchange (
    seq, op, certificate_number, certificate_identifier, holder_name, holder_code_type, holder_code, trade_code,
    skill_level, issued_on, issuing_authority_name, issuing_authority_code, status, status_since, area_code)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
FORGET = "DELETE FROM qualifications_exchange WHERE seq >= %s"
COUNT = "SELECT count(*) FROM qualifications_exchange"


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    """A DB-API connection whose block is one transaction.

    Raises:
        ExchangeDatabaseDownError: the server can't be reached, or refuses a statement.
    """
    import psycopg
    import pymysql

    try:
        with contextlib.closing(_connection(url)) as connection:
            yield connection
            connection.commit()
    except (psycopg.Error, pymysql.MySQLError) as error:
        raise ExchangeDatabaseDownError(type(error).__name__) from None


def _connection(url: str) -> Any:  # noqa: ANN401 - a connection of one of two drivers
    import psycopg
    import pymysql

    if not url.startswith("mysql"):
        return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1))
    place = urlsplit(url)
    return pymysql.connect(
        host=place.hostname, port=place.port or 3306, user=place.username, password=unquote(place.password or ""),
        database=place.path.lstrip("/"), charset="utf8mb4",
    )  # fmt: skip


def holds(url: str) -> bool:
    """Whether the table is there with rows in it; a server that can't be reached is a fault all the same."""
    import psycopg
    import pymysql

    with connected(url) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(COUNT)
        except (psycopg.errors.UndefinedTable, pymysql.err.ProgrammingError):
            connection.rollback()
            return False
        return bool(cursor.fetchone()[0])


def load(url: str, chunks: Iterable[tuple[str, Columns]], day_number: int) -> None:
    """Make the table anew and enter the first day's rows, each chunk with its operation."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(DROP)
        cursor.execute(CREATE)
        _enter(cursor, chunks, day_number)


def add(url: str, chunks: Iterable[tuple[str, Columns]], day_number: int) -> None:
    """Enter a day's changes; what a killed attempt left is removed first."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(FORGET, (day_number * ROOM,))
        _enter(cursor, chunks, day_number)


def load_persons(url: str, chunks: Iterable[Columns]) -> None:
    """Make the table of insured persons anew: a plain snapshot, beside the exchange table."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(DROP_PERSONS)
        cursor.execute(CREATE_PERSONS)
        for columns in chunks:
            cursor.executemany(
                INSERT_PERSONS, list(zip(*(column.to_pylist() for column in columns.values()), strict=True))
            )


def _enter(cursor: Any, chunks: Iterable[tuple[str, Columns]], day_number: int) -> None:  # noqa: ANN401 - as above
    first = day_number * ROOM
    for operation, columns in chunks:
        cursor.executemany(INSERT, _rows(operation, columns, first))
        first += len(columns["certificate_number"])


def _rows(operation: str, columns: Columns, first: int) -> Sequence[tuple[str | None, ...]]:
    """The drivers take rows of Python objects; a chunk at a time."""
    count = len(columns["certificate_number"])
    numbers = text(digits(first + np.arange(count), 11))
    every = {"seq": numbers, "op": pick([operation], np.zeros(count, dtype=np.int64))} | columns
    return list(zip(*(every[name].to_pylist() for name in COLUMNS), strict=True))
