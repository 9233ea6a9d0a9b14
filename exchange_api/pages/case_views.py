"""Cases as their pages show them: the list with its filters, one case, the letter of reminder."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from urllib.parse import urlencode

from certificates.china_time import CHINA
from exchange_api.casework import reasons
from exchange_api.casework.acting import Casework, Told, ToldStep
from exchange_api.pages import words
from exchange_api.pages.case_lines import case_line, days_words
from exchange_api.pages.case_words import ACTS, STEPS
from exchange_api.pages.views.casework import (
    ActForm,
    CaseLine,
    CaseList,
    Choice,
    Deadline,
    EvidenceLine,
    Filter,
    LetterView,
    StepRow,
)
from exchange_api.pages.views.frame import Item, Option, Tile, Words
from registries.departments import Catalogue
from registries.store.cases import Case, CaseEvidence, Figures
from registries.working_days import WorkingDays

_ANY: Final = Words("全部", "all")
_FILTERS: Final[tuple[tuple[str, Words, tuple[tuple[str, Words], ...]], ...]] = (
    ("state", Words("状态", "State"), (("open", Words("办理中", "open")), ("closed", Words("已办结", "closed")))),
    ("kind", Words("类别", "Kind"), tuple(words.CASE_KINDS.items())),
    ("card", Words("红黄牌", "Card"), (("yellow", Words("黄牌", "yellow")), ("red", Words("红牌", "red")))),
    ("cause", Words("来由", "Cause"), tuple(words.CASE_CAUSES.items())),
)
_REASONS: Final[Mapping[str, reasons.Reasons]] = {
    "stop": reasons.STOP,
    "answer": reasons.RIGHT,
    "ask_beyond_mending": reasons.BEYOND,
    "refuse": reasons.REFUSE,
    "withdraw": reasons.WITHDRAW,
}
_NOTES: Final = {"answer": "required", "ask_beyond_mending": "required", "assign": "", "resume": "", "remind": ""}
_ORDER: Final = (
    *("approve", "refuse", "answer", "evidence", "ask_beyond_mending", "assign"),
    *("resume", "stop", "remind", "withdraw"),
)


def list_view(
    found: Sequence[Case],
    figures: Sequence[Figures],
    catalogue: Catalogue,
    desk: Casework,
    place: str,
    chosen: Mapping[str, str],
    *,
    a_page: int,
    raises: bool,
) -> CaseList:
    """The list; `chosen` are the filters as the address names them, and every state of the page is an address."""
    older = _address({**chosen, "before": str(found[-1].number)}) if len(found) == a_page else None
    return CaseList(
        _tiles(figures),
        tuple(_filter(name, title, choices, chosen) for name, title, choices in _FILTERS),
        tuple(case_line(case, catalogue, desk, place) for case in found),
        older,
        f"{place}/new" if raises else None,
    )


def _tiles(figures: Sequence[Figures]) -> tuple[Tile, ...]:
    closed = sum(one.in_time + one.late for one in figures)
    in_time = sum(one.in_time for one in figures)
    rows, still = sum(one.rows for one in figures), sum(one.rows_open for one in figures)
    beyond = sum(one.beyond_mending for one in figures)
    return (
        Tile(Words("办理中", "Open"), f"{sum(one.open for one in figures):,}", Words("件工单", "cases")),
        Tile(Words("红牌", "Red cards"), f"{sum(one.overdue for one in figures):,}", Words("已超期", "overdue")),
        Tile(Words("按期办结", "In time"), f"{in_time:,} / {closed:,}", Words("件", "of those closed")),
        Tile(
            Words("已改正的行", "Rows settled"),
            f"{rows - still:,} / {rows:,}",
            Words(f"无法改正 {beyond:,}", "beyond mending"),
        ),
    )


def _filter(name: str, title: Words, choices: Sequence[tuple[str, Words]], chosen: Mapping[str, str]) -> Filter:
    kept = {key: value for key, value in chosen.items() if key not in {name, "before"}}
    now = chosen.get(name, "open" if name == "state" else "")
    every = Choice(_ANY, _address({**kept, name: "any"} if name == "state" else kept), now in {"", "any"})
    return Filter(title, (every, *(Choice(w, _address({**kept, name: code}), now == code) for code, w in choices)))


def _address(chosen: Mapping[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in chosen.items() if value})


def facts(told: Told, line: CaseLine) -> tuple[Item, ...]:
    """What a case is, as pairs."""
    case = told.case
    shown = [
        Item(Words("类别与来由", "Kind and cause"), f"{line.kind.zh} · {words.CASE_CAUSES[case.cause].zh}"),
        Item(Words("责任部门", "Department"), line.department),
        Item(Words("数据资源", "Dataset"), f"{line.title.zh}（{case.dataset}）"),
        Item(Words("立案", "Opened"), _moment(case)),
        Item(Words("承办人", "Assigned to"), case.assigned_to or "—"),
    ]
    shown += [Item(Words("复发次数", "Reopened"), str(case.reopened))] if case.reopened else []
    shown += [Item(Words("催办次数", "Reminders"), str(case.reminders))] if case.reminders else []
    shown += [Item(Words("已停表", "Clock stood"), f"{case.stopped_days} 个工作日")] if case.stopped_days else []
    return tuple(shown)


def _moment(case: Case) -> str:
    day = case.opened_at.astimezone(CHINA).date()
    return f"{day}" if case.opened_batch is None else f"{day} · 第 {case.opened_batch} 批"


def deadline(told: Told, today: date, calendar: WorkingDays) -> Deadline:
    """How much of the time has passed."""
    case = told.case
    opened = case.opened_at.astimezone(CHINA).date()
    whole = max(1, calendar.between(opened, case.due_on))
    if case.state == "closed":
        return Deadline(1.0, "green", Words("已办结", "closed"))
    left = days_words(told.days_left)
    if case.stopped_at is not None:
        left = Words(f"停表中，{left.zh}", f"clock stopped, {left.en}")
    share = min(1.0, max(0.0, 1 - told.days_left / whole))
    tone = {"red": "red", "yellow": "gold"}.get(told.card or "", "blue")
    return Deadline(share if today >= opened else 0.0, tone, left)


def proposal(told: Told) -> Words | None:
    """What waits for somebody's approval."""
    if told.standing.proposed is None or told.case.state != "open":
        return None
    what = STEPS[told.standing.proposed]
    return Words(f"{what.zh}，等待另一人同意", f"{what.en}; waits for another person's approval")


