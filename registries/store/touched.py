"""What a batch touched: the keys of rows that its merge inserted, changed, closed, marked or unmarked.

    keys = touched.keys_of(conn, dataset, batch)      # None: nobody wrote them down, so that every row may be meant
    sa.select(current).where(touched.has(current, keys))

The merge leaves them in schema `stage` until the batch is done, so that what comes after it costs by what changed and
not by what there is. A first load leaves none: everything is new.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint

from registries.contracts.model import Dataset
from registries.store.batches import Batch, BatchCounts
from registries.store.engine import analyse
from registries.store.shapes import current_table, history_table, touched_table
from registries.store.tables import batch as batch_row


def keys_of(conn: sa.Connection, dataset: Dataset, batch: Batch) -> sa.Table | None:
    """The keys that the batch touched, each once; None if nobody wrote them down, or not all of them.

    There are none after a first load, and after a crash of the server (the table is unlogged): then the batch has
    written rows all the same.
    """
    table, current = touched_table(dataset), current_table(dataset)
    if not sa.inspect(conn).has_table(table.name, schema=table.schema):
        return None
    if conn.execute(sa.select(sa.exists().select_from(table))).scalar_one():
        _settle(conn, table)
        return table
    counts = batch.counts or BatchCounts()
    written = counts.new + counts.changed + counts.deleted + counts.vanished
    any_row = conn.execute(sa.select(current.c.since_batch).limit(1)).scalar()
    return None if written or any_row == batch.number else table


def _settle(conn: sa.Connection, table: sa.Table) -> None:
    """Make each key stand once, with an index, when they are asked for first.

    PostgreSQL can't foretell how many rows a batch has marked or changed: with an index every plan is a good one.
    """
    if sa.inspect(conn).get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]:
        return
    rows, place = table.alias("rows"), sa.column("ctid", sa.Text)
    first = sa.select(sa.func.min(place)).select_from(rows).group_by(*rows.c)
    conn.execute(sa.delete(table).where(place.not_in(first)))
    key = sa.PrimaryKeyConstraint(*(column.name for column in table.c))
    table.append_constraint(key)
    conn.execute(AddConstraint(key))
    analyse(conn, table)


def is_first(conn: sa.Connection, batch: Batch) -> bool:
    """Whether no batch of the dataset was taken over before this one: nothing can have changed, gone or come back."""
    before = sa.exists().where(
        batch_row.c.dataset == batch.dataset,
        batch_row.c.number < batch.number,
        batch_row.c.taken_over_at.is_not(None),
    )
    return not conn.execute(sa.select(before)).scalar_one()


def has(rows: sa.FromClause, keys: sa.FromClause) -> sa.ColumnElement[bool]:
    """The row's key is among `keys`."""
    names = [column.name for column in keys.c]
    return sa.and_(*(rows.c[name] == keys.c[name] for name in names))


def current_rows(current: sa.Table, keys: sa.Table) -> sa.Join:
    """The touched keys with the rows that they have now, where they have one."""
    return keys.join(current, has(current, keys))


def former_rows(history: sa.Table, keys: sa.Table, batch: Batch) -> sa.Join:
    """The touched keys with the versions that this batch ended."""
    return keys.join(history, sa.and_(has(history, keys), history.c.until_batch == batch.number))


def values_of(dataset: Dataset, keys: sa.Table, batch: Batch, column: str) -> list[sa.Select[*tuple[Any, ...]]]:
    """Statements that give a column's values in the touched rows, as they are and as they were before the batch."""
    if dataset.key == (column,):
        return [sa.select(keys.c[column])]
    current, history = current_table(dataset), history_table(dataset)
    return [
        sa.select(current.c[column]).select_from(current_rows(current, keys)),
        sa.select(history.c[column]).select_from(former_rows(history, keys, batch)),
    ]
