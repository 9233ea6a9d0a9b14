"""Paper-era certificates that a window completes: file with a scan, type again, confirm or refuse."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from exchange_api.completing import Typed
from exchange_api.completing_errors import CompletingError
from exchange_api.errors import ExchangeApiError
from exchange_api.pages.completion_views import completion_row, completion_view, typed_form
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.windows import CompletionList
from exchange_api.people.roles import Reach, Role
from exchange_api.sealed_files import FileRefused
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require

OFFICERS, ISSUERS = "/officer/completions", "/publisher/completions"
_department = Reach.OWN_DEPARTMENT
_officers, _issuers = (Role.WINDOW_OFFICER, Role.APPROVING_OFFICER), (Role.PUBLISHER, Role.STEWARD)
router = APIRouter()
Officer = Annotated[Session, Depends(require(*_officers, reach=_department))]
Issuer = Annotated[Session, Depends(require(*_issuers, reach=_department))]
SureOfficer = Annotated[Session, Depends(confirm(*_officers, reach=_department))]
SureIssuer = Annotated[Session, Depends(confirm(*_issuers, reach=_department))]
OurForm = Annotated[None, Depends(check_csrf)]
FILED = Words("存量证照补全", "Paper-era certificates")
TO_CONFIRM = Words("待确认的补全", "Completions to confirm")
A_PAGE = 25
UNPROCESSABLE, SEE_OTHER = 422, 303


@router.get(OFFICERS)
def filed_page(request: Request, session: Officer, before: int | None = None) -> Response:
    """What the officer's department has filed, and what waits for a second person."""
    return _list_page(request, session, OFFICERS, before)


@router.get(ISSUERS)
def to_confirm_page(request: Request, session: Issuer, before: int | None = None) -> Response:
    """What the department has to confirm."""
    return _list_page(request, session, ISSUERS, before)


@router.get(OFFICERS + "/new")
def new_page(request: Request, session: Officer) -> Response:
    """The form, with the scan."""
    return _form_page(request, session, {}, None)


@router.post(OFFICERS)
async def file_one(request: Request, session: Officer, _: OurForm) -> Response:
    """File it; nothing is served before two others have looked."""
    form = await read_form(request)
    scan = form.get("scan")
    content = await scan.read() if isinstance(scan, UploadFile) and scan.filename else b""
    kind = (scan.content_type or "") if isinstance(scan, UploadFile) else ""
    given = {name: value for name in Typed._fields if isinstance(value := form.get(name), str)}
    return await run_in_threadpool(_file, request, session, given, content, kind)


@router.get(OFFICERS + "/{reference}")
def filed_one(request: Request, reference: str, session: Officer) -> Response:
    """One of them: the second person types from its scan here."""
    return _one_page(request, session, reference, OFFICERS, None)


@router.get(ISSUERS + "/{reference}")
def to_confirm_one(request: Request, reference: str, session: Issuer) -> Response:
    """One of them, to be compared with the archive."""
    return _one_page(request, session, reference, ISSUERS, None)


@router.get(OFFICERS + "/{reference}/scan")
def officers_scan(request: Request, reference: str, session: SureOfficer) -> Response:
    """The scan, in clear: for the second person; each time is written down."""
    return _scan(request, session, reference, provider=False)


@router.get(ISSUERS + "/{reference}/scan")
def issuers_scan(request: Request, reference: str, session: SureIssuer) -> Response:
    """The same for the issuer."""
    return _scan(request, session, reference, provider=True)


@router.post(OFFICERS + "/{reference}/second")
async def second(request: Request, reference: str, session: Officer, _: OurForm) -> Response:
    """What the second person typed."""
    form = await read_form(request)
    given = {name: value for name in Typed._fields if isinstance(value := form.get(name), str)}
    return await run_in_threadpool(_second, request, session, reference, given)


@router.post(OFFICERS + "/{reference}/withdraw")
def withdraw(request: Request, reference: str, session: Officer, _: OurForm) -> Response:
    """Take back what nobody has confirmed."""
    return _end(request, session, reference, OFFICERS)


@router.post(ISSUERS + "/{reference}/end")
def end(request: Request, reference: str, session: SureIssuer, _: OurForm) -> Response:
    """Take a confirmation back."""
    return _end(request, session, reference, ISSUERS)


