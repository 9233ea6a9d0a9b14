"""Replies that the hub owes to files from drop folders: owed in the batch's own transaction, written by whoever can.

    delivery_replies.owe_batch(conn, batch, now)                     # its batch has ended; again: it is written again
    while reply := delivery_replies.next_owed(conn, now):            # locked until the transaction ends
        ...the files are written...
        delivery_replies.settle(conn, reply, "written", ["a.csv.receipt.json"], now)

A process that is killed in between leaves the reply owed; the next one writes the same files again. What is said of a
batch stands with the batch; here are a fault's words, what a trial found, and the names of files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.batches import Batch
from registries.store.delivery_tables import delivery_reply
from registries.store.keeping_tables import erased_file

Kind = Literal["batch", "fault", "trial"]
State = Literal["waiting", "written", "kept", "expired"]


@dataclass(frozen=True)
class Reply:
    """A reply to one file.

    Attributes:
        file_name: as the department called it.
        identity: of the delivery: SHA-256, in hex.
        outcome: of a `fault` its `code`, `zh` and `en`, of a `trial` what it found, or a fault; None of a `batch`.
        state: `written` where the file came from, or `kept` in HUB_HOME/out for whoever may download it.
        written: names of the files that make it up.
        hindrance: why the place could not be reached last time: a word.
    """

    id: int
    dataset: str
    kind: Kind
    file_name: str
    identity: str
    batch: int | None
    outcome: Mapping[str, Any] | None
    state: State
    written: Sequence[str]
    attempts: int
    next_at: datetime
    hindrance: str | None
    made_at: datetime
    written_at: datetime | None


def owe_batch(conn: sa.Connection, batch: Batch, now: datetime) -> None:
    """A batch has ended, taken in or held: its deliverer is owed a reply."""
    _owe(conn, batch, "batch", None, now)


def owe_fault(conn: sa.Connection, batch: Batch, outcome: Mapping[str, Any], now: datetime) -> None:
    """A batch's file could not be read at all; `outcome` holds `code`, `zh` and `en`, and no value of a row."""
    _owe(conn, batch, "fault", dict(outcome), now)


def owe_trial(
    conn: sa.Connection, dataset: str, file_name: str, identity: str, outcome: Mapping[str, Any], now: datetime
) -> None:
    """A file was tried; what it found. The same file is never tried twice."""
    told = {"kind": "trial", "file_name": file_name, "identity": identity, "outcome": dict(outcome)}
    new = insert(delivery_reply).values(dataset=dataset, **told, **_owed(now))
    conn.execute(new.on_conflict_do_nothing())


def tried(conn: sa.Connection, dataset: str, identities: Sequence[str]) -> frozenset[str]:
    """Which of these files have been tried."""
    wanted = sa.select(delivery_reply.c.identity).where(
        delivery_reply.c.dataset == dataset,
        delivery_reply.c.batch.is_(None),
        delivery_reply.c.identity == sa.any_(sa.bindparam("identities", list(identities), sa.ARRAY(sa.Text))),
    )
    return frozenset(conn.execute(wanted).scalars())


def next_owed(conn: sa.Connection, now: datetime, dataset: str | None = None) -> Reply | None:
    """The reply that is owed longest, locked for this transaction; one that another process holds is passed over."""
    owed = sa.select(delivery_reply).where(delivery_reply.c.state == "waiting", delivery_reply.c.next_at <= now)
    if dataset is not None:
        owed = owed.where(delivery_reply.c.dataset == dataset)
    return _reply(conn.execute(owed.order_by(delivery_reply.c.id).limit(1).with_for_update(skip_locked=True)).first())


def is_outdated(conn: sa.Connection, reply: Reply) -> bool:
    """A later file of the same name was answered: its reply stands where this one's would."""
    later = sa.exists().where(
        delivery_reply.c.dataset == reply.dataset,
        delivery_reply.c.file_name == reply.file_name,
        delivery_reply.c.id > reply.id,
    )
    return bool(conn.execute(sa.select(later)).scalar_one())


