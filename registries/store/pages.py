"""What the stewards' and publishers' dashboards ask, through role hub_page: counts, scores and masked values.

for line in pages.datasets(conn, department=None): line.score, line.open_cases
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registries.store.casework_tables import case
from registries.store.tables import batch, dataset, department, refused_row


@dataclass(frozen=True)
class DatasetLine:
    """How one dataset stands.

    Attributes:
        score: 0 to 1; None if nothing was judged.
        data_as_of: of what is served; None before the first batch was taken over.
        fresh_for_days: how old its data may be.
        refused: rows in quarantine or held, of batches whose place no newer one has taken.
    """

    name: str
    department: str
    department_zh: str
    title_zh: str
    title_en: str
    score: float | None
    data_as_of: datetime | None
    fresh_for_days: int
    batches: int
    refused: int
    open_cases: int


@dataclass(frozen=True)
class ConflictLine:
    """Two publishers disagree about an attribute of a subject; masked unless all three columns are public."""

    register: str
    subject_key: str
    attribute: str
    dataset: str
    authority: str
    value: str
    authority_value: str


def datasets(conn: sa.Connection, of_department: str | None = None) -> list[DatasetLine]:
    """All datasets, or a department's, by name."""
    wanted = (
        sa.select(
            *(dataset.c.name, dataset.c.department, department.c.name_zh.label("department_zh")),
            *(dataset.c.title_zh, dataset.c.title_en, dataset.c.score, dataset.c.data_as_of, dataset.c.fresh_for_days),
            _count(batch.c.number, batch.c.dataset == dataset.c.name).label("batches"),
            _count(
                refused_row.c.row_number, refused_row.c.dataset == dataset.c.name, refused_row.c.until_batch.is_(None)
            ).label("refused"),
            _count(case.c.number, case.c.dataset == dataset.c.name, case.c.state == "open").label("open_cases"),
        )
        .join(department, department.c.id == dataset.c.department)
        .order_by(dataset.c.name)
    )
    if of_department is not None:
        wanted = wanted.where(dataset.c.department == of_department)
    return [DatasetLine(*row) for row in conn.execute(wanted)]


def departments(conn: sa.Connection) -> list[tuple[str, str, str]]:
    """Id, Chinese and English name of the departments that publish something, by id."""
    publishing = sa.select(dataset.c.department)
    wanted = sa.select(department.c.id, department.c.name_zh, department.c.name_en)
    rows = conn.execute(wanted.where(department.c.id.in_(publishing)).order_by(department.c.id))
    return [(row.id, row.name_zh, row.name_en) for row in rows]


def list_conflicts(
    conn: sa.Connection, register: str, after: tuple[str, str, str] = ("", "", ""), limit: int = 100
) -> list[ConflictLine]:
    """A register's conflicts by subject, attribute and dataset, those after `after`; masked by the database."""
    names = ("register", "subject_key", "attribute", "dataset", "authority", "value", "authority_value")
    shown = sa.table("conflict_masked", *(sa.column(name) for name in names), schema="hub")
    place = sa.tuple_(shown.c.subject_key, shown.c.attribute, shown.c.dataset)
    wanted = (
        sa.select(*shown.c)
        .where(shown.c.register == register, place > sa.tuple_(*after))
        .order_by(shown.c.subject_key, shown.c.attribute, shown.c.dataset)
        .limit(limit)
    )
    return [ConflictLine(*row) for row in conn.execute(wanted)]


def conflicts_between(
    conn: sa.Connection,
    register: str,
    of_dataset: str,
    attribute: str,
    against: str | None,
    passed: int = 0,
    limit: int = 100,
) -> list[ConflictLine]:
    """Conflicts of one attribute between a dataset and what a department decides; `passed` over so many."""
    names = ("register", "subject_key", "attribute", "dataset", "authority", "value", "authority_value")
    shown = sa.table("conflict_masked", *(sa.column(name) for name in names), schema="hub")
    wanted = sa.select(*shown.c).where(
        shown.c.register == register, shown.c.dataset == of_dataset, shown.c.attribute == attribute
    )
    if against is not None:
        wanted = wanted.where(shown.c.authority.in_(sa.select(dataset.c.name).where(dataset.c.department == against)))
    ordered = wanted.order_by(shown.c.subject_key, shown.c.value, shown.c.authority_value)
    return [ConflictLine(*row) for row in conn.execute(ordered.offset(passed).limit(limit))]


def count_conflicts(conn: sa.Connection) -> dict[tuple[str, str, str], int]:
    """How many conflicts there are by register, attribute and dataset."""
    names = ("register", "attribute", "dataset")
    shown = sa.table("conflict_masked", *(sa.column(name) for name in names), schema="hub")
    rows = conn.execute(sa.select(*shown.c, sa.func.count().label("found")).group_by(*shown.c))
    return {(row.register, row.attribute, row.dataset): row.found for row in rows}


def _count(counted: sa.ColumnElement[Any], *which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count(counted)).where(*which).scalar_subquery()
