"""The officer's pages: ask, see the verdict, print the receipt, find it again."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from certificates.credentials import MEDIA_TYPE as CREDENTIAL
from certificates.records import MalformedQuestion, Question
from exchange_api.askers import parse_officers_question
from exchange_api.counter.codes import Desk, looks_like_code, read_code
from exchange_api.counter.errors import CounterError
from exchange_api.counter.links import Links
from exchange_api.errors import kind_of
from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.question_form import FIELDS, blank_form, prefilled, question_of, refilled
from exchange_api.pages.receipt_views import receipt_row, receipt_view
from exchange_api.pages.rendering import render
from exchange_api.pages.scan_words import scan_notice
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.officer import OfficerView, ReceiptPageView, ReceiptsView, VerifyForm
from exchange_api.parts import HubParts
from exchange_api.people.roles import DECLARED, Reach, Role
from exchange_api.receipts_kept import PAGE
from exchange_api.security_headers import let_camera
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, current_session, parts_of, read_form, require

PLACE = "/officer"
router = APIRouter(prefix=PLACE)
_officer = require(Role.WINDOW_OFFICER, Role.APPROVING_OFFICER, reach=Reach.OWN)
Officer = Annotated[Session, Depends(_officer)]
Approving = Annotated[Session, Depends(require(Role.APPROVING_OFFICER, reach=Reach.OWN))]
OurForm = Annotated[None, Depends(check_csrf)]
RECENT = 5
OK, UNPROCESSABLE = 200, 422
RECEIPTS = Crumb(Words("我的回执", "My receipts"), "/officer/receipts")
ASK = Crumb(Words("核验证照", "Verify"), "/officer")
_CONTINUE = Words("正在转到核验页面", "On the way to verification")
_LEDE = Words(
    "群众不用带纸：输入编号和持证主体，枢纽直接问颁发部门的数据，当场出具签名回执。",
    "No paper needed: the hub asks the issuer's own data and signs the answer.",
)


def _officer_or_elsewhere(request: Request) -> Session | None:
    """The officer; None where a link was followed on another site, from which browsers send no cookie of ours."""
    arrived = "link" in request.query_params and "here" not in request.query_params
    return None if arrived and current_session(request) is None else _officer(request)


setattr(_officer_or_elsewhere, DECLARED, getattr(_officer, DECLARED))


@router.get("")
def officer_page(
    request: Request, session: Annotated[Session | None, Depends(_officer_or_elsewhere)], link: str = ""
) -> Response:
    """The form, and what was verified lately; filled in if another system's link was followed."""
    if session is None:
        onward = f"{PLACE}?{urlencode({'link': link, 'here': 1})}"
        return render("continue.html", plain_frame(request, _CONTINUE), onward)
    if not link:
        return form_page(request, session, blank_form(parts_of(request), session))
    form, status = linked_form(parts_of(request), session, link, PLACE)
    return form_page(request, session, form, status)


@router.post("")
async def verify(request: Request, session: Officer, _: OurForm) -> Response:
    """Ask, and show the verdict; the same form sent twice gets the same answer."""
    fields = _texts(await read_form(request))
    return await run_in_threadpool(_answer, request, session, fields)


@router.get("/receipts")
def receipts_page(request: Request, session: Officer, before: int | None = None) -> Response:
    """The officer's own receipts, newest first."""
    parts = parts_of(request)
    kept = parts.receipts.latest(session, before)
    older = kept[-1].number if len(kept) == PAGE else None
    view = ReceiptsView(tuple(receipt_row(each, parts.types) for each in kept), older)
    return render("receipts.html", frame_of(request, session, RECEIPTS.words), view)


@router.get("/receipts/{jti}")
def receipt_page(request: Request, jti: str, session: Officer) -> Response:
    """One receipt again, to look at or print."""
    parts = parts_of(request)
    return _receipt_page(request, session, jti, None, blank_form(parts, session))


@router.get("/receipts/{jti}/receipt.jws")
def receipt_file(request: Request, jti: str, session: Officer) -> Response:
    """The receipt itself, one compact JWS, for the archive."""
    receipt = parts_of(request).receipts.one(session, jti)
    return _file(receipt.token, f"receipt-{receipt.payload['jti']}.jws", "application/jose")


