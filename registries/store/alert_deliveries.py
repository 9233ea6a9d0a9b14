"""Alerts on their way to mailboxes and systems: claimed for a while, sent, tried again later, given up.

    claimed = alert_deliveries.claim(conn, now, lease="…", until=now + LEASE, most=16)      # hub_page
    alert_deliveries.finish(conn, claimed[0], "sent", now)
    alert_deliveries.retry(conn, claimed[0], "unreachable", None, due_at)
    alert_deliveries.finish(conn, claimed[0], "dead", now, "refused", 550)

Whoever claims may die: what it held is claimed again when its lease is over, so that each alert arrives at least once.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.alert_tables import alert, alert_delivery, alert_receiver
from registries.store.alerts import Alert
from registries.store.tables import account

Channel = Literal["mail", "webhook"]
_CLAIM: Final = sa.text(
    """
    WITH due AS (
        SELECT d.alert_id, d.channel FROM hub.alert_delivery d
         WHERE d.state = 'waiting' AND d.due_at <= :now AND (d.lease_until IS NULL OR d.lease_until <= :now)
         ORDER BY d.due_at, d.alert_id LIMIT :most
           FOR UPDATE OF d SKIP LOCKED)
    UPDATE hub.alert_delivery d SET lease = :lease, lease_until = :until, attempts = d.attempts + 1
      FROM due JOIN hub.alert a ON a.id = due.alert_id
      JOIN hub.account t ON t.id = a.account_id
      LEFT JOIN hub.alert_receiver r ON r.account_id = a.account_id AND t.state = 'open'
     WHERE d.alert_id = due.alert_id AND d.channel = due.channel
    RETURNING a.id, a.kind, a.department, a.dataset, a.count, a.reference, a.first_at, a.last_at, a.read_at,
              d.channel, d.attempts, d.lease,
              CASE d.channel WHEN 'mail' THEN r.mail ELSE r.webhook END AS place
    """
)


@dataclass(frozen=True)
class Claimed:
    """An alert that is to be sent now, by whoever holds the lease; `place` is None: nobody wants it any more."""

    alert: Alert
    channel: Channel
    attempts: int
    lease: str
    place: str | None


@dataclass(frozen=True)
class Delivery:
    """A delivery as pages show it: never to which address."""

    alert: Alert
    channel: Channel
    state: str
    attempts: int
    due_at: datetime
    fault: str | None
    status: int | None


@dataclass(frozen=True)
class Wishes:
    """How somebody wants to be told."""

    mail: str | None = None
    webhook: str | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    muted: tuple[str, ...] = ()


def claim(conn: sa.Connection, now: datetime, lease: str, until: datetime, most: int) -> list[Claimed]:
    """Take at most so many alerts that are due; nobody else gets them until `until`."""
    rows = conn.execute(_CLAIM, {"now": now, "lease": lease, "until": until, "most": most}).all()
    claimed = [Claimed(Alert(*row[:9]), row.channel, row.attempts, row.lease, row.place) for row in rows]
    return sorted(claimed, key=lambda one: (one.alert.id, one.channel))


def finish(
    conn: sa.Connection,
    claimed: Claimed,
    state: Literal["sent", "dead", "dropped"],
    now: datetime,
    fault: str | None = None,
    status: int | None = None,
) -> bool:
    """It arrived, never will by itself, or nobody wants it. False if the lease was lost meanwhile."""
    return _settle(conn, claimed, {"state": state, "fault": fault, "status": status, "finished_at": now})


def retry(conn: sa.Connection, claimed: Claimed, fault: str, status: int | None, due_at: datetime) -> bool:
    """It did not arrive and is tried again; as `finish`."""
    return _settle(conn, claimed, {"fault": fault, "status": status, "due_at": due_at})


def resend(conn: sa.Connection, now: datetime, department: str | None = None) -> int:
    """Try dead letters again from the beginning, those of a department's people or of all; how many."""
    again = {"state": "waiting", "attempts": 0, "due_at": now, "finished_at": None}
    dead = sa.update(alert_delivery).where(alert_delivery.c.state == "dead", *_reached(department))
    return conn.execute(dead.values(again)).rowcount


def dead_letters(conn: sa.Connection, department: str | None = None, limit: int = 50) -> list[Delivery]:
    """What never arrived, the latest first, of a department's people or of all."""
    columns = [alert.c[name] for name in Alert.__dataclass_fields__]
    of = [alert_delivery.c[name] for name in ("channel", "state", "attempts", "due_at", "fault", "status")]
    wanted = sa.select(*columns, *of).join_from(alert_delivery, alert, alert.c.id == alert_delivery.c.alert_id)
    wanted = wanted.where(alert_delivery.c.state == "dead", *_reached(department))
    rows = conn.execute(wanted.order_by(alert.c.id.desc(), alert_delivery.c.channel).limit(limit))
    return [Delivery(Alert(*row[:9]), *row[9:]) for row in rows]


def counts(conn: sa.Connection) -> dict[str, int]:
    """How many deliveries are in each state."""
    wanted = sa.select(alert_delivery.c.state, sa.func.count()).group_by(alert_delivery.c.state)
    return {"waiting": 0, "sent": 0, "dead": 0, "dropped": 0} | {row[0]: row[1] for row in conn.execute(wanted)}


def wishes_of(conn: sa.Connection, account_id: int) -> Wishes:
    """How somebody wants to be told; nothing but the page by default."""
    found = wishes_of_all(conn, [account_id])
    return found.get(account_id, Wishes())


def wishes_of_all(conn: sa.Connection, account_ids: list[int]) -> dict[int, Wishes]:
    """The same for several people; who said nothing is not among them."""
    wanted = sa.select(alert_receiver).where(alert_receiver.c.account_id.in_(account_ids))
    return {
        row.account_id: Wishes(row.mail, row.webhook, row.quiet_from, row.quiet_until, tuple(row.muted))
        for row in conn.execute(wanted)
    }


def keep_wishes(conn: sa.Connection, account_id: int, wishes: Wishes) -> None:
    """Write down how somebody wants to be told."""
    values = vars(wishes) | {"muted": list(wishes.muted)}
    made = insert(alert_receiver).values(account_id=account_id, **values)
    conn.execute(made.on_conflict_do_update(index_elements=["account_id"], set_=values))


def _settle(conn: sa.Connection, claimed: Claimed, values: dict[str, Any]) -> bool:
    ours = sa.and_(
        alert_delivery.c.alert_id == claimed.alert.id,
        alert_delivery.c.channel == claimed.channel,
        alert_delivery.c.lease == claimed.lease,
        alert_delivery.c.state == "waiting",
    )
    done = sa.update(alert_delivery).where(ours).values(**values, lease=None, lease_until=None)
    return conn.execute(done).rowcount == 1


def _reached(department: str | None) -> list[sa.ColumnElement[bool]]:
    if department is None:
        return []
    people = sa.select(account.c.id).where(account.c.department == department)
    return [alert_delivery.c.alert_id.in_(sa.select(alert.c.id).where(alert.c.account_id.in_(people)))]
