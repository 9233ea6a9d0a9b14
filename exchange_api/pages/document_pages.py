"""Marked copies (加注件): the officer says what for and until when, and gets the file."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from certificates.documents.drawing import PAPERS
from certificates.documents.errors import BadMark
from certificates.documents.making import FORMATS
from certificates.documents.marks import Mark, day_of
from certificates.receipts import answer_of
from exchange_api.pages.frames import department_name, frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.documents import CopyForm
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.officer import FormFault
from exchange_api.people.roles import Reach, Role
from exchange_api.routes.documents import as_file
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require

router = APIRouter(prefix="/officer")
Officer = Annotated[Session, Depends(require(Role.APPROVING_OFFICER, reach=Reach.OWN))]
OurForm = Annotated[None, Depends(check_csrf)]
UNPROCESSABLE = 422
USUAL_LIFE = timedelta(days=30)
FIELDS = ("cause", "purpose", "expires_on", "kind", "paper")
_TITLE = Words("制作加注件", "Make a marked copy")
_LEDE = Words(
    "加注件每页印有事由、用途、制作者和有效期；过期或被改动的，验证不通过。",
    "Every page says what it was made for, by whom and until when; an expired or changed copy does not verify.",
)


@router.get("/receipts/{jti}/copy")
def copy_page(request: Request, jti: str, session: Officer) -> Response:
    """The form; not found where the receipt is not the officer's own."""
    asked: dict[str, Any] = answer_of(parts_of(request).receipts.one(session, jti).payload)[1].get("asked") or {}
    last = day_of(parts_of(request).clock()) + USUAL_LIFE
    return _page(request, session, jti, {"purpose": asked.get("purpose", ""), "expires_on": last.isoformat()})


@router.post("/receipts/{jti}/copy")
async def make_copy(request: Request, jti: str, session: Officer, _: OurForm) -> Response:
    """The file, or the form again with what is wrong."""
    fields = _texts(await read_form(request))
    return await run_in_threadpool(_made, request, session, jti, fields)


def _made(request: Request, session: Session, jti: str, fields: dict[str, str]) -> Response:
    parts = parts_of(request)
    maker = f"{department_name(request, session.department)} {session.name}"
    today = day_of(parts.clock())
    try:
        mark = Mark.parse(
            fields.get("cause", ""), fields.get("purpose", ""), maker, _day(fields.get("expires_on", "")), today=today
        )
    except BadMark as bad:
        return _page(request, session, jti, fields, FormFault(bad.member, Words(bad.zh, bad.en)))
    kind = fields.get("kind", "pdf")
    paper = PAPERS.get(fields.get("paper", ""), PAPERS["A4"])
    return as_file(parts.documents.copy(session, jti, kind if kind in FORMATS else "pdf", paper, mark))


def _page(
    request: Request, session: Session, jti: str, fields: dict[str, str], fault: FormFault | None = None
) -> Response:
    back = Crumb(Words("核验回执", "Verification receipt"), f"/officer/receipts/{jti}")
    today = day_of(parts_of(request).clock())
    view = CopyForm(jti, fields, today.isoformat(), fault)
    frame = frame_of(request, session, _TITLE, _LEDE, crumbs=(back,))
    return render("copy_form.html", frame, view, UNPROCESSABLE if fault else 200)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name in FIELDS if isinstance(value := form.get(name), str)}
