"""The page where anybody drops a file of this hub and has it verified; nothing of it is kept.

No account is needed: whoever was given a receipt, a credential or a copy may have it checked.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from certificates.errors import CertificatesError
from certificates.evidence.gathering import File
from certificates.trust_root import fingerprint
from exchange_api.errors import ExchangeApiError, Overloaded, TooManyFiles, kind_of
from exchange_api.pages.file_views import file_view
from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Frame, Words
from exchange_api.pages.views.verifying import VerifyingView
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import check_csrf, current_session, parts_of, read_form
from exchange_api.verifying import Verifying

VERIFY_PLACE = "/verify"
MOST_VERIFIED = 8 * 1024 * 1024
"""Bytes of all files of one form."""

MOST_FILES = 6
UNPROCESSABLE = 422
LONGEST_ROOT = 80
router = APIRouter(prefix=VERIFY_PLACE)
_TITLE = Words("文件验真", "Verify a file")
_LEDE = Words(
    "验证本平台出具的回执、凭证和归档件；文件只在内存中验证，不留存。",
    "Checks receipts, credentials and archive copies of this hub. Files are looked at in memory and not kept.",
)
_NOTHING = Words("请选择文件，或粘贴离线码。", "Choose a file, or paste an offline code.")


async def _our_form(request: Request) -> None:
    await read_form(request, files=MOST_FILES)
    await check_csrf(request)


@router.get("", name="verify_page")
@open_to(ANYBODY)
def verify_page(request: Request) -> Response:
    """The form."""
    return render("verify.html", _frame(request), VerifyingView("", _trust_root(request)))


@router.post("")
@open_to(ANYBODY)
async def verify_files(request: Request, _: Annotated[None, Depends(_our_form)]) -> Response:
    """What was found about the files of the form."""
    form = await read_form(request)
    files = [(each.filename or "", await each.read()) for each in form.getlist("files") if isinstance(each, UploadFile)]
    pasted, root = (str(form.get(name) or "").strip() for name in ("pasted", "root"))
    if pasted:
        files.append(("", pasted.encode("utf-8", "surrogatepass")))
    return await run_in_threadpool(_verified, request, [file for file in files if file[1]], root[:LONGEST_ROOT])


def _verified(request: Request, files: list[File], root: str) -> Response:
    frame, trusted = _frame(request), _trust_root(request)
    if not files:
        return render("verify.html", frame, VerifyingView(root, trusted, _NOTHING), UNPROCESSABLE)
    address = request.client.host if request.client else ""
    try:
        report = _desk(request).verify(address, files, root)
    except (TooManyFiles, Overloaded) as refused:
        return _fault(frame, VerifyingView(root, trusted, Words(refused.zh, refused.en)), refused)
    return render("verify.html", frame, VerifyingView(root, trusted, None, file_view(report)))


def _fault(frame: Frame, view: VerifyingView, refused: ExchangeApiError) -> Response:
    return render("verify.html", frame, view, int(kind_of(refused).status))


def _desk(request: Request) -> Verifying:
    """One desk for all requests of an application."""
    state = request.app.state
    if not hasattr(state, "verifying"):
        parts = parts_of(request)
        state.verifying = Verifying(parts.keys, parts.status_lists, parts.clock, parts.meters)
    desk: Verifying = state.verifying
    return desk


def _trust_root(request: Request) -> str:
    try:
        return fingerprint(parts_of(request).keys.jwks())
    except CertificatesError:  # a set without a root
        return ""


def _frame(request: Request) -> Frame:
    session = current_session(request)
    if session is None:
        return plain_frame(request, _TITLE)
    return frame_of(request, session, _TITLE, _LEDE)
