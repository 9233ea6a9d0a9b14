"""年度签发数申报: a publisher says how many certificates its department issued in a year; the hub shows what it holds.

GET  /publisher/declared-totals       the form, and what stands
POST /publisher/declared-totals       one more word
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from exchange_api.coverage.declaring import Declaring, Standing
from exchange_api.coverage.errors import DeclarationRefused
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.sign_in_page import text_of
from exchange_api.pages.views.declaring import DeclaredRow, DeclaringView
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.pages.views.scores import Score
from exchange_api.people.roles import Reach, Role
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require

PLACE = "/publisher/declared-totals"
router = APIRouter()
Publisher = Annotated[Session, Depends(require(Role.PUBLISHER, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
HERE = Words("年度签发数", "Certificates issued")
PUBLISHING = Crumb(Words("数据报送", "Publishing"), "/publisher")
SEE_OTHER, UNPROCESSABLE = 303, 422
_LEDE = Words(
    "按证照类型申报每年签发了多少张，归集率由此得出；以最后一次申报为准，历次申报均存证。",
    "Declare how many certificates of a type were issued in a year: coverage follows from it. The latest word counts, "
    "and each is in the ledger.",
)


@router.get(PLACE)
def declared_page(request: Request, session: Publisher) -> Response:
    """What was declared, and the form."""
    return _page(request, session)


@router.post(PLACE)
async def declare(request: Request, session: Publisher, _: OurForm) -> Response:
    """Declare a year's number."""
    form = await read_form(request)
    given = {name: text_of(form, name) for name in ("type", "year", "issued")}
    return await run_in_threadpool(_declare, request, session, given)


def _declare(request: Request, session: Session, given: Mapping[str, str]) -> Response:
    try:
        _declaring(request).declare(session, given["type"], given["year"], given["issued"])
    except DeclarationRefused as refused:
        return _page(request, session, given, refused, UNPROCESSABLE)
    return RedirectResponse(PLACE, SEE_OTHER)


def _page(
    request: Request,
    session: Session,
    given: Mapping[str, str] | None = None,
    refused: DeclarationRefused | None = None,
    status: int = 200,
) -> Response:
    declaring = _declaring(request)
    types = tuple(Option(code, _name(request, code).zh) for code in declaring.types(session))
    rows = tuple(_row(request, one) for one in declaring.standing(session))
    fault = None if refused is None else Words(refused.zh, refused.en)
    view = DeclaringView(types, rows, dict(given or {}), fault, "" if refused is None else refused.member)
    frame = frame_of(request, session, HERE, _LEDE, crumbs=(PUBLISHING,))
    return render("declared_totals.html", frame, view, status)


def _row(request: Request, one: Standing) -> DeclaredRow:
    declared = one.line.declared
    covered = Score(0, 0) if declared is None else Score(min(one.line.held, declared), declared)
    name = _name(request, one.line.certificate_type)
    return DeclaredRow(name, one.line.year, one.line.held, declared, covered, one.by, one.at)


def _name(request: Request, code: str) -> Words:
    kind = parts_of(request).types.get(code)
    return Words(code, code) if kind is None else Words(kind.name_zh, kind.name_en)


def _declaring(request: Request) -> Declaring:
    parts = parts_of(request)
    return Declaring(parts.store_page, parts.contracts.catalogue, parts.clock)
