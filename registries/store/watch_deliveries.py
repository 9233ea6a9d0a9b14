"""Events on their way to clients' systems: claimed for a while, sent, tried again later, given up.

    claimed = watch_deliveries.claim(conn, now, lease="…", until=now + LEASE, most=16)      # hub_api
    watch_deliveries.finish(conn, claimed[0], Sent(204), now)
    watch_deliveries.retry(conn, claimed[0], Failed("unreachable", None), due_at)
    watch_deliveries.give_up(conn, claimed[0], Failed("gone", 410), now)

Whoever claims may die: what it held is claimed again when the lease is over, so that each event arrives at least once.
Of one watch the earliest waiting event alone is claimed, so that they arrive in their order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from registries.store import notices
from registries.store.engine import Store
from registries.store.tables import client
from registries.store.watch_tables import watch, watch_delivery, watch_event
from registries.store.watches import EVENT_COLUMNS, Event, event_of

DeliveryState = Literal["waiting", "sent", "dead", "dropped"]

_CLAIM = sa.text(
    """
    WITH due AS (
        SELECT d.client_id, d.place FROM hub.watch_delivery d
         WHERE d.state = 'waiting' AND d.due_at <= :now AND (d.lease_until IS NULL OR d.lease_until <= :now)
           AND NOT EXISTS (SELECT FROM hub.watch_delivery e
                            WHERE e.watch_id = d.watch_id AND e.state = 'waiting' AND e.place < d.place)
           AND EXISTS (SELECT FROM hub.client k WHERE k.id = d.client_id AND k.state = 'active')
         ORDER BY d.due_at, d.client_id, d.place LIMIT :most
           FOR UPDATE OF d SKIP LOCKED)
    UPDATE hub.watch_delivery d
       SET lease = :lease, lease_until = :until, attempts = d.attempts + 1
      FROM due JOIN hub.watch_event e ON e.client_id = due.client_id AND e.place = due.place
      JOIN hub.watch w ON w.id = e.watch_id
     WHERE d.client_id = due.client_id AND d.place = due.place
    RETURNING e.client_id, e.place, e.watch_id, e.certificate_type, e.changed, e.noted_at, d.host, d.attempts,
              d.lease, w.webhook
    """
)


@dataclass(frozen=True)
class Claimed:
    """An event that is to be posted now, by whoever holds the lease; `attempts` counts this one."""

    event: Event
    webhook: str
    host: str
    attempts: int
    lease: str


@dataclass(frozen=True)
class Failed:
    """Why an event did not arrive: a code, and what the other side answered, if it did."""

    fault: str
    status: int | None = None


@dataclass(frozen=True)
class Delivery:
    """A delivery as pages show it."""

    event: Event
    case_number: str
    webhook: str | None
    host: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    fault: str | None
    status: int | None
    finished_at: datetime | None


def claim(conn: sa.Connection, now: datetime, lease: str, until: datetime, most: int) -> list[Claimed]:
    """Take at most so many events that are due, those that wait longest first; nobody else gets them until `until`."""
    bound = {"now": now, "lease": lease, "until": until, "most": most}
    rows = conn.execute(_CLAIM, bound).all()
    claimed = [Claimed(event_of(row), row.webhook, row.host, row.attempts, row.lease) for row in rows]
    return sorted(claimed, key=lambda one: (one.event.client_id, one.event.place))


def finish(conn: sa.Connection, claimed: Claimed, status: int, now: datetime) -> bool:
    """It arrived. False if the lease was lost meanwhile: somebody else tells then, too."""
    done = {"state": "sent", "fault": None, "status": status, "finished_at": now}
    return _settle(conn, claimed, done)


def retry(conn: sa.Connection, claimed: Claimed, failed: Failed, due_at: datetime) -> bool:
    """It did not arrive and is tried again; as `finish`."""
    return _settle(conn, claimed, {"due_at": due_at, "fault": failed.fault, "status": failed.status})


def give_up(conn: sa.Connection, claimed: Claimed, failed: Failed, now: datetime) -> bool:
    """It did not arrive and never will by itself; as `finish`. What comes behind it goes on."""
    done = {"state": "dead", "fault": failed.fault, "status": failed.status, "finished_at": now}
    return _settle(conn, claimed, done)


def rest(conn: sa.Connection, host: str, until: datetime) -> None:
    """Leave a host alone that can't be reached: whatever waits for it, unclaimed, is due then at the earliest."""
    waiting = sa.and_(watch_delivery.c.host == host, watch_delivery.c.state == "waiting")
    later = sa.and_(waiting, watch_delivery.c.due_at < until, watch_delivery.c.lease.is_(None))
    conn.execute(sa.update(watch_delivery).where(later).values(due_at=until))


