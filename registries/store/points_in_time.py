"""Reads on two axes: as of a day in the world, and as known to the hub at a moment.

    now = sa.select(...)                                                      # the tables and views themselves
    rows(dataset, keys=[("44…",)], Moment(known_at=last_friday))               # what the hub believed last Friday
    rows(dataset, subjects=["44…"], Moment(as_of=date(2024, 1, 1)))            # what held on that day, as known now
    register_rows("population", catalogue, Moment(as_of=day, known_at=then))   # the same of a whole register

*Known at* a moment is what the dataset's batches had brought that were taken over at or before it: numbers keep their
order even when clocks step back, so that it is always a whole beginning of the dataset's batches. A version is known
from the batch that brought it until, not including, the one that changed, deleted or missed it. *Valid as of* a day is
what the columns say that the contract names (`validTime`), both days included; a row without them holds on every day.
A correction of the past changes what holds on a day, and what was believed before stays known at that time.

Which columns, registers and precedences there are is today's contract; joins of subjects are those of the moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import digests, registers
from registries.store.casework_tables import case, case_row
from registries.store.ordering import VANISHED
from registries.store.registers import Standing
from registries.store.shapes import current_table, history_table
from registries.store.tables import Word, batch, subject_alias

Row = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Moment:
    """A point on both axes.

    Attributes:
        as_of: the day in the world on which a row has to hold; None: whatever its days are.
        known_at: when the hub has to have known it, with a time zone; None: now.
    """

    as_of: date | None = None
    known_at: datetime | None = None


NOW = Moment()


def rows(
    dataset: Dataset,
    moment: Moment = NOW,
    *,
    keys: Sequence[Sequence[object]] | None = None,
    subjects: Sequence[str] | None = None,
) -> Row:
    """A dataset's rows at a moment: the contract's columns, `since_batch`, `until_batch` (None: current) and `mark`.

    Args:
        dataset: whose rows.
        moment: on both axes.
        keys: only rows of these keys, values in the order and of the types of the key's columns.
        subjects: only rows that name one of these subjects of the dataset's register.
    """
    found = _versions(dataset, moment)
    holds = (_known(dataset, found, moment), _valid(dataset, found, moment))
    return _narrowed(dataset, found, keys, subjects).where(*holds)


def versions(
    dataset: Dataset,
    moment: Moment = NOW,
    *,
    keys: Sequence[Sequence[object]] | None = None,
    subjects: Sequence[str] | None = None,
) -> Row:
    """As `rows`, but every version that there ever was, in order, with `known` and `valid`: whether each holds then."""
    found = _versions(dataset, moment)
    told = (_known(dataset, found, moment).label("known"), _valid(dataset, found, moment).label("valid"))
    order = (found.c.since_batch, found.c.until_batch, *(found.c[name] for name in dataset.key))
    return _narrowed(dataset, found, keys, subjects).add_columns(*told).order_by(*order)


def register_rows(register: str, catalogue: Catalogue, moment: Moment = NOW) -> Row | None:
    """A register's rows at a moment, with the columns of its view; None if no dataset gives to it.

    Made by the same expressions as the view: precedence, the latest of several rows, subjects under the keys that they
    had then.
    """

    def then(dataset: Dataset) -> sa.FromClause:
        return rows(dataset, moment).subquery()

    body = registers.rows(register, catalogue, Standing(then, aliases(moment.known_at)))
    return None if body is None else sa.select(*body.subquery().c)


def aliases(known_at: datetime | None) -> sa.FromClause:
    """Former keys with the latest one (columns of `subject_alias`) as joined at a moment; None: now."""
    if known_at is None:
        return subject_alias
    columns = (sa.column(column.name, Word) for column in subject_alias.c)
    then = sa.func.hub.subject_aliases_at(sa.literal(known_at, sa.DateTime(timezone=True)))
    return sa.select(*then.table_valued(*columns).c).subquery()


def last_known(dataset: Dataset, known_at: datetime) -> sa.ScalarSelect[int]:
    """The number of the dataset's last batch that was taken over at or before a moment; NULL if none was."""
    wanted = sa.select(sa.func.max(batch.c.number))
    return wanted.where(batch.c.dataset == dataset.name, batch.c.taken_over_at <= known_at).scalar_subquery()


