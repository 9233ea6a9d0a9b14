"""What dashboards show is counted here: by the intake what costs nothing, by the worker what has to look at rows.

    dashboards.note_batch(conn, batch)                          # hub_load; in the transaction that ends the batch
    for name in dashboards.uncounted(conn):
        dashboards.count_certificates(conn, name, now)          # reads that dataset's certificates once
    dashboards.count_conflicts(conn)
    while dashboards.count_answers(conn): ...                   # follows the inspector's desk, place by place

A page reads `dashboard_tables` alone (`dashboard_reads`). Everything may be done twice: a batch is noted once, counts
are replaced, answers and certificates are followed by place.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.batches import Batch, BatchCounts
from registries.store.dashboard_tables import conflict_count, coverage_lag, coverage_year, dataset_standing, score_month
from registries.store.engine import written
from registries.store.life_tables import certificate_event
from registries.store.tables import batch as batch_table
from registries.store.tables import certificate, conflict, score

ANSWERS_AT_ONCE = 20_000
_CHINA = "Asia/Shanghai"
_LONGEST_LAG = 3_660
"""Days; what took longer counts as so many."""


def note_batch(conn: sa.Connection, batch: Batch) -> bool:
    """Add a batch's scores to its month, and let its dataset stand there; False if that was done before."""
    if batch.taken_over_at is None:
        return False
    counts = batch.counts or BatchCounts()
    new = insert(dataset_standing).values(
        dataset=batch.dataset,
        batch=batch.number,
        at=batch.taken_over_at,
        pulled=counts.pulled,
        refused=counts.quarantined + counts.held,
        held=batch.hold_reason is not None,
        batches=1,
    )
    told = {name: new.excluded[name] for name in ("batch", "at", "pulled", "refused", "held")}
    standing = new.on_conflict_do_update(
        index_elements=[dataset_standing.c.dataset],
        set_={**told, "batches": dataset_standing.c.batches + 1},
        where=dataset_standing.c.batch < new.excluded.batch,
    )
    if not written(conn, standing):
        return False
    if batch.hold_reason is None:
        _add_scores(conn, batch)
    return True


def _add_scores(conn: sa.Connection, batch: Batch) -> None:
    """A snapshot's scores stand for its month, and so do those of all its change sets together; as `monthly` has it."""
    taken = (
        sa.select(batch_table.c.number, _month(batch_table.c.taken_over_at).label("month"))
        .add_columns(sa.func.coalesce(batch_table.c.delivery, "snapshot").label("delivery"))
        .where(batch_table.c.number == batch.number)
        .subquery()
    )
    of_month = (score_month.c.dataset == batch.dataset, score_month.c.month == taken.c.month)
    others = sa.or_(taken.c.delivery == "snapshot", score_month.c.delivery != taken.c.delivery)
    conn.execute(sa.delete(score_month).where(*of_month, others))
    kept = (score.c.rule_id, score.c.dimension, score.c.level, score.c.checked, score.c.failed)
    rows = sa.select(score.c.dataset, taken.c.month, *kept, taken.c.delivery).join(
        taken, taken.c.number == score.c.batch
    )
    names = ["dataset", "month", "rule_id", "dimension", "level", "checked", "failed", "delivery"]
    new = insert(score_month).from_select(names, rows)
    summed = {name: score_month.c[name] + new.excluded[name] for name in ("checked", "failed")}
    latest = {name: new.excluded[name] for name in ("dimension", "level")}
    key = [score_month.c.dataset, score_month.c.month, score_month.c.rule_id]
    conn.execute(new.on_conflict_do_update(index_elements=key, set_={**summed, **latest}))


def _month(moment: sa.ColumnElement[datetime]) -> sa.ColumnElement[date]:
    """The first day of a moment's month in China."""
    return sa.cast(sa.func.date_trunc("month", sa.func.timezone(_CHINA, moment)), sa.Date)


def uncounted(conn: sa.Connection) -> list[str]:
    """The datasets of which a batch came since their certificates were counted, by name."""
    later = dataset_standing.c.batch > sa.func.coalesce(dataset_standing.c.counted_batch, 0)
    return list(conn.execute(sa.select(dataset_standing.c.dataset).where(later).order_by("dataset")).scalars())


