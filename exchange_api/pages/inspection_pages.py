"""The inspector's pages: what is unusual, the receipts behind it, who was stopped, and searches by two persons."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from certificates.china_time import CHINA
from certificates.receipts import answer_of
from exchange_api.errors import NotFound
from exchange_api.inspection.desk import Desk, OpenedReceipt, period_of, searchable
from exchange_api.pages import words
from exchange_api.pages.frames import frame_of
from exchange_api.pages.inspection_names import names_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Crumb, Item, Option, Words
from exchange_api.pages.views.inspection import AnswersView, DeskView, OpenedView, SearchesView
from exchange_api.people.roles import Role
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require
from registries.inspection_faults import InspectionRefused
from registries.store.inspection_searches import AskedLine
from registries.store.inspections import MOST, Wanted
from registries.working_days import working_days

router = APIRouter(prefix="/inspector")
Looking = Annotated[Session, Depends(require(Role.INSPECTOR, Role.AUDITOR))]
Acting = Annotated[Session, Depends(require(Role.INSPECTOR))]
Searching = Annotated[Session, Depends(confirm(Role.INSPECTOR))]
OurForm = Annotated[None, Depends(check_csrf)]
Day = Annotated[date | None, Query()]
Text = Annotated[str | None, Query(max_length=200)]
Number = Annotated[int | None, Query(ge=0, le=2**62)]
TITLE = Words("监督检查", "Inspection")
DESK = Crumb(TITLE, "/inspector")
SEARCHES = Words("按主体检索", "Search by subject")
SEE_OTHER, UNPROCESSABLE = 303, 422
A_WEEK = timedelta(days=6)
LONGEST = {"register": 64, "subject": 64, "reason": 500, "agree": 3}


@router.get("")
def desk_page(request: Request, session: Looking, since: Day = None, until: Day = None) -> Response:
    """What is unusual in a period: this week, unless another is asked for."""
    return _desk_page(request, session, since, until)


@router.post("/stops/{stop_id}/lift")
async def lift(request: Request, stop_id: int, session: Acting, _: OurForm) -> Response:
    """Let somebody ask again who was stopped for guessing."""
    given = await _given(request)
    return await run_in_threadpool(_lift, request, session, stop_id, given["reason"])


@router.get("/answers")
def answers_page(
    request: Request,
    session: Looking,
    since: Day = None,
    until: Day = None,
    asker: Text = None,
    department: Text = None,
    item: Text = None,
    case: Text = None,
    alike: Number = None,
    before: Number = None,
) -> Response:
    """The answers behind a finding."""
    first, last = _days(request, since, until)
    wanted = Wanted(asker, department, item, case, alike, before)
    found = _desk(request).answers(session, period_of(first, last), wanted)
    told = {"asker": asker, "department": department, "item": item, "case": case, "alike": alike}
    query = urlencode({name: value for name, value in {"since": first, "until": last, **told}.items() if value})
    older = found[-1].entry_id if len(found) == MOST else None
    frame = frame_of(request, session, Words("相关回执", "Answers"), crumbs=(DESK,))
    return render("inspected_answers.html", frame, AnswersView(tuple(found), names_of(parts_of(request)), query, older))


@router.get("/answers/{entry_id}")
def receipt_page(request: Request, entry_id: int, session: Looking) -> Response:
    """One receipt; that it was opened stands in the ledger."""
    opened = _desk(request).receipt(session, entry_id)
    frame = frame_of(request, session, Words("回执内容", "Receipt"), crumbs=(DESK,))
    return render("inspected_receipt.html", frame, _opened(request, opened))


@router.get("/searches")
def searches_page(request: Request, session: Searching) -> Response:
    """The form to ask for a search, and what was asked for."""
    return _searches_page(request, session)


@router.post("/searches")
async def ask_search(request: Request, session: Searching, _: OurForm) -> Response:
    """Ask for a search by subject, with a reason."""
    given = await _given(request)
    return await run_in_threadpool(_ask_search, request, session, given)


@router.post("/searches/{search}/decide")
async def decide_search(request: Request, search: int, session: Searching, _: OurForm) -> Response:
    """Approve another inspector's search, or decline it."""
    given = await _given(request)
    return await run_in_threadpool(_decide_search, request, session, search, given["agree"] == "yes")


@router.post("/searches/{search}/look")
def look(request: Request, search: int, session: Searching, _: OurForm) -> Response:
    """The one look of an approved search."""
    try:
        found = tuple(_desk(request).look(session, search))
    except InspectionRefused as refused:
        return _searches_page(request, session, refused)
    return _searches_page(request, session, looked=found)


