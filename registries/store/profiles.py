"""A dataset's own history: how large its batches were, and what their columns looked like.

    sizes = profiles.sizes(conn, dataset, batch, limit=60)         # of earlier batches of the same kind of delivery
    earlier = profiles.earlier(conn, dataset, batch, limit=12)     # column -> profiles, latest first
    profiles.record(conn, batch, found)                            # in the transaction of the merge

Only batches that were taken over count: one that is held was never the truth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.store import batches
from registries.store.batches import Batch
from registries.store.profile_tables import batch_profile
from registries.store.tables import batch as batch_row
from registries.store.tables import dataset as dataset_row


@dataclass(frozen=True)
class ColumnProfile:
    """One column of one batch.

    Attributes:
        values: code -> how often it stood there; None where values are not counted.
        distance: how far from the dataset's history; None: there was too little of it. `bound`: how far it may be.
    """

    column: str
    rows: int
    nulls: int
    values: Mapping[str, int] | None = None
    distance: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class BatchSize:
    """How many rows a batch had, and when it was opened."""

    opened_at: datetime
    rows: int


def sizes(conn: sa.Connection, dataset: Dataset, batch: Batch, limit: int) -> list[BatchSize]:
    """The sizes of the batches before this one, oldest first: as many as `limit`, of the same kind of delivery."""
    wanted = sa.select(batch_row.c.opened_at, batch_row.c.pulled).where(*_before(dataset, batch))
    found = conn.execute(wanted.order_by(batch_row.c.number.desc()).limit(limit)).all()
    return [BatchSize(row.opened_at, row.pulled) for row in reversed(found)]


def earlier(conn: sa.Connection, dataset: Dataset, batch: Batch, limit: int) -> dict[str, list[ColumnProfile]]:
    """By column the profiles of the batches before this one, as many as `limit`, of the same kind of delivery."""
    numbers = sa.select(batch_row.c.number).where(*_before(dataset, batch))
    latest = numbers.order_by(batch_row.c.number.desc()).limit(limit).scalar_subquery()
    told = sa.select(batch_profile).where(batch_profile.c.batch.in_(latest)).order_by(batch_profile.c.batch.desc())
    found: dict[str, list[ColumnProfile]] = {}
    for row in conn.execute(told).mappings():
        found.setdefault(row["column_name"], []).append(_profile(row))
    return found


def record(conn: sa.Connection, batch: Batch, found: Iterable[ColumnProfile]) -> None:
    """Keep a batch's profiles; those that an earlier attempt at the same batch kept are replaced."""
    conn.execute(sa.delete(batch_profile).where(batch_profile.c.batch == batch.number))
    rows = [
        {
            "batch": batch.number,
            "dataset": batch.dataset,
            "column_name": one.column,
            "rows": one.rows,
            "nulls": one.nulls,
            "values": sa.null() if one.values is None else dict(one.values),
            "distance": one.distance,
            "bound": one.bound,
        }
        for one in found
    ]
    if rows:
        conn.execute(sa.insert(batch_profile).values(rows))


def of_batch(conn: sa.Connection, number: int) -> list[ColumnProfile]:
    """What a batch's columns looked like, by name."""
    told = sa.select(batch_profile).where(batch_profile.c.batch == number).order_by(batch_profile.c.column_name)
    return [_profile(row) for row in conn.execute(told).mappings()]


def heard_from(conn: sa.Connection, dataset: str) -> datetime | None:
    """As of when the store knows what the source says; None: never heard from."""
    return conn.execute(sa.select(dataset_row.c.data_as_of).where(dataset_row.c.name == dataset)).scalar()


def _before(dataset: Dataset, batch: Batch) -> list[sa.ColumnElement[bool]]:
    kind = sa.func.coalesce(batch_row.c.delivery, dataset.delivery)
    return [
        batch_row.c.dataset == dataset.name,
        batch_row.c.taken_over_at.is_not(None),
        batch_row.c.hold_reason.is_(None),
        kind == batches.delivery_of(dataset, batch),
        batch_row.c.number < batch.number if batch.number else sa.true(),  # a dry run has no number
    ]


def _profile(row: sa.RowMapping) -> ColumnProfile:
    told = (row["column_name"], row["rows"], row["nulls"], row["values"], row["distance"], row["bound"])
    return ColumnProfile(*told)
