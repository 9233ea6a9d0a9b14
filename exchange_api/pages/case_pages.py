"""Cases: the list and one case, for stewards and for the department that has to mend it; the letter of reminder.

GET  /steward/cases, /publisher/cases                  the list; every filter stands in the address
GET  /steward/cases/17, /publisher/cases/17            one case: rows masked, steps, deadline, forms by role
POST /steward/cases/17/acts, /publisher/cases/17/acts  one act: assign, stop, resume, answer, approve, ...
GET  /steward/cases/17/letter                          催办函, to be printed
GET  /steward/cases/new                                the form by which a steward raises one
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, cast, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from exchange_api.casework import reasons
from exchange_api.casework.acting import Casework
from exchange_api.casework.errors import ActIncomplete, CaseworkError, NothingToRaise
from exchange_api.casework.raising import About
from exchange_api.errors import NotFound
from exchange_api.pages.case_lines import case_line
from exchange_api.pages.case_rows import shown_rows
from exchange_api.pages.case_views import (
    act_forms,
    deadline,
    evidence_line,
    facts,
    letter_view,
    list_view,
    proposal,
    step_row,
)
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.casework import CaseView, RaisedView, RaiseView
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.people.roles import Reach, Role
from exchange_api.sealed_files import FileRefused
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from registries.store.cases import Card, State
from registries.store.casework import RaisedOnRows
from registries.working_days import working_days

router = APIRouter()
Steward = Annotated[Session, Depends(require(Role.STEWARD))]
Publisher = Annotated[
    Session, Depends(require(Role.PUBLISHER, Role.DEPARTMENT_ADMINISTRATOR, reach=Reach.OWN_DEPARTMENT))
]
OurForm = Annotated[None, Depends(check_csrf)]
STEWARDS, PUBLISHERS = "/steward/cases", "/publisher/cases"
CASES = Words("工单", "Cases")
_LEDE = Words(
    "一个原因一件工单：责任到部门和人，限期办理；来源重新报送并通过规则后自动办结。",
    "One cause is one case with an owner and a deadline; it closes when the source delivers mended rows.",
)
A_PAGE = 25
UNPROCESSABLE, CONFLICT, SEE_OTHER = 422, 409, 303
_MOST_ROWS = 100
_RAISED = ("dataset", "batch", "rows", "key", "rule_id", "attribute", "reason", "note")
Chosen = Mapping[str, str]


@router.get(STEWARDS)
def stewards_list(request: Request, session: Steward) -> Response:
    """Cases of all departments."""
    return _list_page(request, session, STEWARDS, None)


@router.get(PUBLISHERS)
def publishers_list(request: Request, session: Publisher) -> Response:
    """Cases of the department, and those in which its data speaks against another's."""
    return _list_page(request, session, PUBLISHERS, session.department)


@router.get(STEWARDS + "/new")
def raise_page(request: Request, session: Steward) -> Response:
    """The form by which a steward raises a case; a page about rows may fill it by its address."""
    return _raise_page(request, session, dict(request.query_params), None)


@router.post(STEWARDS + "/new")
async def raise_case(request: Request, session: Steward, _: OurForm) -> Response:
    """Raise it."""
    given = _texts(await read_form(request))
    return await run_in_threadpool(_raise, request, session, given)


@router.get(STEWARDS + "/{number}")
def stewards_one(request: Request, number: int, session: Steward, after: str = "") -> Response:
    """One case."""
    return _one_page(request, session, number, STEWARDS, after)


@router.get(PUBLISHERS + "/{number}")
def publishers_one(request: Request, number: int, session: Publisher, after: str = "") -> Response:
    """One case of the department."""
    return _one_page(request, session, number, PUBLISHERS, after)


@router.post(STEWARDS + "/{number}/acts")
async def stewards_act(request: Request, number: int, session: Steward, _: OurForm) -> Response:
    """One act of a steward."""
    return await _act(request, session, number, STEWARDS)


@router.post(PUBLISHERS + "/{number}/acts")
async def publishers_act(request: Request, number: int, session: Publisher, _: OurForm) -> Response:
    """One act of the department."""
    return await _act(request, session, number, PUBLISHERS)


@router.get(STEWARDS + "/{number}/letter")
def stewards_letter(request: Request, number: int, session: Steward) -> Response:
    """The letter of reminder."""
    return _letter_page(request, session, number, STEWARDS)


