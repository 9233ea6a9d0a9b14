"""Likely pairs: a former key and a present one that may be one subject; nothing is joined before a steward says so.

    proposals.propose_all(conn, catalogue, dataset)             # of all that the dataset has ever told
    proposals.propose(conn, catalogue, dataset, batch, keys)    # of what this batch touched
    proposals.are_told(conn, catalogue, dataset)                # the contract still says what it said

Where rows say that a key was corrected, those are the pairs. Of a dataset whose key is a register's subject key a pair
is a key that a batch closed and one that the same batch opened for the first time, with all other required attributes
equal (two at least), neither of them in any other pair of that batch. It stands until the former key is back, the
present one has changed, or somebody has joined or separated them.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from registries.contracts.model import Correction, Dataset
from registries.departments import Catalogue
from registries.store import telling_tables, touched
from registries.store.batches import Batch
from registries.store.engine import written
from registries.store.shapes import current_table, history_table
from registries.store.tables import Word, subject_alias, subject_join, subject_proposal

_ENOUGH = 2  # attributes that must agree before two keys are proposed as one subject
_NAMES = ("subject_kind", "former_key", "present_key", "dataset", "batch")
Value = sa.ColumnElement[Any]
Rows = sa.Select[*tuple[Any, ...]]


def propose_all(conn: sa.Connection, catalogue: Catalogue, dataset: Dataset) -> int:
    """Find a dataset's likely pairs anew; returns how many are new. None is joined, none was separated before."""
    telling = _Telling.of(dataset, catalogue)
    if telling is None:
        return 0
    telling_tables.keep_mark(conn, telling.what, telling.mark)
    if telling.correction is not None:
        return _refresh(conn, dataset, telling.told())
    closed = sa.select(sa.exists().select_from(history_table(dataset)))
    return _refresh(conn, dataset, telling.likely()) if conn.execute(closed).scalar_one() else 0


def propose(conn: sa.Connection, catalogue: Catalogue, dataset: Dataset, batch: Batch, keys: sa.Table) -> int:
    """Find the likely pairs of what a batch touched, and drop those that stand no more; returns how many are new.

    Args:
        conn: of the role hub_load.
        catalogue: the contracts in force.
        dataset: whose batch is told of.
        batch: taken over, and no later one is.
        keys: which it touched (`touched.keys_of`).
    """
    telling = _Telling.of(dataset, catalogue)
    if telling is None:
        return 0
    if telling.correction is None:
        telling.drop_fallen(conn)
        return _insert(conn, telling.likely_of(batch, keys)) if _may_pair(batch) else 0
    column = telling.correction.former
    given = sa.union(*touched.values_of(dataset, keys, batch, column)).subquery()
    (value,) = given.c
    formers = sa.select(sa.cast(value, Word)).where(value.is_not(None))
    return _refresh(conn, dataset, telling.told(formers), formers)


def are_told(conn: sa.Connection, catalogue: Catalogue, dataset: Dataset) -> bool:
    """Whether what is proposed was found by the contracts as they are: only what changed since needs a look."""
    telling = _Telling.of(dataset, catalogue)
    return telling is None or telling_tables.is_told_so(conn, telling.what, telling.mark)


def telling_datasets(catalogue: Catalogue, kind: str) -> list[Dataset]:
    """The datasets that can tell of likely pairs of a kind of subject."""
    found = ((one, _Telling.of(one, catalogue)) for one in catalogue.datasets)
    return [dataset for dataset, telling in found if telling is not None and telling.kind == kind]


def _may_pair(batch: Batch) -> bool:
    """Whether the batch opened a key and closed one."""
    counts = batch.counts
    return counts is None or bool(counts.new and counts.vanished + counts.deleted)


def _refresh(conn: sa.Connection, dataset: Dataset, pairs: Rows, formers: Rows | None = None) -> int:
    """Make the dataset's proposals (those of the former keys) equal to the pairs."""
    found = pairs.subquery()
    own = [subject_proposal.c.dataset == dataset.name]
    if formers is not None:
        own.append(subject_proposal.c.former_key.in_(formers))
    keys = sa.tuple_(subject_proposal.c.former_key, subject_proposal.c.present_key)
    kept = sa.select(found.c.former_key, found.c.present_key)
    conn.execute(sa.delete(subject_proposal).where(*own, keys.not_in(kept)))
    return _insert(conn, pairs)


def _insert(conn: sa.Connection, pairs: Rows) -> int:
    return written(conn, insert(subject_proposal).from_select(_NAMES, pairs).on_conflict_do_nothing())


