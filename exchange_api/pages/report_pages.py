"""Reports of closed months: all departments for stewards and auditors, a department's own card for its people.

GET /reports                                  departments by grade, and what can be downloaded
GET /reports/scorecards/{department}          one department's card
GET /reports/{what}/{period}.{kind}           monthly and quarterly reports, scorecards
GET /scorecard                                one's own department's card, and its files
"""

import re
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from exchange_api.pages.frames import department_name, frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.report_views import card_view, reports_view
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.people.roles import Reach, Role
from exchange_api.reporting.errors import MonthNotClosed
from exchange_api.reporting.naming import Names
from exchange_api.reporting.reports import Kind
from exchange_api.routes.documents import as_file
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require

router = APIRouter()
Reader = Annotated[Session, Depends(require(Role.STEWARD, Role.HUB_ADMINISTRATOR, Role.AUDITOR))]
Own = Annotated[
    Session, Depends(require(Role.PUBLISHER, Role.DEPARTMENT_ADMINISTRATOR, Role.STEWARD, reach=Reach.OWN_DEPARTMENT))
]
REPORTS = Crumb(Words("评分与报告", "Grades and reports"), "/reports")
OWN_CARD = Words("本部门评分卡", "Our scorecard")
_LEDE = Words(
    "月份结束后封存，记入存证日志，之后不再改变；报告只用封存的数字。",
    "A month is closed when it is over and told in the ledger; later data change nothing. Reports use closed figures.",
)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)


@router.get("/reports")
def reports_page(request: Request, session: Reader, month: str | None = None) -> Response:
    """Departments by grade in a closed month; the latest unless told."""
    parts = parts_of(request)
    months = parts.reports.months()
    wanted = _month(month) if month else next(iter(months), None)
    figures = parts.reports.figures(wanted, 1)[0][-1] if wanted is not None else None
    view = reports_view(figures, months, parts.reports.waiting(), Names(parts.catalogue))
    return render("reports.html", frame_of(request, session, REPORTS.words, _LEDE), view)


@router.get("/reports/monthly/{month}.{kind}")
def monthly(request: Request, session: Reader, month: str, kind: Kind) -> Response:  # noqa: ARG001 - who may read it
    """The hub's report of a month as a file."""
    return as_file(parts_of(request).reports.monthly(_month(month), kind))


@router.get("/reports/quarterly/{quarter}.{kind}")
def quarterly(request: Request, session: Reader, quarter: str, kind: Kind) -> Response:  # noqa: ARG001 - who may read it
    """The hub's report of a quarter as a file."""
    found = _QUARTER.fullmatch(quarter)
    if found is None:
        raise MonthNotClosed(quarter[:7])
    return as_file(parts_of(request).reports.quarterly(date(int(found[1]), int(found[2]) * 3, 1), kind))


@router.get("/reports/scorecards/{department}")
def department_card(request: Request, session: Reader, department: str, month: str | None = None) -> Response:
    """One department's card."""
    place = f"/reports/scorecards/{department}"
    return _card(request, session, department, month, place, Words(department_name(request, department), "Scorecard"))


@router.get("/reports/scorecards/{department}/{month}.{kind}")
def department_file(
    request: Request,
    session: Reader,  # noqa: ARG001 - who may read it
    department: str,
    month: str,
    kind: Kind,
) -> Response:
    """One department's card as a file."""
    return as_file(parts_of(request).reports.scorecard(department, _month(month), kind))


@router.get("/scorecard")
def own_card(request: Request, session: Own, month: str | None = None) -> Response:
    """The card of one's own department."""
    return _card(request, session, session.department, month, "/scorecard", OWN_CARD)


@router.get("/scorecard/{month}.{kind}")
def own_file(request: Request, session: Own, month: str, kind: Literal["pdf", "xlsx"]) -> Response:
    """The card of one's own department as a file."""
    return as_file(parts_of(request).reports.scorecard(session.department, _month(month), kind))


def _card(request: Request, session: Session, department: str, month: str | None, place: str, title: Words) -> Response:
    reports = parts_of(request).reports
    months = reports.months()
    wanted = _month(month) if month else next(iter(months), None)
    crumbs = (REPORTS,) if place.startswith("/reports") else ()
    frame = frame_of(request, session, title, _LEDE, crumbs=crumbs)
    if wanted is None:
        return render("scorecard.html", frame, None)
    report = reports.card(department, wanted)
    return render("scorecard.html", frame, card_view(report, wanted, months, place))


def _month(text: str) -> date:
    found = _MONTH.fullmatch(text)
    if found is None:
        raise MonthNotClosed(text[:7])
    return date(int(found[1]), int(found[2]), 1)
