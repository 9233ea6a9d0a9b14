"""What the receipt of a delivery says: what became of the file, how often and why, and where it stands in the ledger.

receipt = receipt_of(Told(dataset, reply, batch, reasons, place, refused_name="refused.shops_1.csv"), now)

It holds counts, rules and row numbers, and no value of a row: whoever may read the folder may read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from quality.dry_runs import ReasonCount
from registries.contracts.model import Dataset
from registries.store.batches import Batch
from registries.store.delivery_replies import Reply

MOST_REASONS: Final = 40
"""A receipt is a token, too, and tokens are short; the file of refused rows has every reason."""

_MEND: Final = {
    "snapshot": (
        "请在来源系统中更正这些行, 下次投递全量文件时一并送来",
        "mend them at the source; the next full file brings them",
    ),
    "changes": (
        "请更正这些行 (只改数据列), 去掉文件名开头的 refused. 后作为新的增量文件投递",
        "mend them (data columns only) and deliver them as a new file of changes, under a name of its own",
    ),
}


@dataclass(frozen=True)
class Told:
    """All that a receipt is made of.

    Attributes:
        reply: that is owed.
        batch: None of a trial.
        place: of the batch's entry in the ledger, from 0; None: it has none.
        refused_name: of the file of refused rows; None: there is none.
    """

    dataset: Dataset
    reply: Reply
    batch: Batch | None
    reasons: Sequence[ReasonCount]
    place: int | None
    refused_name: str | None


def receipt_of(told: Told, trust_root: str, now: datetime) -> dict[str, Any]:
    """The members of the receipt."""
    state, zh, en = _said(told)
    return {
        "trust_root": trust_root,
        "dataset": told.dataset.name,
        "department": told.dataset.department,
        "contract_version": told.dataset.contract_version,
        "file": told.reply.file_name,
        "state": state,
        "zh": zh,
        "en": en,
        **(_of_trial(told.reply) if told.batch is None else _of_batch(told, told.batch)),
        "reasons": [_reason(one) for one in told.reasons[:MOST_REASONS]],
        "more_reasons": max(0, len(told.reasons) - MOST_REASONS),
        "refused_rows": told.refused_name,
        "made_at": now.isoformat(timespec="seconds"),
    }


def _of_batch(told: Told, batch: Batch) -> dict[str, Any]:
    entry = None if told.place is None else {"index": told.place, "jti": f"batch:{batch.dataset}:{batch.sequence}"}
    return {
        "sha256": batch.landed_digest or batch.identity,
        "batch": batch.number,
        "sequence": batch.sequence,
        "counts": None if batch.counts is None else asdict(batch.counts),
        "held_by": (batch.hold_reason or "").splitlines(),
        "ledger": entry,
        "received_at": batch.opened_at.isoformat(timespec="seconds"),
    }


def _of_trial(reply: Reply) -> dict[str, Any]:
    outcome = reply.outcome or {}
    return {
        "batch": None,
        "counts": outcome.get("counts"),
        "held_by": list(outcome.get("held_by", ())),
        "ledger": None,
        "received_at": reply.made_at.isoformat(timespec="seconds"),
    }


def _reason(one: ReasonCount) -> dict[str, Any]:
    return {**asdict(one), "first_rows": list(one.first_rows)}


def _said(told: Told) -> tuple[str, str, str]:
    """The state, and what to do now."""
    outcome: Mapping[str, Any] = told.reply.outcome or {}
    if "code" in outcome:
        return "unreadable", f"文件未能读取: {outcome['zh']}", f"the file could not be read: {outcome['en']}"
    if told.batch is None:
        refused = _refused(outcome.get("counts") or {})
        found = (f"有 {refused:,} 行不合格", f"{refused:,} rows would be refused") if refused else _NONE_REFUSED
        zh, en = found
        return "tried", f"试报, 未入库: {zh}", f"a dry run, nothing was kept: {en}"
    if told.batch.hold_reason:
        return (
            "held",
            "整批挂起, 等待数据管理员放行或退回; 现有数据不受影响",
            "the batch is held for a steward to release or return; what is served stays as it is",
        )
    counts = {} if told.batch.counts is None else asdict(told.batch.counts)
    return ("done", *_taken(told.dataset, counts))


_NONE_REFUSED: Final = ("全部行合格", "no row would be refused")


def _taken(dataset: Dataset, counts: Mapping[str, int]) -> tuple[str, str]:
    refused, accepted = _refused(counts), counts.get("accepted", 0)
    if not refused:
        return f"已接收全部 {accepted:,} 行", f"all {accepted:,} rows were accepted"
    zh, en = _MEND[dataset.delivery]
    return (
        f"已接收 {accepted:,} 行, {refused:,} 行未接收; {zh}",
        f"{accepted:,} rows were accepted and {refused:,} refused; {en}",
    )


def _refused(counts: Mapping[str, int]) -> int:
    return counts.get("quarantined", 0) + counts.get("held", 0)