@dataclass(frozen=True)
class _Telling:
    """How a dataset tells of likely pairs: `correction`, or attributes that agree."""

    dataset: Dataset
    kind: str
    correction: Correction | None
    attributes: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, catalogue: Catalogue) -> Self | None:
        """None if the dataset tells of none."""
        correction, role = dataset.correction, dataset.register
        if correction is not None:
            return cls(dataset, catalogue.register(correction.register).subject_kind.id, correction)
        if role is None or dataset.key != (role.subject_key,) or not catalogue.register(role.register).merged:
            return None
        attributes = tuple(column.name for column in dataset.stored_columns if _identifies(dataset, column.name))
        kind = catalogue.register(role.register).subject_kind.id
        return None if len(attributes) < _ENOUGH else cls(dataset, kind, None, attributes)

    @property
    def what(self) -> str:
        return f"proposals:{self.dataset.name}"

    @property
    def mark(self) -> str:
        said = (self.kind, self.correction, self.attributes, self.dataset.key)
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def told(self, formers: Rows | None = None) -> Rows:
        """Pairs that rows of an authority tell: of several rows with one former key the latest."""
        if self.correction is None:
            raise LookupError(self.dataset.name)
        current = current_table(self.dataset)
        former, present = (sa.cast(current.c[name], Word) for name in (self.correction.former, self.correction.present))
        rows = self._pair(former, present, current.c.since_batch).where(
            former != present, current.c.mark.is_distinct_from("vanished"), ~self._known(former, present)
        )
        if formers is not None:
            rows = rows.where(former.in_(formers))
        order = (former, current.c.since_batch.desc(), *(current.c[name] for name in self.dataset.key))
        return rows.ext(distinct_on(former)).order_by(*order)

    def likely(self) -> Rows:
        """Pairs of all batches, from the history."""
        current, history = current_table(self.dataset), history_table(self.dataset)
        closed, stays, again, before = (history.alias() for _ in range(4))
        changed = sa.or_(
            sa.exists().where(self._same(current, closed), current.c.since_batch == closed.c.until_batch),
            sa.exists().where(self._same(stays, closed), stays.c.since_batch == closed.c.until_batch),
        )
        names = [*self.dataset.key, *self.attributes]
        versions = sa.union_all(
            *(sa.select(*(table.c[name] for name in names), table.c.since_batch) for table in (current, again))
        ).subquery()
        known_before = sa.exists().where(self._same(before, versions), before.c.until_batch <= versions.c.since_batch)
        left = sa.select(*closed.c).where(~changed).subquery()
        came = sa.select(*versions.c).where(~known_before).subquery()
        return self._unambiguous(left, came)

    def likely_of(self, batch: Batch, keys: sa.Table) -> Rows:
        """Pairs of one batch, from what it touched."""
        current, history = current_table(self.dataset), history_table(self.dataset)
        there, before = current.alias(), history.alias()
        left = (
            sa.select(*history.c)
            .select_from(touched.former_rows(history, keys, batch))
            .where(~sa.exists().where(self._same(there, history)))
            .subquery()
        )
        came = (
            sa.select(*current.c)
            .select_from(touched.current_rows(current, keys))
            .where(current.c.since_batch == batch.number, ~sa.exists().where(self._same(before, current)))
            .subquery()
        )
        return self._unambiguous(left, came)

    def drop_fallen(self, conn: sa.Connection) -> None:
        """Drop proposals whose former key is back, whose present one has changed, or that somebody has judged."""
        own = [subject_proposal.c.dataset == self.dataset.name]
        if not conn.execute(sa.select(sa.exists().where(*own))).scalar_one():
            return
        stands = self._stands(subject_proposal.c.former_key, subject_proposal.c.present_key, subject_proposal.c.batch)
        conn.execute(sa.delete(subject_proposal).where(*own, ~stands))

    def _unambiguous(self, left: sa.Subquery, came: sa.Subquery) -> Rows:
        """Of keys that a batch closed and opened those that agree with one other only, and still stand."""
        (key,) = self.dataset.key
        former, present = sa.cast(left.c[key], Word), sa.cast(came.c[key], Word)
        together = [left.c.until_batch == came.c.since_batch, former != present]
        agreeing = [left.c[name] == came.c[name] for name in self.attributes]
        matched = (
            self._pair(former, present, left.c.until_batch)
            .add_columns(
                sa.func.count().over(partition_by=(former, left.c.until_batch)).label("of_former"),
                sa.func.count().over(partition_by=(present, left.c.until_batch)).label("of_present"),
            )
            .select_from(left.join(came, sa.and_(*together, *agreeing)))
            .subquery()
        )
        alone = (matched.c.of_former == 1, matched.c.of_present == 1)
        pairs = sa.select(*(matched.c[name] for name in _NAMES)).where(*alone)
        return pairs.where(self._stands(matched.c.former_key, matched.c.present_key, matched.c.batch))

    def _stands(self, former: Value, present: Value, number: Value) -> sa.ColumnElement[bool]:
        """The former key is closed since that batch, the present one is as it was opened, and nobody judged them."""
        (key,) = self.dataset.key
        back, there = current_table(self.dataset).alias(), current_table(self.dataset).alias()
        later = history_table(self.dataset).alias()
        return sa.and_(
            ~sa.exists().where(self._as_stored(back.c[key], former)),
            ~sa.exists().where(self._as_stored(later.c[key], former), later.c.until_batch > number),
            sa.exists().where(self._as_stored(there.c[key], present), there.c.since_batch == number),
            ~self._known(former, present),
        )

    def _pair(self, former: Value, present: Value, number: Value) -> Rows:
        named = zip(_NAMES, (sa.literal(self.kind, Word), former, present), strict=False)
        name = sa.literal(self.dataset.name, Word)
        return sa.select(*(value.label(label) for label, value in named), name.label("dataset"), number.label("batch"))

    def _same(self, one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
        return sa.and_(*(one.c[name] == other.c[name] for name in self.dataset.key))

    @staticmethod
    def _as_stored(column: Value, key: Value) -> sa.ColumnElement[bool]:
        return sa.cast(column, Word) == key

    def _known(self, former: Value, present: Value) -> sa.ColumnElement[bool]:
        """The former key is joined already, or these two were separated by somebody who knew better."""
        joined = sa.exists().where(subject_alias.c.subject_kind == self.kind, subject_alias.c.alias == former)
        parted = sa.exists().where(
            subject_join.c.subject_kind == self.kind,
            subject_join.c.former_key == former,
            subject_join.c.present_key == present,
        )
        return sa.or_(joined, parted)


def _identifies(dataset: Dataset, name: str) -> bool:
    column = dataset.column(name)
    return column.required and not column.key and name != dataset.watermark and column.logical_type != "timestamp"