def _desk_page(
    request: Request,
    session: Session,
    since: date | None = None,
    until: date | None = None,
    refused: InspectionRefused | None = None,
) -> Response:
    first, last = _days(request, since, until)
    found = _desk(request).findings(session, period_of(first, last))
    view = DeskView(first, last, found, names_of(parts_of(request)), Role.INSPECTOR in session.roles, _fault(refused))
    lede = Words(
        "无办件号、一号多人、非工作时间、反复查询同一主体、明显高于同岗人员；调阅回执均记入存证日志。",
        "What is unusual; each receipt that is opened here stands in the ledger.",
    )
    frame = frame_of(request, session, TITLE, lede)
    return render("inspection.html", frame, view, UNPROCESSABLE if refused else 200)


def _lift(request: Request, session: Session, stop_id: int, reason: str) -> Response:
    try:
        _desk(request).lift(session, stop_id, reason)
    except InspectionRefused as refused:
        return _desk_page(request, session, refused=refused)
    return RedirectResponse("/inspector", SEE_OTHER)


def _ask_search(request: Request, session: Session, given: Mapping[str, str]) -> Response:
    registers = {one.id: one for one in searchable(parts_of(request).catalogue.registers)}
    register = registers.get(given["register"])
    if register is None:
        raise NotFound("基础库", "register")
    try:
        _desk(request).ask_search(session, register, given["subject"], given["reason"])
    except InspectionRefused as refused:
        return _searches_page(request, session, refused, given=given)
    return RedirectResponse("/inspector/searches", SEE_OTHER)


def _decide_search(request: Request, session: Session, search: int, agree: bool) -> Response:  # noqa: FBT001 - the decision
    try:
        _desk(request).decide_search(session, search, agree=agree)
    except InspectionRefused as refused:
        return _searches_page(request, session, refused)
    return RedirectResponse("/inspector/searches", SEE_OTHER)


def _searches_page(
    request: Request,
    session: Session,
    refused: InspectionRefused | None = None,
    looked: tuple[AskedLine, ...] | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    registers = searchable(parts_of(request).catalogue.registers)
    options = tuple(Option(one.id, f"{one.title_zh} {one.title_en}") for one in registers)
    found = tuple(_desk(request).searches(session))
    view = SearchesView(options, found, names_of(parts_of(request)), True, _fault(refused), looked, given or {})
    lede = Words(
        "查某人被谁查询过，须一人申请、另一人核准，一日内查看一次；各步骤均记入存证日志，当事人可以获知。",
        "Who asked about somebody: one inspector asks, another approves, one look; the subject can be told.",
    )
    frame = frame_of(request, session, SEARCHES, lede, crumbs=(DESK,))
    return render("inspection_searches.html", frame, view, UNPROCESSABLE if refused else 200)


def _desk(request: Request) -> Desk:
    parts = parts_of(request)
    return Desk(parts.store_page, parts.clock, working_days(parts.home))


def _days(request: Request, since: date | None, until: date | None) -> tuple[date, date]:
    last = until or parts_of(request).clock().astimezone(CHINA).date()
    return since or last - A_WEEK, last


def _opened(request: Request, opened: OpenedReceipt) -> OpenedView:
    """A receipt without what it says of the holder: the desk looks at who asked."""
    member, content = answer_of(opened.payload)
    names = names_of(parts_of(request))
    told = content.get("asked") or {}
    department = told.get("department", "")
    items = (
        Item(Words("行为", "Act"), names.acts.get(member, Words(member, member)).zh),
        Item(Words("查询人", "Asker"), opened.asker),
        Item(Words("部门", "Department"), names.departments.get(department, department)),
        Item(Words("使用事由", "Purpose"), str(told.get("purpose", ""))),
        Item(Words("事项", "Service item"), str(told.get("service_item", ""))),
        Item(Words("办件编号", "Case"), str(told.get("case", ""))),
        Item(Words("证照类型", "Certificate type"), names.types.get(told.get("certificate_type", ""), "")),
        Item(Words("回执编号", "Receipt id"), str(opened.payload["jti"]), mono=True),
    )
    shown = words.VERDICTS.get(str(content["code"]), words.ANSWERED)
    lines = tuple((line["check"], Words(line["zh"], line["en"])) for line in content.get("lines") or ())
    says = Words(str(content["zh"]), str(content["en"]))
    present = tuple(item for item in items if item.text)
    return OpenedView((shown.tone, shown.icon, shown.name), says, present, lines, opened.at, opened.place)


def _fault(refused: InspectionRefused | None) -> Words | None:
    return None if refused is None else Words(refused.zh, refused.en)


async def _given(request: Request) -> dict[str, str]:
    form = await read_form(request)
    sent = {name: form.get(name) for name in LONGEST}
    return {name: value.strip()[: LONGEST[name]] if isinstance(value, str) else "" for name, value in sent.items()}