def resend(conn: sa.Connection, places: Sequence[tuple[str, int]], now: datetime, department: str | None = None) -> int:
    """Try dead letters again from the beginning, by client and place, of a department's clients or of any; how many."""
    named = sa.tuple_(watch_delivery.c.client_id, watch_delivery.c.place).in_(places)
    still_open = sa.select(watch.c.id).where(watch.c.webhook.is_not(None))
    again = {"state": "waiting", "attempts": 0, "due_at": now, "finished_at": None, "lease": None, "lease_until": None}
    dead = sa.update(watch_delivery).where(named, watch_delivery.c.state == "dead")
    if department is not None:
        dead = dead.where(watch_delivery.c.client_id.in_(_clients_of(department)))
    return conn.execute(dead.where(watch_delivery.c.watch_id.in_(still_open)).values(again)).rowcount


def list_deliveries(
    conn: sa.Connection,
    state: DeliveryState,
    *,
    department: str | None = None,
    client_id: str | None = None,
    before: tuple[str, int] | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries in a state, of a department's clients, of one or of all, by client and place, the latest first."""
    columns = [watch_delivery.c[name] for name in ("host", "state", "attempts", "due_at", "fault", "status")]
    home = watch_delivery.join(
        watch_event,
        sa.and_(watch_event.c.client_id == watch_delivery.c.client_id, watch_event.c.place == watch_delivery.c.place),
    ).join(watch, watch.c.id == watch_delivery.c.watch_id)
    wanted = sa.select(*EVENT_COLUMNS, *columns, watch_delivery.c.finished_at, watch.c.case_number, watch.c.webhook)
    wanted = wanted.select_from(home).where(watch_delivery.c.state == state)
    if department is not None:
        wanted = wanted.where(watch_event.c.client_id.in_(_clients_of(department)))
    if client_id is not None:
        wanted = wanted.where(watch_event.c.client_id == client_id)
    if before is not None:
        wanted = wanted.where(sa.tuple_(watch_event.c.client_id, watch_event.c.place) < sa.tuple_(*before))
    order = (watch_event.c.client_id.desc(), watch_event.c.place.desc())
    return [_delivery(row) for row in conn.execute(wanted.order_by(*order).limit(limit))]


def counts(conn: sa.Connection, department: str | None = None) -> dict[DeliveryState, int]:
    """How many deliveries are in each state, of a department's clients or of all."""
    wanted = sa.select(watch_delivery.c.state, sa.func.count()).group_by(watch_delivery.c.state)
    if department is not None:
        wanted = wanted.where(watch_delivery.c.client_id.in_(_clients_of(department)))
    found: dict[DeliveryState, int] = {"waiting": 0, "sent": 0, "dead": 0, "dropped": 0}
    return found | {row[0]: int(row[1]) for row in conn.execute(wanted)}


def listen(store: Store, timeout: float) -> Iterator[bool]:
    """Yield True when an event may wait to be posted, False each time `timeout` seconds passed; ends never.

    The first yield is True: events may have come while nobody listened.
    """
    return notices.listen(store, "hub_watch", timeout)


def _settle(conn: sa.Connection, claimed: Claimed, values: dict[str, Any]) -> bool:
    ours = sa.and_(
        watch_delivery.c.client_id == claimed.event.client_id,
        watch_delivery.c.place == claimed.event.place,
        watch_delivery.c.lease == claimed.lease,
        watch_delivery.c.state == "waiting",
    )
    done = sa.update(watch_delivery).where(ours).values(**values, lease=None, lease_until=None)
    return conn.execute(done).rowcount == 1


def _clients_of(department: str) -> sa.Select[tuple[str]]:
    return sa.select(client.c.id).where(client.c.department == department)


def _delivery(row: sa.Row[*tuple[Any, ...]]) -> Delivery:
    return Delivery(
        event_of(row),
        row.case_number,
        row.webhook,
        row.host,
        row.state,
        row.attempts,
        row.due_at,
        row.fault,
        row.status,
        row.finished_at,
    )
