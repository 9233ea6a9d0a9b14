"""Which deliveries are owed a reply: files that were pulled from a drop folder, and that could be read or never can be.

owe_for_end(conn, dataset, batch, now)           # in the transaction that ends the batch
owe_for_fault(conn, dataset, batch, fault, now)  # in the one that says it failed
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registries.connectors.faults import SourceDown, SourceFault, StillBeingWritten
from registries.contracts.model import Dataset
from registries.store import delivery_replies
from registries.store.batches import Batch

PULLED: Final = "pull"
"""The deliverer of what the hub fetched by itself; whoever uploads or pushes hears at once what came of it."""

_PASSING: Final = (SourceDown, StillBeingWritten)


def owe_for_end(conn: sa.Connection, dataset: Dataset, batch: Batch, now: datetime) -> None:
    """A batch was taken in, or is held."""
    if _from_a_folder(dataset, batch):
        delivery_replies.owe_batch(conn, batch, now)


def owe_for_fault(conn: sa.Connection, dataset: Dataset, batch: Batch, fault: SourceFault, now: datetime) -> None:
    """A batch's file can't be taken in as it is; nothing is said where it is about to be tried again."""
    if _from_a_folder(dataset, batch) and not isinstance(fault, _PASSING):
        delivery_replies.owe_fault(conn, batch, outcome_of(fault), now)


def outcome_of(fault: SourceFault) -> dict[str, str]:
    """A fault as a reply keeps it: words with cause and next step, and no value of a row."""
    return {"code": type(fault).__name__, "zh": fault.zh, "en": fault.en}


def _from_a_folder(dataset: Dataset, batch: Batch) -> bool:
    return dataset.server.kind == "files" and batch.deliverer == PULLED
