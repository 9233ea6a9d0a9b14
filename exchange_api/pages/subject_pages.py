"""The steward's page of subjects whose number was corrected: proposals to confirm, joins, separations."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from exchange_api.errors import NotFound
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.subject_views import subjects_view
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.people.roles import Role
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.transactions import Transaction
from registries.errors import SubjectRefused
from registries.store import subjects
from registries.store.subjects import Why

router = APIRouter(prefix="/steward/subjects")
Steward = Annotated[Session, Depends(require(Role.STEWARD))]
OurForm = Annotated[None, Depends(check_csrf)]
PLACE = "/steward/subjects"
TITLE = Words("主体合并", "Joined subjects")
QUALITY = Crumb(Words("数据质量", "Quality"), "/steward")
A_PAGE = 50
SEE_OTHER, UNPROCESSABLE = 303, 422
LONGEST = {"register": 64, "former": 64, "present": 64, "reason": 500, "case": 128, "proposal": 18}


@router.get("")
def subjects_page(request: Request, session: Steward, before: int | None = None) -> Response:
    """Proposals, the form, and all joins, the latest first."""
    return _page(request, session, before=before)


@router.post("")
async def join(request: Request, session: Steward, _: OurForm) -> Response:
    """Join two keys that were typed in, or those of a proposal."""
    given = _texts(await read_form(request))
    return await run_in_threadpool(_join, request, session, given)


@router.post("/{join_id}/separate")
async def separate(request: Request, join_id: int, session: Steward, _: OurForm) -> Response:
    """End a join."""
    given = _texts(await read_form(request))
    return await run_in_threadpool(_separate, request, session, join_id, given)


def _join(request: Request, session: Session, given: Mapping[str, str]) -> Response:
    parts, why = parts_of(request), _why(request, session, given)
    registers = {one.id: one for one in parts.catalogue.registers if one.merged}
    if not given.get("proposal", "").isdecimal() and given.get("register") not in registers:
        raise NotFound("基础库", "register")
    try:
        with Transaction(parts.store_page) as work:
            if given.get("proposal"):
                subjects.join_proposed(work.conn, int(given["proposal"]), why)
            else:
                subjects.join(work.conn, registers[given["register"]], given["former"], given["present"], why)
    except SubjectRefused as refused:
        return _page(request, session, refused=refused, given=given)
    return RedirectResponse(PLACE, SEE_OTHER)


def _separate(request: Request, session: Session, join_id: int, given: Mapping[str, str]) -> Response:
    try:
        with Transaction(parts_of(request).store_page) as work:
            subjects.separate(work.conn, join_id, _why(request, session, given))
    except SubjectRefused as refused:
        return _page(request, session, refused=refused)
    return RedirectResponse(PLACE, SEE_OTHER)


def _page(
    request: Request,
    session: Session,
    *,
    before: int | None = None,
    refused: SubjectRefused | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    parts = parts_of(request)
    with Transaction(parts.store_page) as work:
        joins = subjects.list_joins(work.conn, before, A_PAGE)
        proposals = subjects.list_proposals(work.conn)
    older = joins[-1].id if len(joins) == A_PAGE else None
    fault = Words(refused.zh, refused.en) if refused else None
    view = subjects_view(joins, proposals, parts.catalogue, older, fault, given)
    lede = Words(
        "号码更正的，把原号码与现号码合并为同一主体；可随时拆分，均有记录。",
        "A corrected number: two keys, one subject.",
    )
    frame = frame_of(request, session, TITLE, lede, crumbs=(QUALITY,))
    return render("subjects.html", frame, view, UNPROCESSABLE if refused else 200)


def _why(request: Request, session: Session, given: Mapping[str, str]) -> Why:
    return Why(given.get("reason", ""), session.login, parts_of(request).clock(), given.get("case") or None)


def _texts(form: FormData) -> dict[str, str]:
    """The form's own fields, trimmed and cut to what the page allows."""
    sent = {name: form.get(name) for name in LONGEST}
    return {name: value.strip()[: LONGEST[name]] if isinstance(value, str) else "" for name, value in sent.items()}
