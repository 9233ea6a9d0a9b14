"""Pushed deliveries that are only to be tried: who sent what, and what would come of it.

    found = push_trials.before(conn, new)                          # NewPush, as of every pushed delivery
    number = push_trials.add_trial(conn, new, now)                 # wakes the worker when the transaction commits
    waiting = push_trials.next_waiting(conn)                       # the worker's side; counts an attempt
    if push_trials.lock_waiting(conn, waiting.id): push_trials.finish_trial(conn, waiting.id, "checked", {...}, now)

They have no place in any order, and take no sequence.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from registries.store.delivery_tables import push_trial
from registries.store.pushes import NewPush, Waiting
from registries.store.uploads import CHANNEL

TrialState = Literal["waiting", "checked", "refused"]
_SHOWN = tuple(
    push_trial.c[name]
    for name in ("id", "client_id", "dataset", "sequence", "state", "outcome", "made_at", "finished_at")
)


@dataclass(frozen=True)
class PushTrial:
    """A trial as answers see it; `outcome` is what a dry run found, or the words of a fault; None while it waits."""

    id: int
    client_id: str
    dataset: str
    sequence: int
    state: TrialState
    outcome: Mapping[str, Any] | None
    made_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Before:
    """What is known before a trial is taken.

    Attributes:
        same: id of the same request's, if it came before.
        jti_used: another request had this identifier.
        waiting: how many of the client wait.
    """

    same: int | None
    jti_used: bool
    waiting: int


def before(conn: sa.Connection, new: NewPush) -> Before:
    """How a trial fits to what came before, by one query."""
    own = push_trial.c.client_id == new.client_id
    named = sa.and_(own, push_trial.c.jti == new.jti)
    same = push_trial.c.request_digest == new.request_digest
    wanted = sa.select(
        sa.select(push_trial.c.id).where(named, same).scalar_subquery(),
        sa.exists().where(named, ~same),
        sa.select(sa.func.count()).where(own, push_trial.c.state == "waiting").scalar_subquery(),
    )
    return Before(*conn.execute(wanted).one())


def add_trial(conn: sa.Connection, new: NewPush, now: datetime) -> int:
    """Put a trial into the queue; the worker hears of it when the transaction commits. Its id."""
    told = {name: value for name, value in asdict(new).items() if name in push_trial.c}
    row = sa.insert(push_trial).values(**told, attempts=0, state="waiting", made_at=now).returning(push_trial.c.id)
    number = int(conn.execute(row).scalar_one())
    conn.execute(sa.select(sa.func.pg_notify(CHANNEL, str(number))))
    return number


def trial_of(conn: sa.Connection, number: int) -> PushTrial | None:
    """One trial; None if there is none of that number."""
    row = conn.execute(sa.select(*_SHOWN).where(push_trial.c.id == number)).first()
    return None if row is None else PushTrial(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def next_waiting(conn: sa.Connection) -> Waiting | None:
    """The oldest waiting trial that no worker holds; counts an attempt."""
    names = ("id", "client_id", "dataset", "sequence", "body_digest", "path", "attempts")
    wanted = sa.select(*(push_trial.c[name] for name in names)).where(push_trial.c.state == "waiting")
    row = conn.execute(wanted.order_by(push_trial.c.id).limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    _update(conn, row.id, attempts=push_trial.c.attempts + 1)
    return Waiting(*row)


def lock_waiting(conn: sa.Connection, number: int) -> bool:
    """Hold a waiting trial until the transaction ends; False if another worker does, or it waits no more."""
    wanted = sa.select(push_trial.c.id).where(push_trial.c.id == number, push_trial.c.state == "waiting")
    return conn.execute(wanted.with_for_update(skip_locked=True)).first() is not None


def forgive_attempt(conn: sa.Connection, number: int) -> None:
    """An attempt that could not begin, as the dataset was busy, does not count."""
    _update(conn, number, attempts=push_trial.c.attempts - 1)


def finish_trial(
    conn: sa.Connection,
    number: int,
    state: Literal["checked", "refused"],
    outcome: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write down what would come of it: counts and reasons, no values of rows."""
    _update(conn, number, state=state, outcome=dict(outcome), finished_at=now)


def _update(conn: sa.Connection, number: int, **values: object) -> None:
    conn.execute(sa.update(push_trial).where(push_trial.c.id == number).values(values))