def count_certificates(conn: sa.Connection, name: str, now: datetime) -> int:
    """Count a dataset's certificates by year of issue, and how long those took that came since; how many there are."""
    standing = conn.execute(
        sa.select(dataset_standing).where(dataset_standing.c.dataset == name).with_for_update()
    ).one_or_none()
    if standing is None:
        return 0
    conn.execute(sa.delete(coverage_year).where(coverage_year.c.dataset == name))
    year = sa.cast(sa.func.coalesce(sa.extract("year", certificate.c.issued_on), 0), sa.SmallInteger)
    counted = sa.func.count().filter(certificate.c.mark.is_not(None))
    rows = (
        sa.select(certificate.c.dataset, year, sa.func.min(certificate.c.type_code), sa.func.count(), counted)
        .where(certificate.c.dataset == name)
        .group_by(certificate.c.dataset, year)
    )
    names = ["dataset", "year", "certificate_type", "held", "doubtful"]
    conn.execute(sa.insert(coverage_year).from_select(names, rows))
    newest = sa.select(sa.func.max(certificate.c.id)).where(certificate.c.dataset == name)
    last = conn.execute(newest).scalar()
    _add_lags(conn, name, standing.counted_certificate or 0, last or 0)
    done = {"counted_batch": standing.batch, "counted_at": now, "counted_certificate": last}
    conn.execute(sa.update(dataset_standing).where(dataset_standing.c.dataset == name).values(done))
    held = sa.select(sa.func.coalesce(sa.func.sum(coverage_year.c.held), 0)).where(coverage_year.c.dataset == name)
    return int(conn.execute(held).scalar_one())


def _add_lags(conn: sa.Connection, name: str, after: int, last: int) -> None:
    """Certificates that are new by their number, issued since the dataset's first batch, with their first event."""
    event, earlier = certificate_event, certificate_event.alias()
    first = _first_batch(name)
    no_earlier = ~sa.exists().where(earlier.c.certificate_id == event.c.certificate_id, earlier.c.batch < event.c.batch)
    days = sa.func.least(sa.func.greatest(event.c.learnt_on - certificate.c.issued_on, 0), _LONGEST_LAG)
    month = sa.cast(sa.func.date_trunc("month", certificate.c.issued_on), sa.Date)
    rows = (
        sa.select(certificate.c.dataset, month, days, sa.func.min(certificate.c.type_code), sa.func.count())
        .join_from(certificate, event, event.c.certificate_id == certificate.c.id)
        .join(first, sa.true())
        .where(certificate.c.id > after, certificate.c.id <= last, certificate.c.dataset == name)
        .where(event.c.batch > first.c.number, certificate.c.issued_on >= first.c.day, no_earlier)
        .where(event.c.learnt_on.is_not(None))
        .group_by(certificate.c.dataset, month, days)
    )
    names = ["dataset", "month", "days", "certificate_type", "certificates"]
    new = insert(coverage_lag).from_select(names, rows)
    more = {"certificates": coverage_lag.c.certificates + new.excluded.certificates}
    key = [coverage_lag.c.dataset, coverage_lag.c.month, coverage_lag.c.days]
    conn.execute(new.on_conflict_do_update(index_elements=key, set_=more))


def _first_batch(name: str) -> sa.Subquery:
    """The batch that connected a dataset: what was issued before it came with it, and says nothing of the issuer."""
    day = sa.cast(sa.func.timezone(_CHINA, batch_table.c.opened_at), sa.Date).label("day")
    return (
        sa.select(batch_table.c.number, day)
        .where(batch_table.c.dataset == name, batch_table.c.state == "done", batch_table.c.hold_reason.is_(None))
        .order_by(batch_table.c.sequence)
        .limit(1)
        .subquery()
    )


def count_conflicts(conn: sa.Connection) -> int:
    """Count where publishers differ, by attribute and both sides; how many there are."""
    by = (conflict.c.register, conflict.c.attribute, conflict.c.dataset, conflict.c.authority)
    conn.execute(sa.delete(conflict_count))
    rows: sa.Select[Any] = sa.select(*by, sa.func.count()).group_by(*by)
    names = ["register", "attribute", "dataset", "authority", "found"]
    conn.execute(sa.insert(conflict_count).from_select(names, rows))
    total = sa.select(sa.func.coalesce(sa.func.sum(conflict_count.c.found), 0))
    return int(conn.execute(total).scalar_one())


def count_answers(conn: sa.Connection, most: int = ANSWERS_AT_ONCE) -> int:
    """Count the ledger's answers from where it was left, so many places at most; how many places, 0 if all are."""
    return int(conn.execute(sa.text("SELECT hub.count_answers(:most)"), {"most": most}).scalar_one())
