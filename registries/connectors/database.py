"""Tables of a PostgreSQL database, streamed through ADBC as text.

    connector = DatabaseTable(dataset, "postgresql://reader:...@host/residents")
    connector.identity()  -> '20000:8a1f...'

The table is pulled whole each time. Change sets by watermark are few rows: `sql_database` streams those, of PostgreSQL
as of any other database.

Values are cast to text in the SELECT itself, with the date style and time zone set, so that what is landed does not
depend on the source's settings. Rows come in the order in which the table holds them: parallel and synchronised
scans are off, so that an unchanged table gives them in the same order each time.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from psycopg import conninfo, sql

from registries.connectors.faults import SourceChangedShape, SourceDown
from registries.contracts.model import Dataset, Delivery

ROWS: Final = 50_000
"""The most rows of a batch."""

_BATCH_BYTES: Final = str(8 << 20)
_SETTINGS: Final = (
    "SET TRANSACTION READ ONLY",
    "SET datestyle = 'ISO, YMD'",
    "SET timezone = 'UTC'",
    "SET synchronize_seqscans = off",
    "SET max_parallel_workers_per_gather = 0",
)


class DatabaseTable:
    """One table or view of a PostgreSQL database; `url` may name SQLAlchemy's driver.

    `secret("password")` is asked where the address holds none.
    """

    def __init__(self, dataset: Dataset, url: str, secret: Callable[[str], str | None] = lambda _: None) -> None:
        self._dataset = dataset
        self._url = _libpq(url, secret("password"))

    @property
    def description(self) -> str:
        """Server and table as the contract names them; never the address."""
        return f"{self._dataset.server.name}/{self._dataset.server.table}"

    @property
    def delivery(self) -> Delivery:
        """As the contract says."""
        return self._dataset.delivery

    @property
    def position(self) -> str | None:
        """None: deliveries count in the order in which they come."""
        return None

    def identity(self) -> str:
        """How many rows, and the sum of their hashes over the contract's columns: equal means nothing new to pull.

        Every column takes part, not only the watermark: a value that was mended without a new time is new, too.
        """
        row = sql.SQL(", ").join(sql.Identifier(column.source) for column in self._dataset.columns)
        query = sql.SQL(
            "SELECT count(*)::text, coalesce(sum(hashtextextended(ROW({row})::text, 0)), 0)::text FROM {table}"
        )
        with self._cursor() as cursor:
            self._check_columns(cursor)
            cursor.execute(_text(query.format(row=row, table=self._table)))
            count, total = cursor.fetchone()
        return f"{count}:{total}"

    def original(self) -> None:
        """A database has no bytes of its own to land: the Parquet is the original."""

    def watermark(self) -> None:
        """None: the whole table is pulled each time."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of ROWS rows of text columns named as the contract's; SourceFault for what is wrong."""
        columns = sql.SQL(", ").join(
            sql.SQL("{}::text AS {}").format(sql.Identifier(column.source), sql.Identifier(column.name))
            for column in self._dataset.columns
        )
        query = sql.SQL("SELECT {} FROM {}").format(columns, self._table)
        with self._cursor() as cursor:
            self._check_columns(cursor)
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": _BATCH_BYTES})
            cursor.execute(_text(query))
            yield from _of_equal_size(cursor.fetch_record_batch())

    @property
    def _table(self) -> sql.Identifier:
        return sql.Identifier(*(self._dataset.server.table or "").split("."))

    def _check_columns(self, cursor: Any) -> None:  # noqa: ANN401 - ADBC ships no types
        cursor.execute(_text(sql.SQL("SELECT * FROM {} LIMIT 0").format(self._table)))
        there = {name for name, *_ in cursor.description}
        missing = [column.source for column in self._dataset.columns if column.source not in there]
        if missing:
            raise SourceChangedShape(self.description, missing)

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with adbc.connect(self._url) as connection, connection.cursor() as cursor:
                for setting in _SETTINGS:
                    cursor.execute(setting)
                yield cursor
        except adbc.Error as error:  # its text may quote the address or a row
            raise SourceDown(self.description, error.sqlstate or "connection") from None
        except pa.ArrowException:  # as above; while rows are streamed there is no SQLSTATE
            raise SourceDown(self.description, "interrupted") from None


def _of_equal_size(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of ROWS: what is landed must not depend on how the driver cut them."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= ROWS:
            table = pa.Table.from_batches(waiting)
            yield _one_batch(table.slice(0, ROWS))
            rest = table.slice(ROWS)
            waiting, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield _one_batch(pa.Table.from_batches(waiting))


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


def _text(query: sql.Composed) -> str:
    return query.as_string(None)


def _libpq(url: str, password: str | None) -> str:
    """The address as libpq reads it, with a bound on the time to connect; the password where it holds none."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        given = conninfo.conninfo_to_dict(plain)
    except psycopg.ProgrammingError:  # its text may quote the address
        return plain  # the driver refuses it, and that is told as for any other
    return conninfo.make_conninfo("", **{"connect_timeout": 10, "password": password, **given})
