"""COPY from Arrow: columns go to PostgreSQL as CSV that Arrow writes, without a Python object per cell.

    copying.copy_in(conn, shapes.stage_table(dataset), table)      # an Arrow table with the same column names
    for rows in copying.copy_out(conn, sa.select(...)): ...        # text columns, a chunk at a time

A null is an empty unquoted field, an empty text is quoted, so that both arrive as they were. U+0000, which
PostgreSQL's text can't hold, arrives as U+2400 (SYMBOL FOR NULL).
"""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql

from registries.store.engine import driver

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_READ = 4 << 20  # bytes parsed at once
_BLOCK = 25_000  # rows written at once: bounds memory


def copy_in(conn: sa.Connection, target: sa.Table, table: pa.Table, *, frozen: bool = False) -> None:
    """Append an Arrow table to `target`, in the connection's transaction. Columns are matched by name.

    `frozen`: nobody has to visit the rows again; the target was emptied in this very transaction.
    """
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.column_names)
    place = sql.Identifier(*(part for part in (target.schema, target.name) if part))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, FREEZE {})").format(place, columns, sql.Literal(frozen))
    with driver(conn).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in table.to_batches(max_chunksize=_BLOCK):
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(_without_nul(batch), buffer, pyarrow.csv.WriteOptions(include_header=False))
            copy.write(buffer.getbuffer())


def copy_out(conn: sa.Connection, wanted: sa.Select[*tuple[Any, ...]]) -> Iterator[pa.RecordBatch]:
    """What a query finds, as text columns named as its own, in chunks of some megabytes."""
    names = [column.name for column in wanted.selected_columns]
    query = wanted.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(sql.SQL(str(query)))
    with driver(conn).cursor() as cursor, cursor.copy(statement) as copy:
        beginning = copy.read()
        if not beginning:
            return  # Arrow refuses an empty file
        reader = pyarrow.csv.open_csv(
            # COPY gives row by row, and Arrow makes a batch of whatever one read gives
            pa.PythonFile(io.BufferedReader(_Copied(beginning, copy), _READ), "r"),
            pyarrow.csv.ReadOptions(column_names=names, block_size=_READ),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        yield from reader


class _Copied(io.RawIOBase):
    """What COPY gives, as a file to read from."""

    def __init__(self, beginning: "ReadableBuffer", copy: psycopg.Copy) -> None:
        super().__init__()
        self._copy = copy
        self._rest = memoryview(beginning).cast("B")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """As much as there is in one piece of COPY's, 0 at its end."""
        if not self._rest:
            self._rest = memoryview(self._copy.read()).cast("B")
        target = memoryview(buffer).cast("B")
        filled = min(len(target), len(self._rest))
        target[:filled] = self._rest[:filled]
        self._rest = self._rest[filled:]
        return filled


def _without_nul(batch: pa.RecordBatch) -> pa.RecordBatch:
    for place, field in enumerate(batch.schema):
        column = batch.column(place)
        if pa.types.is_string(field.type) and _has_nul(column):
            batch = batch.set_column(place, field.name, pc.replace_substring(column, "\0", "\u2400"))
    return batch


def _has_nul(texts: pa.StringArray) -> bool:
    """Whether a byte of any text is 0: in UTF-8 nothing but U+0000 has one. The bytes of neighbours may count too."""
    data = texts.buffers()[2]
    return data is not None and not np.frombuffer(data, np.uint8).all()
