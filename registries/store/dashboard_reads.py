"""What dashboards show, read from small tables alone (role hub_page): a page costs the same with ten rows or millions.

    for line in dashboard_reads.months(conn, Period(date(2026, 1, 1), date(2026, 12, 31)), dataset="health.births"):
        line.month, line.dimension, line.checked, line.failed

What is counted over rows is as old as the worker's last look (`dashboards`); each line of a dataset says how old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from registries.store.dashboard_tables import (
    answer_count,
    conflict_count,
    coverage_lag,
    coverage_year,
    dataset_standing,
    declared_total,
    score_month,
)
from registries.store.tables import dataset, finding, refused_row, score

Line = TypeVar("Line")


class Period(NamedTuple):
    """Days in China, both included."""

    since: date
    until: date


class MonthLine(NamedTuple):
    """Judgements of one rule, or of all of a dimension and level (`rule_id` is "" then); `month` is its first day."""

    department: str
    dataset: str
    month: date
    rule_id: str
    dimension: str
    level: int
    checked: int
    failed: int


class StandingLine(NamedTuple):
    """How a dataset stands: its source's last word, and its latest batch; None before the first."""

    dataset: str
    department: str
    data_as_of: datetime | None
    batch: int | None
    at: datetime | None
    pulled: int | None
    refused: int | None
    held: bool | None
    batches: int | None
    counted_at: datetime | None


class CauseLine(NamedTuple):
    """What a rule found in its dataset's latest batch."""

    department: str
    dataset: str
    batch: int
    rule_id: str
    dimension: str
    level: int
    checked: int
    failed: int


class ConflictLine(NamedTuple):
    """How often a dataset differs from the authority of an attribute, which is another dataset."""

    register: str
    attribute: str
    dataset: str
    authority: str
    found: int


class CoverageLine(NamedTuple):
    """Certificates of a type and year (0: not told) that a department has in the hub, and has declared as issued."""

    certificate_type: str
    department: str
    year: int
    held: int
    doubtful: int
    declared: int | None


class LagLine(NamedTuple):
    """How many certificates of a month of issue took so many days to the hub."""

    certificate_type: str
    dataset: str
    department: str
    month: date
    days: int
    certificates: int


class UseLine(NamedTuple):
    """Questions of one department for one service item about one type, and how they were answered."""

    service_item: str
    certificate_type: str
    department: str
    act: str
    code: str
    questions: int


class CaseLine(NamedTuple):
    """An open case: whose, why, since when, until when; `stopped`: its clock stands."""

    number: int
    department: str
    dataset: str
    kind: str
    cause: str
    opened_at: datetime
    due_on: date
    stopped: bool
    stopped_days: int
    rows_open: int


@dataclass(frozen=True)
class FoundRow:
    """A row that a rule found, by its number in the landed batch, with all rules that found it."""

    row_number: int
    outcome: Literal["accepted", "quarantined", "held"]
    rule_ids: tuple[str, ...]


def months(conn: sa.Connection, period: Period, name: str | None = None) -> list[MonthLine]:
    """Scores by month; of each dataset also the last month before, which holds until another comes.

    Of one dataset by rule; of all of them by dimension and level, with "" for the rule.
    """
    kept, since = score_month.c, period.since.replace(day=1)
    earlier = score_month.alias()
    of_dataset = (earlier.c.dataset == dataset.c.name, earlier.c.month < since)
    last = sa.select(sa.func.max(earlier.c.month).label("month")).where(*of_dataset).correlate(dataset).lateral()
    from_then = sa.func.coalesce(last.c.month, since)  # a range of the key, so that earlier months are not read
    in_time = sa.and_(kept.dataset == dataset.c.name, kept.month.between(from_then, period.until))
    by: tuple[sa.ColumnElement[Any], ...] = (dataset.c.department, dataset.c.name, kept.month)
    sums: tuple[sa.ColumnElement[Any], ...] = (kept.checked, kept.failed)
    told = (kept.rule_id if name else sa.literal("").label("rule_id"), kept.dimension, kept.level)
    if name is None:
        sums = tuple(sa.cast(sa.func.sum(one), sa.BigInteger) for one in sums)
    wanted = (
        sa.select(*by, *told, *sums)
        .select_from(dataset.join(last, sa.true()).join(score_month, in_time))
        .order_by(*by, *told)
    )
    if name is None:
        return _lines(conn, MonthLine, wanted.group_by(*by, kept.dimension, kept.level))
    return _lines(conn, MonthLine, wanted.where(dataset.c.name == name))


