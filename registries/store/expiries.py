"""What expires: what is due by a rule, and the record of it, the intention before the deed.

    with expiries.one_at_a_time(store):
        with store.begin() as conn:
            for number, digest in expiries.landed_due(conn, dataset, before): expiries.plan(conn, ...)
        ...files are removed...
        with store.begin() as conn:
            expiries.done(conn, planned, count=2, digest=digest, now=now)

Rows and bodies go in the transaction that records them; only files need the intention. What is served now, what
quarantine or an open case refers to and what is not finished is never due. Each run stands in the ledger, by counts
and digests.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BIT

from registries.contracts.model import Dataset
from registries.keeping_faults import KeepingBusy
from registries.store import ledger
from registries.store.casework_tables import case_row
from registries.store.delivery_tables import push_trial
from registries.store.engine import Store
from registries.store.keeping_tables import expiry
from registries.store.ledger_tables import ledger_entry
from registries.store.shapes import history_table, texts
from registries.store.tables import batch, push, refused_row, upload

What = Literal["landed", "history", "bodies", "uploads", "replies", "evidence"]
KIND = ISSUER = "retention"
BODIES_AT_ONCE = 20_000
"""Bodies that go in one transaction: the lock on them is short, and memory bounded."""

_LOCK = 6_101
_SALT = 16
_BITS = 256


@dataclass(frozen=True)
class Expiry:
    """One thing that is to expire, or did: what, by which rule, and how much of it (None while it is planned)."""

    id: int
    run: int
    what: What
    dataset: str | None
    batch: int | None
    rule: str
    before: datetime
    state: Literal["planned", "done"]
    count: int | None
    digest: bytes | None
    planned_at: datetime
    done_at: datetime | None


@contextmanager
def one_at_a_time(store: Store) -> Iterator[None]:
    """Hold the right to expire and erase until the block ends; a crash gives it back.

    Raises:
        KeepingBusy: another process has it.
    """
    with store.autocommit() as conn:
        if not conn.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar_one():
            raise KeepingBusy
        try:
            yield
        finally:
            conn.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))


def next_run(conn: sa.Connection) -> int:
    """The number of the run that begins; `one_at_a_time` is held."""
    return int(conn.execute(sa.select(sa.func.coalesce(sa.func.max(expiry.c.run), 0) + 1)).scalar_one())


def landed_datasets(conn: sa.Connection) -> list[str]:
    """The datasets of which batches have landed, those without a contract in force too."""
    wanted = sa.select(batch.c.dataset).distinct().where(batch.c.landed.is_not(None)).order_by(batch.c.dataset)
    return list(conn.execute(wanted).scalars())


def landed_due(conn: sa.Connection, dataset: str, before: datetime) -> list[tuple[int, bytes | None]]:
    """A dataset's batches whose files are older and needed no more, with the digests of what was landed."""
    own = batch.alias()
    finished = sa.and_(batch.c.state.in_(["done", "failed"]), batch.c.number.not_in(_served(dataset)))
    held = sa.exists().where(refused_row.c.batch == batch.c.number, refused_row.c.until_batch.is_(None))
    open_case = sa.exists().where(
        case_row.c.opened_batch == batch.c.number, case_row.c.row_number.is_not(None), case_row.c.state == "open"
    )
    gone = sa.exists().where(
        expiry.c.what == "landed",
        expiry.c.dataset == dataset,
        expiry.c.batch == batch.c.number,
        sa.or_(expiry.c.state == "planned", expiry.c.done_at >= batch.c.landed_at),
    )
    newest = sa.select(sa.func.max(own.c.number)).where(own.c.dataset == dataset).scalar_subquery()
    rows = conn.execute(
        sa.select(batch.c.number, batch.c.landed_digest)
        .where(batch.c.dataset == dataset, batch.c.landed.is_not(None), batch.c.landed_at < before)
        .where(finished, batch.c.number != newest, ~held, ~open_case, ~gone)
        .order_by(batch.c.number)
    )
    return [(row.number, bytes.fromhex(row.landed_digest) if row.landed_digest else None) for row in rows]


