"""Objections: an officer takes one and prints its slip, its department checks it, and whoever has the slip may ask."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from exchange_api.acts.dispute import MEDIA_TYPES
from exchange_api.errors import ExchangeApiError
from exchange_api.objecting import About, ObjectionIncomplete, Said, slip_of
from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.objection_views import (
    objection_form,
    objection_row,
    objection_view,
    slip_view,
    standing_view,
)
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.windows import ObjectionList
from exchange_api.people.roles import ANYBODY, Reach, Role, open_to
from exchange_api.sealed_files import FileRefused
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require

OFFICERS, PROVIDERS, SLIPS = "/officer/objections", "/publisher/objections", "/objections"
_department = Reach.OWN_DEPARTMENT
router = APIRouter()
Officer = Annotated[Session, Depends(require(Role.WINDOW_OFFICER, Role.APPROVING_OFFICER, reach=_department))]
Provider = Annotated[Session, Depends(require(Role.PUBLISHER, Role.STEWARD, reach=_department))]
Confirmed = Annotated[Session, Depends(confirm(Role.PUBLISHER, Role.STEWARD, reach=_department))]
OurForm = Annotated[None, Depends(check_csrf)]
TAKEN = Words("受理异议", "Objections taken")
TO_CHECK = Words("待核查的异议", "Objections to check")
FIELDS = ("dataset", "attribute", "key", "name", "statement", "channel")
A_PAGE = 25
UNPROCESSABLE, SEE_OTHER = 422, 303


@router.get(OFFICERS)
def taken_page(request: Request, session: Officer, before: int | None = None) -> Response:
    """What the officer's department took."""
    return _list_page(request, session, OFFICERS, before)


@router.get(PROVIDERS)
def to_check_page(request: Request, session: Provider, before: int | None = None) -> Response:
    """What the department has to check."""
    return _list_page(request, session, PROVIDERS, before)


@router.get(OFFICERS + "/new")
def new_page(request: Request, session: Officer, dataset: str = "") -> Response:
    """The form: which data, then what is wrong with it."""
    return _form_page(request, session, {"dataset": dataset}, None)


@router.post(OFFICERS)
async def take(request: Request, session: Officer, _: OurForm) -> Response:
    """Take one; its slip is shown to be printed."""
    form = await read_form(request)
    given = {name: value for name in FIELDS if isinstance(value := form.get(name), str)}
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) and file.filename else b""
    kind = (file.content_type or "") if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_take, request, session, given, [(content, kind)] if content else [])


@router.get(OFFICERS + "/{slip}")
def taken_one(request: Request, slip: str, session: Officer) -> Response:
    """One of them."""
    return _one_page(request, session, slip, OFFICERS)


@router.get(OFFICERS + "/{slip}/slip")
def slip_page(request: Request, slip: str, session: Officer) -> Response:
    """The slip for the citizen, to print: what number, who checks it, by when, where to ask."""
    parts = parts_of(request)
    told = parts.objecting.told(session, slip, provider=False)
    view = slip_view(told.standing, parts)
    title = Words("异议受理单", "Objection slip")
    return render("objection_slip.html", frame_of(request, session, title, crumbs=(Crumb(TAKEN, OFFICERS),)), view)


@router.get(PROVIDERS + "/{slip}")
def to_check_one(request: Request, slip: str, session: Provider) -> Response:
    """One of them, with what is said and the evidence."""
    return _one_page(request, session, slip, PROVIDERS)


@router.get(PROVIDERS + "/{slip}/evidence/{digest}")
def evidence_file(request: Request, slip: str, digest: str, session: Confirmed) -> Response:
    """A file that speaks for it; browsers save it and never open it here."""
    found, pieces = parts_of(request).objecting.evidence(session, slip, digest)
    headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}"', "Content-Length": str(found.size)}
    return StreamingResponse(pieces, media_type=found.media_type, headers=headers)


@router.get(SLIPS)
@open_to(ANYBODY)
def standing_page(request: Request, slip: str = "") -> Response:
    """How the objection of a slip stands: nobody's name, nothing of what is held."""
    parts = parts_of(request)
    found = parts.objecting.standing(slip) if slip else None
    view = standing_view(slip, found, parts)
    frame = plain_frame(request, Words("异议办理进度", "How an objection stands"))
    return render("objection_standing.html", frame, view, 404 if slip and found is None else 200)


# --- how


def _take(request: Request, session: Session, given: Mapping[str, str], files: list[tuple[bytes, str]]) -> Response:
    about = About(given.get("dataset", ""), given.get("attribute", ""))
    said = Said(*(given.get(name, "") for name in ("key", "name", "statement", "channel")))
    try:
        slip = parts_of(request).objecting.file(session, about, said, files)
    except (ObjectionIncomplete, FileRefused) as refused:
        return _form_page(request, session, given, refused)
    return RedirectResponse(f"{OFFICERS}/{slip}/slip", SEE_OTHER)


def _form_page(
    request: Request, session: Session, given: Mapping[str, str], refused: ExchangeApiError | None
) -> Response:
    fault = None if refused is None else Words(refused.zh, refused.en)
    view = objection_form(parts_of(request), given, fault)
    frame = frame_of(request, session, Words("受理一件异议", "Take an objection"), crumbs=(Crumb(TAKEN, OFFICERS),))
    accepted = ", ".join(MEDIA_TYPES)
    return render("objection_form.html", frame, view, UNPROCESSABLE if fault else 200, accepted=accepted)


def _list_page(request: Request, session: Session, place: str, before: int | None) -> Response:
    parts = parts_of(request)
    found = parts.objecting.listed(session, provider=place == PROVIDERS, before=before, limit=A_PAGE)
    rows = tuple(objection_row(each, parts, place) for each in found)
    older = found[-1].objection.id if len(found) == A_PAGE else None
    view = ObjectionList(rows, older, place, f"{OFFICERS}/new" if place == OFFICERS else None)
    title = TO_CHECK if place == PROVIDERS else TAKEN
    return render("objections.html", frame_of(request, session, title), view)


def _one_page(request: Request, session: Session, slip: str, place: str) -> Response:
    parts = parts_of(request)
    told = parts.objecting.told(session, slip_of(slip), provider=place == PROVIDERS)
    here = Crumb(TO_CHECK if place == PROVIDERS else TAKEN, place)
    frame = frame_of(request, session, Words("异议", "Objection"), crumbs=(here,))
    return render("objection.html", frame, objection_view(told, parts, place))