def standings(conn: sa.Connection) -> list[StandingLine]:
    """All datasets by department and name, those without any batch too."""
    kept = dataset_standing.c
    told = (kept.batch, kept.at, kept.pulled, kept.refused, kept.held, kept.batches, kept.counted_at)
    wanted = (
        sa.select(dataset.c.name, dataset.c.department, dataset.c.data_as_of, *told)
        .join_from(dataset, dataset_standing, kept.dataset == dataset.c.name, isouter=True)
        .order_by(dataset.c.department, dataset.c.name)
    )
    return _lines(conn, StandingLine, wanted)


def causes(conn: sa.Connection, limit: int = 500) -> list[CauseLine]:
    """What the latest batches failed most, by rows; rules that found nothing are left out."""
    wanted = (
        sa.select(dataset.c.department, score.c.dataset, score.c.batch, score.c.rule_id, score.c.dimension)
        .add_columns(score.c.level, score.c.checked, score.c.failed)
        .join_from(dataset_standing, score, score.c.batch == dataset_standing.c.batch)
        .join(dataset, dataset.c.name == score.c.dataset)
        .where(score.c.failed > 0)
        .order_by(score.c.failed.desc(), score.c.dataset, score.c.rule_id)
        .limit(limit)
    )
    return _lines(conn, CauseLine, wanted)


def conflicts(conn: sa.Connection) -> list[ConflictLine]:
    """Who differs from whom, the most first."""
    kept = conflict_count.c
    by = (kept.register, kept.attribute, kept.dataset, kept.authority)
    return _lines(conn, ConflictLine, sa.select(*by, kept.found).order_by(kept.found.desc(), *by))


def coverage(conn: sa.Connection, since_year: int) -> list[CoverageLine]:
    """Certificates held and declared, by type, department and year of issue, since a year; year 0 always."""
    held = (
        sa.select(coverage_year.c.certificate_type, dataset.c.department, coverage_year.c.year)
        .add_columns(sa.func.sum(coverage_year.c.held).label("held"))
        .add_columns(sa.func.sum(coverage_year.c.doubtful).label("doubtful"))
        .join_from(coverage_year, dataset, dataset.c.name == coverage_year.c.dataset)
        .group_by(coverage_year.c.certificate_type, dataset.c.department, coverage_year.c.year)
        .subquery()
    )
    said = _declared().subquery()
    same = sa.and_(*(held.c[name] == said.c[name] for name in ("certificate_type", "department", "year")))
    year = sa.func.coalesce(held.c.year, said.c.year)
    kind = sa.func.coalesce(held.c.certificate_type, said.c.certificate_type)
    by = (kind, sa.func.coalesce(held.c.department, said.c.department), year)
    none = sa.literal(0)
    counts = (sa.func.coalesce(held.c.held, none), sa.func.coalesce(held.c.doubtful, none), said.c.issued)
    wanted = (
        sa.select(*by, *counts)
        .select_from(held.outerjoin(said, same, full=True))
        .where(sa.or_(year >= since_year, year == 0))
        .order_by(kind, by[1], year.desc())
    )
    rows = conn.execute(wanted)
    return [CoverageLine(row[0], row[1], row[2], int(row[3]), int(row[4]), row[5]) for row in rows]


def declared(conn: sa.Connection, department: str) -> list[tuple[str, int, int, str, datetime]]:
    """What a department declares by now: type, year, certificates issued, by whom and when; latest years first."""
    said = _declared().subquery()
    wanted = sa.select(said.c.certificate_type, said.c.year, said.c.issued, said.c.declared_by, said.c.declared_at)
    ordered = wanted.where(said.c.department == department).order_by(said.c.certificate_type, said.c.year.desc())
    return [(row[0], row[1], row[2], row[3], row[4]) for row in conn.execute(ordered)]


