"""From what a batch found to rows of cases: what is known falls out, the rest joins the one case of its cause.

    opening = opening_of("rectification", "finding", dataset, batch, now, calendar)
    open_found(conn, opening, sa.select(*columns_found(subject, rule_id=rule)))     # how many rows joined a case

What is found is gathered once, in a temporary table. It joins the open case of its cause, or the one closed within a
year in which it stood (a relapse reopens it), or a new one. A million findings of one rule are one case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.schema import CreateTable, DropTable

from registries.contracts.model import Dataset
from registries.store import case_closing, case_steps
from registries.store.batches import Batch
from registries.store.case_steps import NewStep
from registries.store.cases import WORKING_DAYS, Cause, Kind
from registries.store.casework_tables import case, case_row
from registries.store.engine import analyse, written
from registries.store.tables import Word
from registries.working_days import WorkingDays, shipped

RELAPSE: Final = timedelta(days=365)
_KEY = ("rule_id", "register", "attribute", "against")
_FOUND = (*_KEY, "subject_digest", "number_digest", "row_number")
_SETTLED_BY_PEOPLE = ("found_right", "beyond_mending")


@dataclass(frozen=True)
class Opening:
    """What all that a batch found for one reason has in common."""

    kind: Kind
    cause: Cause
    dataset: Dataset
    batch: Batch
    now: datetime
    calendar: WorkingDays

    @property
    def of_cause(self) -> list[sa.ColumnElement[bool]]:
        """The dataset's cases of this cause."""
        return [case.c.dataset == self.dataset.name, case.c.cause == self.cause]


def opening_of(
    kind: Kind, cause: Cause, dataset: Dataset, batch: Batch, now: datetime, calendar: WorkingDays | None
) -> Opening:
    """Put together; without a calendar, by the one that the hub ships."""
    return Opening(kind, cause, dataset, batch, now, calendar or shipped())


def columns_found(
    subject: sa.ColumnElement[bytes],
    number: sa.ColumnElement[bytes] | None = None,
    row_number: sa.ColumnElement[int] | None = None,
    **key: sa.ColumnElement[Any],
) -> list[sa.ColumnElement[Any]]:
    """The columns of what is found, in the order of `_FOUND`."""
    words = [key.get(name, sa.cast(sa.null(), Word)) for name in _KEY]
    number = sa.cast(sa.null(), BYTEA) if number is None else number
    row = sa.cast(sa.null(), sa.BigInteger) if row_number is None else row_number
    return [*words, subject, number, row]


def open_found(conn: sa.Connection, opening: Opening, rows: sa.Select[*tuple[Any, ...]]) -> int:
    """Gather what was found, leave out what is known, and put the rest into its cases; how many rows."""
    found = sa.Table(
        "case_found",
        sa.MetaData(),
        *(sa.Column(name, Word) for name in _KEY),
        sa.Column("subject_digest", BYTEA),
        sa.Column("number_digest", BYTEA),
        sa.Column("row_number", sa.BigInteger),
        prefixes=["TEMPORARY"],
    )
    conn.execute(CreateTable(found))
    added = 0
    if written(conn, sa.insert(found).from_select(_FOUND, rows)):
        analyse(conn, found)
        _forget_known(conn, opening, found)
        added = sum(_join_case(conn, opening, found, key) for key in _keys(conn, found))
    conn.execute(DropTable(found))
    return added


def _forget_known(conn: sa.Connection, opening: Opening, found: sa.Table) -> None:
    """What stands in an open case, or was settled by people, is not found again."""
    if not conn.execute(sa.select(sa.exists().where(*opening.of_cause))).scalar_one():
        return
    known = (
        sa.select(*_texts(case), case_row.c.subject_digest)
        .join_from(case, case_row, case_row.c.case_number == case.c.number)
        .where(*opening.of_cause, case_row.c.state.in_(["open", *_SETTLED_BY_PEOPLE]))
    )
    conn.execute(sa.delete(found).where(case_closing.is_among([*_texts(found), found.c.subject_digest], known)))


def _texts(table: sa.Table) -> list[sa.ColumnElement[str]]:
    return [sa.func.coalesce(table.c[name], "") for name in _KEY]


def _keys(conn: sa.Connection, found: sa.Table) -> list[tuple[str | None, ...]]:
    """The causes among what is left, a few."""
    keys = [found.c[name] for name in _KEY]
    return [tuple(row) for row in conn.execute(sa.select(*keys).distinct().order_by(*keys))]


