"""Held batches: for stewards, who release or return them, and for their department, which is told what was decided."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from exchange_api.pages.frames import frame_of
from exchange_api.pages.held_views import decision_view, held_row, held_view
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.held import HeldList
from exchange_api.people.roles import Reach, Role
from exchange_api.publishing import PAGE as ROWS_A_PAGE
from exchange_api.releasing import DecidedAlready, DecisionIncomplete, HeldBatch
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require
from quality.refused_rows.reading import RefusedRow
from registries.landing_faults import LandedMissing

router = APIRouter()
Steward = Annotated[Session, Depends(require(Role.STEWARD))]
Deciding = Annotated[Session, Depends(confirm(Role.STEWARD))]
Publisher = Annotated[Session, Depends(require(Role.PUBLISHER, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
STEWARDS, PUBLISHERS = "/steward/held", "/publisher/held"
HELD = Words("挂起的批次", "Held batches")
_LEDE = Words(
    "数量异常或退回率过高的批次先挂起；其中的暂扣、吊销等不利变更已即时生效，其余等待数据管家放行或退回。",
    "Batches that look like a faulty export wait here; bad news in them has applied already.",
)
A_PAGE = 25
UNPROCESSABLE, CONFLICT, SEE_OTHER = 422, 409, 303


@router.get(STEWARDS)
def stewards_list(request: Request, session: Steward, before: int | None = None) -> Response:
    """Every held batch, latest first."""
    return _list_page(request, session, STEWARDS, None, before)


@router.get(PUBLISHERS)
def publishers_list(request: Request, session: Publisher, before: int | None = None) -> Response:
    """The department's own."""
    return _list_page(request, session, PUBLISHERS, session.department, before)


@router.get(STEWARDS + "/{number}")
def stewards_one(request: Request, number: int, session: Steward, after: int = 0) -> Response:
    """What was held, and why."""
    found = parts_of(request).releasing.one(number)
    return _one_page(request, session, found, STEWARDS, after)


@router.get(PUBLISHERS + "/{number}")
def publishers_one(request: Request, number: int, session: Publisher, after: int = 0) -> Response:
    """The same of the department's own, and what was decided."""
    found = parts_of(request).releasing.one(number, session.department)
    return _one_page(request, session, found, PUBLISHERS, after)


@router.get(STEWARDS + "/{number}/decision")
def decision_page(request: Request, number: int, session: Deciding) -> Response:
    """The forms to release or return it."""
    return _decision_page(request, session, number, None)


@router.post(STEWARDS + "/{number}/decision")
async def decide(request: Request, number: int, session: Deciding, _: OurForm) -> Response:
    """Write the decision down; the worker carries it out."""
    form = await read_form(request)
    act, reason, note = (str(form.get(name) or "") for name in ("act", "reason", "note"))
    return await run_in_threadpool(_decide, request, session, number, (act, reason, note))


def _decide(request: Request, session: Session, number: int, given: tuple[str, str, str]) -> Response:
    try:
        parts_of(request).releasing.decide(session, number, *given)
    except (DecisionIncomplete, DecidedAlready) as refused:
        status = CONFLICT if isinstance(refused, DecidedAlready) else UNPROCESSABLE
        return _decision_page(request, session, number, Words(refused.zh, refused.en), given, status)
    return RedirectResponse(f"{STEWARDS}/{number}", SEE_OTHER)


def _list_page(request: Request, session: Session, place: str, department: str | None, before: int | None) -> Response:
    parts = parts_of(request)
    found = parts.releasing.listed(department, before, A_PAGE)
    rows = tuple(held_row(line, parts.catalogue, place) for line in found)
    view = HeldList(rows, found[-1].batch.number if len(found) == A_PAGE else None)
    return render("held.html", frame_of(request, session, HELD, _LEDE), view)


def _one_page(request: Request, session: Session, found: HeldBatch, place: str, after: int) -> Response:
    parts = parts_of(request)
    rows = _rows(request, session, found, after)
    decides = place == STEWARDS
    view = held_view(found, rows, parts.catalogue, place, a_page=ROWS_A_PAGE, decides=decides)
    title = Words(f"挂起的批次 {view.row.number}", f"Held batch {view.row.number}")
    return render("held_one.html", frame_of(request, session, title, crumbs=(Crumb(HELD, place),)), view)


def _rows(request: Request, session: Session, found: HeldBatch, after: int) -> list[RefusedRow]:
    """Masked, with the eyes of the department that can mend them; none where what was landed has expired."""
    own = replace(session, department=found.line.department)
    try:
        return parts_of(request).publishing.refused_rows(own, found.line.batch.number, after)
    except LandedMissing:
        return []


def _decision_page(
    request: Request,
    session: Session,
    number: int,
    fault: Words | None,
    given: tuple[str, str, str] = ("", "", ""),
    status: int = 200,
) -> Response:
    parts = parts_of(request)
    view = decision_view(parts.releasing.one(number), parts.catalogue, STEWARDS, fault, given)
    one = Crumb(Words(f"批次 {number}", f"Batch {number}"), f"{STEWARDS}/{number}")
    frame = frame_of(request, session, view.decide, crumbs=(Crumb(HELD, STEWARDS), one))
    return render("held_decision.html", frame, view, status)
