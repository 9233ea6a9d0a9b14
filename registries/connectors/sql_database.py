"""Tables of any database that SQLAlchemy speaks, streamed: MariaDB, MySQL, Oracle, Dameng, PostgreSQL, SQLite.

    connector = SqlTable(dataset, "mysql+pymysql://reader@10.0.0.9/exchange", before, secret)
    connector.identity()  -> '120045:1000:0'

Snapshots are read whole, in the order of the key. Change sets with a watermark (an exchange database, 前置库) are read
from a little below the greatest watermark taken before (see `watermarks`) up to the greatest that was there when the
delivery was opened, so that a pull that is made again asks for the same rows.

What identities are made of, so that nothing is pulled twice for nothing:

    change sets   the greatest watermark, how many rows stand in the overlap below it, how many have none
    snapshots     with a watermark: it, and the number of rows; a value that is mended must get a new watermark
                  without one: SHA-256 of all rows, which costs as much as a pull
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Self

import pyarrow as pa
import sqlalchemy as sa

from registries.connectors.faults import SourceChangedShape
from registries.connectors.remote_faults import WatermarkWentBack
from registries.connectors.sql_dialects import compares_texts, ignores_case, reading
from registries.connectors.sql_values import texts
from registries.connectors.taken import NOTHING_TAKEN, Taken
from registries.connectors.unqueued_sources import DatabaseSource
from registries.connectors.watermarks import Extent, again_from, bound_value
from registries.contracts.model import Column, Dataset

ROWS: Final = 20_000
"""Rows of a batch: each is Python objects for a moment, unlike ADBC's."""


class SqlTable(DatabaseSource):
    """One table or view; `secret("password")` is asked where the address holds none."""

    def __init__(
        self,
        dataset: Dataset,
        url: str,
        before: Taken = NOTHING_TAKEN,
        secret: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._dataset = dataset
        self._url = url
        self._before = before
        self._secret = secret
        self._opened: Extent | None = None
        schema, _, name = (dataset.server.table or "").rpartition(".")
        self._table = sa.table(name, *(sa.column(c.source) for c in dataset.columns), schema=schema or None)

    @classmethod
    def next_of(
        cls, dataset: Dataset, url: str, before: Taken, secret: Callable[[str], str | None] = lambda _: None
    ) -> Self | None:
        """The next delivery; None where an exchange table was emptied after it had been read."""
        table = cls(dataset, url, before, secret)
        return None if table._emptied() else table

    def identity(self) -> str:
        """What there is, in short (see above); the same text means that there is nothing new to pull."""
        if self._dataset.watermark is None:
            return self._digest()
        extent = self._extent()
        return f"{extent.greatest}:{extent.rows}:{extent.without}"

    def watermark(self) -> str | None:
        """The greatest watermark of this delivery's rows; None for snapshots."""
        if not self._by_watermark:
            return None
        return self._extent().greatest or self._before.watermark

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of ROWS rows of text columns named as the contract's; SourceFault for what is wrong."""
        interval = self._extent() if self._by_watermark else None
        with self._reading() as conn:
            query = self._query(conn, interval).execution_options(stream_results=True, yield_per=ROWS)
            result = conn.execute(query)  # kept by name: when it goes, drivers read the rows that are left
            for rows in result.partitions():
                yield self._batch(rows)

    @property
    def _by_watermark(self) -> bool:
        return self._dataset.delivery == "changes" and self._dataset.watermark is not None

    @property
    def _mark(self) -> Column:
        return self._dataset.column(self._dataset.watermark or "")

    def _query(self, conn: sa.Connection, interval: Extent | None) -> sa.Select[Any]:
        columns = [self._table.c[column.source] for column in self._dataset.columns]
        order = [self._table.c[self._dataset.column(name).source] for name in self._dataset.key]
        if interval is None:
            return sa.select(*columns).order_by(*order)
        mark = self._table.c[self._mark.source]
        return sa.select(*columns).where(sa.or_(self._within(conn, interval), mark.is_(None))).order_by(mark, *order)

    def _within(self, conn: sa.Connection, interval: Extent) -> sa.ColumnElement[bool]:
        """From a little below what was taken before, up to what was there when the delivery was opened."""
        bounds = []
        if self._before.watermark is not None:
            bounds.append(self._from(conn, again_from(self._mark, self._before.watermark)))
        if interval.greatest is not None:
            bounds.append(self._table.c[self._mark.source] <= self._bound(conn, interval.greatest))
        return sa.and_(sa.true(), *bounds)

    def _from(self, conn: sa.Connection, watermark: str) -> sa.ColumnElement[bool]:
        return self._table.c[self._mark.source] >= self._bound(conn, watermark)

    def _bound(self, conn: sa.Connection, watermark: str) -> sa.ColumnElement[Any]:
        if compares_texts(conn):
            return sa.literal(watermark, sa.types.NullType())  # without a type, so that it takes the column's
        return sa.literal(bound_value(self._mark, watermark))

    def _extent(self) -> Extent:
        """Looked at once: the pull that follows must not see more than the identity told."""
        if self._opened is None:
            with self._reading() as conn:
                self._opened = self._look(conn)
        return self._opened

    def _emptied(self) -> bool:
        if not self._by_watermark or self._before.watermark is None:
            return False
        return self._extent().is_empty

    def _look(self, conn: sa.Connection) -> Extent:
        mark = self._table.c[self._mark.source]
        (greatest,) = texts(conn.scalars(sa.select(sa.func.max(mark))).all(), self._mark, self.description).to_pylist()
        without = self._count(conn, mark.is_(None))
        if not self._by_watermark:
            return Extent(greatest, self._count(conn, sa.true()), without)
        if greatest is None:
            return Extent(None, 0, without)
        self._check_forward(conn, greatest)
        return Extent(greatest, self._count(conn, self._from(conn, again_from(self._mark, greatest))), without)

    def _check_forward(self, conn: sa.Connection, greatest: str) -> None:
        """Rows that are all below what was taken would never be asked for."""
        taken = self._before.watermark
        if taken is None or taken == greatest:
            return
        if self._count(conn, self._from(conn, again_from(self._mark, taken))) == 0:
            raise WatermarkWentBack(self.description, self._mark.source)

    def _count(self, conn: sa.Connection, where: sa.ColumnElement[bool]) -> int:
        return int(conn.scalars(sa.select(sa.func.count()).select_from(self._table).where(where)).one())

    def _digest(self) -> str:
        digest, rows = hashlib.sha256(), 0
        for batch in self.chunks():
            digest.update(batch.serialize())
            rows += batch.num_rows
        return f"{rows}:{digest.hexdigest()}"

    def _batch(self, rows: Sequence[Any]) -> pa.RecordBatch:
        arrays = [
            texts(values, column, self.description)
            for column, values in zip(self._dataset.columns, zip(*rows, strict=True), strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self._dataset.columns])

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with reading(self._url, self._secret("password"), self.description) as conn:
            self._check_columns(conn)
            yield conn

    def _check_columns(self, conn: sa.Connection) -> None:
        nothing: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(self._table).where(sa.false())
        form = str.casefold if ignores_case(conn) else str
        there = {form(name) for name in conn.execute(nothing).keys()}  # noqa: SIM118 - of a result, not a dict
        missing = [column.source for column in self._dataset.columns if form(column.source) not in there]
        if missing:
            raise SourceChangedShape(self.description, missing)
