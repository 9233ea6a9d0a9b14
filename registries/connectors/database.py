"""Tables of a PostgreSQL database, streamed through ADBC as text, whole each time.

    connector = DatabaseTable(dataset, "postgresql://reader:...@host/residents")
    connector.identity()  -> '20000:-8105214:5f0c31d2a94be077'

Rows come in the order in which the table holds them. Change sets by watermark are `database_changes`.
"""

from collections.abc import Iterator

import pyarrow as pa
from psycopg import sql

from registries.connectors.postgres_columns import whole
from registries.connectors.postgres_reading import answer_or_none, asked, table_of
from registries.connectors.postgres_table import PostgresTable
from registries.connectors.postgres_versions import row_versions
from registries.contracts.model import Dataset


class DatabaseTable(PostgresTable):
    """One table or view, given whole."""

    def identity(self) -> str:
        """How many rows, and the sum of hashes of their versions, or of their values: equal means nothing new to pull.

        Every column takes part, not only the watermark: a value that was mended without a new time is new, too.
        """
        found = answer_or_none(self._reading, lambda cursor: row_versions(cursor, self._dataset))
        if found is not None:
            return found
        with self._reading() as cursor:
            return ":".join(asked(cursor, _values(self._dataset)))

    def watermark(self) -> None:
        """None: the whole table is pulled each time."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of text columns named as the contract's; SourceFault for what is wrong."""
        return whole(self._reading, self._dataset)


def _values(dataset: Dataset) -> sql.Composed:
    row = sql.SQL(", ").join(sql.Identifier(column.source) for column in dataset.columns)
    query = sql.SQL("SELECT count(*)::text, coalesce(sum(hashtextextended(ROW({row})::text, 0)), 0)::text FROM {table}")
    return query.format(row=row, table=table_of(dataset))
