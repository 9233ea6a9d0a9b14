"""Paper that was taken although the hub could have answered, counted by item and department; of nobody's cases.

counts = paper_counts.paper_counts(conn, since, until)       # hub_page; days in China, both included
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from registries.store.case_tables import case_check, case_material, material_received

_CHINA = "Asia/Shanghai"


@dataclass(frozen=True)
class PaperCount:
    """One item at one department.

    Attributes:
        answered: materials that the hub said need not be handed in, in all checks.
        taken: materials that were received; `needless`: of those, how many the hub had answered for.
        reasons: why, and how often.
    """

    item: str
    department: str
    answered: int
    taken: int
    needless: int
    reasons: tuple[tuple[str, int], ...]


def paper_counts(conn: sa.Connection, since: date, until: date) -> Sequence[PaperCount]:
    """Counts of a time, the most needless paper first; two statements."""
    received = material_received.c
    reasons = (
        sa.select(received.item, received.department, received.reason, sa.func.count().label("number"))
        .where(*_within(received.received_at, since, until))
        .group_by(received.item, received.department, received.reason)
        .order_by(sa.func.count().desc(), received.reason)
    )
    answered = (
        sa.select(case_check.c.item, case_check.c.department, sa.func.count().label("number"))
        .join_from(case_check, case_material, case_material.c.check_id == case_check.c.id)
        .where(*_within(case_check.c.checked_at, since, until), case_material.c.outcome == "exempt")
        .group_by(case_check.c.item, case_check.c.department)
    )
    exempt = {(row.item, row.department): row.number for row in conn.execute(answered)}
    taken: dict[tuple[str, str], list[tuple[str | None, int]]] = {key: [] for key in exempt}
    for row in conn.execute(reasons):
        taken.setdefault((row.item, row.department), []).append((row.reason, row.number))
    counts = [_count(*key, exempt.get(key, 0), found) for key, found in taken.items()]
    return sorted(counts, key=lambda each: (-each.needless, each.item, each.department))


def _count(item: str, department: str, answered: int, found: Sequence[tuple[str | None, int]]) -> PaperCount:
    reasons = tuple((reason, number) for reason, number in found if reason is not None)
    needless = sum(number for _, number in reasons)
    return PaperCount(item, department, answered, sum(number for _, number in found), needless, reasons)


def _within(column: sa.Column[object], since: date, until: date) -> list[sa.ColumnElement[bool]]:
    """Days in China as moments, so that the index on the column is used."""
    start, end = (
        sa.func.timezone(_CHINA, sa.cast(sa.literal(day), sa.DateTime())) for day in (since, until + timedelta(days=1))
    )
    return [column >= start, column < end]
