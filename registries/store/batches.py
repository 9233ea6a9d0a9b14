"""Batches (批次): one row per delivery, from the intention to the telling, numbered without gaps.

    with batches.dataset_lock(store, dataset.name), store.begin() as conn:
        before = batches.last_done(conn, dataset.name)
        batch = batches.open_batch(conn, dataset, source, identity, deliverer, now)

States: opened → landed → taken_over → done; `failed` ends a batch whose delivery can't be read at all.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from registries.contract_model import Dataset
from registries.errors import DatasetBusy
from registries.landing import Landed
from registries.store.engine import Store
from registries.store.tables import batch as batch_row
from registries.store.tables import dataset as dataset_row

_NUMBERS_LOCK = 6_020
_DATASET_LOCKS = 6_021

State = Literal["opened", "landed", "taken_over", "done", "failed"]


@dataclass(frozen=True)
class BatchCounts:
    """What became of a batch's rows.

    Always: pulled = accepted + quarantined + held, and accepted = new + changed + unchanged + deleted + repeated;
    the store refuses anything else. `vanished` counts rows of the store, not of the batch.
    """

    pulled: int = 0
    accepted: int = 0
    quarantined: int = 0
    held: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    repeated: int = 0
    vanished: int = 0


@dataclass(frozen=True)
class Batch:
    """One delivery of a dataset.

    Attributes:
        number: of the hub, without gaps; sequence: of the dataset, from 1.
        identity: of the delivery: equal identity and contract version mean that nothing new came.
        landed: what `Landing.land` returned, as JSON members; None until then.
        hold_reason: why the batch waits for a steward; None if it does not.
    """

    number: int
    dataset: str
    sequence: int
    state: State
    source: str
    identity: str
    contract_version: str
    deliverer: str
    opened_at: datetime
    landed_at: datetime | None = None
    taken_over_at: datetime | None = None
    landed_digest: str | None = None
    landed: Mapping[str, Any] | None = None
    counts: BatchCounts | None = None
    keys_readable: bool | None = None
    hold_reason: str | None = None
    failure: str | None = None


@contextmanager
def dataset_lock(store: Store, dataset: str) -> Iterator[None]:
    """Hold the dataset's lock on a connection of its own until the block ends; a crash gives it back.

    Raises:
        DatasetBusy: another process holds it.
    """
    names = {"space": _DATASET_LOCKS, "name": dataset}
    with store.autocommit() as conn:
        if not conn.execute(sa.text("SELECT pg_try_advisory_lock(:space, hashtext(:name))"), names).scalar_one():
            raise DatasetBusy(dataset)
        try:
            yield
        finally:
            conn.execute(sa.text("SELECT pg_advisory_unlock(:space, hashtext(:name))"), names)


def last_done(conn: sa.Connection, dataset: str) -> Batch | None:
    """The dataset's latest finished batch, held ones too."""
    return _one(conn, _of(dataset).where(batch_row.c.state == "done"))


def last_taken_over(conn: sa.Connection, dataset: str) -> Batch | None:
    """The dataset's latest finished batch that was not held: what is served now."""
    return _one(conn, _of(dataset).where(batch_row.c.state == "done", batch_row.c.hold_reason.is_(None)))


def unfinished(conn: sa.Connection, dataset: str) -> Batch | None:
    """The dataset's batch that was begun and not ended, by this process or by one that is gone."""
    return _one(conn, _of(dataset).where(batch_row.c.state.in_(["opened", "landed", "taken_over"])))


def open_batch(
    conn: sa.Connection, dataset: Dataset, source: str, identity: str, deliverer: str, now: datetime
) -> Batch:
    """Write down the intention; the number is given out under a lock until the commit, so that there are no gaps."""
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_NUMBERS_LOCK)))
    next_number = sa.select(sa.func.coalesce(sa.func.max(batch_row.c.number), 0) + 1)
    next_sequence = sa.select(sa.func.coalesce(sa.func.max(batch_row.c.sequence), 0) + 1)
    new = sa.insert(batch_row).values(
        number=next_number.scalar_subquery(),
        sequence=next_sequence.where(batch_row.c.dataset == dataset.name).scalar_subquery(),
        dataset=dataset.name,
        state="opened",
        source=source,
        identity=identity,
        contract_version=dataset.contract_version,
        deliverer=deliverer,
        opened_at=now,
    )
    return _batch(conn.execute(new.returning(batch_row)).one())


