"""Watches (订阅): a client is told when the certificate of an open case changes; opened, listed, ended, their feed.

    opened = watches.open_watches(conn, [NewWatch(...)], now, today)      # hub_api: the question's grant is demanded
    watches.list_watches(conn, "approval-1", after="", limit=100)
    watches.feed(conn, "approval-1", after=41, limit=100)                 # events 42 and on, without gaps
    watches.end_watch(conn, watch_id, "approval-1", now)

Who changes what is told in `watch_changes`, what is posted in `watch_deliveries`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from registries.store.tables import client
from registries.store.watch_tables import watch, watch_event, watch_feed

State = Literal["open", "ended"]

CHANGES: Final = (
    *("appeared", "gone", "status", "validity", "mark", "content", "checking", "disputed"),
    *("began", "expiring", "expired", "ended"),
)
"""What an event may say: the certificate came or went; its status, term, mark or anything else changed; it is being
checked or disputed, or no longer; it began, will run out soon, ran out; the watch itself ended."""

MOST_LISTED: Final = 10_000

_OPEN = sa.text("SELECT * FROM hub.open_watches(CAST(:wanted AS jsonb), :asked_at, :asked_on)")
_END = sa.text("SELECT hub.end_watch(:id, :client_id, :because, :at)")


@dataclass(frozen=True)
class NewWatch:
    """A watch to open.

    Attributes:
        id: random; of a watch on the same for the same case, which is kept, the former one counts.
        question: as `certificates.wanted` gives it, with its grant.
        webhook: where events are posted; None: the feed alone tells them. `host` is the webhook's, with its port.
        expiry_days: how long ahead of the last day the client is told; None: it is not.
        until: the last day of the watch.
    """

    id: str
    client_id: str
    question: Mapping[str, object]
    case_number: str
    webhook: str | None
    host: str | None
    expiry_days: int | None
    until: date

    def to_json(self) -> dict[str, object]:
        """As `hub.open_watches` reads it."""
        return {**vars(self), "question": dict(self.question), "until": self.until.isoformat()}


@dataclass(frozen=True)
class Watch:
    """A watch as its client and pages see it: of whom it is stands nowhere here."""

    id: str
    client_id: str
    certificate_type: str
    purpose: str
    service_item: str
    case_number: str
    webhook: str | None
    expiry_days: int | None
    until: date
    state: State
    opened_at: datetime
    ended_at: datetime | None
    ended_because: str | None


@dataclass(frozen=True)
class Event:
    """Something that changed. `place` counts a client's events from 1, without gaps."""

    client_id: str
    place: int
    watch_id: str
    certificate_type: str
    changed: tuple[str, ...]
    noted_at: datetime

    @property
    def id(self) -> str:
        """Its name for good: the same event told again has the same."""
        return f"{self.watch_id}.{self.place}"


_SHOWN = tuple(watch.c[name] for name in Watch.__dataclass_fields__)
EVENT_COLUMNS = tuple(watch_event.c[name] for name in Event.__dataclass_fields__)


def open_watches(conn_api: sa.Connection, new: Sequence[NewWatch], now: datetime, today: date) -> list[str | None]:
    """Open watches, each under the grant that its question names; their ids in order, None where no grant covers."""
    if not new:
        return []
    sent = json.dumps([one.to_json() for one in new], ensure_ascii=False)
    rows = conn_api.execute(_OPEN, {"wanted": sent, "asked_at": now, "asked_on": today}).all()
    opened = {row.position: str(row.watch_id) for row in rows}
    return [opened.get(place) for place in range(1, len(new) + 1)]


def end_watch(conn_api: sa.Connection, watch_id: str, client_id: str, now: datetime, because: str = "client") -> bool:
    """End a client's open watch, forget of whom it was, and drop what waits; False if it has none of that id open."""
    bound = {"id": watch_id, "client_id": client_id, "because": because, "at": now}
    return bool(conn_api.execute(_END, bound).scalar_one())


def open_counts(conn: sa.Connection, client_ids: Sequence[str]) -> dict[str, int]:
    """How many open watches these clients have."""
    wanted = sa.select(watch.c.client_id, sa.func.count()).where(
        watch.c.client_id.in_(client_ids), watch.c.state == "open"
    )
    found = {str(name): int(count) for name, count in conn.execute(wanted.group_by(watch.c.client_id))}
    return {name: found.get(name, 0) for name in client_ids}


def open_by_client(conn: sa.Connection, department: str | None = None) -> dict[str, int]:
    """How many open watches each client has, of a department or of all, by the clients' ids."""
    wanted = sa.select(watch.c.client_id, sa.func.count()).where(watch.c.state == "open")
    if department is not None:
        clients = sa.select(client.c.id).where(client.c.department == department)
        wanted = wanted.where(watch.c.client_id.in_(clients))
    rows = conn.execute(wanted.group_by(watch.c.client_id).order_by(watch.c.client_id))
    return {str(name): int(count) for name, count in rows}


def watch_of(conn: sa.Connection, watch_id: str, client_id: str) -> Watch | None:
    """One watch of a client; None if it has none of that id."""
    wanted = sa.select(*_SHOWN).where(watch.c.id == watch_id, watch.c.client_id == client_id)
    row = conn.execute(wanted).first()
    return None if row is None else _watch(row)


def list_watches(
    conn: sa.Connection, client_id: str, *, after: str = "", limit: int = 100, case_number: str | None = None
) -> list[Watch]:
    """A client's watches in the order of their ids, those behind `after`; of one case, if that is named."""
    wanted = sa.select(*_SHOWN).where(watch.c.client_id == client_id, watch.c.id > after)
    if case_number is not None:
        wanted = wanted.where(watch.c.case_number == case_number)
    return [_watch(row) for row in conn.execute(wanted.order_by(watch.c.id).limit(limit))]


def feed(conn: sa.Connection, client_id: str, *, after: int, limit: int) -> list[Event]:
    """A client's events behind the place `after`, in their order."""
    wanted = sa.select(*EVENT_COLUMNS).where(watch_event.c.client_id == client_id, watch_event.c.place > after)
    return [event_of(row) for row in conn.execute(wanted.order_by(watch_event.c.place).limit(limit))]


def feed_bounds(conn: sa.Connection, client_id: str) -> tuple[int, int]:
    """The first place that is still kept in a client's feed, and the last that was given out; (1, 0) if none was."""
    first = sa.select(sa.func.min(watch_event.c.place)).where(watch_event.c.client_id == client_id)
    last = sa.select(watch_feed.c.last_place).where(watch_feed.c.client_id == client_id)
    row = conn.execute(sa.select(first.scalar_subquery(), last.scalar_subquery())).one()
    given = int(row[1] or 0)
    return int(row[0] or given + 1), given


def event_of(row: sa.Row[*tuple[Any, ...]]) -> Event:
    """The event of a row that has `EVENT_COLUMNS`."""
    values = {name: getattr(row, name) for name in Event.__dataclass_fields__}
    return Event(**values | {"changed": tuple(row.changed)})


def _watch(row: sa.Row[*tuple[Any, ...]]) -> Watch:
    return Watch(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
