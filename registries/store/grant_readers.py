"""Who is granted what of a dataset: for its department, before it changes a contract under somebody's feet.

for reader in readers_of(conn, "health.births", "11100000MB0143028R001", today): reader.department, reader.fields
"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from registries.store.tables import grant_right


@dataclass(frozen=True)
class Reader:
    """A grant in force; `fields` are columns of the dataset, none where a certificate's verdict is asked for."""

    department: str
    act: str
    certificate_type: str | None
    fields: tuple[str, ...]
    purpose: str
    service_item: str | None


def readers_of(conn: sa.Connection, dataset: str, certificate_type: str | None, today: date) -> list[Reader]:
    """Grants on a dataset, or on its certificates, that are in force on a day; by department."""
    ours = grant_right.c.dataset == dataset
    if certificate_type is not None:
        ours = sa.or_(ours, grant_right.c.certificate_type == certificate_type)
    last = sa.or_(grant_right.c.valid_until.is_(None), grant_right.c.valid_until >= today)
    names = ("department", "act", "certificate_type", "fields", "purpose", "service_item")
    wanted = sa.select(*(grant_right.c[name] for name in names)).where(
        ours, grant_right.c.ended_at.is_(None), grant_right.c.valid_from <= today, last
    )
    rows = conn.execute(wanted.order_by(grant_right.c.department, grant_right.c.id))
    return [Reader(r.department, r.act, r.certificate_type, tuple(r.fields), r.purpose, r.service_item) for r in rows]
