"""Alerts: what the intake and cases bring that somebody should hear of, noted once and grouped for each receiver.

    noted = alerts.note(conn, now, today, yellow_until)    # hub_load: everything new, each thing once
    alerts.spread(conn, groups, now)                       # one alert for each receiver, kind and dataset
    alerts.of_account(conn, 7), alerts.unread(conn, 7)     # hub_page

A batch or a case is named by its number alone; no value of a row, no subject and no person stands here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.alert_tables import CHANNELS, alert, alert_delivery, alert_noted, alert_receiver
from registries.store.casework_tables import case, case_step
from registries.store.tables import account, batch, dataset, score

AlertKind = Literal["held", "refused", "case_opened", "yellow", "red", "overdue", "drift", "late", "escalated"]
DRIFT_RULES: Final = ("volume-drift", "distribution-drift")
FRESHNESS_RULE: Final = "freshness-in_time"
LOOKS_BACK: Final = timedelta(days=40)
"""What is older was either told or is none of today's business: a hub that gets alerts is not flooded."""

_LOCK: Final = 6_028


@dataclass(frozen=True)
class Noted:
    """One thing that somebody should hear of."""

    kind: AlertKind
    reference: str
    department: str
    dataset: str


@dataclass(frozen=True)
class Alert:
    """What a receiver reads: so many of a kind about a dataset; `reference` is the latest."""

    id: int
    kind: AlertKind
    department: str
    dataset: str
    count: int
    reference: str
    first_at: datetime
    last_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Hearer:
    """An account that hears of something, with its roles."""

    account_id: int
    department: str
    roles: tuple[str, ...]


def note(conn: sa.Connection, now: datetime, today: date, yellow_until: date) -> list[Noted]:
    """Note whatever happened since and was not noted yet; cards as of `today`, yellow for what is due until then."""
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    since = now - LOOKS_BACK
    found = sa.union_all(*_batches(since), *_cases(since, today, yellow_until)).subquery()
    names = ["kind", "reference", "department", "dataset", "noted_at"]
    chosen = sa.select(found.c.kind, found.c.reference, found.c.department, found.c.dataset, sa.literal(now))
    made = insert(alert_noted).from_select(names, chosen).on_conflict_do_nothing()
    rows = conn.execute(made.returning(*(alert_noted.c[name] for name in names[:4])))
    return sorted((Noted(*row) for row in rows), key=lambda one: (one.kind, one.dataset, one.reference))