def _served(dataset: str) -> sa.CompoundSelect[Any]:
    """What the store holds now comes from: the newest batch that was taken over, and the newest full snapshot."""
    taken = sa.and_(batch.c.dataset == dataset, batch.c.state == "done", batch.c.hold_reason.is_(None))
    latest = sa.func.max(batch.c.number)
    snapshots = latest.filter(sa.or_(batch.c.delivery == "snapshot", batch.c.delivery.is_(None)))
    newest = sa.select(sa.func.coalesce(latest, 0)).where(taken)
    snapshot = sa.select(sa.func.coalesce(snapshots, 0)).where(taken)
    return newest.union_all(snapshot)


def plan(
    conn: sa.Connection,
    run: int,
    what: What,
    rule: str,
    before: datetime,
    now: datetime,
    *,
    dataset: str | None = None,
    batch_number: int | None = None,
    digest: bytes | None = None,
) -> Expiry:
    """Write down that something is to expire."""
    new = sa.insert(expiry).values(
        run=run,
        what=what,
        dataset=dataset,
        batch=batch_number,
        rule=rule,
        before=before,
        state="planned",
        digest=digest,
        planned_at=now,
    )
    return Expiry(*conn.execute(new.returning(*expiry.c)).one())


def done(conn: sa.Connection, planned: Expiry, count: int, now: datetime, digest: bytes | None = None) -> Expiry:
    """Write down that it did, and how much it was; a digest that was planned stays."""
    values = {"state": "done", "count": count, "done_at": now, "digest": planned.digest or digest}
    moved = sa.update(expiry).where(expiry.c.id == planned.id).values(values)
    return Expiry(*conn.execute(moved.returning(*expiry.c)).one())


def planned(conn: sa.Connection) -> list[Expiry]:
    """What was to expire and may not have: a run was cut short."""
    wanted = sa.select(*expiry.c).where(expiry.c.state == "planned").order_by(expiry.c.id)
    return [Expiry(*row) for row in conn.execute(wanted)]


