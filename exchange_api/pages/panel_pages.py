"""The panel that a hall's own window system frames: a question, its verdict, and the verdict's code told to that page.

    <iframe src="https://hub.example/officer/panel?origin=https://hall.example"></iframe>

Only origins that the operator lists (HUB_PANEL_ORIGINS) may frame it, each only what it asked for itself. Cookies stay
as strict as everywhere: a system on another site than the hub uses links instead, which open a page of their own.
"""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from certificates.records import MalformedQuestion
from exchange_api.askers import parse_officers_question
from exchange_api.counter.codes import looks_like_code
from exchange_api.counter.errors import PanelNotAllowed
from exchange_api.pages.frames import plain_frame
from exchange_api.pages.officer_pages import UNPROCESSABLE, linked_form, scanned_form
from exchange_api.pages.question_form import FIELDS, blank_form, question_of, refilled
from exchange_api.pages.receipt_views import receipt_view
from exchange_api.pages.rendering import render
from exchange_api.pages.views.counter import PanelView
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.officer import VerifyForm
from exchange_api.people.roles import ANYBODY, OFFICERS, open_to
from exchange_api.security_headers import let_frame
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, current_session, parts_of, read_form

PLACE = "/officer/panel"
TITLE = Words("证照核验", "Certificate verification")
router = APIRouter(prefix=PLACE)


def framed_by(request: Request, origin: str = "") -> str:
    """The origin that may frame this response; it stands in the panel's address.

    Raises:
        PanelNotAllowed: the operator does not list it.
    """
    if origin not in parts_of(request).settings.panel_origins:
        raise PanelNotAllowed
    let_frame(request, origin)
    return origin


Framed = Annotated[str, Depends(framed_by)]


@router.get("")
@open_to(ANYBODY)  # who is not signed in is told where to, in a window of its own
def panel(request: Request, origin: Framed, link: str = "") -> Response:
    """The form, or where to sign in."""
    here = f"{PLACE}?{urlencode({'origin': origin, **({'link': link} if link else {})})}"
    session = _officer(request)
    if session is None:
        return _rendered(request, PanelView(origin, here))
    parts = parts_of(request)
    if not link:
        return _rendered(request, PanelView(origin, here, blank_form(parts, session)))
    form, status = linked_form(parts, session, link, PLACE)
    return _rendered(request, PanelView(origin, here, form), status)


@router.post("")
@open_to(ANYBODY)  # as above
async def ask(request: Request, origin: Framed, _: Annotated[None, Depends(check_csrf)]) -> Response:
    """The verdict."""
    fields = _texts(await read_form(request))
    return await run_in_threadpool(_answered, request, origin, fields)


def _answered(request: Request, origin: str, fields: dict[str, str]) -> Response:
    here = f"{PLACE}?{urlencode({'origin': origin})}"
    session = _officer(request)
    if session is None:
        return _rendered(request, PanelView(origin, here))
    parts, jti = parts_of(request), fields.get("jti", "")
    if looks_like_code(fields.get("certificate_number", "")):
        return _rendered(request, PanelView(origin, here, scanned_form(parts, session, fields)))
    try:
        inquiry = parse_officers_question(session, question_of(fields), jti, parts.acts.verification)
    except MalformedQuestion as malformed:
        form = refilled(parts, session, fields, malformed)
        return _rendered(request, PanelView(origin, here, form), UNPROCESSABLE)
    code = str(parts.answering.ask(inquiry).result().content["code"])
    kept = parts.receipts.one(session, jti)
    receipt = receipt_view(kept, parts.types, parts.keys.fingerprint(), inquiry.question)
    return _rendered(request, PanelView(origin, here, _next(request, session, fields), receipt, code))


def _next(request: Request, session: Session, fields: dict[str, str]) -> VerifyForm:
    return blank_form(parts_of(request), session, fields)


def _officer(request: Request) -> Session | None:
    session = current_session(request)
    return session if session is not None and not OFFICERS.isdisjoint(session.roles) else None


def _rendered(request: Request, view: PanelView, status: int = 200) -> Response:
    if view.form is not None:
        action = f"{PLACE}?{urlencode({'origin': view.origin})}"
        view = replace(view, form=replace(view.form, action=action))
    return render("panel.html", plain_frame(request, TITLE), view, status)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name in (*FIELDS, "jti") if isinstance(value := form.get(name), str)}
