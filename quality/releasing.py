"""A held batch that a steward releases: a batch of its own, of the same bytes, judged again without what held it.

    batch = releasing.open_release(store, landing, dataset, decision, now)     # landed; the intake's way from there

Its number is a new one, since what the hub knew when stays told by the order of numbers; it is as fresh as the held
batch was. Whatever stops it, the same decision finds its batch again.
"""

from datetime import datetime
from typing import Any

from quality.errors import QualityError
from registries.contracts.model import Dataset
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.store import batches, held_batches
from registries.store.batches import Batch
from registries.store.engine import Store
from registries.store.held_batches import Decision

Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""


class ReleaseRefused(QualityError):
    """The root of why a held batch can't be released any more: raised only through its children."""


class Overtaken(ReleaseRefused):
    """Raised when a later batch was taken over meanwhile, which an older one would undo."""

    def __init__(self, held: int, later: int) -> None:
        super().__init__(
            f"批次 {held} 挂起期间，较新的批次 {later} 已入库；放行旧批次会覆盖新数据。"
            "请退回旧批次，需要的内容由报送部门重新报送",
            f"batch {later} was taken over after batch {held} was held, and releasing the older one would undo it; "
            "return it, and let its department deliver again what is needed",
        )


class ContractChanged(ReleaseRefused):
    """Raised when the batch was landed under another contract than is in force now."""

    def __init__(self, held: int) -> None:
        super().__init__(
            f"批次 {held} 按旧版数据契约落地，契约已变更。请退回，由报送部门按现行契约重新报送",
            f"batch {held} was landed under a former contract; return it, and let its department deliver it again",
        )


class NotHeld(ReleaseRefused):
    """Raised when the batch is not held, or holds nothing any more."""

    def __init__(self, held: int) -> None:
        super().__init__(
            f"批次 {held} 没有挂起的行。请刷新列表核对批次号",
            f"batch {held} holds no rows; look at the list of held batches again",
        )


class LandedGone(ReleaseRefused):
    """Raised when what was landed has expired or is damaged."""

    def __init__(self, held: int) -> None:
        super().__init__(
            f"批次 {held} 的落地文件已到期清理或损坏，无法放行。请退回，由报送部门重新报送",
            f"what batch {held} landed has expired or is damaged; return it, and let its department deliver it again",
        )


def open_release(store: Store, landing: Landing, dataset: Dataset, decision: Decision, now: datetime) -> Batch:
    """The batch of a release, at least landed: opened now, or found as an earlier attempt has left it.

    Raises:
        ReleaseRefused: it can't be released any more; nothing is changed.
        registries.landing_faults.LandingFailed: the disk is full; the next attempt goes on.
    """
    with store.begin() as conn:
        begun = _begun(conn, decision)
        held = _held(conn, decision.batch)
        if begun is None:
            may_release(conn, dataset, held)
    if begun is not None and begun.state != "opened":
        return begun
    landed = _landed(landing, held)
    with store.begin() as conn:
        batch = begun or _opened(conn, dataset, held, decision, now)
    again = landing.land_again(landed, batch.number)
    with store.begin() as conn:
        return batches.mark_landed(conn, batch, again, now, held.watermark)


def may_release(conn: Connection, dataset: Dataset, held: Batch) -> None:
    """Raise the ReleaseRefused that keeps this batch back, if any."""
    if held.contract_version != dataset.contract_version:
        raise ContractChanged(held.number)
    later = held_batches.later_batch(conn, dataset, held.number)
    if later is not None:
        raise Overtaken(held.number, later)


def _begun(conn: Connection, decision: Decision) -> Batch | None:
    """What an earlier attempt opened, unless it failed."""
    if decision.released_batch is None:
        return None
    begun = batches.get(conn, decision.released_batch)
    return None if begun is None or begun.state == "failed" else begun


def _held(conn: Connection, number: int) -> Batch:
    held = batches.get(conn, number)
    if held is None or held.hold_reason is None or held.state != "done" or held.counts is None or not held.counts.held:
        raise NotHeld(number)
    return held


def _landed(landing: Landing, held: Batch) -> Landed:
    try:
        landed = landing.landed(held.number)
    except LandedMissing:
        landed = None
    if landed is None or landed.digest != held.landed_digest:
        raise LandedGone(held.number)
    return landed


def _opened(conn: Connection, dataset: Dataset, held: Batch, decision: Decision, now: datetime) -> Batch:
    """Write down the intention, and which decision it comes from."""
    may_release(conn, dataset, held)
    told = (held.source, held.identity, f"release of {held.number}", now)
    batch = batches.open_batch(conn, dataset, *told, delivery=held.delivery, position=held.position)
    held_batches.note_release(conn, decision.id, batch)
    return batch
