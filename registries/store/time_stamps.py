"""Time stamps over the ledger's checkpoints: which is due, which are kept, and which one covers an entry.

due = time_stamps.unstamped(conn)
time_stamps.keep(conn, due.size, token, at)
time_stamps.stamped(conn, covering=17)     # the earliest stamped checkpoint over entry 17
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store import cosignatures
from registries.store.ledger_rows import Checkpoint
from registries.store.ledger_tables import checkpoint
from registries.store.trusted_time_tables import time_stamp


@dataclass(frozen=True)
class Stamped:
    """A checkpoint with the time stamp (RFC 3161 token, DER) over it; `at` is the authority's clock."""

    checkpoint: Checkpoint
    token: bytes
    at: datetime


def unstamped(conn: sa.Connection) -> Checkpoint | None:
    """The latest checkpoint, if it has no time stamp yet: its stamp will cover everything before it."""
    row = conn.execute(sa.select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).first()
    if row is None or conn.execute(sa.select(time_stamp.c.size).where(time_stamp.c.size == row.size)).first():
        return None
    return Checkpoint(row.size, row.root, row.note, row.made_at)


def keep(conn: sa.Connection, size: int, token: bytes, at: datetime) -> None:
    """Keep the time stamp of the checkpoint of this size; the first one stays."""
    row = {"size": size, "token": token, "at": at, "row_digest": row_digest(size, token, at)}
    conn.execute(insert(time_stamp).on_conflict_do_nothing(), row)


def stamped(conn: sa.Connection, *, covering: int) -> Stamped | None:
    """The earliest stamped checkpoint that covers the entry at this place; None while there is none."""
    return _first(conn, checkpoint.c.size > covering, checkpoint.c.size.asc())


def of_size(conn: sa.Connection, size: int) -> Stamped | None:
    """The checkpoint of this size with its stamp; None if it has none."""
    return _first(conn, checkpoint.c.size == size, checkpoint.c.size.asc())


def latest(conn: sa.Connection, *, covering: int = 0) -> Stamped | None:
    """The latest stamped checkpoint that covers the entry at this place, with its cosignatures; None without one."""
    found = _first(conn, checkpoint.c.size > covering, checkpoint.c.size.desc())
    if found is None:
        return None
    kept = found.checkpoint
    return replace(found, checkpoint=replace(kept, note=kept.note + cosignatures.lines(conn, kept.size)))


def waiting_since(conn: sa.Connection) -> datetime | None:
    """When the oldest checkpoint was made that no time stamp covers; None if all are covered."""
    last = sa.select(sa.func.coalesce(sa.func.max(time_stamp.c.size), 0)).scalar_subquery()
    wanted = sa.select(checkpoint.c.made_at).where(checkpoint.c.size > last).order_by(checkpoint.c.size).limit(1)
    found: datetime | None = conn.execute(wanted).scalar()
    return found


def faults(conn: sa.Connection) -> Iterator[int]:
    """The sizes whose time stamps are not as they were kept."""
    for row in conn.execute(sa.select(time_stamp).order_by(time_stamp.c.size)):
        if row.row_digest != row_digest(row.size, row.token, row.at):
            yield row.size


def row_digest(size: int, token: bytes, at: datetime) -> bytes:
    """32 bytes over a row's columns."""
    parts = (b"time_stamp", str(size).encode(), token, at.astimezone(UTC).isoformat(timespec="microseconds").encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def _first(conn: sa.Connection, condition: sa.ColumnElement[bool], order: sa.UnaryExpression[int]) -> Stamped | None:
    joined = sa.select(checkpoint, time_stamp.c.token, time_stamp.c.at).join(
        time_stamp, time_stamp.c.size == checkpoint.c.size
    )
    row = conn.execute(joined.where(condition).order_by(order).limit(1)).first()
    if row is None:
        return None
    return Stamped(Checkpoint(row.size, row.root, row.note, row.made_at), row.token, row.at)