def _join_case(conn: sa.Connection, opening: Opening, found: sa.Table, key: tuple[str | None, ...]) -> int:
    """Put the rows of one cause into its case, which is opened, reopened, or open already; how many."""
    same = [case.c[name].is_not_distinct_from(value) for name, value in zip(_KEY, key, strict=True)]
    mine = sa.and_(*(found.c[name].is_not_distinct_from(value) for name, value in zip(_KEY, key, strict=True)))
    number, act = _case_of(conn, opening, found, mine, same, key)
    given = [sa.literal(number), found.c.subject_digest, found.c.number_digest]
    given += [sa.literal(opening.batch.number), found.c.row_number, sa.literal("open")]
    named = ["case_number", "subject_digest", "number_digest", "opened_batch", "row_number", "state"]
    added = written(conn, sa.insert(case_row).from_select(named, sa.select(*given).where(mine)))
    former = 0 if act == "opened" else _relapsed(conn, number, opening.batch)
    counts = {"rows": case.c.rows + added - former, "rows_open": case.c.rows_open + added}
    conn.execute(sa.update(case).where(case.c.number == number).values(counts))
    known_as = case_closing.known_as(opening.batch, act, opening.dataset.name, opening.cause, *key)
    by = case_steps.HUB if key[0] is None else f"rule:{key[0]}"
    step = NewStep(number, act, by, batch=opening.batch.number, rows=added, known_as=known_as)
    case_steps.take(conn, [step], opening.now)
    return added


def _case_of(
    conn: sa.Connection,
    opening: Opening,
    found: sa.Table,
    mine: sa.ColumnElement[bool],
    same: Sequence[sa.ColumnElement[bool]],
    key: tuple[str | None, ...],
) -> tuple[int, case_steps.Act]:
    """The case of a cause, and what happens to it."""
    of_key = [*opening.of_cause, *same]
    number = conn.execute(sa.select(case.c.number).where(*of_key, case.c.state == "open")).scalar()
    if number is not None:
        return int(number), "rows_added"
    number = conn.execute(_relapsing(opening, found, mine, of_key)).scalar()
    due = {"due_on": opening.calendar.after(opening.now.date(), WORKING_DAYS), "state": "open"}
    if number is not None:
        cleared = dict.fromkeys(("ending", "closed_at", "closed_batch", "escalated_to", "escalated_at"))
        again = {**due, **cleared, "reopened": case.c.reopened + 1, "rows_open": 0}
        conn.execute(sa.update(case).where(case.c.number == number).values(again))
        return int(number), "reopened"
    values = {
        **due,
        **dict(zip(_KEY, key, strict=True)),
        "kind": opening.kind,
        "cause": opening.cause,
        "dataset": opening.dataset.name,
        "department": opening.dataset.department,
        "opened_batch": opening.batch.number,
        "opened_at": opening.now,
    }
    return int(conn.execute(sa.insert(case).values(values).returning(case.c.number)).scalar_one()), "opened"


def _relapsing(
    opening: Opening, found: sa.Table, mine: sa.ColumnElement[bool], of_key: Sequence[sa.ColumnElement[bool]]
) -> sa.Select[int]:
    """The latest case of a cause that was closed within a year and in which one of these subjects stood."""
    subjects = sa.select(found.c.subject_digest).where(mine)
    stood = sa.select(case_row.c.case_number).where(
        case_row.c.case_number == case.c.number, case_closing.is_among([case_row.c.subject_digest], subjects)
    )
    recent = [case.c.state == "closed", case.c.closed_at > opening.now - RELAPSE]
    wanted = sa.select(case.c.number).where(*of_key, *recent, stood.correlate(case).exists())
    return wanted.order_by(case.c.number.desc()).limit(1)


def _relapsed(conn: sa.Connection, number: int, batch: Batch) -> int:
    """How many of the rows that came just now had stood in the case before: subjects are counted once."""
    before = case_row.alias()
    of_case = sa.select(before.c.subject_digest).where(before.c.case_number == number, before.c.state != "open")
    again = sa.select(sa.func.count()).where(
        case_row.c.case_number == number,
        case_row.c.state == "open",
        case_row.c.opened_batch == batch.number,
        case_closing.is_among([case_row.c.subject_digest], of_case),
    )
    return int(conn.execute(again).scalar_one())
