"""The pages of grants: the list, one grant with its steps; and the deadlines of a department, or of all."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from certificates.china_time import CHINA
from exchange_api.errors import ExchangeApiError, NotFound
from exchange_api.pages import rights_words as words
from exchange_api.pages.application_pages import Side, actor_of, chosen_side, sees_all, side_options
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.rights_views import Names, card_view, grant_row, grant_view
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.rights import DeadlinesView, GrantsView
from exchange_api.people.roles import Reach, Role
from exchange_api.people.signed_in import Session
from exchange_api.sharing.deadlines import cards, counted
from exchange_api.sharing.errors import SharingError
from exchange_api.sharing.holding import Holding
from exchange_api.sharing.steps import LONGEST, Actor
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.transactions import Transaction
from registries.store import applications, held_grants
from registries.store.grants import Grant
from registries.working_days import working_days

router = APIRouter()
_ADMINISTRATORS = (Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR)
_OWN = Reach.OWN_DEPARTMENT
Reader = Annotated[Session, Depends(require(*_ADMINISTRATORS, Role.APPROVING_OFFICER, Role.AUDITOR, reach=_OWN))]
Overseer = Annotated[Session, Depends(require(*_ADMINISTRATORS, Role.AUDITOR, reach=_OWN))]
Administrator = Annotated[Session, Depends(require(*_ADMINISTRATORS, reach=_OWN))]
OurForm = Annotated[None, Depends(check_csrf)]
TITLE = Words("数据授权", "Grants")
LIST = Crumb(TITLE, "/grants")
A_PAGE = 25
SEE_OTHER = 303
_PLACES = {"answer": "/applications", "provide": "/applications", "grant_ends": "/grants", "stop_notice": "/grants"}


@router.get("/grants")
def grants_page(request: Request, session: Reader, side: Side = "own", before: int | None = None) -> Response:
    """Grants, the latest first."""
    parts = parts_of(request)
    side, of = chosen_side(request, session, side)
    with Transaction(parts.store_page) as work:
        found = held_grants.held(
            work.conn, department=of.get("department"), provider=of.get("provider"), before=before, limit=A_PAGE
        )
    names, today = Names(parts.catalogue, parts.types), parts.clock().astimezone(CHINA).date()
    sides = side_options(session, words.GRANT_SIDES)
    older = found[-1].id if len(found) == A_PAGE else None
    view = GrantsView(side, sides, tuple(grant_row(one, names, today) for one in found), older)
    return render("grants.html", frame_of(request, session, TITLE), view)


@router.get("/grants/{number}")
def grant_page(request: Request, number: int, session: Reader) -> Response:
    """One grant: what it covers, how it stands, its steps."""
    return _page(request, session, number)


@router.post("/grants/{number}/{step}")
async def take(request: Request, number: int, step: str, session: Administrator, _: OurForm) -> Response:
    """Take a step."""
    form = await read_form(request)
    given = {name: value.strip()[:LONGEST] for name in ("text", "day") if isinstance(value := form.get(name), str)}
    return await run_in_threadpool(_take, request, session, number, step, given)


@router.get("/deadlines")
def deadlines_page(request: Request, session: Overseer) -> Response:
    """Yellow and red cards: of the own department, or of all for the authority."""
    parts, calendar = parts_of(request), working_days(parts_of(request).home)
    today = parts.clock().astimezone(CHINA).date()
    with Transaction(parts.store_page) as work:
        found = cards(work, today, calendar, None if sees_all(session) else session.department)
    names = Names(parts.catalogue, parts.types)
    by_department = sorted(counted(found).items(), key=lambda one: (-one[1][1], -one[1][0], one[0]))
    view = DeadlinesView(
        tuple(card_view(one, names, _PLACES) for one in found),
        tuple((names.department(name), yellow, red) for name, (yellow, red) in by_department),
        today.year in calendar.years,
        today,
    )
    lede = Words("期限届满前亮黄牌，超期亮红牌；按工作日计算。", "Yellow before a last day, red after it.")
    return render("deadlines.html", frame_of(request, session, Words("期限督办", "Deadlines"), lede), view)


def _take(request: Request, session: Session, number: int, step: str, given: Mapping[str, str]) -> Response:
    if step not in STEPS:
        raise NotFound("步骤", "step")
    try:
        STEPS[step](parts_of(request).holding, actor_of(session), number, given)
    except SharingError as refused:
        return _page(request, session, number, refused)
    return RedirectResponse(f"/grants/{number}", SEE_OTHER)


Taking = Callable[[Holding, Actor, int, Mapping[str, str]], object]
STEPS: Mapping[str, Taking] = {
    "suspend": lambda way, actor, number, given: way.suspend(actor, number, given.get("text", "")),
    "resume": lambda way, actor, number, given: way.resume(actor, number, given.get("text", "")),
    "end": lambda way, actor, number, given: way.end(actor, number, given.get("text", "")),
    "extend": lambda way, actor, number, given: way.extend(actor, number, given.get("day", ""), given.get("text", "")),
    "announce-stop": lambda way, actor, number, given: way.announce_stop(
        actor, number, given.get("text", ""), given.get("day", "")
    ),
    "agree-stop": lambda way, actor, number, given: way.answer_stop(actor, number, given.get("text", ""), agreed=True),
    "object-stop": lambda way, actor, number, given: way.answer_stop(
        actor, number, given.get("text", ""), agreed=False
    ),
    "file-stop": lambda way, actor, number, _: way.file_stop(actor, number),
    "drop-stop": lambda way, actor, number, given: way.drop_stop(actor, number, given.get("text", "")),
}
"""The steps by the last part of their address."""


def _page(request: Request, session: Session, number: int, refused: ExchangeApiError | None = None) -> Response:
    parts, (grant, provides) = parts_of(request), _found(request, session, number)
    with Transaction(parts.store_page) as work:
        notices = held_grants.notices(work.conn, [number])
        steps = applications.steps(work.conn, grant_id=number)
    today = parts.clock().astimezone(CHINA).date()
    fault = None if refused is None else Words(refused.zh, refused.en)
    names, actor = Names(parts.catalogue, parts.types), actor_of(session)
    view = grant_view(grant, notices, steps, names, actor, today, provides=provides and actor.administers, fault=fault)
    title = Words(f"数据授权 {number}", f"Grant {number}")
    status = 200 if refused is None or refused.kind is None else int(refused.kind.status)
    return render("grant.html", frame_of(request, session, title, crumbs=(LIST,)), view, status)


def _found(request: Request, session: Session, number: int) -> tuple[Grant, bool]:
    """The grant, and whether the session's department provides what it is for; NotFound if it is of others."""
    with Transaction(parts_of(request).store_page) as work:
        found = held_grants.by_id(work.conn, number)
        provides = found is not None and held_grants.is_provider(work.conn, found, session.department)
    if found is None or not (provides or sees_all(session) or found.department == session.department):
        raise NotFound("授权", "grant")
    return found, provides
