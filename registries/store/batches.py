"""Batches (批次): one row per delivery, from the intention to the telling, numbered without gaps.

    with batches.dataset_lock(store, dataset.name), store.begin() as conn:
        before = batches.last_done(conn, dataset.name)
        batch = batches.open_batch(conn, dataset, source, identity, deliverer, now)

States: opened → landed → taken_over → done; `failed` ends a batch whose delivery can't be read at all. When the same
delivery is tried again and nothing else came in between, it is opened again: a retry is no batch of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from registries.connectors.taken import Taken
from registries.contracts.model import Dataset, Delivery
from registries.errors import DatasetBusy
from registries.landing import Landed
from registries.store.engine import Store
from registries.store.tables import batch as batch_row
from registries.store.tables import dataset as dataset_row

_NUMBERS_LOCK = 6_020
_DATASET_LOCKS = 6_021
LATE = "LateDelivery"
"""Why a batch failed whose delivery came after a later one, where that can't be put right."""

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
        delivery: all rows, or those that changed; None of batches that are older than this word (see `delivery_of`).
        position: where it stands among the dataset's deliveries; None: as it arrived.
        watermark: the greatest that a watermark pull has seen.
        floor: the watermark at which a full snapshot stands that said which keys there are; None of all others.
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
    delivery: Delivery | None = None
    position: str | None = None
    watermark: str | None = None
    floor: str | None = None


def delivery_of(dataset: Dataset, batch: Batch) -> Delivery:
    """What kind of delivery a batch is: as its source said, or else its contract."""
    return batch.delivery or dataset.delivery


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


def last_taken_over(conn: sa.Connection, dataset: str, delivery: Delivery | None = None) -> Batch | None:
    """The dataset's latest finished batch (of that kind of delivery) that was not held: what is served now."""
    found = _of(dataset).where(batch_row.c.state == "done", batch_row.c.hold_reason.is_(None))
    if delivery is not None:
        found = found.where(sa.or_(batch_row.c.delivery == delivery, batch_row.c.delivery.is_(None)))
    return _one(conn, found)


def taken(conn: sa.Connection, dataset: str) -> Taken:
    """What the dataset has taken in so far, held batches included, and late ones that can't be: for its connector."""
    done = batch_row.c.state == "done"
    late = sa.and_(batch_row.c.state == "failed", batch_row.c.failure == LATE)
    found = conn.execute(
        sa.select(
            sa.func.array_agg(batch_row.c.position.distinct()).filter(batch_row.c.position.is_not(None)),
            sa.func.max(batch_row.c.position).filter(done),
        ).where(batch_row.c.dataset == dataset, sa.or_(done, late))
    ).one()
    last = _one(conn, _of(dataset).where(done, batch_row.c.watermark.is_not(None)))
    return Taken(frozenset(found[0] or ()), found[1], last.watermark if last else None)


def same_delivery(conn: sa.Connection, dataset: str, identity: str, position: str) -> Batch | None:
    """The dataset's latest finished or late batch of just this delivery: same place, same content."""
    late = sa.and_(batch_row.c.state == "failed", batch_row.c.failure == LATE)
    return _one(
        conn,
        _of(dataset).where(
            batch_row.c.identity == identity,
            batch_row.c.position == position,
            sa.or_(batch_row.c.state == "done", late),
        ),
    )


def floor(conn: sa.Connection, dataset: str) -> str | None:
    """The watermark at which the dataset's newest full snapshot stands; None if there is none that has one."""
    last = _one(conn, _of(dataset).where(batch_row.c.floor.is_not(None)))
    return None if last is None else last.floor


def set_floor(conn: sa.Connection, batch: Batch, value: str) -> None:
    """This batch is a full snapshot as of the watermark `value`, and what it does not hold is gone."""
    conn.execute(sa.update(batch_row).where(batch_row.c.number == batch.number).values(floor=value))


def unfinished(conn: sa.Connection, dataset: str) -> Batch | None:
    """The dataset's batch that was begun and not ended, by this process or by one that is gone."""
    return _one(conn, _of(dataset).where(batch_row.c.state.in_(["opened", "landed", "taken_over"])))


