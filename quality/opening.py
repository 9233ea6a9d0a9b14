"""Step 1 from near: whether a delivery is new, which batch it becomes, and what may come before what.

with store.begin() as conn:
    batch = opening.open_new(conn, dataset, source, identity, deliverer, clock())
"""

from collections.abc import Container
from datetime import datetime
from typing import Any

from registries.connectors.faults import SourceFault
from registries.connectors.file_faults import LateDelivery
from registries.connectors.kinds import Connector
from registries.contracts.model import Dataset
from registries.store import batches
from registries.store.batches import Batch
from registries.store.ordering import by_watermark

Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""

_CONFIRMING = frozenset({"database", "sql_database", "http_api"})
"""Kinds of sources that were asked when they had nothing new: what the store holds is what they say today."""


def begun(conn: Connection, dataset: Dataset) -> Batch | None:
    """The unfinished batch that needs no source any more, unless the contract has changed under what it landed."""
    found = batches.unfinished(conn, dataset.name)
    if found is not None and found.state == "landed" and found.contract_version != dataset.contract_version:
        batches.mark_failed(conn, found, "contract_changed")
        return None
    return None if found is None or found.state == "opened" else found


def open_new(
    conn: Connection, dataset: Dataset, source: Connector, identity: str, deliverer: str, now: datetime
) -> Batch | None:
    """Write down the intention; None if just this delivery was taken in.

    Raises:
        LateDelivery: it was too late when it first came.
    """
    before = batches.last_done(conn, dataset.name)
    if _was_taken(conn, dataset, source, identity, before):
        confirm(conn, dataset, now)
        return None
    told = (source.description, identity, deliverer, now)
    return batches.open_batch(conn, dataset, *told, delivery=source.delivery, position=source.position)


def confirm(conn: Connection, dataset: Dataset, now: datetime) -> None:
    """The source has nothing new: if it was asked, and did not just wait for files, the store is as fresh as today."""
    before = batches.last_done(conn, dataset.name)
    if dataset.server.kind in _CONFIRMING and before is not None and before.hold_reason is None:
        batches.confirm_fresh(conn, dataset.name, now)


def is_of(batch: Batch, dataset: Dataset, source: Connector, identity: str) -> bool:
    """The batch was opened for just this delivery, under the contract as it is."""
    told = (batch.identity, batch.position, batch.contract_version)
    return told == (identity, source.position, dataset.contract_version)


def _was_taken(conn: Connection, dataset: Dataset, source: Connector, identity: str, before: Batch | None) -> bool:
    """As the last delivery, or at its place; a full file is taken again under a new contract."""
    if before is not None and is_of(before, dataset, source, identity):
        return True
    if source.position is None:
        return False
    same = batches.same_delivery(conn, dataset.name, identity, source.position)
    if same is None:
        return False
    if same.state == "failed":
        raise LateDelivery(source.description)
    return same.contract_version == dataset.contract_version or source.delivery == "changes"


def stop_if_late(conn: Connection, dataset: Dataset, source: Connector) -> None:
    """Raise LateDelivery for one that belongs before what was taken, where the order of deliveries decides."""
    latest = batches.taken(conn, dataset.name).latest
    if source.position is None or latest is None or by_watermark(dataset):
        return
    if source.position < latest or (source.position == latest and source.delivery == "changes"):
        raise LateDelivery(source.description)


def in_a_queue(dataset: Dataset) -> bool:
    """Several deliveries may wait: only files do, every other source gives all it has at once."""
    return dataset.delivery == "changes" and dataset.server.kind == "files"


def may_pass_over(dataset: Dataset, source: Connector, fault: SourceFault, passed_over: Container[str]) -> bool:
    """The deliveries after a faulty one may be taken in before it: it is late for good, or watermarks decide."""
    if not in_a_queue(dataset) or source.position is None or source.position in passed_over:
        return False
    return isinstance(fault, LateDelivery) or by_watermark(dataset)