def step_row(told: ToldStep) -> StepRow:
    """A step in the history."""
    step = told.step
    reason = Words(*reasons.reason_words(step.reason)) if step.reason else None
    by = "免证" if step.by == "hub" or step.by.startswith("rule:") else step.by
    return StepRow(step.at, STEPS[step.act], by, reason, told.note, step.rows, step.batch)


def evidence_line(found: CaseEvidence, href: str) -> EvidenceLine:
    """A file in the list."""
    digest = found.digest.hex()
    kind = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}.get(found.media_type, "OFD")
    return EvidenceLine(f"{href}/evidence/{digest}", f"{kind} {digest[:8]}", found.size, found.by, found.landed_at)


def act_forms(told: Told) -> tuple[ActForm, ...]:
    """A form for each thing that this person may do now."""
    return tuple(_form(act) for act in _ORDER if act in told.acts)


def _form(act: str) -> ActForm:
    title, hint = ACTS[act]
    chosen = tuple(Option(code, " ".join(both)) for code, both in _REASONS.get(act, {}).items())
    asks = {"evidence": "file", "assign": "login"}.get(act, "")
    note = "" if asks else _NOTES.get(act, "optional")
    return ActForm(act, title, hint, chosen, note, asks, act in {"approve", "answer"})


def letter_view(told: Told, line: CaseLine, hub: str, today: date) -> LetterView:
    """The letter: number, department, what is open since when, by which law it is due."""
    case = told.case
    opened = case.opened_at.astimezone(CHINA).date()
    escalated = Words(*reasons.reason_words(case.escalated_to)) if case.escalated_to else None
    return LetterView(
        number=f"催〔{today.year}〕{case.number} 号",
        to=line.department,
        line=line,
        kind=line.kind,
        opened_on=opened,
        today=today,
        rows_open=case.rows_open,
        late=max(0, -told.days_left),
        reminders=case.reminders,
        escalated=escalated,
        hub=hub,
    )
