"""Which of two versions of a row counts: by watermark, by the newest full snapshot, or by arrival.

What a dataset holds that delivers changes and has a watermark does not depend on when its deliveries arrive:

- values: of all rows of a key the one with the greatest watermark; of equal ones the one that came later;
- presence: the latest word about the key. A put says that it is there as of its watermark, a delete that it isn't; a
  full snapshot says one or the other about every key, as of the greatest watermark among its rows: its standing. The
  standing of the newest one is the dataset's floor.

Everything else goes by arrival: a snapshot says all, and of a change set's rows of one key the last counts.

    order = Order.of(conn, dataset, batch, whole=True)
    sa.select(...).where(order.put_counts(current, staged, deleted))
"""

from dataclasses import dataclass
from typing import Any, Literal, Self

import sqlalchemy as sa

from certificates.china_time import CHINA
from registries.contracts.model import Dataset
from registries.store import batches, digests
from registries.store.batches import Batch
from registries.store.shapes import column_type, readable, stage_table, typed
from registries.store.tables import Word, refused_row

Sequence = Literal["none", "watermark", "rows"]
VANISHED = "vanished"


def by_watermark(dataset: Dataset) -> bool:
    """Whether watermarks decide, and not the order of arrival."""
    return dataset.delivery == "changes" and dataset.watermark is not None


def sequence_of(dataset: Dataset, batch: Batch) -> Sequence:
    """What several rows of one key in a batch are: a contradiction (`none`), or versions in an order."""
    if by_watermark(dataset):
        return "watermark"
    return "rows" if batches.delivery_of(dataset, batch) == "changes" else "none"


def deletes(dataset: Dataset, staged: sa.FromClause) -> sa.ColumnElement[bool]:
    """The staged row says that its key is gone."""
    if dataset.operation is None:
        return sa.false()
    return sa.func.coalesce(staged.c[dataset.operation.column].in_(dataset.operation.delete), sa.false())


def present(current: sa.FromClause, dataset: Dataset) -> sa.ColumnElement[bool]:
    """There is a current row, and it is no certificate that has vanished."""
    there = current.c.since_batch.is_not(None)
    return there if dataset.certificate is None else sa.and_(there, current.c.mark.is_distinct_from(VANISHED))


