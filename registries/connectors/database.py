"""Tables of a PostgreSQL database, streamed through ADBC as text, whole each time.

    connector = DatabaseTable(dataset, "postgresql://reader:...@host/residents")
    connector.identity()  -> '20000:-8105214:5f0c31d2a94be077'

Rows come in the order in which the table holds them. Change sets by watermark are `database_changes`.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from psycopg import sql

from registries.connectors.postgres_columns import whole
from registries.connectors.postgres_reading import (
    answer_or_none,
    asked,
    check_columns,
    libpq,
    reading,
    table_of,
)
from registries.connectors.postgres_versions import row_versions
from registries.contracts.model import Dataset, Delivery


class DatabaseTable:
    """One table or view of a PostgreSQL database; `url` may name SQLAlchemy's driver.

    `secret("password")` is asked where the address holds none.
    """

    def __init__(self, dataset: Dataset, url: str, secret: Callable[[str], str | None] = lambda _: None) -> None:
        self._dataset = dataset
        self._url = libpq(url, secret("password"))

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
        """How many rows, and the sum of hashes of their versions, or of their values: equal means nothing new to pull.

        Every column takes part, not only the watermark: a value that was mended without a new time is new, too.
        """
        found = answer_or_none(self._reading, lambda cursor: row_versions(cursor, self._dataset))
        if found is not None:
            return found
        with self._reading() as cursor:
            return ":".join(asked(cursor, _values(self._dataset)))

    def original(self) -> None:
        """A database has no bytes of its own to land: the Parquet is the original."""

    def watermark(self) -> None:
        """None: the whole table is pulled each time."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of text columns named as the contract's; SourceFault for what is wrong."""
        return whole(self._reading, self._dataset)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        with reading(self._url, self.description) as cursor:
            check_columns(cursor, self._dataset, self.description)
            yield cursor


def _values(dataset: Dataset) -> sql.Composed:
    row = sql.SQL(", ").join(sql.Identifier(column.source) for column in dataset.columns)
    query = sql.SQL("SELECT count(*)::text, coalesce(sum(hashtextextended(ROW({row})::text, 0)), 0)::text FROM {table}")
    return query.format(row=row, table=table_of(dataset))
