"""Quarantine (隔离区): references to refused rows with their reasons, never their values.

    quarantine.start_over(conn, batch)                              # what a crashed attempt wrote goes
    quarantine.record_refused(conn, dataset, batch, "quarantined")  # all refused rows of the stage
    quarantine.record_findings(conn, batch, "name-required", 1, row_numbers)
    quarantine.close_earlier(conn, dataset, batch)                  # a newer snapshot took their place

A row is found again by landed digest and row number; a key by a digest that only the store can compute.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import aggregate_order_by

from registries.contracts.model import Dataset
from registries.store import batches, copying, digests
from registries.store.batches import Batch
from registries.store.engine import written
from registries.store.shapes import stage_table
from registries.store.tables import finding, refused_row, score

Outcome = Literal["quarantined", "held"]


@dataclass(frozen=True)
class RefusedRow:
    """A refused row by its number in the landed batch, with every rule that refused it."""

    row_number: int
    outcome: Outcome
    rule_ids: tuple[str, ...]


@dataclass(frozen=True)
class Reason:
    """A rule, how many rows of a batch it found, and the first of them."""

    rule_id: str
    level: int
    rows: int
    first_row_numbers: tuple[int, ...]


def start_over(conn: sa.Connection, batch: Batch) -> None:
    """Forget what an unfinished attempt of this batch recorded: refused rows, findings, scores."""
    for table in (refused_row, finding, score):
        conn.execute(sa.delete(table).where(table.c.batch == batch.number))


def record_refused(
    conn: sa.Connection,
    dataset: Dataset,
    batch: Batch,
    outcome: Outcome = "quarantined",
    row_numbers: NDArray[np.int64] | None = None,
) -> int:
    """Record the stage's refused rows, or those of `row_numbers`, that are not recorded yet; returns how many.

    For a held batch: record the quarantined ones, `Stage.refuse_all`, then record the rest as `held`.
    """
    staged = stage_table(dataset)
    recorded = sa.select(refused_row.c.row_number).where(refused_row.c.batch == batch.number)
    rows = sa.select(
        sa.literal(batch.number),
        staged.c.row_number,
        sa.literal(dataset.name),
        digests.staged_key(dataset, staged),
        digests.number_of(dataset, staged),
        sa.literal(outcome),
    ).where(staged.c.refused, staged.c.row_number.not_in(recorded))
    if row_numbers is not None:
        chosen = sa.bindparam("rows", row_numbers.tolist(), sa.ARRAY(sa.BigInteger))
        rows = rows.where(staged.c.row_number == sa.any_(chosen))
    columns = ["batch", "row_number", "dataset", "key_digest", "number_digest", "outcome"]
    return written(conn, sa.insert(refused_row).from_select(columns, rows))


def record_findings(
    conn: sa.Connection, batch: Batch, rule_id: str, level: int, row_numbers: NDArray[np.int64]
) -> None:
    """Record in which rows a rule failed; positions only, by COPY.

    Args:
        conn: of the role hub_load.
        batch: whose rows these are.
        rule_id: of the dataset's contract.
        level: 1 for a reason to refuse, 2 and 3 for findings on accepted rows.
        row_numbers: shape (rows,), each once.
    """
    count = len(row_numbers)
    rows = pa.table(
        {
            "batch": pa.repeat(pa.scalar(batch.number, pa.int64()), count),
            "row_number": pa.array(row_numbers, pa.int64()),
            "rule_id": pa.repeat(pa.scalar(rule_id), count),
            "level": pa.repeat(pa.scalar(level, pa.int16()), count),
        }
    )
    copying.copy_in(conn, finding, rows)


def close_earlier(conn: sa.Connection, dataset: Dataset, batch: Batch) -> int:
    """Close earlier refused rows whose place this batch takes; returns how many.

    A whole snapshot takes the place of all of them; a change set only of those whose key it brings again.
    """
    earlier = sa.update(refused_row).where(
        refused_row.c.dataset == dataset.name,
        refused_row.c.batch < batch.number,
        refused_row.c.until_batch.is_(None),
    )
    if batches.delivery_of(dataset, batch) != "snapshot":
        staged = stage_table(dataset)
        earlier = earlier.where(refused_row.c.key_digest.in_(sa.select(digests.staged_key(dataset, staged))))
    return written(conn, earlier.values(until_batch=batch.number))


def new_bad_keys(conn: sa.Connection, dataset: Dataset, row_numbers: NDArray[np.int64]) -> int:
    """Of staged rows whose keys were refused, how many were not refused just so in the snapshot before.

    A row that was there before, with the same bad key, is none of those that are missing only now.
    """
    before = batches.last_taken_over(conn, dataset.name, "snapshot")
    known = sa.select(refused_row.c.key_digest).where(refused_row.c.batch == (before.number if before else 0))
    staged = stage_table(dataset)
    digest = digests.staged_key(dataset, staged)
    chosen = sa.any_(sa.bindparam("rows", row_numbers.tolist(), sa.ARRAY(sa.BigInteger)))
    strange = digest.not_in(known.where(refused_row.c.key_digest.is_not(None)))
    without = sa.func.count().filter(digest.is_(None))
    found = sa.select(sa.func.count().filter(strange), without).select_from(staged)
    new, keyless = conn.execute(found.where(staged.c.row_number == chosen)).one()
    empty = sa.select(sa.func.count()).select_from(known.where(refused_row.c.key_digest.is_(None)).subquery())
    return int(new) + max(0, int(keyless) - int(conn.execute(empty).scalar_one()))


def refused_rows(conn: sa.Connection, batch: int, after: int = 0, limit: int = 1_000) -> list[RefusedRow]:
    """A batch's refused rows in the order of the delivery, those after row `after`, with the reasons of level 1."""
    reasons = (
        sa.select(sa.func.array_agg(aggregate_order_by(finding.c.rule_id, finding.c.rule_id)))
        .where(
            finding.c.batch == refused_row.c.batch,
            finding.c.row_number == refused_row.c.row_number,
            finding.c.level == 1,
        )
        .scalar_subquery()
    )
    wanted = (
        sa.select(refused_row.c.row_number, refused_row.c.outcome, reasons.label("rule_ids"))
        .where(refused_row.c.batch == batch, refused_row.c.row_number > after)
        .order_by(refused_row.c.row_number)
        .limit(limit)
    )
    return [RefusedRow(row.row_number, row.outcome, tuple(row.rule_ids or ())) for row in conn.execute(wanted)]