@dataclass(frozen=True)
class Order:
    """Which staged rows of a batch count against what the store has.

    Attributes:
        whole: the batch is a full snapshot.
        floor: at which the newest full snapshot stands so far; None: there was none, or watermarks don't decide.
        standing: at which this one stands; None if it is none, or holds no good row.
        newest: no snapshot that was taken stands higher.
    """

    dataset: Dataset
    batch: Batch
    whole: bool = False
    floor: str | None = None
    standing: str | None = None
    newest: bool = False

    @classmethod
    def of(cls, conn: sa.Connection, dataset: Dataset, batch: Batch, *, whole: bool) -> Self:
        """The order of a batch whose stage is filled, its refused rows marked."""
        if not by_watermark(dataset):
            return cls(dataset, batch, whole)
        floor = batches.floor(conn, dataset.name)
        standing, newest = _standing(conn, dataset, batch, floor) if whole else (None, False)
        return cls(dataset, batch, whole, floor, standing, newest)

    @property
    def by_watermark(self) -> bool:
        """Whether watermarks decide."""
        return by_watermark(self.dataset)

    def put_counts(
        self, current: sa.FromClause, staged: sa.FromClause, deleted: sa.FromClause | None
    ) -> sa.ColumnElement[bool]:
        """A put is to be taken: it is not older than what the store knows of its key.

        Args:
            current: outer-joined to the staged row by key.
            staged: an accepted row that does not delete.
            deleted: the tombstones, outer-joined likewise; None if there are none to look at.
        """
        if not self.by_watermark:
            return sa.true()
        there = self._not_older(staged, current.c[self._name])
        word = self._word(staged)
        buried = sa.true() if deleted is None else self._at_least(word, deleted.c[self._name])
        revived = sa.and_(buried, sa.or_(self._above_floor(word), self._was_refused(staged)))
        return sa.case((present(current, self.dataset), there), else_=revived)

    def delete_counts(self, current: sa.FromClause, staged: sa.FromClause) -> sa.ColumnElement[bool]:
        """A delete is to be taken: its key is there, as of no later watermark."""
        if not self.by_watermark:
            return present(current, self.dataset)
        older = self._not_older(staged, current.c[self._name])
        return sa.and_(present(current, self.dataset), older, self._above_floor(self._word(staged)))

    def closes(self, current: sa.FromClause) -> sa.ColumnElement[bool]:
        """A current row that is absent from this snapshot is gone, as of the snapshot's standing."""
        if not self.by_watermark:
            return sa.true()
        if not self.newest:
            return sa.false()
        mark = current.c[self._name]
        return sa.or_(mark.is_(None), mark <= self._typed(self.standing))

    def is_older(self, staged: sa.FromClause, known: sa.FromClause) -> sa.ColumnElement[bool]:
        """What is known, a tombstone, is a later word than the staged put."""
        return self._word(staged) < known.c[self._name]

    def buried_by_floor(self, deleted: sa.FromClause) -> sa.ColumnElement[bool]:
        """Tombstones that this snapshot's standing makes needless."""
        return deleted.c[self._name] <= self._typed(self.standing)

    def refused_is_older(self, current: sa.FromClause, staged: sa.FromClause) -> sa.ColumnElement[bool]:
        """A refused row whose watermark can be read, and is less than that of the current row."""
        if not self.by_watermark:
            return sa.false()
        older = typed(staged, self.dataset, self._name) < current.c[self._name]
        return sa.case((readable(staged, self.dataset, self._name), older), else_=sa.false())

    @property
    def _name(self) -> str:
        return str(self.dataset.watermark)

    def _not_older(self, staged: sa.FromClause, known: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return self._at_least(typed(staged, self.dataset, self._name), known)

    @staticmethod
    def _at_least(word: sa.ColumnElement[Any], known: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.or_(known.is_(None), sa.func.coalesce(word >= known, sa.false()))

    def _word(self, staged: sa.FromClause) -> sa.ColumnElement[Any]:
        """As of when a row speaks of its key: a snapshot's rows as of its standing."""
        own = typed(staged, self.dataset, self._name)
        return own if self.standing is None else sa.func.greatest(own, self._typed(self.standing))

    def _above_floor(self, word: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        if self.floor is None:
            return sa.true()
        floor = self._typed(self.floor)
        return sa.func.coalesce(word >= floor if self.standing is not None else word > floor, sa.false())

    def _was_refused(self, staged: sa.FromClause) -> sa.ColumnElement[bool]:
        """The key is absent because a row of it is in quarantine, which the newest snapshot did not leave out."""
        return digests.staged_key(self.dataset, staged).in_(
            sa.select(refused_row.c.key_digest).where(
                refused_row.c.dataset == self.dataset.name,
                refused_row.c.batch < self.batch.number,
                refused_row.c.key_digest.is_not(None),
                sa.or_(refused_row.c.until_batch.is_(None), refused_row.c.until_batch == self.batch.number),
            )
        )

    def _typed(self, value: str | None) -> sa.ColumnElement[Any]:
        kind = self.dataset.column(self._name).logical_type
        return sa.cast(sa.literal(value, Word), column_type(kind))


def _standing(conn: sa.Connection, dataset: Dataset, batch: Batch, floor: str | None) -> tuple[str | None, bool]:
    """The greatest watermark of a snapshot's good rows, and whether it is not below the floor.

    It is never of the future: one mistyped year must not bar all that comes later.
    """
    staged, column = stage_table(dataset), dataset.column(str(dataset.watermark))
    kind = column_type(column.logical_type)
    greatest: sa.ColumnElement[Any] = sa.func.max(typed(staged, dataset, column.name))
    if column.logical_type in {"date", "timestamp"}:
        now = batch.opened_at.astimezone(CHINA).replace(tzinfo=None)
        greatest = sa.case((greatest.is_not(None), sa.func.least(greatest, sa.cast(sa.literal(now), kind))))
    newest = sa.true() if floor is None else greatest >= sa.cast(sa.literal(floor, Word), kind)
    found = sa.select(sa.cast(greatest, Word), sa.func.coalesce(sa.and_(greatest.is_not(None), newest), sa.false()))
    standing, is_newest = conn.execute(found.where(~staged.c.refused)).one()
    return standing, bool(is_newest)