@router.get(PUBLISHERS + "/{number}/letter")
def publishers_letter(request: Request, number: int, session: Publisher) -> Response:
    """The same, as the department gets it."""
    return _letter_page(request, session, number, PUBLISHERS)


@router.get(STEWARDS + "/{number}/evidence/{digest}")
def stewards_evidence(request: Request, number: int, digest: str, session: Steward) -> Response:
    """A file that speaks for an ending; browsers save it and never open it here."""
    return _evidence(request, session, number, digest)


@router.get(PUBLISHERS + "/{number}/evidence/{digest}")
def publishers_evidence(request: Request, number: int, digest: str, session: Publisher) -> Response:
    """The same for the department."""
    return _evidence(request, session, number, digest)


# --- pages


def _list_page(request: Request, session: Session, place: str, department: str | None) -> Response:
    parts = parts_of(request)
    chosen = {name: value for name, value in request.query_params.items() if len(value) <= _MOST_ROWS}
    state, card = chosen.get("state", "open"), chosen.get("card", "")
    before = chosen.get("before", "")
    found = parts.casework.listed(
        department or chosen.get("department"),
        dataset=chosen.get("dataset"),
        state=cast("State", state) if state in get_args(State) else None,
        kind=chosen.get("kind"),
        cause=chosen.get("cause"),
        card=cast("Card", card) if card in get_args(Card) else None,
        assigned_to=session.login if chosen.get("mine") else None,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,  # noqa: PLR2004 - of a bigint
        limit=A_PAGE,
    )
    figures = parts.casework.figures(department)
    view = list_view(
        found, figures, parts.catalogue, parts.casework, place, chosen, a_page=A_PAGE, raises=place == STEWARDS
    )
    return render("case_list.html", frame_of(request, session, CASES, _LEDE), view)


def _one_page(
    request: Request,
    session: Session,
    number: int,
    place: str,
    after: str = "",
    fault: Words | None = None,
    status: int = 200,
) -> Response:
    parts = parts_of(request)
    told = parts.casework.told(session, number)
    line = case_line(told.case, parts.catalogue, parts.casework, place)
    rows = shown_rows(parts, told.case, after)
    view = CaseView(
        line=line,
        place=line.href,
        facts=facts(told, line),
        deadline=deadline(told, parts.casework.today(), working_days(parts.home)),
        proposal=proposal(told),
        columns=rows.columns,
        rows=rows.rows,
        conflicts=rows.conflicts,
        hidden=rows.hidden,
        after=rows.after,
        steps=tuple(step_row(one) for one in reversed(told.steps)),
        evidence=tuple(evidence_line(one, line.href) for one in told.evidence),
        forms=act_forms(told),
        letter=f"{line.href}/letter",
        dispute=told.case.cause == "dispute",
        fault=fault,
    )
    title = Words(f"工单 {number}", f"Case {number}")
    return render("case_one.html", frame_of(request, session, title, crumbs=(Crumb(CASES, place),)), view, status)


def _letter_page(request: Request, session: Session, number: int, place: str) -> Response:
    parts = parts_of(request)
    told = parts.casework.told(session, number)
    line = case_line(told.case, parts.catalogue, parts.casework, place)
    view = letter_view(told, line, parts.settings.issuer, parts.casework.today())
    one = Crumb(Words(f"工单 {number}", f"Case {number}"), line.href)
    frame = frame_of(request, session, Words("催办函", "Letter of reminder"), crumbs=(Crumb(CASES, place), one))
    return render("case_letter.html", frame, view)


def _evidence(request: Request, session: Session, number: int, digest: str) -> Response:
    wanted = bytes.fromhex(digest) if len(digest) == 64 and digest.isascii() and digest.isalnum() else b""  # noqa: PLR2004 - hex of SHA-256
    evidence, pieces = parts_of(request).casework.open_evidence(session, number, wanted)
    headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}"', "Content-Length": str(evidence.size)}
    return StreamingResponse(pieces, media_type=evidence.media_type, headers=headers)


# --- acts


async def _act(request: Request, session: Session, number: int, place: str) -> Response:
    form = await read_form(request)
    given = form.get("file")
    content = await given.read() if isinstance(given, UploadFile) else b""
    media_type = (given.content_type or "") if isinstance(given, UploadFile) else ""
    return await run_in_threadpool(_do, request, session, number, place, _texts(form), (content, media_type))


