"""How a PostgreSQL database is read in columns: ADBC's connection, its settings, and a table's values as text.

    with reading(libpq(url, password), "residents_database/residents") as cursor:
        check_columns(cursor, dataset, "residents_database/residents")
        yield from streamed(cursor, as_texts(dataset, kinds_of(cursor, dataset)))

Values are cast to text in the SELECT itself, with everything set that their text depends on, so that what is landed
does not depend on the source's settings.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from psycopg import conninfo, sql

from registries.connectors.faults import SourceChangedShape, SourceDown
from registries.connectors.rows import sliced
from registries.contracts.model import Column, Dataset

Answer = TypeVar("Answer")
Opened = Callable[[], AbstractContextManager[Any]]
"""Opens an ADBC cursor, as `reading` does."""

Kinds = tuple[Any, ...]
"""The types of the contract's columns, as Arrow names them."""

NO_ANSWER: Final = "connection"
"""The code of a SourceDown where the server did not say what is wrong."""

_BATCH_BYTES: Final = str(8 << 20)
_SETTINGS: Final = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET timezone = 'UTC'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
)
_FINITE: Final = sql.SQL("CASE WHEN abs({value}) < 'Infinity' THEN {value}::text::numeric::text ELSE {value}::text END")
PLAIN: Final = sql.SQL(
    "kept.relkind IN ('r', 'm') AND NOT kept.relhassubclass AND storage.amname = 'heap'"
    " AND version() LIKE 'PostgreSQL %' AND version() !~ 'Greenplum|Cloudberry|-YB-'"
)
"""Of `pg_class AS kept` and `pg_am AS storage`: rows lie in the table itself, as PostgreSQL keeps them."""

_IN_ORDER: Final = ("SET synchronize_seqscans = off", "SET max_parallel_workers_per_gather = 0")


@contextlib.contextmanager
def reading(url: str, source: str) -> Iterator[Any]:
    """An ADBC cursor in a read-only transaction that sees one state of the database.

    Args:
        url: as `libpq` makes it.
        source: what errors call it.

    Raises:
        SourceDown: it can't be reached, ended the connection, or refused a statement.
    """
    try:
        with adbc.connect(url) as connection, connection.cursor() as cursor:
            for setting in _SETTINGS:
                cursor.execute(setting)
            yield cursor
    except adbc.Error as error:  # its text may quote the address or a row
        raise SourceDown(source, error.sqlstate or NO_ANSWER) from None
    except pa.ArrowException:  # as above; while rows are streamed there is no SQLSTATE
        raise SourceDown(source, "interrupted") from None


def answer_or_none(
    opened: Callable[[], AbstractContextManager[Any]], question: Callable[[Any], Answer]
) -> Answer | None:
    """What a question gives that not every server understands or allows; None from those.

    Raises:
        SourceDown: it does not answer at all.
    """
    try:
        with opened() as cursor:
            return question(cursor)
    except SourceDown as fault:
        if fault.code == NO_ANSWER:
            raise
        return None


def asked(cursor: Any, query: sql.Composable) -> Any:  # noqa: ANN401 - ADBC ships no types
    """The first row that a query gives, as a tuple; None if it gives none."""
    cursor.execute(query.as_string(None))
    return cursor.fetchone()


def streamed(cursor: Any, query: sql.Composable) -> Iterator[pa.RecordBatch]:  # noqa: ANN401 - as above
    """The query's rows as they come, in batches of at most ROWS; none is empty.

    Parallel and synchronised scans are off, so that an unchanged table gives its rows in the same order each time.
    """
    for setting in _IN_ORDER:
        cursor.execute(setting)
    cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": _BATCH_BYTES})
    cursor.execute(query.as_string(None))
    for batch in cursor.fetch_record_batch():
        yield from sliced(batch)


def table_of(dataset: Dataset) -> sql.Identifier:
    """The table that the contract names, with its schema if it has one."""
    return sql.Identifier(*(dataset.server.table or "").split("."))


def table_text(dataset: Dataset) -> sql.Literal:
    """The same as a text that the server reads as a table's name."""
    return sql.Literal(table_of(dataset).as_string(None))


def kinds_of(cursor: Any, dataset: Dataset) -> Kinds:  # noqa: ANN401 - ADBC ships no types
    """The types of the contract's columns."""
    columns = sql.SQL(", ").join(sql.Identifier(column.source) for column in dataset.columns)
    cursor.execute(sql.SQL("SELECT {} FROM {} LIMIT 0").format(columns, table_of(dataset)).as_string(None))
    return tuple(cursor.fetch_arrow_table().schema.types)


def text_of(column: Column, kind: pa.DataType) -> sql.Composed:
    """A column's value as text: numbers without exponent, as from any other database."""
    text = _FINITE if pa.types.is_floating(kind) else sql.SQL("{value}::text")
    return text.format(value=sql.Identifier(column.source))


def as_texts(dataset: Dataset, kinds: Kinds) -> sql.Composed:
    """A SELECT of the contract's columns as text, by the contract's names; conditions can be put behind it."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(text_of(column, kind), sql.Identifier(column.name))
        for column, kind in zip(dataset.columns, kinds, strict=True)
    )
    return sql.SQL("SELECT {} FROM {}").format(columns, table_of(dataset))


def check_columns(cursor: Any, dataset: Dataset, source: str) -> None:  # noqa: ANN401 - ADBC ships no types
    """SourceChangedShape unless the table has all columns of the contract."""
    cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table_of(dataset)).as_string(None))
    there = {name for name, *_ in cursor.description}
    missing = [column.source for column in dataset.columns if column.source not in there]
    if missing:
        raise SourceChangedShape(source, missing)


def libpq(url: str, password: str | None) -> str:
    """The address as libpq reads it, with a bound on the time to connect; the password where it holds none."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        given = conninfo.conninfo_to_dict(plain)
    except psycopg.ProgrammingError:  # its text may quote the address
        return plain  # the driver refuses it, and that is told as for any other
    return conninfo.make_conninfo("", **{"connect_timeout": 10, "password": password, **given})
