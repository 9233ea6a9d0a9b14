"""The merge: a stage's accepted rows become current, set-based, in the caller's one transaction.

    counts = merge.merge(conn, dataset, batch, close_vanished=True)

New rows are inserted, changed ones go to history before they are updated, deleted ones go there and leave a tombstone,
unchanged ones are not written at all, so that taking the same batch in twice changes nothing and leaves no dead rows. A
first load makes the key's index last (`first_load`). Nulls are values like others (IS DISTINCT FROM). Which of two
versions counts says `ordering`. Which rows it has touched, it leaves in the stage's table of that name.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable, DropTable

from registries.contracts.model import Dataset
from registries.store import batches, first_load, replaced_rows
from registries.store.batches import Batch
from registries.store.engine import analyse, written
from registries.store.ordering import VANISHED, Order, deletes, present, sequence_of
from registries.store.shapes import (
    absent_table,
    deleted_table,
    delta_table,
    history_table,
    keeps_deleted,
    placed_table,
    readable,
    same_key,
    stage_table,
    touched_table,
    typed,
)
from registries.store.stage import Stage


class KeyDoubt(IntEnum):
    """Whether a row whose key was refused may be one of those that seem to have vanished."""

    NONE = 0  # every key could be read
    KNOWN = 1  # those that can't be read were there before: what vanished now is none of them
    NEW = 2


@dataclass(frozen=True)
class MergeCounts:
    """What became of the accepted rows, and how many current rows vanished: were closed, or marked."""

    new: int
    changed: int
    unchanged: int
    deleted: int
    repeated: int
    vanished: int


@dataclass(frozen=True)
class Placed:
    """What became of a large batch's rows before the merge, when not all of them are in the stage.

    Attributes:
        accepted: rows that are not refused, in the stage or not.
        loaded: those of them that a first load has put into the current table already; None if this is none.
    """

    accepted: int
    loaded: int | None = None


def merge(
    conn: sa.Connection,
    dataset: Dataset,
    batch: Batch,
    *,
    close_vanished: bool,
    doubt: KeyDoubt | None = None,
    placed: Placed | None = None,
) -> MergeCounts:
    """Take the stage's accepted rows over.

    Args:
        conn: of the role hub_load.
        dataset: whose stage is filled.
        batch: the number that new and changed rows will carry.
        close_vanished: the batch is a whole snapshot: current rows whose key is in none of the rows pulled, refused
            ones included, go to history; certificates stay and are marked `vanished`.
        doubt: whether refused keys may be theirs. If new ones were refused, what is absent is marked `vanished` and
            closed by a later snapshot: one without refused keys. By default new if any row lacks its key.
        placed: the stage holds only what is new or must be looked at; by default all rows are there.

    Raises:
        StoreError: a text can't be read as its column's type although every rule passed it.
    """
    stage = Stage(conn, dataset, batch)
    repeated = stage.repeated()
    analyse(conn, stage.table)
    if doubt is None:
        doubt = KeyDoubt.NONE if stage.keys_readable() else KeyDoubt.NEW
    accepted = stage.counts()[1] if placed is None else placed.accepted
    work = _Merge(conn, Order.of(conn, dataset, batch, whole=close_vanished), placed)
    new, changed, deleted = work.write()
    vanished = work.close_vanished(doubt) if close_vanished else 0
    work.close_replaced()
    return MergeCounts(new, changed, accepted - repeated - new - changed - deleted, deleted, repeated, vanished)


class _Merge:
    def __init__(self, conn: sa.Connection, order: Order, placed: Placed | None) -> None:
        self._conn = conn
        self._order = order
        self._dataset = order.dataset
        self._number = order.batch.number
        self._current = placed_table(self._dataset)
        self._history = history_table(self._dataset)
        self._staged = stage_table(self._dataset)
        self._delta = delta_table(self._dataset)
        self._deleted = deleted_table(self._dataset) if keeps_deleted(self._dataset) else None
        self._names = [column.name for column in self._dataset.stored_columns]
        self._gone = deletes(self._dataset, self._staged)
        self._touched = touched_table(self._dataset)
        self._placed = placed
        self._first = False

    def write(self) -> tuple[int, int, int]:
        """Carry the accepted rows over; how many are new, changed, deleted."""
        loaded = None if self._placed is None else self._placed.loaded
        self._first = loaded is not None or first_load.nothing_known(self._conn, self._dataset)
        counts = (self._load_first(loaded), 0, 0) if self._first else self._write_delta()
        if not self._first:
            self._clear_marks()
        self._bury()
        if not self._first:
            self._mark_refused()
        return counts

    def close_vanished(self, doubt: KeyDoubt) -> int:
        """What is absent from a full snapshot goes to history or is marked; how many. The snapshot sets the floor."""
        current = self._current
        gone = sa.and_(*self._absent(), self._order.closes(current))
        if self._order.newest and doubt is not KeyDoubt.NEW:
            self._move_floor()
        if self._first:
            return 0
        unmarked = current.c.mark.is_distinct_from(VANISHED)
        if self._dataset.certificate is not None or doubt is KeyDoubt.NEW:
            return self._write(sa.update(current).where(gone, unmarked).values(mark=VANISHED))
        return self._close(gone if doubt is KeyDoubt.NONE else sa.and_(gone, unmarked))

    def close_replaced(self) -> None:
        """Vanished rows go to history whose number was corrected, or that other rows of their certificate outlive."""
        mapping, current = self._dataset.certificate, self._current
        if self._first:
            return
        for which in replaced_rows.replaced(self._conn, self._dataset, self._order.batch, current):
            self._close(which)
        if mapping is None or self._dataset.key == (mapping.number,):
            return
        other = current.alias()
        stays = sa.exists().where(other.c[mapping.number] == current.c[mapping.number], present(other, self._dataset))
        self._close(sa.and_(current.c.mark == VANISHED, stays))

    def _absent(self) -> list[sa.ColumnElement[bool]]:
        """A current row's key is in none of the rows pulled."""
        unstaged = ~sa.exists().where(same_key(self._current, self._staged, self._dataset))
        if self._placed is None:
            return [unstaged]
        noted, other = absent_table(self._dataset), self._current.alias()
        analyse(self._conn, noted)
        named = sa.select(other.c.ctid).join_from(noted, other, same_key(other, noted, self._dataset))
        marked = sa.select(other.c.ctid).where(other.c.mark.is_not(None))  # of marked keys all rows are staged
        return [unstaged, self._current.c.ctid.in_(sa.union(named, marked))]

    def _load_first(self, loaded: int | None) -> int:
        if loaded is None:
            first_load.begin(self._conn, self._dataset)
        values = [typed(self._staged, self._dataset, name) for name in self._names]
        rows = sa.select(*values, sa.literal(self._number)).where(self._taken(), ~self._gone)
        added = written(self._conn, sa.insert(self._current).from_select([*self._names, "since_batch"], rows))
        first_load.finish(self._conn, self._dataset)
        return (loaded or 0) + added

    # --- what changed

    def _write_delta(self) -> tuple[int, int, int]:
        self._conn.execute(CreateTable(self._delta))
        self._find_delta()
        analyse(self._conn, self._delta)
        self._keep_former()
        changed = self._update()
        deleted = self._delete()
        new = self._insert_new()
        self._conn.execute(DropTable(self._delta))
        return new, changed, deleted

    def _find_delta(self) -> None:
        current, staged = self._current, self._staged
        is_new = current.c.since_batch.is_(None)
        is_put = sa.and_(~self._gone, self._order.put_counts(current, staged, self._deleted))
        written_puts = sa.and_(is_put, sa.or_(is_new, self._differs()))
        former = (current.c.ctid, *self._row(current), current.c.since_batch)
        found = sa.select(staged.c.row_number, is_new, self._gone, *former).select_from(self._known())
        if self._dataset.operation is not None:
            written_puts = sa.or_(written_puts, sa.and_(self._gone, self._order.delete_counts(current, staged)))
        columns = [column.name for column in self._delta.columns]
        self._conn.execute(sa.insert(self._delta).from_select(columns, found.where(self._taken(), written_puts)))

    def _known(self) -> sa.FromClause:
        """Staged rows with what the store knows of their keys."""
        joined = self._staged.outerjoin(self._current, same_key(self._current, self._staged, self._dataset))
        if self._deleted is None:
            return joined
        return joined.outerjoin(self._deleted, same_key(self._deleted, self._staged, self._dataset))

    def _differs(self) -> sa.ColumnElement[bool]:
        old = sa.func.row(*self._row(self._current))
        new = sa.func.row(*(typed(self._staged, self._dataset, name) for name in self._names))
        return old.is_distinct_from(new)

    def _taken(self) -> sa.ColumnElement[bool]:
        return sa.and_(~self._staged.c.refused, ~self._staged.c.repeated)

    def _row(self, table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        return [table.c[name] for name in self._names]

    def _in_delta(self, *, new: bool, gone: bool) -> sa.ColumnElement[bool]:
        chosen = sa.and_(self._delta.c.is_new.is_(new), self._delta.c.is_gone.is_(gone))
        return sa.and_(self._staged.c.row_number == self._delta.c.row_number, chosen)

    def _keep_former(self) -> None:
        delta = self._delta
        old = [delta.c[f"old_{place}"] for place in range(len(self._names))]
        former = sa.select(*old, delta.c.old_since, sa.literal(self._number)).where(~delta.c.is_new, ~delta.c.is_gone)
        columns = [*self._names, "since_batch", "until_batch"]
        self._conn.execute(sa.insert(self._history).from_select(columns, former))

    def _update(self) -> int:
        """In the order of their places, so that each page is fetched and dirtied once."""
        names = [name for name in self._names if name not in self._dataset.key]
        values = (typed(self._staged, self._dataset, name).label(f"new_{place}") for place, name in enumerate(names))
        rows = sa.select(self._delta.c.place, *values).where(self._in_delta(new=False, gone=False))
        new = rows.order_by(self._delta.c.place).offset(0).subquery()  # OFFSET: PostgreSQL then keeps the order
        changed = sa.update(self._current).where(self._current.c.ctid == new.c.place)
        taken = {name: new.c[f"new_{place}"] for place, name in enumerate(names)}
        return self._write(changed.values({**taken, "since_batch": self._number, "mark": None}))

    def _delete(self) -> int:
        if self._dataset.operation is None:
            return 0
        gone = sa.and_(self._delta.c.is_gone, ~self._delta.c.is_new, self._current.c.ctid == self._delta.c.place)
        if self._dataset.certificate is not None:
            return self._write(sa.update(self._current).where(gone).values(mark=VANISHED))
        return self._close(sa.exists().where(gone).correlate(self._current))

    def _insert_new(self) -> int:
        values = [typed(self._staged, self._dataset, name) for name in self._names]
        rows = sa.select(*values, sa.literal(self._number)).where(self._in_delta(new=True, gone=False))
        return self._write(sa.insert(self._current).from_select([*self._names, "since_batch"], rows))

    def _write(self, statement: sa.Insert | sa.Update) -> int:
        """Write current rows, and note their keys as touched; how many."""
        keys = [self._current.c[name] for name in self._dataset.key]
        done = statement.returning(*keys).cte("done")
        return written(self._conn, sa.insert(self._touched).from_select(list(self._dataset.key), sa.select(*done.c)))

    def _close(self, which: sa.ColumnElement[bool]) -> int:
        current = self._current
        removed = sa.delete(current).where(which).returning(*self._row(current), current.c.since_batch).cte("removed")
        keys = sa.select(*(removed.c[name] for name in self._dataset.key))
        noted = sa.insert(self._touched).from_select(list(self._dataset.key), keys).cte("noted")
        columns = [*self._names, "since_batch", "until_batch"]
        closing = sa.insert(self._history).from_select(columns, sa.select(*removed.c, sa.literal(self._number)))
        return written(self._conn, closing.add_cte(noted))

    # --- tombstones and the floor

    def _bury(self) -> None:
        """Deleted keys that are not there keep the greatest watermark of their deletion; those that are there, none."""
        if self._deleted is None:
            return
        deleted, staged, current = self._deleted, self._staged, self._current
        names = [column.name for column in deleted.columns if column.name != "since_batch"]
        there = sa.exists().where(same_key(current, staged, self._dataset), present(current, self._dataset))
        known = typed(staged, self._dataset, str(self._dataset.watermark)).is_not(None)
        rows = sa.select(*(typed(staged, self._dataset, name) for name in names), sa.literal(self._number)).where(
            self._taken(), self._gone, known, ~there
        )
        new = insert(deleted).from_select([*names, "since_batch"], rows)
        mark = str(self._dataset.watermark)
        greater = new.excluded[mark] > deleted.c[mark]
        values = {mark: new.excluded[mark], "since_batch": new.excluded["since_batch"]}
        self._conn.execute(
            new.on_conflict_do_update(index_elements=list(self._dataset.key), set_=values, where=greater)
        )
        came = sa.exists().where(same_key(deleted, staged, self._dataset), self._taken(), ~self._gone, there)
        self._conn.execute(sa.delete(deleted).where(came))

    def _move_floor(self) -> None:
        batches.set_floor(self._conn, self._order.batch, str(self._order.standing))
        if self._deleted is not None:
            self._conn.execute(sa.delete(self._deleted).where(self._order.buried_by_floor(self._deleted)))

    # --- marks

    def _clear_marks(self) -> None:
        """Clear the mark of keys that came back well: by a row that is not older than what is known of them."""
        current, staged = self._current, self._staged
        marked: sa.ColumnElement[bool] = current.c.mark.is_not(None)
        if self._order.by_watermark and not self._order.whole:
            marked = current.c.mark == VANISHED  # a refused update is newer than a row that was not written just now
        well: sa.ColumnElement[bool] = sa.and_(
            self._taken(), ~self._gone, self._order.put_counts(current, staged, None)
        )
        if self._deleted is not None:
            older = self._order.is_older(staged, self._deleted)
            well = sa.and_(well, ~sa.exists().where(same_key(self._deleted, staged, self._dataset), older))
        came = sa.exists().where(same_key(current, staged, self._dataset), well)
        self._write(sa.update(current).where(marked, came).values(mark=None))

    def _mark_refused(self) -> None:
        """Mark keys of which only refused rows came, or came last."""
        current, staged = self._current, self._staged
        not_yet = current.c.mark.is_distinct_from("update_refused")
        self._write(
            sa.update(current)
            .where(not_yet, same_key(current, staged, self._dataset), staged.c.refused)
            .where(~self._accepted_again(), ~self._order.refused_is_older(current, staged))
            .values(mark="update_refused")
        )

    def _accepted_again(self) -> sa.Exists:
        other = self._staged.alias()
        again = sa.and_(same_key(self._current, other, self._dataset), ~other.c.refused)
        return sa.exists().where(again, self._comes_later(other))

    def _comes_later(self, other: sa.FromClause) -> sa.ColumnElement[bool]:
        """Of a sequence the row that comes later counts; of a contradiction none."""
        staged = self._staged
        later = other.c.row_number > staged.c.row_number
        match sequence_of(self._dataset, self._order.batch):
            case "none":
                return sa.true()
            case "rows":
                return later
        mark = str(self._dataset.watermark)
        mine, theirs = typed(staged, self._dataset, mark), typed(other, self._dataset, mark)
        greater = sa.or_(theirs > mine, sa.and_(theirs == mine, later))
        return sa.case((readable(staged, self._dataset, mark), greater), else_=later)
