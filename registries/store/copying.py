"""COPY from Arrow: columns go to PostgreSQL as CSV that Arrow writes, without a Python object per cell.

    copying.copy_in(conn, shapes.stage_table(dataset), table)      # an Arrow table with the same column names

A null is an empty unquoted field, an empty text is quoted, so that both arrive as they were. U+0000, which
PostgreSQL's text can't hold, arrives as U+2400 (SYMBOL FOR NULL).
"""

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import sqlalchemy as sa
from psycopg import sql

from registries.store.engine import driver

_BLOCK = 25_000  # rows written at once: bounds memory


def copy_in(conn: sa.Connection, target: sa.Table, table: pa.Table) -> None:
    """Append an Arrow table to `target`, in the connection's transaction. Columns are matched by name."""
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.column_names)
    place = sql.Identifier(*(part for part in (target.schema, target.name) if part))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(place, columns)
    with driver(conn).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in table.to_batches(max_chunksize=_BLOCK):
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(_without_nul(batch), buffer, pyarrow.csv.WriteOptions(include_header=False))
            copy.write(buffer.getbuffer())


def _without_nul(batch: pa.RecordBatch) -> pa.RecordBatch:
    for place, field in enumerate(batch.schema):
        column = batch.column(place)
        if pa.types.is_string(field.type) and pc.any(pc.match_substring(column, "\0")).as_py():
            batch = batch.set_column(place, field.name, pc.replace_substring(column, "\0", "\u2400"))
    return batch
