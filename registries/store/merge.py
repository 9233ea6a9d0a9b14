"""The merge: a stage's accepted rows become current, set-based, in the caller's one transaction.

    counts = merge.merge(conn, dataset, batch, close_vanished=True)

New rows are inserted, changed ones go to history before they are updated, unchanged ones are not written at all, so
that taking the same batch in twice changes nothing and leaves no dead rows. A first load drops the key's index and
makes it last (0.47 of the time with the index in place). Nulls are values like others (IS DISTINCT FROM).
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.schema import CreateTable, DropTable

from registries.contract_model import Dataset
from registries.store.batches import Batch
from registries.store.engine import analyse, driver, written
from registries.store.shapes import current_table, delta_table, history_table, same_key, stage_table, typed
from registries.store.stage import Stage


@dataclass(frozen=True)
class MergeCounts:
    """What became of the accepted rows, and how many current rows vanished (0 if nothing may be closed)."""

    new: int
    changed: int
    unchanged: int
    deleted: int
    repeated: int
    vanished: int


def merge(conn: sa.Connection, dataset: Dataset, batch: Batch, *, close_vanished: bool) -> MergeCounts:
    """Take the stage's accepted rows over.

    Args:
        conn: of the role hub_load.
        dataset: whose stage is filled.
        batch: the number that new and changed rows will carry.
        close_vanished: the batch is a whole snapshot: current rows whose key is in none of the rows pulled, refused
            ones included, go to history; certificates stay and are marked `vanished`. Never done if the key of any
            row can't be read.

    Raises:
        StoreError: a text can't be read as its column's type although every rule passed it.
    """
    stage = Stage(conn, dataset, batch)
    repeated = stage.repeated()
    analyse(conn, stage.table)
    work = _Merge(conn, dataset, batch)
    _, accepted = stage.counts()
    if work.nothing_there():
        return MergeCounts(work.load_first(), 0, 0, 0, repeated, 0)
    new, changed = work.write_delta()
    work.mark()
    vanished = work.close_vanished() if close_vanished and stage.keys_readable() else 0
    return MergeCounts(new, changed, accepted - repeated - new - changed, 0, repeated, vanished)


class _Merge:
    def __init__(self, conn: sa.Connection, dataset: Dataset, batch: Batch) -> None:
        self._conn = conn
        self._dataset = dataset
        self._number = batch.number
        self._current = current_table(dataset)
        self._history = history_table(dataset)
        self._staged = stage_table(dataset)
        self._delta = delta_table(dataset)
        self._names = [column.name for column in dataset.columns]

    def nothing_there(self) -> bool:
        return self._conn.execute(sa.select(sa.literal(1)).select_from(self._current).limit(1)).first() is None

    def load_first(self) -> int:
        key = self._drop_key()
        values = [typed(self._staged, self._dataset, name) for name in self._names]
        rows = sa.select(*values, sa.literal(self._number)).where(self._taken())
        loaded = written(self._conn, sa.insert(self._current).from_select([*self._names, "since_batch"], rows))
        self._add_key(key)
        analyse(self._conn, self._current)
        return loaded

    def write_delta(self) -> tuple[int, int]:
        """Insert and update what is new and changed; returns how many of each."""
        self._conn.execute(CreateTable(self._delta))
        self._find_delta()
        analyse(self._conn, self._delta)
        changed = self._keep_former()
        self._update()
        new = self._insert_new()
        self._conn.execute(DropTable(self._delta))
        return new, changed

    def mark(self) -> None:
        """Clear the mark of keys that came back well, set it on keys of which only refused rows came."""
        current, staged = self._current, self._staged
        came = sa.exists().where(same_key(current, staged, self._dataset))
        well = came.where(~staged.c.refused)
        marks = sa.update(current)
        self._conn.execute(marks.where(current.c.mark.is_not(None), well).values(mark=None))
        not_yet = current.c.mark.is_distinct_from("update_refused")
        self._conn.execute(
            marks.where(not_yet, same_key(current, staged, self._dataset), staged.c.refused)
            .where(~self._accepted_again())
            .values(mark="update_refused")
        )

    def close_vanished(self) -> int:
        current = self._current
        gone = ~sa.exists().where(same_key(current, self._staged, self._dataset))
        if self._dataset.certificate is not None:
            mark = sa.update(current).where(gone, current.c.mark.is_distinct_from("vanished")).values(mark="vanished")
            return written(self._conn, mark)
        removed = sa.delete(current).where(gone).returning(*self._row(current), current.c.since_batch).cte("removed")
        closing = sa.select(*removed.c, sa.literal(self._number))
        columns = [*self._names, "since_batch", "until_batch"]
        return written(self._conn, sa.insert(self._history).from_select(columns, closing))

    def _taken(self) -> sa.ColumnElement[bool]:
        return sa.and_(~self._staged.c.refused, ~self._staged.c.repeated)

    def _row(self, table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        return [table.c[name] for name in self._names]

    def _accepted_again(self) -> sa.Exists:
        other = self._staged.alias()
        return sa.exists().where(same_key(self._current, other, self._dataset), ~other.c.refused)

    def _find_delta(self) -> None:
        current, staged = self._current, self._staged
        old = sa.func.row(*self._row(current))
        new = sa.func.row(*(typed(staged, self._dataset, name) for name in self._names))
        is_new = current.c.since_batch.is_(None)
        found = (
            sa.select(staged.c.row_number, is_new)
            .select_from(staged.outerjoin(current, same_key(current, staged, self._dataset)))
            .where(self._taken(), sa.or_(is_new, old.is_distinct_from(new)))
        )
        self._conn.execute(sa.insert(self._delta).from_select(["row_number", "is_new"], found))

    def _in_delta(self, *, new: bool) -> sa.ColumnElement[bool]:
        chosen = self._delta.c.is_new if new else ~self._delta.c.is_new
        return sa.and_(self._staged.c.row_number == self._delta.c.row_number, chosen)

    def _keep_former(self) -> int:
        former = sa.select(*self._row(self._current), self._current.c.since_batch, sa.literal(self._number)).where(
            self._in_delta(new=False), same_key(self._current, self._staged, self._dataset)
        )
        columns = [*self._names, "since_batch", "until_batch"]
        return written(self._conn, sa.insert(self._history).from_select(columns, former))

    def _update(self) -> None:
        values = {
            name: typed(self._staged, self._dataset, name) for name in self._names if name not in self._dataset.key
        }
        changed = sa.update(self._current).where(
            self._in_delta(new=False), same_key(self._current, self._staged, self._dataset)
        )
        self._conn.execute(changed.values({**values, "since_batch": self._number, "mark": None}))

    def _insert_new(self) -> int:
        values = [typed(self._staged, self._dataset, name) for name in self._names]
        rows = sa.select(*values, sa.literal(self._number)).where(self._in_delta(new=True))
        return written(self._conn, sa.insert(self._current).from_select([*self._names, "since_batch"], rows))

    def _drop_key(self) -> str:
        found = sa.inspect(self._conn).get_pk_constraint(self._current.name, schema=self._current.schema)
        key = str(found["name"])
        self._alter(sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(key)))
        return key

    def _add_key(self, key: str) -> None:
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in self._dataset.key)
        self._alter(sql.SQL("ADD CONSTRAINT {} PRIMARY KEY ({})").format(sql.Identifier(key), columns))

    def _alter(self, change: sql.Composed) -> None:
        table = sql.Identifier(str(self._current.schema), self._current.name)
        driver(self._conn).execute(sql.SQL("ALTER TABLE {} ").format(table) + change)