def _versions(dataset: Dataset, moment: Moment) -> sa.Subquery:
    """Current and former versions in one, with the mark that they had then."""
    parts = []
    for table in (current_table(dataset), history_table(dataset)):
        until = table.c.get("until_batch", sa.cast(sa.null(), sa.BigInteger))
        mark: sa.ColumnElement[Any] = table.c.get("mark", sa.cast(sa.null(), Word))
        if moment.known_at is not None:
            mark = _mark(dataset, table, moment.known_at)
        values = (table.c[column.name] for column in dataset.stored_columns)
        parts.append(sa.select(*values, table.c.since_batch, until.label("until_batch"), mark.label("mark")))
    return sa.union_all(*parts).subquery("versions")


def _mark(dataset: Dataset, table: sa.Table, known_at: datetime) -> sa.ColumnElement[Any]:
    """`vanished` where the case about that was open then; refused updates of the past stand in quarantine only."""
    upto = last_known(dataset, known_at)
    digest = digests.current_key(dataset, table)
    of_row = [
        case.c.number == case_row.c.case_number,
        case.c.dataset == dataset.name,
        case.c.cause == VANISHED,
        case_row.c.opened_batch <= upto,
        case_row.c.subject_digest == digest,
    ]
    still = sa.exists().where(*of_row, case_row.c.state == "open")  # two, since each has an index of its own
    then = sa.exists().where(*of_row, case_row.c.state != "open", case_row.c.closed_batch > upto)
    return sa.case((sa.or_(still, then), sa.literal(VANISHED, Word)))


def _known(dataset: Dataset, found: sa.Subquery, moment: Moment) -> sa.ColumnElement[bool]:
    if moment.known_at is None:
        return found.c.until_batch.is_(None)
    upto = last_known(dataset, moment.known_at)
    open_then = sa.or_(found.c.until_batch.is_(None), found.c.until_batch > upto)
    return sa.func.coalesce(sa.and_(found.c.since_batch <= upto, open_then), sa.false())


def _valid(dataset: Dataset, found: sa.Subquery, moment: Moment) -> sa.ColumnElement[bool]:
    told = dataset.valid_time
    if told is None or moment.as_of is None:
        return sa.true()
    day = sa.literal(moment.as_of, sa.Date)
    bounds: list[sa.ColumnElement[bool]] = []
    if told.since is not None:
        bounds.append(sa.func.coalesce(_day(found.c[told.since], ()) <= day, sa.true()))
    if told.until is not None:
        bounds.append(sa.func.coalesce(_day(found.c[told.until], told.long_term) >= day, sa.true()))
    return sa.and_(*bounds)


def _day(value: sa.ColumnElement[Any], long_term: Sequence[str]) -> sa.ColumnElement[Any]:
    """A column as a day; NULL for a declared sentinel, and for a text that can't be read as one."""
    if not isinstance(value.type, sa.Text):
        day = sa.cast(value, sa.Date)
        return sa.case((sa.cast(value, Word).in_(list(long_term)), None), else_=day) if long_term else day
    kind = sa.literal("date", literal_execute=True)
    readable = sa.and_(sa.func.pg_input_is_valid(value, kind), value.not_in(list(long_term)))
    return sa.case((readable, sa.cast(value, sa.Date)))


def _narrowed(
    dataset: Dataset,
    found: sa.Subquery,
    keys: Sequence[Sequence[object]] | None,
    subjects: Sequence[str] | None,
) -> Row:
    wanted: Row = sa.select(*found.c)
    if keys is not None:
        columns = [found.c[name] for name in dataset.key]
        wanted = wanted.where(sa.or_(sa.false(), *(_equal(columns, key) for key in keys)))
    if subjects is not None:
        if dataset.register is None:
            return wanted.where(sa.false())
        subject = found.c[dataset.register.subject_key]
        text = subject if isinstance(subject.type, sa.Text) else sa.cast(subject, Word)
        wanted = wanted.where(text.in_(list(subjects)))
    return wanted


def _equal(columns: Sequence[sa.ColumnElement[Any]], key: Sequence[object]) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == value for column, value in zip(columns, key, strict=True)))
