"""Held batches as the pages show them."""

from collections.abc import Sequence

from exchange_api.pages.batch_views import batch_row as shown_batch
from exchange_api.pages.batch_views import counts_of, dataset_title, sum_of_pulled
from exchange_api.pages.publisher_views import column_heads, reason_views, refused_row_views
from exchange_api.pages.rendering import NOTHING
from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.held import Decided, DecisionView, HeldRow, HeldView, Volume
from exchange_api.releasing import REASON_WORDS, REASONS, HeldBatch
from quality.refused_rows.reading import RefusedRow
from registries.departments import Catalogue
from registries.store.batches import Batch
from registries.store.held_batches import Act, Line

STANDINGS = {
    "waiting": ("gold", "pause", Words("待处置", "to be decided")),
    "asked": ("blue", "clock", Words("处置中", "being carried out")),
    "released": ("green", "check", Words("已放行", "released")),
    "returned": ("red", "cross", Words("已退回", "returned")),
    "overtaken": ("grey", "stop", Words("已被新批次取代", "overtaken by a later batch")),
}
_ACTS = {"release": Words("放行", "release"), "return": Words("退回", "return")}


def held_row(line: Line, catalogue: Catalogue, place: str) -> HeldRow:
    """A held batch in the list."""
    tone, icon, standing = STANDINGS[line.standing]
    names = {department.id: department.name_zh for department in catalogue.departments}
    return HeldRow(
        line.batch.number,
        f"{place}/{line.batch.number}",
        dataset_title(catalogue, line.batch.dataset),
        line.batch.dataset,
        names.get(line.department, line.department),
        line.batch.taken_over_at or line.batch.opened_at,
        line.batch.counts.held if line.batch.counts else 0,
        why_held(line.batch)[0],
        tone,
        icon,
        standing,
    )


def why_held(batch: Batch) -> tuple[Words, ...]:
    """The rules that hold a batch, in both languages; they were written down a line each."""
    lines = [line.partition(" | ") for line in (batch.hold_reason or "").splitlines()]
    return tuple(Words(zh, en or zh) for zh, _, en in lines) or (Words(NOTHING, NOTHING),)


def held_view(
    found: HeldBatch, rows: Sequence[RefusedRow], catalogue: Catalogue, place: str, *, a_page: int, decides: bool
) -> HeldView:
    """One held batch; `decides`: who looks may decide about it."""
    batch = found.line.batch
    dataset = catalogue.dataset(batch.dataset)
    waits = found.line.standing in {"waiting", "overtaken"}
    return HeldView(
        held_row(found.line, catalogue, place),
        why_held(batch),
        _volume(found),
        sum_of_pulled(counts_of(shown_batch(batch, catalogue))),
        batch.counts.accepted if batch.counts else 0,
        reason_views(dataset, found.reasons, _refused(batch)),
        column_heads(dataset),
        refused_row_views(rows),
        rows[-1].number if len(rows) == a_page else None,
        _decided(found),
        _to_decide(found),
        f"{place}/{batch.number}/decision" if decides and waits else None,
    )


def decision_view(
    found: HeldBatch,
    catalogue: Catalogue,
    place: str,
    fault: Words | None = None,
    given: tuple[str, str, str] = ("", "", ""),
) -> DecisionView:
    """The forms; `given`: act, reason and note as they were sent."""
    return DecisionView(
        held_row(found.line, catalogue, place),
        why_held(found.line.batch),
        f"{place}/{found.line.batch.number}/decision",
        _options("release"),
        _options("return"),
        _to_decide(found),
        found.line.standing != "overtaken",
        fault,
        *given,
    )


def _to_decide(found: HeldBatch) -> Words:
    """A batch whose place a later one has taken can be returned only."""
    return Words("退回", "Return") if found.line.standing == "overtaken" else Words("放行或退回", "Release or return")


def _options(act: Act) -> tuple[Option, ...]:
    return tuple(Option(code, " ".join(REASON_WORDS[code])) for code in REASONS[act])


def _refused(batch: Batch) -> int:
    return 0 if batch.counts is None else batch.counts.quarantined + batch.counts.held


def _volume(found: HeldBatch) -> Volume | None:
    now = found.line.batch.counts.pulled if found.line.batch.counts else 0
    if found.held is None or not found.held.pulled_before:
        return None
    before = found.held.pulled_before
    most = max(before, now, 1)
    return Volume(before, now, before / most, now / most, f"{(now - before) / before:+.1%}")


def _decided(found: HeldBatch) -> Decided | None:
    decision = found.line.decision
    if decision is None:
        return None
    outcome = decision.outcome
    return Decided(
        _ACTS[decision.act],
        Words(*REASON_WORDS[decision.reason]),
        found.note,
        decision.decided_by,
        decision.decided_at,
        None if outcome is None else Words(str(outcome["zh"]), str(outcome["en"])),
        decision.released_batch if decision.state == "done" else None,
    )
