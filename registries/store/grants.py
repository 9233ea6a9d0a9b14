"""Grants (授权): which department may do which act on what, for which purpose and service item, until when.

grant = grants.covering_grant(conn, "market_regulation", "verification", type_code, "行政许可审批", item, today)
if grant is None: ...refuse, before any look-up
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import sqlalchemy as sa

from registries.store.tables import grant_right

Act = Literal["verification", "matching", "query", "retrieval"]


@dataclass(frozen=True)
class Grant:
    """A right that somebody gave. None for type, dataset or service item means any; end dates are inclusive.

    `withheld_because`: the law by which subjects are not told of what was asked under it; None: they are.
    """

    id: int
    department: str
    act: Act
    certificate_type: str | None
    dataset: str | None
    fields: tuple[str, ...]
    purpose: str
    service_item: str | None
    granted_by: str
    valid_from: date
    valid_until: date | None
    withheld_because: str | None = None


def covering_grant(
    conn: sa.Connection,
    department: str,
    act: Act,
    certificate_type: str,
    purpose: str,
    service_item: str,
    today: date,
) -> Grant | None:
    """The oldest grant that covers this act today; None if there is none."""
    wanted = (
        sa.select(grant_right)
        .where(
            grant_right.c.department == department,
            grant_right.c.act == act,
            _any_or(grant_right.c.certificate_type, certificate_type),
            grant_right.c.purpose == purpose,
            _any_or(grant_right.c.service_item, service_item),
            grant_right.c.valid_from <= today,
            sa.or_(grant_right.c.valid_until.is_(None), grant_right.c.valid_until >= today),
        )
        .order_by(grant_right.c.id)
        .limit(1)
    )
    row = conn.execute(wanted).first()
    return None if row is None else _grant(row)


def add_grant(
    conn_owner: sa.Connection,
    department: str,
    act: Act,
    purpose: str,
    granted_by: str,
    valid_from: date,
    *,
    certificate_type: str | None = None,
    dataset: str | None = None,
    service_item: str | None = None,
    fields: tuple[str, ...] = (),
    valid_until: date | None = None,
) -> int:
    """Write down a grant unless an equal one is there; its id. By the owner only."""
    values = {
        "department": department,
        "act": act,
        "certificate_type": certificate_type,
        "dataset": dataset,
        "fields": list(fields),
        "purpose": purpose,
        "service_item": service_item,
        "granted_by": granted_by,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    equal = (grant_right.c[name].is_not_distinct_from(value) for name, value in values.items())
    known = conn_owner.execute(sa.select(grant_right.c.id).where(*equal).limit(1)).scalar()
    if known is not None:
        return int(known)
    return int(conn_owner.execute(sa.insert(grant_right).values(values).returning(grant_right.c.id)).scalar_one())


def end_grant(conn_owner: sa.Connection, grant_id: int, last_day: date) -> None:
    """Let a grant end on a day (inclusive). By the owner only."""
    conn_owner.execute(sa.update(grant_right).where(grant_right.c.id == grant_id).values(valid_until=last_day))


def withhold(conn_owner: sa.Connection, grant_id: int, because: str | None) -> bool:
    """Tell subjects no more of what is asked under a grant, by this law; None: tell them again. By the owner only.

    Returns whether there is such a grant.
    """
    changed = sa.update(grant_right).where(grant_right.c.id == grant_id).values(withheld_because=because)
    return conn_owner.execute(changed).rowcount > 0


def list_grants(conn: sa.Connection, department: str | None = None) -> list[Grant]:
    """All grants, or a department's, oldest first."""
    wanted = sa.select(grant_right).order_by(grant_right.c.id)
    if department is not None:
        wanted = wanted.where(grant_right.c.department == department)
    return [_grant(row) for row in conn.execute(wanted)]


def _any_or(column: sa.Column[str], value: str) -> sa.ColumnElement[bool]:
    return sa.or_(column.is_(None), column == value)


def _grant(row: sa.Row[*tuple[object, ...]]) -> Grant:
    return Grant(
        row.id,
        row.department,
        row.act,
        row.certificate_type,
        row.dataset,
        tuple(row.fields),
        row.purpose,
        row.service_item,
        row.granted_by,
        row.valid_from,
        row.valid_until,
        row.withheld_because,
    )