@router.post("/credential")
async def credential_file(request: Request, session: Approving, _: OurForm) -> Response:
    """A credential (核验件) for the answer that the officer has just been given."""
    fields = _texts(await read_form(request))
    return await run_in_threadpool(_credential, request, session, fields)


@router.get("/receipts/{jti}/proof.txt")
def proof_file(request: Request, jti: str, session: Officer) -> Response:
    """The proof that the receipt stands in the ledger."""
    receipt = parts_of(request).receipts.one(session, jti)
    return _file(receipt.proof, f"proof-{receipt.payload['jti']}.txt", "text/plain")


def linked_form(parts: HubParts, session: Session, token: str, place: str) -> tuple[VerifyForm, int]:
    """The form that a link fills in once, and the page's status; what is wrong with the link stands in it."""
    settings = parts.settings
    links = Links(parts.store_api, parts.clock, settings.issuer, settings.audience or settings.issuer)
    try:
        opened = links.open(session, token, place)
    except CounterError as refused:
        return prefilled(parts, session, {}, None, Words(refused.zh, refused.en)), int(kind_of(refused).status)
    notice = Words(
        f"由“{opened.from_system}”转来，请核对后核验。",
        f"Filled in by “{opened.from_system}”; check it, then verify.",
    )
    return prefilled(parts, session, opened.fields, notice), OK


def _answer(request: Request, session: Session, fields: dict[str, str]) -> Response:
    parts, jti = parts_of(request), fields.get("jti", "")
    if looks_like_code(fields.get("certificate_number", "")):
        return form_page(request, session, scanned_form(parts, session, fields))
    try:
        inquiry = parse_officers_question(session, question_of(fields), jti, parts.acts.verification)
    except MalformedQuestion as malformed:
        return form_page(request, session, refilled(parts, session, fields, malformed), UNPROCESSABLE)
    answer = parts.answering.ask(inquiry).result()
    again = blank_form(parts, session, fields, whole=answer.content["code"] == "no_match")
    return _receipt_page(request, session, jti, inquiry.question, again)


def scanned_form(parts: HubParts, session: Session, fields: dict[str, str]) -> VerifyForm:
    """The form with what a scanned code says in the place of the code, where no script has read it before."""
    parts.keys.refresh()
    try:
        found = read_code([fields["certificate_number"]], Desk(parts.keys.jwks(), parts.clock()))
    except CounterError as refused:
        return prefilled(parts, session, fields, None, Words(refused.zh, refused.en))
    known = {**fields, "certificate_number": "", **found.fields}
    return prefilled(parts, session, known, scan_notice(found))


def _credential(request: Request, session: Session, fields: dict[str, str]) -> Response:
    parts = parts_of(request)
    inquiry = parse_officers_question(session, question_of(fields), fields.get("jti", ""), parts.acts.verification)
    issued = parts.credentials.issue(inquiry)
    return _file(issued.credential, f"credential-{inquiry.jti}.txt", CREDENTIAL)


def form_page(request: Request, session: Session, form: VerifyForm, status: int = 200) -> Response:
    """The officer's page with this form."""
    parts = parts_of(request)
    let_camera(request)
    recent = tuple(receipt_row(each, parts.types) for each in parts.receipts.latest(session, limit=RECENT))
    frame = frame_of(request, session, ASK.words, _LEDE)
    return render("officer.html", frame, OfficerView(form, recent), status)


def _receipt_page(
    request: Request, session: Session, jti: str, question: Question | None, again: VerifyForm
) -> Response:
    parts = parts_of(request)
    let_camera(request)
    receipt = parts.receipts.one(session, jti)
    view = ReceiptPageView(receipt_view(receipt, parts.types, parts.keys.fingerprint(), question), again)
    came_from = ASK if question else RECEIPTS
    frame = frame_of(request, session, Words("核验回执", "Verification receipt"), crumbs=(came_from,))
    return render("receipt.html", frame, view)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name in (*FIELDS, "jti") if isinstance(value := form.get(name), str)}


def _file(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(text, headers=headers, media_type=media_type)
