"""Pushed deliveries on their way to the intake worker: who sent what in which order, and what came of it.

    pushes.lock(conn, "housing-system", "housing.deeds")          # nobody else decides about its order meanwhile
    if pushes.push_of(conn, client_id, "housing.deeds", 7) is None:
        number = pushes.add_push(conn, NewPush(...), now)         # wakes the worker when the transaction commits
    waiting = pushes.next_waiting(conn)                           # the worker's side
    if pushes.lock_waiting(conn, waiting.id):                     # until its transaction ends
        pushes.finish_push(conn, waiting.id, "taken", {...}, now, batch_number=12)

A client may push what its department publishes if it has a publish right; that is the owner's to give.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.tables import batch, publish_right, push
from registries.store.uploads import CHANNEL

_CLIENT_LOCKS, _DATASET_LOCKS = 6_081, 6_080
PushState = Literal["waiting", "taken", "refused"]


@dataclass(frozen=True)
class NewPush:
    """A delivery that has landed and waits to be taken in.

    Attributes:
        body_digest: 32 bytes, SHA-256 of the body; request_digest: of the signed request that came with it.
        path: leads to the sealed bytes.
    """

    client_id: str
    dataset: str
    sequence: int
    body_digest: bytes
    rows: int
    jti: str
    request_digest: bytes
    path: str


@dataclass(frozen=True)
class Push:
    """A delivery as pages and answers see it; `batch` and `outcome` are None while it waits."""

    id: int
    client_id: str
    dataset: str
    sequence: int
    rows: int
    state: PushState
    batch: int | None
    outcome: Mapping[str, Any] | None
    made_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """A delivery that the worker is to take in; `attempts` were begun before and not ended."""

    id: int
    client_id: str
    dataset: str
    sequence: int
    body_digest: bytes
    path: str
    attempts: int


_OPEN = (push.c.id, push.c.client_id, push.c.dataset, push.c.sequence, push.c.rows, push.c.state, push.c.batch)
_SHOWN = (*_OPEN, push.c.outcome, push.c.made_at, push.c.finished_at)

# --- who may push


def give_right(conn_owner: sa.Connection, client_id: str, granted_by: str, since: date, until: date | None) -> None:
    """Let a client push what its department publishes, from `since` to `until` inclusive. By the owner only."""
    values = {"granted_by": granted_by, "valid_from": since, "valid_until": until}
    new = insert(publish_right).values(client_id=client_id, **values)
    conn_owner.execute(new.on_conflict_do_update(index_elements=[publish_right.c.client_id], set_=values))


def may_push(conn: sa.Connection, client_id: str, today: date) -> bool:
    """Whether a client has the right to push on that day."""
    good = sa.and_(
        publish_right.c.client_id == client_id,
        publish_right.c.valid_from <= today,
        sa.or_(publish_right.c.valid_until.is_(None), publish_right.c.valid_until >= today),
    )
    return bool(conn.execute(sa.select(sa.exists().where(good))).scalar_one())


# --- the web process's side


def lock(conn: sa.Connection, client_id: str, dataset: str) -> None:
    """Until the transaction ends nobody else writes down a delivery of this client or of this dataset."""
    for space, name in ((_CLIENT_LOCKS, client_id), (_DATASET_LOCKS, dataset)):
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(space, sa.func.hashtext(name))))


def add_push(conn: sa.Connection, new: NewPush, now: datetime) -> int:
    """Put a delivery into the queue; the worker hears of it when the transaction commits. Its id."""
    row = sa.insert(push).values(**asdict(new), attempts=0, state="waiting", made_at=now).returning(push.c.id)
    number = int(conn.execute(row).scalar_one())
    conn.execute(sa.select(sa.func.pg_notify(CHANNEL, str(number))))
    return number


@dataclass(frozen=True)
class Before:
    """What is known before a delivery is taken: see `before`."""

    same_place: int | None
    same_body: bool
    jti_used: bool
    last_sequence: int
    waiting: int


def before(conn: sa.Connection, new: NewPush) -> Before:
    """How a delivery fits to what came before, by one query.

    `same_place`: id of the client's delivery with this sequence, and whether it has the same body. `jti_used`: another
    request had this identifier. `last_sequence`: the dataset's greatest, of any client; 0 if there is none. `waiting`:
    the client's deliveries that wait.
    """
    own = push.c.client_id == new.client_id
    place = sa.and_(own, push.c.dataset == new.dataset, push.c.sequence == new.sequence)
    used = sa.and_(own, push.c.jti == new.jti, push.c.request_digest != new.request_digest)
    wanted = sa.select(
        sa.select(push.c.id).where(place).scalar_subquery(),
        sa.exists().where(place, push.c.body_digest == new.body_digest),
        sa.exists().where(used),
        _last_sequence(new.dataset),
        sa.select(sa.func.count()).where(own, push.c.state == "waiting").scalar_subquery(),
    )
    return Before(*conn.execute(wanted).one())


def last_sequence(conn: sa.Connection, dataset: str, up_to: int | None = None) -> int:
    """The greatest sequence of a dataset's deliveries, of any client; 0 if there is none.

    `up_to` the delivery of this id only: as it was when that one came, as they are written down one after the other.
    """
    return int(conn.execute(sa.select(_last_sequence(dataset, up_to))).scalar_one())


def push_of(conn: sa.Connection, number: int) -> Push | None:
    """One delivery; None if there is none of that number."""
    row = conn.execute(sa.select(*_SHOWN).where(push.c.id == number)).first()
    return None if row is None else _push(row)


def list_pushes(conn: sa.Connection, dataset: str, *, before: int | None = None, limit: int = 20) -> list[Push]:
    """A dataset's deliveries, the newest first; `before` is the id that the last page ended with."""
    wanted = sa.select(*_SHOWN).where(push.c.dataset == dataset).order_by(push.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(push.c.id < before)
    return [_push(row) for row in conn.execute(wanted)]


# --- the worker's side


def next_waiting(conn: sa.Connection, passing_over: Collection[str] = ()) -> Waiting | None:
    """The oldest waiting delivery that no worker holds, of a dataset that is not to be passed over; counts an attempt.

    Deliveries of one dataset come in their order: while one waits, or is being taken in, none behind it is given.
    """
    earlier = push.alias()
    first = ~sa.exists().where(
        earlier.c.dataset == push.c.dataset, earlier.c.state == "waiting", earlier.c.id < push.c.id
    )
    names = (push.c.id, push.c.client_id, push.c.dataset, push.c.sequence, push.c.body_digest, push.c.path)
    wanted = sa.select(*names, push.c.attempts).where(
        push.c.state == "waiting", push.c.dataset.not_in(passing_over), first
    )
    row = conn.execute(wanted.order_by(push.c.id).limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    conn.execute(sa.update(push).where(push.c.id == row.id).values(attempts=push.c.attempts + 1))
    return Waiting(*row)


def lock_waiting(conn: sa.Connection, number: int) -> bool:
    """Hold a waiting delivery until the transaction ends; False if another worker does, or it waits no more."""
    wanted = sa.select(push.c.id).where(push.c.id == number, push.c.state == "waiting")
    return conn.execute(wanted.with_for_update(skip_locked=True)).first() is not None


def forgive_attempt(conn: sa.Connection, number: int) -> None:
    """An attempt that could not begin, as the dataset was busy, does not count."""
    conn.execute(sa.update(push).where(push.c.id == number).values(attempts=push.c.attempts - 1))


def finish_push(
    conn: sa.Connection,
    number: int,
    state: Literal["taken", "refused"],
    outcome: Mapping[str, Any],
    now: datetime,
    batch_number: int | None = None,
) -> None:
    """Write down what came of a delivery: counts and reasons, no values of rows; a batch if it was taken."""
    done = {"state": state, "batch": batch_number, "outcome": dict(outcome), "finished_at": now}
    conn.execute(sa.update(push).where(push.c.id == number).values(**done))


def batch_of(conn: sa.Connection, dataset: str, identity: str) -> int | None:
    """The finished batch of a delivery that was taken in before its worker could say so; None if there is none."""
    wanted = sa.select(sa.func.max(batch.c.number)).where(
        batch.c.dataset == dataset, batch.c.identity == identity, batch.c.state == "done"
    )
    found: int | None = conn.execute(wanted).scalar_one()
    return found


def _push(row: sa.Row[*tuple[Any, ...]]) -> Push:
    return Push(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _last_sequence(dataset: str, up_to: int | None = None) -> sa.ScalarSelect[int]:
    latest = sa.select(sa.func.coalesce(sa.func.max(push.c.sequence), 0)).where(push.c.dataset == dataset)
    return (latest if up_to is None else latest.where(push.c.id <= up_to)).scalar_subquery()