def settle(
    conn: sa.Connection, reply: Reply, state: Literal["written", "kept"], written: Sequence[str], now: datetime
) -> None:
    """Its files are where they belong."""
    _update(conn, reply, state=state, written=list(written), written_at=now, hindrance=None)


def put_off(conn: sa.Connection, reply: Reply, hindrance: str, next_at: datetime) -> None:
    """The place could not be reached; it is tried again."""
    _update(conn, reply, attempts=reply.attempts + 1, hindrance=hindrance, next_at=next_at)


def due(conn: sa.Connection, dataset: str, before: datetime) -> list[Reply]:
    """Replies that were written before a moment, and have not expired."""
    wanted = sa.select(delivery_reply).where(
        delivery_reply.c.dataset == dataset,
        delivery_reply.c.state.in_(["written", "kept"]),
        delivery_reply.c.written_at < before,
    )
    return [_known(row) for row in conn.execute(wanted.order_by(delivery_reply.c.id))]


def datasets(conn: sa.Connection) -> list[str]:
    """The datasets whose files were answered."""
    return list(conn.execute(sa.select(delivery_reply.c.dataset).distinct().order_by("dataset")).scalars())


def expire(conn: sa.Connection, reply: Reply) -> None:
    """Its files are gone."""
    _update(conn, reply, state="expired", written=[])


def keep_names(conn: sa.Connection, reply: Reply, names: Sequence[str]) -> None:
    """Of its files only these are left."""
    _update(conn, reply, written=list(names))


def with_erased(conn: sa.Connection) -> list[Reply]:
    """Replies that brought refused rows of a batch in which somebody was erased since."""
    erased = sa.exists().where(erased_file.c.batch == delivery_reply.c.batch)
    wanted = sa.select(delivery_reply).where(erased, sa.func.cardinality(delivery_reply.c.written) > 1)
    return [_known(row) for row in conn.execute(wanted.order_by(delivery_reply.c.id))]


def get(conn: sa.Connection, number: int) -> Reply | None:
    """One reply; None if there is none of that number."""
    return _reply(conn.execute(sa.select(delivery_reply).where(delivery_reply.c.id == number)).first())


def list_replies(
    conn: sa.Connection, names: Sequence[str], *, before: int | None = None, limit: int = 20
) -> list[Reply]:
    """Replies about files of these datasets, the newest first; `before` is the id that the last page ended with."""
    chosen = sa.any_(sa.bindparam("names", list(names), sa.ARRAY(sa.Text)))
    wanted = sa.select(delivery_reply).where(delivery_reply.c.dataset == chosen)
    if before is not None:
        wanted = wanted.where(delivery_reply.c.id < before)
    return [_known(row) for row in conn.execute(wanted.order_by(delivery_reply.c.id.desc()).limit(limit))]


def _owe(conn: sa.Connection, batch: Batch, kind: Kind, outcome: dict[str, Any] | None, now: datetime) -> None:
    """Once for a batch: what is told twice, or came to another end, is written again in the same place."""
    told = {"kind": kind, "outcome": sa.null() if outcome is None else outcome, **_owed(now)}
    new = insert(delivery_reply).values(
        dataset=batch.dataset, batch=batch.number, file_name=batch.source, identity=batch.identity, **told
    )
    conn.execute(new.on_conflict_do_update(index_elements=[delivery_reply.c.batch], set_=told))


def _owed(now: datetime) -> dict[str, Any]:
    return {"state": "waiting", "written": [], "attempts": 0, "next_at": now, "made_at": now, "hindrance": None}


def _update(conn: sa.Connection, reply: Reply, **values: object) -> None:
    conn.execute(sa.update(delivery_reply).where(delivery_reply.c.id == reply.id).values(values))


def _reply(row: sa.Row[*tuple[Any, ...]] | None) -> Reply | None:
    return None if row is None else _known(row)


def _known(row: sa.Row[*tuple[Any, ...]]) -> Reply:
    return Reply(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
