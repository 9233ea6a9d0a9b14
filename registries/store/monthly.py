"""Months as they were when they ended: worked out once, from what the store holds then, and never changed.

    with store_load.begin() as conn:
        monthly.gather(conn, bounds)
        monthly.write(conn, bounds)               # all four tables
    monthly.content(conn, month).datasets[0].delivered

A snapshot's score is that of the last one served when the month ended; of change sets, all that came within the month
count together, or where none came the last one before. Rows of batches that are held are not served, and count as held.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from certificates.china_time import CHINA
from registries.store.engine import written
from registries.store.monthly_tables import MONTHLY, monthly_dataset, monthly_score
from registries.store.tables import batch

_SERVED = sa.text(
    """
    CREATE TEMPORARY TABLE month_batch ON COMMIT DROP AS
    WITH served AS (
        SELECT n.dataset, n.number, n.taken_over_at, COALESCE(n.delivery, 'snapshot') AS delivery,
               row_number() OVER (PARTITION BY n.dataset ORDER BY n.taken_over_at DESC, n.number DESC) AS place
          FROM hub.batch n
         WHERE n.taken_over_at < :until AND n.hold_reason IS NULL)
    SELECT s.dataset, s.number, s.taken_over_at, s.place = 1 AS last
      FROM served s JOIN served l ON l.dataset = s.dataset AND l.place = 1
     WHERE s.place = 1 OR (l.delivery = 'changes' AND s.delivery = 'changes' AND s.taken_over_at >= :since)
    """
)
_DATASETS = sa.text(
    """
    INSERT INTO hub.monthly_dataset (month, dataset, department, delivered, held, failed, pulled, quarantined, batch,
                                     landed_digest, taken_over_at, data_as_of, fresh_for_days, beyond_mending,
                                     cases_opened, cases_closed, closed_in_time, cases_open, cases_overdue)
    SELECT :month, d.name, d.department, COALESCE(b.delivered, 0), COALESCE(b.held, 0), COALESCE(b.failed, 0),
           COALESCE(b.pulled, 0), COALESCE(b.quarantined, 0), l.number, l.landed_digest, l.taken_over_at, l.opened_at,
           d.fresh_for_days, COALESCE(y.beyond, 0), COALESCE(c.opened, 0), COALESCE(c.closed, 0),
           COALESCE(c.in_time, 0), COALESCE(c.open, 0), COALESCE(c.overdue, 0)
      FROM hub.dataset d
      LEFT JOIN (SELECT n.dataset, count(*) FILTER (WHERE n.taken_over_at IS NOT NULL AND n.hold_reason IS NULL)
                                       AS delivered,
                        count(*) FILTER (WHERE n.hold_reason IS NOT NULL) AS held,
                        count(*) FILTER (WHERE n.state = 'failed') AS failed,
                        sum(n.pulled) AS pulled, sum(n.quarantined) AS quarantined
                   FROM hub.batch n
                  WHERE COALESCE(n.taken_over_at, n.opened_at) >= :since
                    AND COALESCE(n.taken_over_at, n.opened_at) < :until
                  GROUP BY n.dataset) b ON b.dataset = d.name
      LEFT JOIN (SELECT n.* FROM month_batch m JOIN hub.batch n ON n.number = m.number WHERE m.last) l
             ON l.dataset = d.name
      LEFT JOIN (SELECT k.dataset, count(*) AS beyond
                   FROM hub.case_row r JOIN hub."case" k ON k.number = r.case_number
                  WHERE r.state = 'beyond_mending' AND r.closed_at < :until
                  GROUP BY k.dataset) y ON y.dataset = d.name
      LEFT JOIN (SELECT k.dataset, count(*) FILTER (WHERE k.opened_at >= :since) AS opened,
                        count(*) FILTER (WHERE k.closed_at >= :since AND k.closed_at < :until) AS closed,
                        count(*) FILTER (WHERE k.closed_at >= :since AND k.closed_at < :until
                                           AND CAST(k.closed_at AT TIME ZONE 'Asia/Shanghai' AS date) <= k.due_on)
                            AS in_time,
                        count(*) FILTER (WHERE k.closed_at IS NULL OR k.closed_at >= :until) AS open,
                        count(*) FILTER (WHERE (k.closed_at IS NULL OR k.closed_at >= :until)
                                           AND k.stopped_at IS NULL AND k.due_on < :next) AS overdue
                   FROM hub."case" k WHERE k.opened_at < :until GROUP BY k.dataset) c ON c.dataset = d.name
    """
)
_SCORES = sa.text(
    """
    INSERT INTO hub.monthly_score (month, dataset, dimension, level, department, checked, failed, beyond_mending)
    SELECT :month, s.dataset, s.dimension, s.level, d.department, sum(s.checked), sum(s.failed), sum(s.beyond_mending)
      FROM month_batch m JOIN hub.score s ON s.batch = m.number JOIN hub.dataset d ON d.name = s.dataset
     GROUP BY s.dataset, s.dimension, s.level, d.department
    HAVING sum(s.checked) > 0 OR sum(s.beyond_mending) > 0
    """
)
_FAILURES = sa.text(
    """
    INSERT INTO hub.monthly_failure (month, dataset, rule_id, rule_version, department, dimension, level, checked,
                                     failed)
    SELECT :month, s.dataset, s.rule_id, (array_agg(s.rule_version ORDER BY s.batch DESC))[1], d.department,
           (array_agg(s.dimension ORDER BY s.batch DESC))[1], (array_agg(s.level ORDER BY s.batch DESC))[1],
           sum(s.checked), sum(s.failed)
      FROM month_batch m JOIN hub.score s ON s.batch = m.number JOIN hub.dataset d ON d.name = s.dataset
     GROUP BY s.dataset, s.rule_id, d.department
    HAVING sum(s.failed) > 0
    """
)
_USES = sa.text(
    """
    INSERT INTO hub.monthly_use (month, figure, department, name, count)
    SELECT :month, u.figure, u.department, u.name, u.count FROM hub.used_within(:since, :until) u
    """
)
_GATHERED = sa.text("SELECT m.number FROM month_batch m")


class MonthlyDataset(NamedTuple):
    """How one dataset stood when the month ended, and what came within it; see `monthly_tables`."""

    dataset: str
    department: str
    delivered: int
    held: int
    failed: int
    pulled: int
    quarantined: int
    batch: int | None
    landed_digest: str | None
    taken_over_at: datetime | None
    data_as_of: datetime | None
    fresh_for_days: int
    beyond_mending: int
    cases_opened: int
    cases_closed: int
    closed_in_time: int
    cases_open: int
    cases_overdue: int


class MonthlyScore(NamedTuple):
    """The rules of one dataset's dimension and level: `failed` of `checked`."""

    dataset: str
    dimension: str
    level: int
    department: str
    checked: int
    failed: int
    beyond_mending: int


