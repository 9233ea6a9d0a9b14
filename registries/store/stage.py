"""The stage: the rows of one batch that must be looked at, as text, unlogged: here questions across rows are asked.

    stage = Stage(conn, dataset, batch)
    stage.create()
    stage.copy_in(row_numbers, chunk, refused)          # chunk after chunk
    for row_numbers in stage.unequal_keys():            # one set-based query, answered in arrays
        stage.refuse(row_numbers)
    ...merge.merge(conn, dataset, batch, close_vanished=True)
    stage.drop()

Of small batches and of change sets it holds all rows; of large ones those that are refused, that a rule found something
in, that share a key with others, and that are new or changed (`registries.compare.placing`). One stage per dataset,
under the dataset's lock; what a crash left is dropped by the next `create`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.schema import CreateTable, DropTable

from registries.contracts.model import Dataset, RuleSpec
from registries.store import copying
from registries.store.batches import Batch
from registries.store.engine import written
from registries.store.ordering import deletes, sequence_of
from registries.store.registers import view_name
from registries.store.shapes import (
    DATA,
    absent_table,
    current_table,
    key_readable,
    key_value,
    same_key,
    stage_table,
    touched_table,
    typed,
)
from registries.store.tables import Word, subject_alias

RowNumbers = NDArray[np.int64]
_ANSWERED = 100_000  # row numbers in one array


class Stage:
    """The stage of `batch`. Every method works in `conn`'s transaction; none commits."""

    def __init__(self, conn: sa.Connection, dataset: Dataset, batch: Batch) -> None:
        self._conn = conn
        self._dataset = dataset
        self.batch = batch
        self.table = stage_table(dataset)
        self._tables = (self.table, absent_table(dataset), touched_table(dataset))

    def create(self) -> None:
        """Make an empty stage; what an earlier batch left is dropped."""
        self.drop()
        for table in self._tables:
            self._conn.execute(CreateTable(table))

    def drop(self) -> None:
        """Drop the stage, if it is there."""
        for table in self._tables:
            self._conn.execute(DropTable(table, if_exists=True))

    def exists(self) -> bool:
        """Whether a stage of this dataset is there (unlogged: empty after a crash of the server)."""
        return sa.inspect(self._conn).has_table(self.table.name, schema=self.table.schema)

    def copy_in(self, row_numbers: RowNumbers, chunk: pa.RecordBatch | pa.Table, refused: NDArray[np.bool_]) -> None:
        """Append a chunk.

        Args:
            row_numbers: shape (rows,), those of the landed batch, from 1.
            chunk: canonical text columns named as the contract's; further ones are left out.
            refused: shape (rows,), true where a rule of level 1 failed.
        """
        names = [column.name for column in self._dataset.columns]
        columns = {"row_number": pa.array(row_numbers, pa.int64()), "refused": pa.array(refused, pa.bool_())}
        rows = pa.table({**columns, **{name: chunk.column(name) for name in names}})
        copying.copy_in(self._conn, self.table, rows)

    def note_absent(self, keys: pa.Table) -> None:
        """Note keys of current rows that may be in none of the rows pulled: text columns, named as the key's."""
        copying.copy_in(self._conn, absent_table(self._dataset), keys)

    def unequal_keys(self) -> Iterator[RowNumbers]:
        """Row numbers of all rows of each readable key that contradict each other, refused ones too.

        In a snapshot rows of one key that differ in any column; where watermarks tell versions apart, those that have
        the same watermark too; in a change set without watermarks none: its last row of a key counts.
        """
        sequence = sequence_of(self._dataset, self.batch)
        if sequence == "rows":
            return iter(())
        together = list(self._dataset.key)
        if sequence == "watermark" and self._dataset.watermark not in together:
            together.append(str(self._dataset.watermark))
        others = [column.name for column in self._dataset.columns if column.name not in together]
        return self._numbers(self._unequal(together, others))

    def unequal_values(self, columns: Sequence[str]) -> Iterator[RowNumbers]:
        """Row numbers of rows of different keys that have the same values in `columns` (all of them present).

        Rows that delete their key are not asked.
        """
        return self._numbers(
            self._unequal(columns, self._dataset.key, judged=lambda rows: ~deletes(self._dataset, rows))
        )

    def missing_references(self, rule: RuleSpec) -> Iterator[RowNumbers]:
        """Row numbers of rows whose value is in no row of what the rule refers to: a dataset's column, or a register.

        `rule.arguments`: `column`, and `dataset` with `target_column`, or `register`.
        """
        value = self.table.c[str(rule.arguments["column"])]
        judged = ~deletes(self._dataset, self.table)
        wanted = sa.select(self.table.c.row_number).where(value.is_not(None), judged)
        for target in _targets(rule):
            wanted = wanted.where(~sa.exists().select_from(target).where(target.c.known == value))
        return self._numbers(wanted)

    def known(self, rule: RuleSpec) -> Iterator[pa.RecordBatch]:
        """All values that a reference rule lets pass: text column `known`, chunk by chunk."""
        for target in _targets(rule):
            yield from copying.copy_out(self._conn, sa.select(target.c.known).where(target.c.known.is_not(None)))

    def refuse(self, row_numbers: RowNumbers) -> None:
        """Mark rows as refused: the merge will not take them over."""
        chosen = sa.any_(sa.bindparam("rows", row_numbers.tolist(), sa.ARRAY(sa.BigInteger)))
        self._conn.execute(
            sa.update(self.table).where(self.table.c.row_number == chosen, ~self.table.c.refused).values(refused=True)
        )

    def refuse_all(self) -> None:
        """Mark every row as refused: the batch is held."""
        self._conn.execute(sa.update(self.table).where(~self.table.c.refused).values(refused=True))

    def repeated(self) -> int:
        """Mark accepted rows that say nothing of their own; returns how many there are.

        In a snapshot those that say again what an earlier one of their key said; in a sequence all but the last
        version of each key: the one with the greatest watermark, or the one that stands last.
        """
        sequence = sequence_of(self._dataset, self.batch)
        several = self._several_of_a_key()
        again = self.table.alias()
        same = (key_value(again, self._dataset, name) == several.c[name] for name in self._dataset.key)
        order: list[sa.ColumnElement[Any]] = [again.c.row_number if sequence == "none" else again.c.row_number.desc()]
        if sequence == "watermark":
            order.insert(0, typed(again, self._dataset, str(self._dataset.watermark)).desc().nulls_last())
        place = sa.func.row_number().over(partition_by=[*several.c], order_by=order).label("place")
        placed = sa.select(again.c.row_number, place).where(*same, ~again.c.refused).subquery()
        mark = sa.update(self.table).where(self.table.c.row_number == placed.c.row_number, placed.c.place > 1)
        return written(self._conn, mark.values(repeated=True))

    def _several_of_a_key(self) -> sa.CTE:
        """The keys of several accepted rows: few, so that only they are looked at closely."""
        grouped = self.table.alias()
        keys = self._values(grouped, self._dataset.key)
        found = sa.select(*keys).where(~grouped.c.refused).group_by(*(key.element for key in keys))
        return found.having(sa.func.count() > 1).cte("several").prefix_with("MATERIALIZED", dialect="postgresql")

    def keys_readable(self) -> bool:
        """Whether every row's key can be read; if not, nothing can be said to have vanished."""
        unreadable = sa.select(sa.exists().where(~key_readable(self.table, self._dataset)))
        return not self._conn.execute(unreadable).scalar_one()

    def left_out(self) -> RowNumbers:
        """Numbers of staged rows that are refused or repeated: what they say does not become current."""
        wanted = sa.select(self.table.c.row_number).where(sa.or_(self.table.c.refused, self.table.c.repeated))
        return np.concatenate([np.zeros(0, np.int64), *self._numbers(wanted)])

    def counts(self) -> tuple[int, int]:
        """How many rows there are, and how many of them are not refused."""
        total = sa.select(sa.func.count(), sa.func.count().filter(~self.table.c.refused)).select_from(self.table)
        rows, accepted = self._conn.execute(total).one()
        return rows, accepted

    def deletions(self, fewest: int) -> tuple[int, int]:
        """How many current rows the accepted rows only delete, of how many; (0, 0) if they are fewer than `fewest`."""
        if self._dataset.operation is None:
            return 0, 0
        current, staged = current_table(self._dataset), self.table
        named = sa.exists().where(same_key(current, staged, self._dataset), ~staged.c.refused)
        gone = deletes(self._dataset, staged)
        counted = sa.select(sa.func.count()).select_from(current)
        deleted = self._conn.execute(counted.where(named.where(gone), ~named.where(~gone))).scalar_one()
        return (0, 0) if deleted < fewest else (deleted, self._conn.execute(counted).scalar_one())

    def _unequal(
        self,
        together: Sequence[str],
        differing: Sequence[str],
        judged: Callable[[sa.FromClause], sa.ColumnElement[bool]] = lambda _: sa.true(),
    ) -> sa.Select[*tuple[Any, ...]]:
        groups, members, staged = self.table.alias(), self.table.alias(), self.table
        shared = (
            sa.select(*self._values(groups, together))
            .where(judged(groups), *(groups.c[name].is_not(None) for name in together))
            .group_by(*self._values(groups, together))
            .having(sa.func.count() > 1)
            .cte("shared")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        # only groups of several rows are looked at closely: they are few
        unequal = (
            sa.select(*shared.c)
            .select_from(shared.join(members, self._same(members, shared, together)))
            .where(judged(members))
            .group_by(*shared.c)
            .having(sa.or_(sa.false(), *(_differs(value) for value in self._compared(members, differing))))
            .subquery()
        )
        return sa.select(staged.c.row_number).where(self._same(staged, unequal, together), judged(staged))

    def _compared(self, staged: sa.FromClause, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
        """What rows may differ in; of rows that delete their key only that they do."""
        if self._dataset.operation is None:
            return [staged.c[name] for name in names]
        gone = deletes(self._dataset, staged)
        values = [sa.case((~gone, staged.c[name])) for name in names if name != self._dataset.operation.column]
        return [sa.cast(gone, sa.Integer), *values]

    def _values(self, staged: sa.FromClause, names: Sequence[str]) -> list[sa.Label[Any]]:
        return [key_value(staged, self._dataset, name).label(name) for name in names]

    def _same(self, staged: sa.FromClause, groups: sa.FromClause, names: Sequence[str]) -> sa.ColumnElement[bool]:
        return sa.and_(*(key_value(staged, self._dataset, name) == groups.c[name] for name in names))

    def _numbers(self, wanted: sa.Select[*tuple[Any, ...]]) -> Iterator[RowNumbers]:
        rows = self._conn.execute(wanted, execution_options={"yield_per": _ANSWERED})
        for part in rows.scalars().partitions():
            yield np.sort(np.fromiter(part, np.int64, len(part)))


def _targets(rule: RuleSpec) -> list[sa.Subquery]:
    """What a reference rule refers to; the former key of a subject whose number was corrected is known too."""
    arguments = {name: str(value) for name, value in rule.arguments.items()}
    if "dataset" in arguments:
        column = arguments["target_column"]
        target = sa.table(arguments["dataset"].replace(".", "__"), sa.column(column), schema=DATA)
        return [sa.select(sa.cast(target.c[column], Word).label("known")).subquery()]
    view = sa.table(view_name(arguments["register"]), sa.column("subject_key"), schema=DATA)
    return [
        sa.select(sa.cast(view.c.subject_key, Word).label("known")).subquery(),
        sa.select(subject_alias.c.alias.label("known")).subquery(),
    ]


def _differs(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """In a group: two values, or a value and a null."""
    return sa.or_(
        sa.func.min(column) != sa.func.max(column), ~sa.func.count(column).in_([0, sa.literal_column("count(*)")])
    )