def _do(
    request: Request, session: Session, number: int, place: str, given: Chosen, file: tuple[bytes, str]
) -> Response:
    act = _ACTS.get(given.get("act", ""))
    if act is None:
        raise NotFound("办理方式", "act")
    try:
        if given["act"] == "evidence":
            parts_of(request).casework.add_evidence(session, number, *file)
        else:
            act(parts_of(request).casework, session, number, given)
    except (CaseworkError, FileRefused) as refused:
        incomplete = isinstance(refused, ActIncomplete | FileRefused)
        fault = Words(refused.zh, refused.en)
        return _one_page(request, session, number, place, "", fault, UNPROCESSABLE if incomplete else CONFLICT)
    end = "/letter" if given["act"] == "remind" else ""
    return RedirectResponse(f"{place}/{number}{end}", SEE_OTHER)


Doing = Callable[[Casework, Session, int, Chosen], None]


def _why(given: Chosen) -> tuple[str, str]:
    return given.get("reason", ""), given.get("note", "")


_ACTS: Mapping[str, Doing] = {
    "assign": lambda desk, session, number, given: desk.assign(session, number, given.get("login", "")),
    "stop": lambda desk, session, number, given: desk.stop(session, number, *_why(given)),
    "resume": lambda desk, session, number, _: desk.resume(session, number),
    "remind": lambda desk, session, number, _: desk.remind(session, number),
    "evidence": lambda *_: None,  # its file is read beside the form
    "answer": lambda desk, session, number, given: desk.answer(session, number, *_why(given)),
    "ask_beyond_mending": lambda desk, session, number, given: desk.ask_beyond_mending(session, number, *_why(given)),
    "approve": lambda desk, session, number, given: desk.approve(session, number, given.get("note", "")),
    "refuse": lambda desk, session, number, given: desk.refuse(session, number, *_why(given)),
    "withdraw": lambda desk, session, number, given: desk.withdraw(session, number, *_why(given)),
}


# --- raising


def _raise_page(
    request: Request, session: Session, given: dict[str, str], fault: Words | None, status: int = 200
) -> Response:
    catalogue = parts_of(request).catalogue
    datasets = tuple(Option(one.name, f"{one.title_zh} {one.name}") for one in catalogue.datasets)
    chosen = tuple(Option(code, " ".join(both)) for code, both in reasons.RAISE.items())
    kept = {name: given.get(name, "") for name in _RAISED}
    view = RaiseView(f"{STEWARDS}/new", chosen, datasets, kept, fault)
    title = Words("提出整改", "Raise a case")
    return render("case_raise.html", frame_of(request, session, title, crumbs=(Crumb(CASES, STEWARDS),)), view, status)


def _raise(request: Request, session: Session, given: dict[str, str]) -> Response:
    parts = parts_of(request)
    told = {name: given.get(name) or None for name in ("rule_id", "attribute")}
    about = About(**told, reason=given.get("reason", ""), note=given.get("note", ""))
    dataset, today = given.get("dataset", ""), parts.casework.today()
    key = tuple(part.strip() for part in given.get("key", "").replace("，", ",").split(",") if part.strip())
    try:
        if key:
            return _raised_page(request, session, dataset, parts.raising.on_row(session, dataset, key, about, today))
        rows = map(_number, given.get("rows", "").replace("，", ",").split(","))
        refused = tuple(row for row in rows if row)[:_MOST_ROWS]
        made = parts.raising.by_steward(session, dataset, _number(given.get("batch", "")), refused, about, today)
    except (CaseworkError, NotFound) as fault:
        status: Literal[422, 404] = 422 if isinstance(fault, ActIncomplete | NothingToRaise) else 404
        return _raise_page(request, session, given, Words(fault.zh, fault.en), status)
    return RedirectResponse(f"{STEWARDS}/{made.number}", SEE_OTHER)


def _raised_page(request: Request, session: Session, name: str, made: RaisedOnRows) -> Response:
    """The rows that the new case is about, masked: who typed a wrong number sees it, and withdraws it."""
    dataset = parts_of(request).catalogue.dataset(name)
    columns = [column for column in dataset.stored_columns if any(column.name in row for row in made.rows)]
    heads = tuple(Words(column.title_zh, column.name) for column in columns)
    rows = tuple(tuple(row.get(column.name) for column in columns) for row in made.rows)
    view = RaisedView(made.case.number, f"{STEWARDS}/{made.case.number}", made.case.is_new, heads, rows)
    title = Words(f"工单 {made.case.number}", f"Case {made.case.number}")
    return render("case_raised.html", frame_of(request, session, title, crumbs=(Crumb(CASES, STEWARDS),)), view)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0  # noqa: PLR2004 - of a bigint


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}
