"""Scores as they were found, per batch and rule, with how many rows they speak of; nobody changes a kept one.

scores.record_scores(conn, batch, found)                 # in the transaction that takes the batch over
for line in scores.current_scores(conn, "market_regulation"):
    line.dataset, line.rule_id, line.checked, line.failed
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from registries.store.batches import Batch
from registries.store.tables import batch as batch_table
from registries.store.tables import dataset, score


class FoundScore(Protocol):
    """What one rule found: `failed` of `checked` rows."""

    @property
    def rule_id(self) -> str:
        """The rule's name within its dataset."""

    @property
    def rule_version(self) -> str:
        """Changes when the rule does."""

    @property
    def dimension(self) -> str:
        """Of GB/T 36344, in ODCS's words."""

    @property
    def indicator(self) -> str:
        """Of GB/T 36344, `0302` for example."""

    @property
    def level(self) -> int:
        """1 required, 2 expected, 3 excellent."""

    @property
    def checked(self) -> int:
        """Rows that the rule judged."""

    @property
    def failed(self) -> int:
        """Rows that failed it."""

    @property
    def beyond_mending(self) -> int:
        """Rows that failed it and that nobody can mend any more; they are in neither count."""


@dataclass(frozen=True)
class ScoreLine:
    """A kept score of one rule in one batch; `at` is when the batch was taken over."""

    department: str
    dataset: str
    batch: int
    at: datetime
    rule_id: str
    rule_version: str
    dimension: str
    indicator: str
    level: int
    checked: int
    failed: int
    beyond_mending: int = 0


def record_scores(conn: sa.Connection, batch: Batch, found: Iterable[FoundScore]) -> None:
    """Keep a batch's scores; scores that an unfinished attempt at the same batch kept are replaced.

    Answers say from now on how good the dataset is: the mean of its dimensions that have data (`quality.scores`).
    """
    conn.execute(sa.delete(score).where(score.c.batch == batch.number))
    rows = [
        {
            "batch": batch.number,
            "dataset": batch.dataset,
            "rule_id": one.rule_id,
            "rule_version": one.rule_version,
            "dimension": one.dimension,
            "indicator": one.indicator,
            "level": one.level,
            "checked": one.checked,
            "failed": one.failed,
            "beyond_mending": one.beyond_mending,
        }
        for one in found
    ]
    if rows:
        conn.execute(sa.insert(score), rows)
    conn.execute(sa.update(dataset).where(dataset.c.name == batch.dataset).values(score=_overall(batch)))


def current_scores(conn: sa.Connection, department: str | None = None) -> list[ScoreLine]:
    """The scores of each dataset's latest batch that was taken over; of one department, or of all."""
    latest = (
        sa.select(batch_table.c.dataset, sa.func.max(batch_table.c.number).label("number"))
        .where(batch_table.c.taken_over_at.is_not(None))
        .group_by(batch_table.c.dataset)
        .subquery()
    )
    wanted = _lines().join(latest, latest.c.number == score.c.batch)
    if department is not None:
        wanted = wanted.where(dataset.c.department == department)
    order = (dataset.c.department, score.c.dataset, score.c.dimension, score.c.rule_id)
    return _found(conn, wanted.order_by(*order))


def score_history(conn: sa.Connection, name: str, *, batches: int = 60) -> list[ScoreLine]:
    """The scores of a dataset's latest `batches` batches, oldest first."""
    wanted = (
        sa.select(batch_table.c.number)
        .where(batch_table.c.dataset == name, batch_table.c.taken_over_at.is_not(None))
        .order_by(batch_table.c.number.desc())
        .limit(batches)
    )
    history = _lines().where(score.c.batch.in_(wanted.scalar_subquery()))
    return _found(conn, history.order_by(score.c.batch, score.c.dimension, score.c.rule_id))


def _overall(batch: Batch) -> sa.ScalarSelect[float]:
    checked, failed = sa.func.sum(score.c.checked), sa.func.sum(score.c.failed)
    share = sa.cast(checked - failed, sa.Double) / sa.cast(checked, sa.Double)
    pooled = sa.select(share.label("share")).where(score.c.batch == batch.number, score.c.checked > 0)
    dimensions = pooled.group_by(score.c.dimension).subquery()
    return sa.select(sa.func.avg(dimensions.c.share)).scalar_subquery()


def _lines() -> sa.Select[*tuple[object, ...]]:
    columns = (name for name in score.c if name.name not in {"dataset", "batch"})
    return (
        sa.select(
            dataset.c.department, score.c.dataset, score.c.batch, batch_table.c.taken_over_at.label("at"), *columns
        )
        .join_from(score, batch_table, batch_table.c.number == score.c.batch)
        .join(dataset, dataset.c.name == score.c.dataset)
    )


def _found(conn: sa.Connection, wanted: sa.Select[*tuple[object, ...]]) -> list[ScoreLine]:
    return [ScoreLine(**row) for row in conn.execute(wanted).mappings()]
