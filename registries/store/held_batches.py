"""Held batches (挂起): by which rules each is held, what stewards decided, and which batch a release became.

held_batches.note_held(conn, batch, ["volume-drop"], pulled_before=90_000)           # hub_load, with the hold
number = held_batches.decide(conn, New(7, dataset, "release", "planned_change", None, "zhang"), now)   # wakes
decision = held_batches.next_waiting(conn)                                           # the worker's side
held_batches.release_of(conn, batch)                # of a released batch: which rules count no more, as of when
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.contracts.model import Dataset
from registries.store import batches
from registries.store.batches import Batch
from registries.store.ordering import by_watermark
from registries.store.tables import batch as batch_row
from registries.store.tables import dataset as dataset_row
from registries.store.tables import refused_row
from registries.store.uploads import CHANNEL
from registries.store.window_tables import held_batch, held_decision

Act = Literal["release", "return"]
Standing = Literal["waiting", "asked", "released", "returned", "overtaken"]
FAR: Final = 1 << 62
_LOCKS: Final = 6_029


class Held(NamedTuple):
    """By which rules a batch is held; `pulled_before`: rows of the snapshot that was served then, 0 if none was."""

    rules: tuple[str, ...]
    pulled_before: int


class New(NamedTuple):
    """A decision to be written down; `note` is sealed."""

    batch: int
    dataset: str
    act: Act
    reason: str
    note: bytes | None
    by: str


@dataclass(frozen=True)
class Decision:
    """What was decided of a held batch, and what came of it.

    Attributes:
        note: sealed.
        outcome: `zh` and `en`; None while it waits.
        released_batch: the batch that the release became, from when it was opened.
    """

    id: int
    batch: int
    dataset: str
    act: Act
    reason: str
    note: bytes | None
    decided_by: str
    decided_at: datetime
    state: Literal["waiting", "done", "refused"]
    attempts: int
    outcome: Mapping[str, Any] | None
    released_batch: int | None
    finished_at: datetime | None


class Release(NamedTuple):
    """What a released batch is judged without, and as of when its source said what it holds."""

    held: int
    rules: frozenset[str]
    as_of: datetime


class Line(NamedTuple):
    """A held batch in a list."""

    batch: Batch
    department: str
    standing: Standing
    decision: Decision | None
    later: int | None


# --- holding


def note_held(conn: sa.Connection, batch: Batch, rules: list[str], pulled_before: int) -> None:
    """Write down by which rules a batch is held, in the transaction that holds it."""
    conn.execute(sa.delete(held_batch).where(held_batch.c.batch == batch.number))
    told = {"batch": batch.number, "dataset": batch.dataset, "rules": rules, "pulled_before": pulled_before}
    conn.execute(sa.insert(held_batch).values(**told))


def held(conn: sa.Connection, batch: int) -> Held | None:
    """By which rules a batch is held; None of batches that were held before this was written down."""
    row = conn.execute(sa.select(held_batch.c.rules, held_batch.c.pulled_before).where(held_batch.c.batch == batch))
    found = row.first()
    return None if found is None else Held(tuple(found.rules), found.pulled_before)


def release_of(conn: sa.Connection, batch: Batch) -> Release | None:
    """Of a batch that is a release: what it is judged without; None of all others."""
    found = conn.execute(
        sa.select(held_decision.c.batch, held_batch.c.rules, batch_row.c.opened_at)
        .join_from(held_decision, batch_row, batch_row.c.number == held_decision.c.batch)
        .outerjoin(held_batch, held_batch.c.batch == held_decision.c.batch)
        .where(held_decision.c.released_batch == batch.number)
        .limit(1)
    ).first()
    return None if found is None else Release(found.batch, frozenset(found.rules or ()), found.opened_at)


def close_refused(conn: sa.Connection, release: Release, batch: Batch) -> None:
    """The held batch's refused rows are answered for by the release's own."""
    conn.execute(
        sa.update(refused_row)
        .where(refused_row.c.batch == release.held, refused_row.c.until_batch.is_(None))
        .values(until_batch=batch.number)
    )


def later_batch(conn: sa.Connection, dataset: Dataset, number: int) -> int | None:
    """A batch that was taken over after this one, so that it would undo newer data; None if there is none.

    Where watermarks decide, the order does not count, and an older batch undoes nothing.
    """
    return None if by_watermark(dataset) else _later(conn, dataset.name, number)


def _later(conn: sa.Connection, dataset: str, number: int) -> int | None:
    taken = sa.and_(batch_row.c.state.in_(["taken_over", "done"]), batch_row.c.hold_reason.is_(None))
    wanted = sa.select(sa.func.max(batch_row.c.number)).where(batch_row.c.dataset == dataset, taken)
    found: int | None = conn.execute(wanted.where(batch_row.c.number > number)).scalar_one()
    return found


# --- deciding


def decide(conn: sa.Connection, new: New, now: datetime) -> int | None:
    """Write a decision down; the worker hears of it at the commit. Its id; None if there is one in force already."""
    told = {
        "batch": new.batch,
        "dataset": new.dataset,
        "act": new.act,
        "reason": new.reason,
        "note": new.note,
        "decided_by": new.by,
        "decided_at": now,
        "state": "waiting",
    }
    made = insert(held_decision).values(**told).on_conflict_do_nothing().returning(held_decision.c.id)
    number = conn.execute(made).scalar()
    if number is not None:
        conn.execute(sa.select(sa.func.pg_notify(CHANNEL, "held")))
    return number


def next_waiting(conn: sa.Connection, passed_over: frozenset[str] = frozenset()) -> Decision | None:
    """The oldest decision that waits, of datasets that are not passed over."""
    oldest = sa.select(held_decision).where(held_decision.c.state == "waiting").order_by(held_decision.c.id)
    return _decision(conn.execute(oldest.where(held_decision.c.dataset.not_in(sorted(passed_over))).limit(1)).first())


def lock(conn: sa.Connection, number: int) -> bool:
    """Have a waiting decision for this transaction; False if somebody else has it, or it was carried out.

    Not by its row, which the release's own transactions write.
    """
    mine = sa.select(sa.func.pg_try_advisory_xact_lock(_LOCKS, sa.cast(number, sa.Integer)))
    waits = sa.select(sa.exists().where(held_decision.c.id == number, held_decision.c.state == "waiting"))
    return bool(conn.execute(mine).scalar_one()) and bool(conn.execute(waits).scalar_one())


def note_attempt(conn: sa.Connection, number: int, count: int = 1) -> None:
    """Count an attempt, in a transaction of its own: who is killed has been counted. -1 takes one back."""
    counted = sa.update(held_decision).where(held_decision.c.id == number)
    conn.execute(counted.values(attempts=held_decision.c.attempts + count))


def note_release(conn: sa.Connection, number: int, batch: Batch) -> None:
    """The release has become this batch; in the transaction that opens it."""
    conn.execute(sa.update(held_decision).where(held_decision.c.id == number).values(released_batch=batch.number))


def finish(
    conn: sa.Connection, number: int, state: Literal["done", "refused"], outcome: Mapping[str, Any], now: datetime
) -> None:
    """Write down what came of a decision; one that is refused leaves the batch to the next decision."""
    done = {"state": state, "outcome": dict(outcome), "finished_at": now}
    conn.execute(sa.update(held_decision).where(held_decision.c.id == number).values(**done))


def decision_of(conn: sa.Connection, batch: int) -> Decision | None:
    """The latest decision of a batch."""
    wanted = sa.select(held_decision).where(held_decision.c.batch == batch).order_by(held_decision.c.id.desc())
    return _decision(conn.execute(wanted.limit(1)).first())


# --- looking


def listed(
    conn: sa.Connection,
    *,
    department: str | None = None,
    dataset: str | None = None,
    batch: int | None = None,
    before: int = FAR,
    limit: int = 25,
) -> list[Line]:
    """Batches that are or were held, latest first; one statement for the list and its decisions."""
    latest = (
        sa.select(held_decision)
        .where(held_decision.c.batch == batch_row.c.number)
        .order_by(held_decision.c.id.desc())
        .limit(1)
        .lateral()
    )
    newer = batch_row.alias()
    later = (
        sa.select(sa.func.max(newer.c.number).label("later"))
        .where(newer.c.dataset == batch_row.c.dataset, newer.c.number > batch_row.c.number)
        .where(newer.c.state == "done", newer.c.hold_reason.is_(None))
        .lateral()
    )
    wanted = (
        sa.select(batch_row.c.number.label("held"), dataset_row.c.department, later.c.later, *latest.c)
        .join_from(batch_row, dataset_row, dataset_row.c.name == batch_row.c.dataset)
        .outerjoin(latest, sa.true())
        .outerjoin(later, sa.true())
        .where(batch_row.c.hold_reason.is_not(None), batch_row.c.state == "done", batch_row.c.number < before)
        .order_by(batch_row.c.number.desc())
        .limit(limit)
    )
    for column, value in (
        (dataset_row.c.department, department),
        (batch_row.c.dataset, dataset),
        (batch_row.c.number, batch),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    rows = conn.execute(wanted).all()
    known = {each.number: each for each in batches.several(conn, [row.held for row in rows])}
    return [_line(row, known[row.held]) for row in rows]


def _line(row: sa.Row[*tuple[Any, ...]], batch: Batch) -> Line:
    decision = None if row.id is None else Decision(*row[3:])
    return Line(batch, row.department, _standing(decision, row.later), decision, row.later)


def _standing(decision: Decision | None, later: int | None) -> Standing:
    if decision is not None and decision.state == "waiting":
        return "asked"
    if decision is not None and decision.state == "done":
        return "released" if decision.act == "release" else "returned"
    return "waiting" if later is None else "overtaken"


def _decision(row: sa.Row[*tuple[Any, ...]] | None) -> Decision | None:
    return None if row is None else Decision(*row)