def _batches(since: datetime) -> list[sa.Select[*tuple[Any, ...]]]:
    """Batches that are held, have refused rows, or differ from their dataset's own history."""

    def of_kind(kind: str, *which: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
        known = sa.select(
            sa.literal(kind).label("kind"),
            sa.cast(batch.c.number, sa.Text).label("reference"),
            dataset.c.department.label("department"),
            batch.c.dataset.label("dataset"),
        ).join_from(batch, dataset, dataset.c.name == batch.c.dataset)
        return known.where(batch.c.opened_at > since, *which)

    drifted = sa.exists().where(score.c.batch == batch.c.number, score.c.rule_id.in_(DRIFT_RULES), score.c.failed > 0)
    return [
        of_kind("held", batch.c.hold_reason.is_not(None)),
        of_kind("refused", batch.c.quarantined > 0),
        of_kind("drift", drifted),
    ]


def _cases(since: datetime, today: date, yellow_until: date) -> list[sa.Select[*tuple[Any, ...]]]:
    """Cases that were opened, have a card, or were escalated; one that is late twice has two cards."""
    number = sa.cast(case.c.number, sa.Text)
    card = number + "/" + sa.cast(case.c.due_on, sa.Text)
    runs = (case.c.state == "open", case.c.stopped_at.is_(None))

    def of_kind(
        kind: str, reference: sa.ColumnElement[str], *which: sa.ColumnElement[bool]
    ) -> sa.Select[*tuple[Any, ...]]:
        columns = (sa.literal(kind).label("kind"), reference.label("reference"), case.c.department, case.c.dataset)
        return sa.select(*columns).where(*which)

    steps = sa.cast(case_step.c.case_number, sa.Text) + "/" + sa.cast(case_step.c.id, sa.Text)
    escalated = of_kind("escalated", steps, case_step.c.act == "escalated", case_step.c.at > since)
    late = case.c.rule_id == FRESHNESS_RULE
    return [
        of_kind(
            "case_opened", number, case.c.opened_at > since, sa.func.coalesce(case.c.rule_id, "") != FRESHNESS_RULE
        ),
        of_kind("late", number + "/" + sa.cast(case.c.reopened, sa.Text), late, case.c.opened_at > since),
        of_kind("yellow", card, *runs, case.c.due_on >= today, case.c.due_on <= yellow_until),
        of_kind("red", card, *runs, case.c.due_on < today, case.c.due_on > since.date()),
        of_kind("overdue", card, *runs, case.c.due_on < today, case.c.due_on > since.date()),
        escalated.join_from(case_step, case, case.c.number == case_step.c.case_number),
    ]


def hearers(conn: sa.Connection, roles: Sequence[str]) -> list[Hearer]:
    """The open accounts that have one of these roles."""
    some = account.c.roles.overlap(sa.cast(list(roles), account.c.roles.type))
    wanted = sa.select(account.c.id, account.c.department, account.c.roles).where(account.c.state == "open", some)
    return [Hearer(row[0], row[1], tuple(row[2])) for row in conn.execute(wanted.order_by(account.c.id))]


@dataclass(frozen=True)
class Group:
    """What one receiver hears in one alert, and until when more of it joins."""

    account_id: int
    kind: AlertKind
    department: str
    dataset: str
    count: int
    reference: str
    closes_at: datetime


def spread(conn: sa.Connection, groups: Sequence[Group], now: datetime) -> int:
    """Let each group join the alert of its receiver that is not closed yet, or begin one; how many were begun."""
    begun = [number for group in groups if (number := _joined_or_begun(conn, group, now)) is not None]
    for channel in CHANNELS:
        _hand_over(conn, begun, channel)
    return len(begun)


def _joined_or_begun(conn: sa.Connection, group: Group, now: datetime) -> int | None:
    """The number of the alert that was begun, or None where there was one to join."""
    same = [alert.c[name] == getattr(group, name) for name in ("account_id", "kind", "department", "dataset")]
    more = {"count": alert.c.count + group.count, "reference": group.reference, "last_at": now, "read_at": None}
    if conn.execute(sa.update(alert).where(*same, alert.c.closes_at > now).values(more)).rowcount:
        return None
    made = sa.insert(alert).values(**vars(group), first_at=now, last_at=now).returning(alert.c.id)
    return int(conn.execute(made).scalar_one())


def _hand_over(conn: sa.Connection, numbers: Sequence[int], channel: str) -> None:
    """A delivery of each alert whose receiver has this channel and does not keep the kind on the page."""
    wants = sa.and_(
        alert_receiver.c.account_id == alert.c.account_id,
        alert_receiver.c[channel].is_not(None),
        alert.c.kind != sa.all_(alert_receiver.c.muted),
    )
    new = sa.select(alert.c.id, sa.literal(channel), sa.literal("waiting"), alert.c.closes_at)
    rows = new.join_from(alert, alert_receiver, wants).where(alert.c.id.in_(numbers))
    conn.execute(insert(alert_delivery).from_select(["alert_id", "channel", "state", "due_at"], rows))


def forget(conn: sa.Connection, before: datetime) -> int:
    """Alerts that began before then go, with what was noted for them; how many."""
    old = sa.select(alert.c.id).where(alert.c.first_at < before)
    conn.execute(sa.delete(alert_delivery).where(alert_delivery.c.alert_id.in_(old)))
    conn.execute(sa.delete(alert_noted).where(alert_noted.c.noted_at < before))
    return conn.execute(sa.delete(alert).where(alert.c.first_at < before)).rowcount


def of_account(conn: sa.Connection, account_id: int, before: int | None = None, limit: int = 50) -> list[Alert]:
    """What somebody was told of, the latest first; `before` is a number from the page before."""
    wanted = sa.select(*_SHOWN).where(alert.c.account_id == account_id).order_by(alert.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(alert.c.id < before)
    return [Alert(*row) for row in conn.execute(wanted)]


def unread(conn: sa.Connection, account_id: int) -> int:
    """How many alerts somebody has not read."""
    wanted = sa.select(sa.func.count()).where(alert.c.account_id == account_id, alert.c.read_at.is_(None))
    return int(conn.execute(wanted).scalar_one())


def mark_read(conn: sa.Connection, account_id: int, up_to: int, now: datetime) -> int:
    """Somebody has read everything up to an alert's number; how many that were."""
    mine = (alert.c.account_id == account_id, alert.c.id <= up_to, alert.c.read_at.is_(None))
    return conn.execute(sa.update(alert).where(*mine).values(read_at=now)).rowcount


_SHOWN: Final = tuple(
    alert.c[name]
    for name in ("id", "kind", "department", "dataset", "count", "reference", "first_at", "last_at", "read_at")
)