def all_refused_rows(conn: sa.Connection, batch: int, page: int = 5_000) -> Iterator[RefusedRow]:
    """Every refused row of a batch, page by page: for downloads."""
    after = 0
    while rows := refused_rows(conn, batch, after, page):
        yield from rows
        after = rows[-1].row_number


def reasons_of(conn: sa.Connection, batch: int, first: int = 5) -> list[Reason]:
    """Which rules found something in a batch, how often, and their first rows; most frequent first."""
    numbered = (
        sa.select(
            finding,
            sa.func.row_number()
            .over(partition_by=(finding.c.rule_id, finding.c.level), order_by=finding.c.row_number)
            .label("place"),
        )
        .where(finding.c.batch == batch)
        .subquery()
    )
    rows = sa.func.array_agg(aggregate_order_by(numbered.c.row_number, numbered.c.row_number))
    wanted = (
        sa.select(numbered.c.rule_id, numbered.c.level, sa.func.count().label("found"))
        .add_columns(rows.filter(numbered.c.place <= first).label("first_rows"))
        .group_by(numbered.c.rule_id, numbered.c.level)
        .order_by(sa.desc("found"), numbered.c.rule_id)
    )
    return [Reason(row.rule_id, row.level, row.found, tuple(row.first_rows)) for row in conn.execute(wanted)]
