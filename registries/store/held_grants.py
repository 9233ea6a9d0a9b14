"""Grants in use: they rest, go on, end, last longer; and a provider that wants to stop says so first.

    found = held_grants.locked(conn_page, grant_id)
    held_grants.suspend(conn_page, grant_id, "超范围使用", now)
    held_grants.announce_stop(conn_page, grant_id, "系统改造", stop_on, now)

Decree 809, article 27: misuse suspends a grant and then ends it; otherwise a provider may not stop without having
asked who uses it, and without the authority having it on file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from registries.store.grants import Grant, grant_of
from registries.store.rights_tables import stop_notice
from registries.store.tables import dataset, grant_right

NoticeState = Literal["asking", "agreed", "objected", "filed", "dropped"]
OPEN_NOTICES: Final[tuple[NoticeState, ...]] = ("asking", "agreed", "objected")


@dataclass(frozen=True)
class StopNotice:
    """A provider wants to stop a grant from a day on; what its user says, and whether the authority has it on file."""

    id: int
    grant_id: int
    reason: str
    stop_on: date
    state: NoticeState
    answer: str | None
    made_at: datetime
    answered_at: datetime | None


def locked(conn_page: sa.Connection, grant_id: int) -> Grant | None:
    """A grant that is to change, ours until the transaction ends; None if there is none."""
    row = conn_page.execute(sa.select(grant_right).where(grant_right.c.id == grant_id).with_for_update()).first()
    return None if row is None else grant_of(row)


def suspend(conn_page: sa.Connection, grant_id: int, because: str, now: datetime) -> None:
    """Let it rest from this moment."""
    _change(conn_page, grant_id, suspended_at=now, suspended_because=because)


def resume(conn_page: sa.Connection, grant_id: int) -> None:
    """Let it go on."""
    _change(conn_page, grant_id, suspended_at=None, suspended_because=None)


def end(conn_page: sa.Connection, grant_id: int, because: str, now: datetime) -> None:
    """End it at this moment, for good: PostgreSQL lets nothing change it afterwards."""
    _change(conn_page, grant_id, ended_at=now, ended_because=because)


def extend(conn_page: sa.Connection, grant_id: int, last_day: date) -> None:
    """Let it last until that day, inclusive."""
    _change(conn_page, grant_id, valid_until=last_day)


def held(
    conn: sa.Connection,
    *,
    department: str | None = None,
    provider: str | None = None,
    before: int | None = None,
    limit: int = 25,
) -> list[Grant]:
    """Grants, the latest first: a department's, those on what a provider publishes, or all."""
    wanted = sa.select(grant_right).order_by(grant_right.c.id.desc()).limit(limit)
    if department is not None:
        wanted = wanted.where(grant_right.c.department == department)
    if provider is not None:
        wanted = wanted.where(_provided_by(provider))
    if before is not None:
        wanted = wanted.where(grant_right.c.id < before)
    return [grant_of(row) for row in conn.execute(wanted)]


def of_application(conn: sa.Connection, number: int) -> list[Grant]:
    """The grants that an application led to."""
    wanted = sa.select(grant_right).where(grant_right.c.application == number).order_by(grant_right.c.id)
    return [grant_of(row) for row in conn.execute(wanted)]


def by_id(conn: sa.Connection, grant_id: int) -> Grant | None:
    """The grant, or None."""
    row = conn.execute(sa.select(grant_right).where(grant_right.c.id == grant_id)).first()
    return None if row is None else grant_of(row)


def by_ids(conn: sa.Connection, grant_ids: Sequence[int]) -> list[Grant]:
    """These grants, in order; those that there are not are left out."""
    wanted = sa.select(grant_right).where(grant_right.c.id.in_(grant_ids)).order_by(grant_right.c.id)
    return [grant_of(row) for row in conn.execute(wanted)]


def is_provider(conn: sa.Connection, found: Grant, department: str) -> bool:
    """Whether a department publishes what a grant is for: as its only publisher, or as one of several."""
    asked = sa.select(grant_right.c.id).where(grant_right.c.id == found.id, _provided_by(department))
    return conn.execute(asked).first() is not None


def ending(conn: sa.Connection, today: date, until: date) -> list[Grant]:
    """Grants whose last day lies from today until that day."""
    wanted = sa.select(grant_right).where(
        grant_right.c.valid_until.between(today, until), grant_right.c.ended_at.is_(None)
    )
    return [grant_of(row) for row in conn.execute(wanted.order_by(grant_right.c.valid_until, grant_right.c.id))]


def announce_stop(conn_page: sa.Connection, grant_id: int, reason: str, stop_on: date, now: datetime) -> int:
    """Say that a grant shall stop; the notice's number."""
    values = {"grant_id": grant_id, "reason": reason, "stop_on": stop_on, "state": "asking", "made_at": now}
    return int(conn_page.execute(sa.insert(stop_notice).values(values).returning(stop_notice.c.id)).scalar_one())


def open_notice(conn_page: sa.Connection, grant_id: int) -> StopNotice | None:
    """The notice that is open about a grant, ours until the transaction ends."""
    wanted = sa.select(stop_notice).where(stop_notice.c.grant_id == grant_id, stop_notice.c.state.in_(OPEN_NOTICES))
    row = conn_page.execute(wanted.with_for_update()).first()
    return None if row is None else _notice(row)


def move_notice(
    conn_page: sa.Connection, number: int, state: NoticeState, now: datetime | None = None, answer: str | None = None
) -> None:
    """Note what became of a notice; `now` and `answer` where it is the answer of who uses the grant."""
    values: dict[str, object] = {"state": state}
    if now is not None:
        values |= {"answered_at": now, "answer": answer}
    conn_page.execute(sa.update(stop_notice).where(stop_notice.c.id == number).values(values))


def notices(conn: sa.Connection, grant_ids: Sequence[int] | None = None) -> list[StopNotice]:
    """Notices about grants, or all that are open, in order."""
    which = stop_notice.c.state.in_(OPEN_NOTICES) if grant_ids is None else stop_notice.c.grant_id.in_(grant_ids)
    return [_notice(row) for row in conn.execute(sa.select(stop_notice).where(which).order_by(stop_notice.c.id))]


def filed_by(conn: sa.Connection, grant_id: int, today: date) -> bool:
    """Whether stopping a grant was announced, is on file with the authority, and its day has come."""
    wanted = sa.select(stop_notice.c.id).where(
        stop_notice.c.grant_id == grant_id, stop_notice.c.state == "filed", stop_notice.c.stop_on <= today
    )
    return conn.execute(wanted).first() is not None


def _change(conn_page: sa.Connection, grant_id: int, **values: object) -> None:
    conn_page.execute(sa.update(grant_right).where(grant_right.c.id == grant_id).values(values))


def _provided_by(department: str) -> sa.ColumnElement[bool]:
    """Whether what a grant is for comes from a department, as the catalogue's mirror has it."""
    own = sa.select(dataset.c.name).where(dataset.c.department == department)
    types = sa.select(dataset.c.certificate_type).where(
        dataset.c.department == department, dataset.c.certificate_type.is_not(None)
    )
    return sa.or_(grant_right.c.dataset.in_(own), grant_right.c.certificate_type.in_(types))


def _notice(row: sa.Row[*tuple[Any, ...]]) -> StopNotice:
    return StopNotice(**{name: getattr(row, name) for name in StopNotice.__dataclass_fields__})