def mark_landed(conn: sa.Connection, batch: Batch, landed: Landed, now: datetime) -> Batch:
    """Step 3 is done: where the rows are, and their digest. Only file names are kept: HUB_HOME may move."""
    kept = {
        "rows": landed.rows,
        "chunks": landed.chunks,
        "original": landed.original_path.name if landed.original_path else None,
        "parquet": landed.parquet_path.name,
    }
    return _move(conn, batch, state="landed", landed_at=now, landed_digest=landed.digest, landed=kept)


def mark_taken_over(
    conn: sa.Connection,
    batch: Batch,
    counts: BatchCounts,
    now: datetime,
    *,
    keys_readable: bool = True,
    hold_reason: str | None = None,
) -> Batch:
    """Step 6 is done, in the transaction of the merge; what the dataset's source said then is what is served now.

    Raises:
        StoreError: the counts don't add up.
    """
    values = {field.name: getattr(counts, field.name) for field in fields(BatchCounts)}
    moved = _move(
        conn,
        batch,
        state="taken_over",
        taken_over_at=now,
        keys_readable=keys_readable,
        hold_reason=hold_reason,
        **values,
    )
    if hold_reason is None:
        confirm_fresh(conn, batch.dataset, batch.opened_at)
    return moved


def confirm_fresh(conn: sa.Connection, dataset: str, as_of: datetime) -> None:
    """The source said at `as_of` what the store holds: by a batch, or because it had nothing new.

    For a file drop nothing new means that nobody delivered, which confirms nothing: call this for databases only.
    """
    older = sa.or_(dataset_row.c.data_as_of.is_(None), dataset_row.c.data_as_of < as_of)
    conn.execute(sa.update(dataset_row).where(dataset_row.c.name == dataset, older).values(data_as_of=as_of))


def mark_done(conn: sa.Connection, batch: Batch) -> Batch:
    """Step 7 is done."""
    return _move(conn, batch, state="done")


def mark_failed(conn: sa.Connection, batch: Batch, reason_code: str) -> Batch:
    """The delivery can't be taken in at all; `reason_code` is a word, never a message with values."""
    return _move(conn, batch, state="failed", failure=reason_code)


def get(conn: sa.Connection, number: int) -> Batch | None:
    """The batch of a number; None if there is none."""
    return _one(conn, sa.select(batch_row).where(batch_row.c.number == number))


def list_batches(
    conn: sa.Connection,
    department: str | None = None,
    dataset: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Batch]:
    """Batches, latest first; `before` is a number from the page before."""
    wanted = sa.select(batch_row).order_by(batch_row.c.number.desc()).limit(limit)
    if department is not None:
        of_department = sa.select(dataset_row.c.name).where(dataset_row.c.department == department)
        wanted = wanted.where(batch_row.c.dataset.in_(of_department))
    if dataset is not None:
        wanted = wanted.where(batch_row.c.dataset == dataset)
    if before is not None:
        wanted = wanted.where(batch_row.c.number < before)
    return [_batch(row) for row in conn.execute(wanted)]


def _of(dataset: str) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(batch_row).where(batch_row.c.dataset == dataset).order_by(batch_row.c.number.desc())


def _one(conn: sa.Connection, wanted: sa.Select[*tuple[Any, ...]]) -> Batch | None:
    row = conn.execute(wanted.limit(1)).first()
    return None if row is None else _batch(row)


def _move(conn: sa.Connection, batch: Batch, **values: object) -> Batch:
    moved = sa.update(batch_row).where(batch_row.c.number == batch.number).values(values)
    return _batch(conn.execute(moved.returning(batch_row)).one())


def _batch(row: sa.Row[*tuple[Any, ...]]) -> Batch:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    counted = values["pulled"] is not None
    counts = BatchCounts(*(values[field.name] for field in fields(BatchCounts))) if counted else None
    own = {field.name: values[field.name] for field in fields(Batch) if field.name != "counts"}
    return Batch(**own, counts=counts)