def _declared() -> sa.Select[Any]:
    by = (declared_total.c.certificate_type, declared_total.c.department, declared_total.c.year)
    return sa.select(declared_total).ext(distinct_on(*by)).order_by(*by, declared_total.c.id.desc())


def lags(conn: sa.Connection, period: Period) -> list[LagLine]:
    """Days from issue to the hub, as often as they occurred, by month of issue."""
    kept = coverage_lag.c
    wanted = (
        sa.select(kept.certificate_type, kept.dataset, dataset.c.department, kept.month, kept.days, kept.certificates)
        .join_from(coverage_lag, dataset, dataset.c.name == kept.dataset)
        .where(kept.month.between(period.since.replace(day=1), period.until))
        .order_by(kept.certificate_type, kept.dataset, kept.month, kept.days)
    )
    return _lines(conn, LagLine, wanted)


def uses(conn: sa.Connection, period: Period) -> list[UseLine]:
    """What was asked in a time, the most first."""
    kept = answer_count.c
    by = (kept.service_item, kept.certificate_type, kept.department, kept.act, kept.code)
    asked = sa.func.sum(kept.questions)
    wanted = (
        sa.select(*by, asked)
        .where(kept.day.between(period.since, period.until))
        .group_by(*by)
        .order_by(asked.desc(), *by)
    )
    return [UseLine(*row[:5], int(row[5])) for row in conn.execute(wanted)]


def open_cases(conn: sa.Connection) -> list[CaseLine]:
    """All open cases, the oldest first: one for each cause, however many rows it has."""
    names = ("number", "department", "dataset", "kind", "cause", "opened_at", "due_on")
    more = ("state", "stopped_at", "stopped_days", "rows_open")
    case = sa.table("case", *(sa.column(name) for name in (*names, *more)), schema="hub")
    told = (case.c.stopped_at.is_not(None), case.c.stopped_days, case.c.rows_open)
    wanted = sa.select(*(case.c[name] for name in names), *told).where(case.c.state == "open")
    return _lines(conn, CaseLine, wanted.order_by(case.c.opened_at, case.c.number))


def found_rows(conn: sa.Connection, batch: int, rule_id: str, after: int, limit: int) -> list[FoundRow]:
    """Rows of a batch that a rule found, behind row number `after`."""
    which = (finding.c.batch == batch, finding.c.rule_id == rule_id, finding.c.row_number > after)
    numbers = sa.select(finding.c.row_number).where(*which).order_by(finding.c.row_number).limit(limit)
    return _found(conn, batch, numbers.scalar_subquery())


def found_row(conn: sa.Connection, batch: int, row_number: int) -> FoundRow | None:
    """One row that some rule found; None if none did."""
    found = _found(conn, batch, sa.select(sa.literal(row_number, sa.BigInteger)).scalar_subquery())
    return found[0] if found else None


def _found(conn: sa.Connection, batch: int, numbers: sa.ScalarSelect[Any]) -> list[FoundRow]:
    outcome = sa.func.coalesce(sa.func.min(refused_row.c.outcome), "accepted")
    same = sa.and_(refused_row.c.batch == finding.c.batch, refused_row.c.row_number == finding.c.row_number)
    rules = sa.func.array_agg(finding.c.rule_id)
    wanted = (
        sa.select(finding.c.row_number, outcome, rules)
        .join_from(finding, refused_row, same, isouter=True)
        .where(finding.c.batch == batch, finding.c.row_number.in_(numbers))
        .group_by(finding.c.row_number)
        .order_by(finding.c.row_number)
    )
    return [FoundRow(number, how, tuple(rule_ids)) for number, how, rule_ids in conn.execute(wanted)]


def _lines(conn: sa.Connection, kind: type[Line], wanted: sa.Select[Any]) -> list[Line]:
    rows: Sequence[Any] = conn.execute(wanted).all()
    return [kind(*row) for row in rows]
