"""Change sets of a PostgreSQL table, by watermark, streamed through ADBC as text.

    changes = DatabaseChanges.next_of(dataset, "postgresql://reader:...@host/residents", before)
    changes.identity()  -> '2026-01-02 09:00:00+00:1000:0'

As in `sql_database`, of which this is the fast form: from a little below the greatest watermark taken before (see
`watermarks`) up to the greatest that was there when the delivery was opened, with the rows that have none. What a first
pull brings comes in the order in which the table holds it, what follows in the order of watermark and key.

An index on the watermark's column makes looks cheap: without one each reads the table twice.
"""

from collections.abc import Callable, Iterator
from typing import Any, Self

import pyarrow as pa
from psycopg import sql

from registries.connectors.postgres_columns import whole
from registries.connectors.postgres_reading import as_texts, asked, kinds_of, streamed, table_of
from registries.connectors.postgres_table import PostgresTable
from registries.connectors.remote_faults import WatermarkWentBack
from registries.connectors.taken import NOTHING_TAKEN, Taken
from registries.connectors.watermarks import Extent, again_from
from registries.contracts.model import Dataset


class DatabaseChanges(PostgresTable):
    """What changed in one table or view since `before`."""

    def __init__(
        self,
        dataset: Dataset,
        url: str,
        before: Taken = NOTHING_TAKEN,
        secret: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        super().__init__(dataset, url, secret)
        self._before = before
        self._opened: Extent | None = None
        self._mark = dataset.column(dataset.watermark or "")

    @classmethod
    def next_of(
        cls, dataset: Dataset, url: str, before: Taken, secret: Callable[[str], str | None] = lambda _: None
    ) -> Self | None:
        """The next delivery; None where an exchange table was emptied after it had been read."""
        changes = cls(dataset, url, before, secret)
        emptied = before.watermark is not None and changes._extent().is_empty
        return None if emptied else changes

    def identity(self) -> str:
        """The greatest watermark, how many rows stand in the overlap below it, how many have none."""
        extent = self._extent()
        return f"{extent.greatest}:{extent.rows}:{extent.without}"

    def watermark(self) -> str | None:
        """The greatest watermark of this delivery's rows."""
        return self._extent().greatest or self._before.watermark

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of text columns named as the contract's; SourceFault for what is wrong."""
        condition = self._condition(self._extent())
        if self._before.watermark is None:
            yield from whole(self._reading, self._dataset, condition)
            return
        order = sql.SQL(", ").join([sql.Identifier(self._mark.source), *self._key()])
        with self._reading() as cursor:
            texts = as_texts(self._dataset, kinds_of(cursor, self._dataset))
            yield from streamed(cursor, sql.SQL("{} WHERE {} ORDER BY {}").format(texts, condition, order))

    def _condition(self, extent: Extent) -> sql.Composed:
        mark = sql.Identifier(self._mark.source)
        bounds: list[sql.Composable] = [sql.SQL("true")]
        if self._before.watermark is not None:
            bounds.append(self._from(again_from(self._mark, self._before.watermark)))
        if extent.greatest is not None:
            bounds.append(sql.SQL("{} <= {}").format(mark, sql.Literal(extent.greatest)))
        return sql.SQL("({} OR {} IS NULL)").format(sql.SQL(" AND ").join(bounds), mark)

    def _key(self) -> list[sql.Identifier]:
        return [sql.Identifier(self._dataset.column(name).source) for name in self._dataset.key]

    def _from(self, watermark: str) -> sql.Composed:
        """A literal without a type takes the column's."""
        return sql.SQL("{} >= {}").format(sql.Identifier(self._mark.source), sql.Literal(watermark))

    def _extent(self) -> Extent:
        """Looked at once: the pull that follows must not see more than the identity told."""
        if self._opened is None:
            with self._reading() as cursor:
                self._opened = self._look(cursor)
        return self._opened

    def _look(self, cursor: Any) -> Extent:  # noqa: ANN401 - ADBC ships no types
        mark, table = sql.Identifier(self._mark.source), table_of(self._dataset)
        (greatest,) = asked(cursor, sql.SQL("SELECT max({})::text FROM {}").format(mark, table))
        if greatest is None:
            count = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(table, mark)
            return Extent(None, 0, asked(cursor, count)[0])
        count = sql.SQL(
            "SELECT count({mark}), count(*) - count({mark}) FROM {table} WHERE {overlap} OR {mark} IS NULL"
        ).format(mark=mark, table=table, overlap=self._from(again_from(self._mark, greatest)))
        extent = Extent(greatest, *asked(cursor, count))
        self._check_forward(cursor, greatest)
        return extent

    def _check_forward(self, cursor: Any, greatest: str) -> None:  # noqa: ANN401 - as above
        """Rows that are all below what was taken would never be asked for."""
        taken = self._before.watermark
        if taken is None or taken == greatest:
            return
        ahead = sql.SQL("SELECT 1 FROM {} WHERE {} LIMIT 1").format(
            table_of(self._dataset), self._from(again_from(self._mark, taken))
        )
        if asked(cursor, ahead) is None:
            raise WatermarkWentBack(self.description, self._mark.source)