def open_batch(
    conn: sa.Connection,
    dataset: Dataset,
    source: str,
    identity: str,
    deliverer: str,
    now: datetime,
    *,
    delivery: Delivery | None = None,
    position: str | None = None,
) -> Batch:
    """Write down the intention; the number is given out under a lock until the commit, so that there are no gaps.

    A delivery that failed, and is tried again as the dataset's next one, keeps its batch.
    """
    told = {
        "state": "opened",
        "source": source,
        "identity": identity,
        "contract_version": dataset.contract_version,
        "deliverer": deliverer,
        "opened_at": now,
        "delivery": delivery or dataset.delivery,
        "position": position,
    }
    last = _one(conn, _of(dataset.name))
    if last is not None and last.state == "failed" and (last.identity, last.position) == (identity, position):
        return _move(conn, last, **told, failure=None, landed_at=None, landed=None, landed_digest=None)
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_NUMBERS_LOCK)))
    next_number = sa.select(sa.func.coalesce(sa.func.max(batch_row.c.number), 0) + 1)
    next_sequence = sa.select(sa.func.coalesce(sa.func.max(batch_row.c.sequence), 0) + 1)
    new = sa.insert(batch_row).values(
        number=next_number.scalar_subquery(),
        sequence=next_sequence.where(batch_row.c.dataset == dataset.name).scalar_subquery(),
        dataset=dataset.name,
        **told,
    )
    return _batch(conn.execute(new.returning(batch_row)).one())


def mark_landed(
    conn: sa.Connection, batch: Batch, landed: Landed, now: datetime, watermark: str | None = None
) -> Batch:
    """Step 3 is done: where the rows are, their digest, how far a watermark pull came. No paths: HUB_HOME may move."""
    kept = {
        "rows": landed.rows,
        "chunks": landed.chunks,
        "original": landed.original_path.name if landed.original_path else None,
        "parquet": landed.parquet_path.name,
    }
    return _move(
        conn, batch, state="landed", landed_at=now, landed_digest=landed.digest, landed=kept, watermark=watermark
    )


def mark_taken_over(
    conn: sa.Connection,
    batch: Batch,
    counts: BatchCounts,
    now: datetime,
    *,
    keys_readable: bool = True,
    hold_reason: str | None = None,
    as_of: datetime | None = None,
) -> Batch:
    """Step 6 is done, in the transaction of the merge; what the dataset's source said then is what is served now.

    Args:
        conn: of the role hub_load.
        batch: which was merged.
        counts: of its rows.
        now: for the record.
        keys_readable: every key could be read.
        hold_reason: why it is held.
        as_of: when its source said it; by default when the batch was opened.

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
    if hold_reason is None and not _is_late(conn, batch):
        confirm_fresh(conn, batch.dataset, as_of or batch.opened_at)
    return moved


def confirm_fresh(conn: sa.Connection, dataset: str, as_of: datetime) -> None:
    """The source said at `as_of` what the store holds: by a batch, or because it had nothing new.

    For a file drop nothing new means that nobody delivered, which confirms nothing: call this for databases only.
    """
    older = sa.or_(dataset_row.c.data_as_of.is_(None), dataset_row.c.data_as_of < as_of)
    conn.execute(sa.update(dataset_row).where(dataset_row.c.name == dataset, older).values(data_as_of=as_of))


def _is_late(conn: sa.Connection, batch: Batch) -> bool:
    """A later delivery is there already: this one says nothing about today."""
    if batch.position is None:
        return False
    later = sa.and_(batch_row.c.dataset == batch.dataset, batch_row.c.position > batch.position)
    found = sa.select(sa.exists().where(later, batch_row.c.state.in_(["taken_over", "done"])))
    return bool(conn.execute(found).scalar_one())


def mark_done(conn: sa.Connection, batch: Batch) -> Batch:
    """Step 7 is done."""
    return _move(conn, batch, state="done")


def mark_failed(conn: sa.Connection, batch: Batch, reason_code: str) -> Batch:
    """The delivery can't be taken in at all; `reason_code` is a word, never a message with values."""
    return _move(conn, batch, state="failed", failure=reason_code)


def get(conn: sa.Connection, number: int) -> Batch | None:
    """The batch of a number; None if there is none."""
    return _one(conn, sa.select(batch_row).where(batch_row.c.number == number))


def several(conn: sa.Connection, numbers: Sequence[int]) -> list[Batch]:
    """The batches of these numbers, in their order."""
    wanted = sa.select(batch_row).where(batch_row.c.number.in_(numbers)).order_by(batch_row.c.number)
    return [_batch(row) for row in conn.execute(wanted)]


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
