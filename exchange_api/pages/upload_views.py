"""How an uploaded file goes: tried, confirmed, taken in; and what its dry run found."""

from collections.abc import Mapping, Sequence
from typing import Any

from exchange_api.pages.batch_views import COUNTS, dataset_title, sum_of_accepted, sum_of_pulled
from exchange_api.pages.publisher_views import reason_views, refuses
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.publisher import SumPart, UploadStep, UploadView
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store.quarantine import Reason as ReasonCount
from registries.store.uploads import Upload

FIRST_ROWS = 5
CHOOSE, TRY, CONFIRM = Words("上传", "Upload"), Words("试跑", "Dry run"), Words("确认归集", "Confirm and take in")


def upload_view(upload: Upload, dataset: Dataset, catalogue: Catalogue, *, annotated: bool) -> UploadView:
    """How far an upload is; its outcome is read leniently, for an older worker may have written it.

    `annotated`: whether it can be had as a workbook with its faults marked.
    """
    outcome: Mapping[str, Any] = upload.outcome or {}
    state, working = upload.state, upload.state == "waiting"
    counts: Mapping[str, int] = outcome.get("counts") or {}
    refused = counts.get("quarantined", 0) + counts.get("held", 0)
    tone, label, says = _said(upload, refused, outcome)
    reasons = reason_views(dataset, _reason_counts(outcome), refused)
    return UploadView(
        id=str(upload.id),
        dataset=upload.dataset,
        title=dataset_title(catalogue, upload.dataset),
        file_name=upload.file_name,
        tone=tone,
        state=label,
        says=says,
        steps=_steps(state, dry_run=upload.dry_run),
        working=working,
        may_confirm=upload.dry_run and state == "checked",
        batch=outcome.get("batch"),
        sums=_sums(counts),
        reasons=tuple(reason for reason in reasons if refuses(reason)),
        findings=tuple(reason for reason in reasons if not refuses(reason)),
        changes=_changes(counts),
        vanished=_vanished(counts) if upload.dry_run else None,
        annotated=annotated,
    )


def _said(upload: Upload, refused: int, outcome: Mapping[str, Any]) -> tuple[str, Words, Words]:
    if upload.state == "waiting":
        return _waiting(dry_run=upload.dry_run)
    if upload.state == "refused":
        said = Words(str(outcome.get("zh", "文件无法读取")), str(outcome.get("en", "the file can't be read")))
        return "red", Words("未能读取", "not readable"), said
    if upload.state == "checked":
        return _checked(refused, outcome.get("held_by") or ())
    return _taken(refused, str(outcome.get("state", "done")))


def _waiting(*, dry_run: bool) -> tuple[str, Words, Words]:
    if dry_run:
        says = Words(
            "正在按数据契约逐行检查，不改动任何数据。", "Checking every row against the contract; nothing changes."
        )
        return "blue", Words("试跑中", "dry run"), says
    says = Words("正在归集，可以离开本页，稍后在批次中查看。", "Taking in; you may leave and look at the batch later.")
    return "blue", Words("归集中", "taking in"), says


def _checked(refused: int, held_by: Sequence[str]) -> tuple[str, Words, Words]:
    label = Words("待确认", "waiting for you")
    if held_by:
        zh, _, en = held_by[0].partition(" | ")
        return "gold", label, Words(f"归集后整批会被挂起：{zh}", f"The whole batch would be held: {en}")
    if not refused:
        return (
            "green",
            label,
            Words("试跑通过，每一行都可以接收。请确认归集。", "Every row can be accepted. Confirm to take it in."),
        )
    says = Words(
        f"试跑完成，有 {refused:,} 行不能接收。可以改好后再传，也可以先确认，其余行照常入库。",
        f"{refused:,} rows would be refused. Mend and send again, or confirm: the other rows are taken in.",
    )
    return "gold", label, says


def _taken(refused: int, state: str) -> tuple[str, Words, Words]:
    if state == "nothing_new":
        says = Words("内容与上次相同，没有变化，不产生新批次。", "The same content as last time: nothing to take in.")
        return "green", Words("无变化", "nothing new"), says
    if state == "held":
        says = Words(
            "整批挂起，等待数据管理员核对后放行；原有数据不变。",
            "The whole batch is held until a steward releases it; what was there stays.",
        )
        return "gold", Words("挂起", "held"), says
    if refused:
        says = Words(
            f"已归集；{refused:,} 行未接收，请下载改正后再报送。",
            f"Taken in; {refused:,} rows were refused: mend and send them.",
        )
        return "gold", Words("已归集", "taken in"), says
    return "green", Words("已归集", "taken in"), Words("已归集，全部行均已接收。", "Taken in; every row was accepted.")


def _steps(state: str, *, dry_run: bool) -> tuple[UploadStep, ...]:
    if dry_run:
        tried = "now" if state in {"waiting", "refused"} else "done"
        return (
            UploadStep(CHOOSE, "done"),
            UploadStep(TRY, tried),
            UploadStep(CONFIRM, "now" if tried == "done" else "later"),
        )
    return (
        UploadStep(CHOOSE, "done"),
        UploadStep(TRY, "done"),
        UploadStep(CONFIRM, "done" if state == "taken" else "now"),
    )


def _sums(counts: Mapping[str, int]) -> tuple[tuple[SumPart, ...], ...]:
    """Where the rows go; nothing while there are no counts, or nothing new came."""
    if not counts.get("pulled"):
        return ()
    known = {name: counts.get(name) for name in COUNTS}
    return (sum_of_pulled(known), sum_of_accepted(known)) if counts.get("accepted") else (sum_of_pulled(known),)


def _changes(counts: Mapping[str, int]) -> Words | None:
    """Only what changed is taken: so much of it, beside what is there already."""
    if not counts.get("accepted"):
        return None
    new, changed, same = (counts.get(name, 0) for name in ("new", "changed", "unchanged"))
    return Words(
        f"只有变化的行入库：新增 {new:,} 行，变更 {changed:,} 行；{same:,} 行与库中相同，不重复入库。",
        f"Only what changed is taken: {new:,} new, {changed:,} changed; {same:,} are as they were.",
    )


def _vanished(counts: Mapping[str, int]) -> Words | None:
    """Rows of a whole snapshot that the file lacks: mostly somebody sent back the refused rows alone."""
    gone = counts.get("vanished", 0)
    if not gone:
        return None
    return Words(
        f"库中有 {gone:,} 行不在本文件中，确认后将视为来源已不再持有。若本文件只含改正的行，请改用完整的文件。",
        f"{gone:,} rows of the store are not in this file and would count as gone. If it holds mended rows only, send "
        "the whole file instead.",
    )


def _reason_counts(outcome: Mapping[str, Any]) -> list[ReasonCount]:
    """What a dry run found by rule; a batch that was taken in has a page of its own for that."""
    return [
        ReasonCount(found["rule_id"], found["level"], found["rows"], tuple(found["first_rows"][:FIRST_ROWS]))
        for found in outcome.get("reasons") or ()
    ]
