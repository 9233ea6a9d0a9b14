"""The pages of applications for shared data: the list, the form, one application with its steps."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from certificates.china_time import CHINA
from exchange_api.errors import ExchangeApiError, NotFound
from exchange_api.pages import rights_words as words
from exchange_api.pages.application_form import application_form, fields_of, given_by
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.rights_views import Names, application_row, application_view
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.pages.views.rights import ApplicationsView
from exchange_api.people.roles import Reach, Role
from exchange_api.people.signed_in import Session
from exchange_api.sharing.applying import Applying
from exchange_api.sharing.errors import MalformedApplication, SharingError
from exchange_api.sharing.steps import LONGEST, Actor
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.transactions import Transaction
from registries.store import applications, held_grants
from registries.store.applications import Application

router = APIRouter(prefix="/applications")
_OWN = Reach.OWN_DEPARTMENT
_ADMINISTRATORS = (Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR)
Reader = Annotated[Session, Depends(require(*_ADMINISTRATORS, Role.APPROVING_OFFICER, Role.AUDITOR, reach=_OWN))]
Drafter = Annotated[Session, Depends(require(Role.DEPARTMENT_ADMINISTRATOR, Role.APPROVING_OFFICER, reach=_OWN))]
Administrator = Annotated[Session, Depends(require(*_ADMINISTRATORS, reach=_OWN))]
OurForm = Annotated[None, Depends(check_csrf)]
Side = Literal["own", "asked", "all"]
TITLE = Words("共享申请", "Applications")
LIST = Crumb(TITLE, "/applications")
A_PAGE = 25
SEE_OTHER = 303


def actor_of(session: Session) -> Actor:
    """Who acts, as the use cases want it."""
    return Actor(session.account_id, session.department, session.roles)


def sees_all(session: Session) -> bool:
    """Whether somebody looks beyond its own department: the authority, and who audits."""
    return bool({Role.HUB_ADMINISTRATOR, Role.AUDITOR} & session.roles)


def chosen_side(request: Request, session: Session, side: Side) -> tuple[Side, dict[str, str]]:
    """Whose things a list shows, and how the store is asked for them: everything only to who looks at all."""
    everything = sees_all(session)
    if everything and "side" not in request.query_params:
        side = "all"
    if side == "all" and not everything:
        side = "own"
    named = {"own": "department", "asked": "provider"}
    return side, {named[side]: session.department} if side in named else {}


def side_options(session: Session, called: Mapping[str, Words]) -> tuple[Option, ...]:
    """The sides that somebody can choose."""
    return tuple(Option(each, " ".join(said)) for each, said in called.items() if sees_all(session) or each != "all")


@router.get("")
def applications_page(request: Request, session: Reader, side: Side = "own", before: int | None = None) -> Response:
    """Applications, the latest first."""
    parts = parts_of(request)
    side, of = chosen_side(request, session, side)
    with Transaction(parts.store_page) as work:
        found = applications.list_applications(
            work.conn, department=of.get("department"), provider=of.get("provider"), before=before, limit=A_PAGE
        )
    names = Names(parts.catalogue, parts.types)
    shown = [one for one in found if _concerns(session, one)]
    sides = side_options(session, words.SIDES)
    older = found[-1].id if len(found) == A_PAGE else None
    may_apply = bool({Role.DEPARTMENT_ADMINISTRATOR, Role.APPROVING_OFFICER} & session.roles)
    view = ApplicationsView(side, sides, tuple(application_row(one, names) for one in shown), older, may_apply)
    return render("applications.html", frame_of(request, session, TITLE), view)


@router.get("/new")
def new_page(request: Request, session: Drafter, resource: str = "") -> Response:
    """An empty form, for what was chosen in the catalogue."""
    return _form_page(request, session, {"resource": resource}, "/applications")


@router.post("")
async def draft(request: Request, session: Drafter, _: OurForm) -> Response:
    """Write a draft down."""
    given = given_by(await read_form(request))
    return await run_in_threadpool(_drafted, request, session, given, None)


@router.get("/{number}/change")
def change_page(request: Request, number: int, session: Drafter) -> Response:
    """The form of a draft, filled in."""
    found = _found(request, session, number)
    if found.state != "draft" or found.wanted.department != session.department:
        raise NotFound("草稿", "draft")
    return _form_page(request, session, fields_of(found.wanted), f"/applications/{number}/change")


@router.post("/{number}/change")
async def change(request: Request, number: int, session: Drafter, _: OurForm) -> Response:
    """Change a draft."""
    given = given_by(await read_form(request))
    return await run_in_threadpool(_drafted, request, session, given, number)


@router.get("/{number}")
def application_page(request: Request, number: int, session: Reader) -> Response:
    """One application: what is asked for, how it stands, its steps."""
    return _page(request, session, number)


@router.post("/{number}/{step}")
async def take(request: Request, number: int, step: str, session: Administrator, _: OurForm) -> Response:
    """Take a step."""
    form = await read_form(request)
    given = {name: value.strip()[:LONGEST] for name in ("text", "days") if isinstance(value := form.get(name), str)}
    return await run_in_threadpool(_take, request, session, number, step, given)


def _take(request: Request, session: Session, number: int, step: str, given: Mapping[str, str]) -> Response:
    if step not in STEPS:
        raise NotFound("步骤", "step")
    try:
        STEPS[step](parts_of(request).applying, actor_of(session), number, given)
    except SharingError as refused:
        return _page(request, session, number, refused)
    return RedirectResponse(f"/applications/{number}", SEE_OTHER)


Taking = Callable[[Applying, Actor, int, Mapping[str, str]], object]
STEPS: Mapping[str, Taking] = {
    "submit": lambda way, actor, number, given: way.submit(actor, number, given.get("text", "")),
    "withdraw": lambda way, actor, number, given: way.withdraw(actor, number, given.get("text", "")),
    "supplement": lambda way, actor, number, given: way.supplement(actor, number, given.get("text", "")),
    "grant": lambda way, actor, number, given: way.grant(actor, number, given.get("text", "")),
    "refuse": lambda way, actor, number, given: way.refuse(actor, number, given.get("text", "")),
    "ask-missing": lambda way, actor, number, given: way.ask_missing(actor, number, given.get("text", "")),
    "ask-longer": lambda way, actor, number, given: way.ask_longer(
        actor, number, _count(given.get("days", "")), given.get("text", "")
    ),
    "allow-longer": lambda way, actor, number, _: way.decide_longer(actor, number, allowed=True),
    "deny-longer": lambda way, actor, number, _: way.decide_longer(actor, number, allowed=False),
    "provided": lambda way, actor, number, _: way.provided(actor, number),
}
"""The steps by the last part of their address."""


def _drafted(request: Request, session: Session, given: Mapping[str, str], number: int | None) -> Response:
    applying, actor = parts_of(request).applying, actor_of(session)
    try:
        if number is None:
            number = applying.draft(actor, given)
        else:
            applying.rewrite(actor, number, given)
    except SharingError as refused:
        action = "/applications" if number is None else f"/applications/{number}/change"
        return _form_page(request, session, given, action, refused)
    return RedirectResponse(f"/applications/{number}", SEE_OTHER)


def _form_page(
    request: Request, session: Session, given: Mapping[str, str], action: str, refused: SharingError | None = None
) -> Response:
    parts = parts_of(request)
    today = parts.clock().astimezone(CHINA).date()
    member = refused.member if isinstance(refused, MalformedApplication) else ""
    fault = None if refused is None else Words(refused.zh, refused.en)
    view = application_form(parts.catalogue, parts.types, given, action, today, member, fault)
    frame = frame_of(request, session, Words("填写共享申请", "Apply"), crumbs=(LIST,))
    return render("application_form.html", frame, view, _status(refused))


def _page(request: Request, session: Session, number: int, refused: ExchangeApiError | None = None) -> Response:
    parts, found = parts_of(request), _found(request, session, number)
    with Transaction(parts.store_page) as work:
        given = held_grants.of_application(work.conn, number)
        steps = applications.steps(work.conn, application_number=number)
    today = parts.clock().astimezone(CHINA).date()
    fault = None if refused is None else Words(refused.zh, refused.en)
    names = Names(parts.catalogue, parts.types)
    view = application_view(found, given, steps, names, actor_of(session), today, fault)
    title = Words(f"共享申请 {number}", f"Application {number}")
    return render("application.html", frame_of(request, session, title, crumbs=(LIST,)), view, _status(refused))


def _found(request: Request, session: Session, number: int) -> Application:
    with Transaction(parts_of(request).store_page) as work:
        found = applications.by_number(work.conn, number)
    if found is None or not _concerns(session, found):
        raise NotFound("申请", "application")
    return found


def _concerns(session: Session, found: Application) -> bool:
    """Drafts are their department's own; what was submitted is its provider's and the authority's, too."""
    if found.wanted.department == session.department:
        return True
    return found.submitted_at is not None and (sees_all(session) or found.wanted.provider == session.department)


def _status(refused: ExchangeApiError | None) -> int:
    return 200 if refused is None or refused.kind is None else int(refused.kind.status)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0  # noqa: PLR2004 - three digits