class MonthlyFailure(NamedTuple):
    """A rule that something failed."""

    dataset: str
    rule_id: str
    rule_version: str
    department: str
    dimension: str
    level: int
    checked: int
    failed: int


class MonthlyUse(NamedTuple):
    """A figure of how the hub was used: `asked` by act and code, `applications` by what became of them, and so on."""

    figure: str
    department: str
    name: str
    amount: int


@dataclass(frozen=True)
class Bounds:
    """A month in China: from the first day's beginning until the next month's, as moments."""

    month: date

    @property
    def next(self) -> date:
        """The first day of the month after."""
        return (self.month.replace(day=28) + timedelta(days=4)).replace(day=1)

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return datetime(self.month.year, self.month.month, 1, tzinfo=CHINA)

    @property
    def until(self) -> datetime:
        """The first moment that is not in it."""
        return datetime(self.next.year, self.next.month, 1, tzinfo=CHINA)

    def parameters(self) -> Mapping[str, object]:
        """For the statements."""
        return {"month": self.month, "next": self.next, "since": self.since, "until": self.until}


@dataclass(frozen=True)
class MonthContent:
    """Everything that is kept of a month, each table by its key."""

    month: date
    datasets: tuple[MonthlyDataset, ...]
    scores: tuple[MonthlyScore, ...]
    failures: tuple[MonthlyFailure, ...]
    uses: tuple[MonthlyUse, ...]


def months(conn: sa.Connection) -> list[date]:
    """The months that stand, the latest first."""
    of = monthly_dataset.c.month
    return list(conn.execute(sa.select(of).distinct().order_by(of.desc())).scalars())


def first_delivery(conn: sa.Connection) -> datetime | None:
    """When the hub took its first batch over."""
    found: datetime | None = conn.execute(sa.select(sa.func.min(batch.c.taken_over_at))).scalar_one()
    return found


def gather(conn: sa.Connection, bounds: Bounds) -> set[int]:
    """Find the batches that make a month up: their numbers. Before `write`, in the same transaction."""
    conn.execute(sa.text("DROP TABLE IF EXISTS month_batch"))
    conn.execute(_SERVED, bounds.parameters())
    return set(conn.execute(_GATHERED).scalars())


def write(conn: sa.Connection, bounds: Bounds) -> int:
    """Write a month down, of which nothing stands there yet, as hub_load; how many datasets it has."""
    datasets = written(conn, _DATASETS.bindparams(**bounds.parameters()))
    for statement in (_SCORES, _FAILURES, _USES):
        conn.execute(statement, bounds.parameters())
    return datasets


def content(conn: sa.Connection, month: date) -> MonthContent:
    """All that is kept of a month; empty if it does not stand."""
    datasets, scores, failures, uses = MONTHLY
    return MonthContent(
        month,
        tuple(MonthlyDataset(*row) for row in conn.execute(_all(datasets, month))),
        tuple(MonthlyScore(*row) for row in conn.execute(_all(scores, month))),
        tuple(MonthlyFailure(*row) for row in conn.execute(_all(failures, month))),
        tuple(MonthlyUse(*row) for row in conn.execute(_all(uses, month))),
    )


def score_trend(
    conn: sa.Connection, since: date, until: date, department: str | None = None
) -> Mapping[date, tuple[MonthlyScore, ...]]:
    """The scores of several months, both included, by month; of a department, or of all."""
    table = monthly_score.c
    wanted = sa.select(*monthly_score.columns).where(table.month.between(since, until))
    if department is not None:
        wanted = wanted.where(table.department == department)
    found: dict[date, list[MonthlyScore]] = {}
    for row in conn.execute(wanted.order_by(table.month, table.dataset, table.dimension, table.level)):
        found.setdefault(row.month, []).append(MonthlyScore(*row[1:]))
    return {month: tuple(rows) for month, rows in found.items()}


def _all(table: sa.Table, month: date) -> sa.Select[Any]:
    columns = [column for column in table.columns if column.name != "month"]
    keys = [column for column in table.primary_key if column.name != "month"]
    return sa.select(*columns).where(table.c.month == month).order_by(*keys)
