"""Completions of paper-era certificates as the pages show them."""

from collections.abc import Mapping
from dataclasses import replace

from certificates.china_time import CHINA
from certificates.holder_codes import HOLDER_CODE_TYPES
from exchange_api.acts.dispute import MEDIA_TYPES
from exchange_api.completing import GIVEN_REASONS, REFUSAL_WORDS, WAITING, Told
from exchange_api.pages.question_form import blank_form
from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.windows import CompletionRow, CompletionView, Standing, StepRow, TypedForm
from exchange_api.parts import HubParts
from exchange_api.sessions import Session
from registries.store.completions import Completion, Step

STANDINGS = {
    "filed": Standing("gold", "clock", Words("待第二人复核", "waits for a second person")),
    "seconded": Standing("gold", "clock", Words("待颁发部门确认", "waits for the issuer")),
    "in_force": Standing("green", "check", Words("已补全", "completed")),
    "refused": Standing("red", "cross", Words("不予补全", "refused")),
    "withdrawn": Standing("grey", "stop", Words("已撤回", "withdrawn")),
    "replaced": Standing("blue", "info", Words("来源已给出号码", "the source has given the number")),
    "ended": Standing("grey", "stop", Words("确认已撤销", "taken back by the issuer")),
}
_STEPS = {
    "filed": Words("录入", "filed"),
    "seconded": Words("复核一致", "typed alike"),
    "keyed_differently": Words("复核不一致", "typed differently"),
    "in_force": Words("颁发部门确认", "confirmed by the issuer"),
    "refused": Words("不予补全", "refused"),
    "withdrawn": Words("撤回", "withdrawn"),
    "replaced": Words("来源给出号码，补全终止", "ended: the source has given the number"),
    "ended": Words("撤销确认", "taken back"),
    "scan_opened": Words("查看扫描件", "opened the scan"),
}


def completion_row(found: Completion, parts: HubParts, place: str) -> CompletionRow:
    """A completion in a list."""
    kind = parts.types.get(found.certificate_type)
    names = {one.id: one.name_zh for one in parts.catalogue.departments}
    today = parts.clock().astimezone(CHINA).date()
    return CompletionRow(
        found.reference,
        f"{place}/{found.reference}",
        Words(found.certificate_type, found.certificate_type) if kind is None else Words(kind.name_zh, kind.name_en),
        f"{names.get(found.department, found.department)} → {names.get(found.provider, found.provider)}",
        found.filed_at,
        found.due_on,
        found.state in WAITING and found.due_on < today,
        STANDINGS[found.state],
        found.filed_by,
    )


def completion_view(
    told: Told, parts: HubParts, session: Session, place: str, fault: Words | None, *, deciding: bool
) -> CompletionView:
    """One completion; which forms it has depends on who looks, and how far it is."""
    found, provider = told.completion, place.startswith("/publisher")
    at = f"{place}/{found.reference}"
    seconds = not provider and found.state == "filed" and session.login != found.filed_by
    refusals = tuple(Option(code, " ".join(REFUSAL_WORDS[code])) for code in GIVEN_REASONS)
    end_at, end = _end(found, at, provider=provider)
    return CompletionView(
        completion_row(found, parts, place),
        told.number,
        told.holder,
        None if found.refusal is None else Words(*REFUSAL_WORDS[found.refusal]),
        f"{at}/scan",
        tuple(_step(step) for step in told.steps),
        replace(typed_form(parts, session, f"{at}/second", {}, None), accepted="") if seconds else None,
        f"{at}/decision" if provider and found.state == "seconded" else None,
        refusals if deciding and found.state == "seconded" else (),
        end_at,
        end,
        f"/publisher/cases/{found.case_number}" if provider and found.case_number else None,
        fault,
    )


def typed_form(
    parts: HubParts, session: Session, place: str, given: Mapping[str, str], fault: Words | None
) -> TypedForm:
    """What is typed from the paper."""
    types = blank_form(parts, session).types
    codes = tuple(Option(code, f"{code} {name}") for code, name in HOLDER_CODE_TYPES.items())
    return TypedForm(place, types, codes, dict(given), ", ".join(MEDIA_TYPES), fault)


def _end(found: Completion, at: str, *, provider: bool) -> tuple[str | None, Words | None]:
    if provider and found.state == "in_force":
        return f"{at}/end", Words("撤销确认", "Take the confirmation back")
    if not provider and found.state in WAITING:
        return f"{at}/withdraw", Words("撤回申请", "Withdraw it")
    return None, None


def _step(step: Step) -> StepRow:
    reason = None if step.reason is None else Words(*REFUSAL_WORDS.get(step.reason, (step.reason, step.reason)))
    by = "枢纽 hub" if step.by == "hub" else step.by
    return StepRow(step.at, _STEPS.get(step.act, Words(step.act, step.act)), by, reason)