@router.get(ISSUERS + "/{reference}/decision")
def decision_page(request: Request, reference: str, session: SureIssuer) -> Response:
    """The forms to confirm or refuse it."""
    return _one_page(request, session, reference, ISSUERS, None, deciding=True)


@router.post(ISSUERS + "/{reference}/decision")
async def decide(request: Request, reference: str, session: SureIssuer, _: OurForm) -> Response:
    """Confirm it, or refuse it with a reason of the list."""
    form = await read_form(request)
    refusal = str(form.get("refusal") or "") if form.get("act") == "refuse" else None
    return await run_in_threadpool(_decide, request, session, reference, refusal)


# --- how


def _file(request: Request, session: Session, given: Mapping[str, str], content: bytes, kind: str) -> Response:
    try:
        reference = parts_of(request).completing.file(session, _typed(given), content, kind)
    except (CompletingError, FileRefused) as refused:
        return _form_page(request, session, given, refused)
    return RedirectResponse(f"{OFFICERS}/{reference}", SEE_OTHER)


def _second(request: Request, session: Session, reference: str, given: Mapping[str, str]) -> Response:
    try:
        parts_of(request).completing.second(session, reference, _typed(given))
    except CompletingError as refused:
        return _one_page(request, session, reference, OFFICERS, refused)
    return RedirectResponse(f"{OFFICERS}/{reference}", SEE_OTHER)


def _decide(request: Request, session: Session, reference: str, refusal: str | None) -> Response:
    try:
        parts_of(request).completing.decide(session, reference, refusal)
    except CompletingError as refused:
        return _one_page(request, session, reference, ISSUERS, refused, deciding=True)
    return RedirectResponse(f"{ISSUERS}/{reference}", SEE_OTHER)


def _end(request: Request, session: Session, reference: str, place: str) -> Response:
    try:
        parts_of(request).completing.end(session, reference)
    except CompletingError as refused:
        return _one_page(request, session, reference, place, refused)
    return RedirectResponse(f"{place}/{reference}", SEE_OTHER)


def _typed(given: Mapping[str, str]) -> Typed:
    return Typed(*(given.get(name, "") for name in Typed._fields))


def _scan(request: Request, session: Session, reference: str, *, provider: bool) -> Response:
    """Browsers save it and never open it here."""
    found, pieces = parts_of(request).completing.scan(session, reference, provider=provider)
    name = f"{found.scan_digest.hex()[:12]}.{found.scan_media_type.rpartition('/')[2]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(found.scan_size)}
    return StreamingResponse(pieces, media_type=found.scan_media_type, headers=headers)


def _form_page(
    request: Request, session: Session, given: Mapping[str, str], refused: ExchangeApiError | None
) -> Response:
    view = typed_form(parts_of(request), session, OFFICERS, given, _words(refused))
    frame = frame_of(
        request, session, Words("补全一件证照", "Complete a certificate"), crumbs=(Crumb(FILED, OFFICERS),)
    )
    return render("completion_form.html", frame, view, UNPROCESSABLE if refused else 200)


def _list_page(request: Request, session: Session, place: str, before: int | None) -> Response:
    parts = parts_of(request)
    found = parts.completing.listed(session, provider=place == ISSUERS, before=before, limit=A_PAGE)
    rows = tuple(completion_row(each, parts, place) for each in found)
    older = found[-1].id if len(found) == A_PAGE else None
    view = CompletionList(rows, older, place, f"{OFFICERS}/new" if place == OFFICERS else None)
    title = TO_CONFIRM if place == ISSUERS else FILED
    return render("completions.html", frame_of(request, session, title), view)


def _one_page(
    request: Request,
    session: Session,
    reference: str,
    place: str,
    refused: ExchangeApiError | None,
    *,
    deciding: bool = False,
) -> Response:
    parts = parts_of(request)
    told = parts.completing.told(session, reference, provider=place == ISSUERS)
    view = completion_view(told, parts, session, place, _words(refused), deciding=deciding)
    here = Crumb(TO_CONFIRM if place == ISSUERS else FILED, place)
    frame = frame_of(request, session, Words("补全申请", "Completion"), crumbs=(here,))
    return render("completion.html", frame, view, UNPROCESSABLE if refused else 200)


def _words(refused: ExchangeApiError | None) -> Words | None:
    return None if refused is None else Words(refused.zh, refused.en)
