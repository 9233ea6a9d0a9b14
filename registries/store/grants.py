"""Grants (授权): which department may do which act on what, for which purpose and service item, until when.

    claimant, wish = Claimant("market_regulation", "client:approval"), Wish("verification", "行政许可审批", item, kind)
    (grant,) = grants.covering_grants(conn, [(claimant, wish)], today)
    if grant is None: ...refuse, before any look-up

What a grant covers is said once, by the function `hub.grant_covers` of the database, which the look-ups ask too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from registries.store.tables import grant_right

Act = Literal["verification", "matching", "query", "retrieval"]


@dataclass(frozen=True)
class Grant:
    """A right that somebody gave. None for type, dataset or service item means any; end dates are inclusive.

    Attributes:
        fields: of the dataset or type, for queries and matches; `in_clear`: queries are answered unmasked.
        withheld_because: the law by which subjects are not told of what was asked under it; None: they are.
        application: which it was asked for with; None: the hub's operator gave it.
        askers: `officer:<account>` and `client:<id>`; None: all of the department.
        area_code: a division of GB/T 2260: only records of this area may be looked at; None: of any.
        per_hour, per_day: how many questions it is good for; None: as the hub has it.
        suspended_because: it rests for this reason; None: it does not. `ended_because`: it was ended for good.
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
    application: int | None = None
    askers: tuple[str, ...] | None = None
    area_code: str | None = None
    per_hour: int | None = None
    per_day: int | None = None
    in_clear: bool = False
    suspended_at: datetime | None = None
    suspended_because: str | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    def holds(self, today: date) -> bool:
        """Whether it may be used on that day."""
        within = self.valid_from <= today and (self.valid_until is None or today <= self.valid_until)
        return within and self.suspended_at is None and self.ended_at is None

    def is_for(self, asker: str) -> bool:
        """Whether somebody of its department, by the name in the ledger, may use it."""
        return self.askers is None or asker in self.askers


class Wish(NamedTuple):
    """What a grant has to cover: an act on a certificate type or a dataset's fields, for a purpose and service item."""

    act: Act
    purpose: str
    service_item: str
    certificate_type: str | None = None
    dataset: str | None = None
    fields: tuple[str, ...] = ()


class Claimant(NamedTuple):
    """Who wishes: a department, and in it `client:<id>` or `officer:<account>`."""

    department: str
    asker: str


_COVERING = sa.text(
    """
    SELECT w.place, found.*
      FROM jsonb_array_elements(CAST(:wanted AS jsonb)) WITH ORDINALITY AS e(wish, place)
     CROSS JOIN LATERAL jsonb_to_record(e.wish) AS a(
         department text, asker text, act text, purpose text, service_item text, certificate_type text, dataset text,
         fields text[])
     CROSS JOIN LATERAL (SELECT e.place) AS w(place)
     CROSS JOIN LATERAL (
         SELECT g.* FROM hub.grant_right g
          WHERE hub.grant_covers(g, :today, a.department, a.asker, a.act, a.certificate_type, a.dataset, a.fields,
                                 a.purpose, a.service_item)
          ORDER BY g.area_code IS NOT NULL, g.id
          LIMIT 1) AS found
    """
)


def covering_grants(conn: sa.Connection, wanted: Sequence[tuple[Claimant, Wish]], today: date) -> list[Grant | None]:
    """For each wish, in order, the oldest grant that covers it today; None where there is none. One statement for all.

    A grant for every area comes before one for a part. Who uses one for a part has to look at its records only.
    """
    asked = {each: place for place, each in enumerate(dict.fromkeys(wanted), start=1)}
    if not asked:
        return []
    sent = [{**who._asdict(), **wish._asdict(), "fields": list(wish.fields)} for who, wish in asked]
    rows = conn.execute(_COVERING, {"wanted": json.dumps(sent), "today": today})
    found = {row.place: grant_of(row) for row in rows}
    return [found.get(asked[each]) for each in wanted]


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
    return [grant_of(row) for row in conn.execute(wanted)]


_NAMES = tuple(Grant.__dataclass_fields__)
_LISTS = ("fields", "askers")


def grant_of(row: sa.Row[*tuple[Any, ...]]) -> Grant:
    """The grant that a row of the table is."""
    values = {name: getattr(row, name) for name in _NAMES}
    lists = {name: tuple(values[name]) for name in _LISTS if values[name] is not None}
    return Grant(**{**values, **lists})