def list_expiries(conn: sa.Connection, *, before: int | None = None, limit: int = 100) -> list[Expiry]:
    """The record, the latest first; `before` is an id from the page before."""
    wanted = sa.select(*expiry.c).order_by(expiry.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(expiry.c.id < before)
    return [Expiry(*row) for row in conn.execute(wanted)]


def waiting_files(conn: sa.Connection) -> frozenset[str]:
    """Paths of uploaded and pushed files that the worker has not taken yet."""
    waiting = [sa.select(each.c.path).where(each.c.state == "waiting") for each in (upload, push, push_trial)]
    return frozenset(conn.execute(sa.union_all(*waiting)).scalars())


# --- former rows


def history_due(conn: sa.Connection, dataset: Dataset, before: datetime) -> int | None:
    """The latest batch whose former rows are older; None if all such batches were gone through before."""
    expired = sa.select(sa.func.coalesce(sa.func.max(expiry.c.batch), 0)).where(
        expiry.c.what == "history", expiry.c.dataset == dataset.name, expiry.c.state == "done"
    )
    wanted = sa.select(sa.func.max(batch.c.number)).where(
        batch.c.dataset == dataset.name, batch.c.taken_over_at < before, batch.c.number > expired.scalar_subquery()
    )
    found: int | None = conn.execute(wanted).scalar_one()
    return found


def history_floor(conn: sa.Connection, dataset: str) -> datetime | None:
    """Before this moment the store does not know any more what it knew then; None if nothing of it expired."""
    wanted = sa.select(sa.func.max(expiry.c.before)).where(
        expiry.c.what == "history", expiry.c.dataset == dataset, expiry.c.state == "done"
    )
    found: datetime | None = conn.execute(wanted).scalar_one()
    return found


def count_history(conn: sa.Connection, dataset: Dataset, before: datetime) -> int:
    """How many former rows would go."""
    history = history_table(dataset)
    wanted = sa.select(sa.func.count()).select_from(history).where(history.c.until_batch.in_(_old(dataset, before)))
    return int(conn.execute(wanted).scalar_one())


def expire_history(conn: sa.Connection, dataset: Dataset, before: datetime) -> tuple[int, bytes]:
    """Remove the former rows that batches replaced before a moment; how many, and a keyed digest over them all."""
    history = history_table(dataset)
    key = sa.select(sa.func.hub.digest_key("expired")).scalar_subquery()
    hashed = sa.func.hub.digest(key, texts(list(history.c)))
    bits = sa.cast(sa.literal("x").concat(sa.func.encode(hashed, "hex")), BIT(_BITS))
    removed = (
        sa.delete(history)
        .where(history.c.until_batch.in_(_old(dataset, before)))
        .returning(bits.label("bits"))
        .cte("removed")
    )
    row = conn.execute(sa.select(sa.func.count(), sa.cast(sa.func.bit_xor(removed.c.bits), sa.Text))).one()
    return int(row[0]), hashlib.sha256((row[1] or "").encode()).digest()


def _old(dataset: Dataset, before: datetime) -> sa.Select[Any]:
    return sa.select(batch.c.number).where(batch.c.dataset == dataset.name, batch.c.taken_over_at < before)


# --- bodies of the ledger


def expire_bodies(
    conn: sa.Connection, by_type: Mapping[str, datetime], otherwise: datetime, most: int = BODIES_AT_ONCE
) -> tuple[int, bytes]:
    """Erase bodies of answers, at most so many; how many, and SHA-256 over their leaves, which stay.

    Args:
        conn: of the role hub_load; the store keeps the last three years whatever it is told.
        by_type: certificate type -> the moment before which answers about it go.
        otherwise: the moment for all others, and for who looked at data.
        most: bodies in this transaction; 0 come back when nothing is left.
    """
    found = sa.text("SELECT expired, leaves FROM hub.expire_bodies(:types, :cutoffs, :otherwise, :most)").bindparams(
        sa.bindparam("types", list(by_type), sa.ARRAY(sa.Text)),
        sa.bindparam("cutoffs", list(by_type.values()), sa.ARRAY(sa.DateTime(timezone=True))),
    )
    row = conn.execute(found, {"otherwise": otherwise, "most": most}).one()
    return int(row.expired), bytes(row.leaves)


# --- the ledger's entry


def write_down(conn: sa.Connection, now: datetime) -> int:
    """An entry of the ledger for each run that has nothing left to do and none yet; how many."""
    told = sa.exists().where(
        ledger_entry.c.issuer == ISSUER, ledger_entry.c.jti == sa.func.concat("run:", expiry.c.run)
    )
    unfinished = sa.select(expiry.c.run).where(expiry.c.state == "planned")
    wanted = sa.select(*expiry.c).where(expiry.c.count > 0, expiry.c.run.not_in(unfinished), ~told)
    by_run: dict[int, list[Expiry]] = {}
    for row in conn.execute(wanted.order_by(expiry.c.id)):
        by_run.setdefault(row.run, []).append(Expiry(*row))
    ledger.append(conn, [_entry(run, expired) for run, expired in by_run.items()], now)
    return len(by_run)


def _entry(run: int, expired: Sequence[Expiry]) -> ledger.NewEntry:
    names = ("what", "dataset", "batch", "rule", "before", "count", "digest")
    lines = [{name: _plain(value) for name, value in asdict(each).items() if name in names} for each in expired]
    members = {"act": "expire", "run": run, "expired": lines, "salt": _plain(secrets.token_bytes(_SALT))}
    body = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return ledger.NewEntry(KIND, ISSUER, f"run:{run}", hashlib.sha256(body).digest(), body)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    return value.isoformat() if isinstance(value, datetime) else value
