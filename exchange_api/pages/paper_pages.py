"""Needless paper (多余收件) for machines: taken although the hub could have answered; by item and department, as JSON.

People look at the dashboard of that name; where its page and its CSV stood before, they are sent there for good.

GET /steward/paper.json?since=2026-03-01
GET /steward/paper?since=2026-03-01      → /steward/boards/paper?since=2026-03-01
"""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from certificates.china_time import CHINA
from exchange_api.pages.boards.asked import BOARDS
from exchange_api.pages.boards.paper import DAYS, NAME
from exchange_api.people.roles import Role
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require
from exchange_api.transactions import Transaction
from registries.store import paper_counts

router = APIRouter(prefix="/steward/paper")
Reader = Annotated[Session, Depends(require(Role.STEWARD, Role.DEPARTMENT_ADMINISTRATOR, Role.AUDITOR))]


@router.get("")
def paper_page(request: Request, session: Reader) -> Response:  # noqa: ARG001 - who may read it
    """The dashboard has it."""
    return _moved(request, "")


@router.get(".csv")
def paper_csv(request: Request, session: Reader) -> Response:  # noqa: ARG001 - who may read it
    """The dashboard's table has it."""
    return _moved(request, ".csv")


@router.get(".json")
def paper_json(
    request: Request,
    session: Reader,  # noqa: ARG001 - who may read it
    since: date | None = None,
    until: date | None = None,
) -> dict[str, Any]:
    """The counts of a time; the last thirty days unless told."""
    parts = parts_of(request)
    last = until or parts.clock().astimezone(CHINA).date()
    first = since or last - timedelta(days=DAYS - 1)
    with Transaction(parts.store_page) as work:
        counts = paper_counts.paper_counts(work.conn, first, last)
    return {
        "since": first.isoformat(),
        "until": last.isoformat(),
        "counts": [
            {
                "item": each.item,
                "department": each.department,
                "hub_answered": each.answered,
                "received": each.taken,
                "needless": each.needless,
                "reasons": dict(each.reasons),
            }
            for each in counts
        ],
    }


def _moved(request: Request, kind: str) -> RedirectResponse:
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{BOARDS}/{NAME}{kind}{asked}", 308)
