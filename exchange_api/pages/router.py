"""All pages in one router, and what an application needs to serve them.

app.include_router(pages_router)
install_pages(app)
"""

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from exchange_api.pages import (
    account_pages,
    alert_pages,
    application_pages,
    board_pages,
    case_check_page,
    case_pages,
    catalogue_pages,
    client_pages,
    completion_pages,
    counter_pages,
    declaring_pages,
    desk_pages,
    dispute_pages,
    document_pages,
    explain_pages,
    grant_pages,
    held_pages,
    home_page,
    inspection_pages,
    interface_pages,
    ledger_page,
    objection_pages,
    officer_pages,
    panel_pages,
    paper_pages,
    people_pages,
    publisher_pages,
    report_pages,
    sign_in_page,
    steward_pages,
    subject_pages,
    telling_pages,
    trust_page,
    type_pages,
    verify_page,
    watch_pages,
    workbook_pages,
)
from exchange_api.pages.fault_page import fault_page
from exchange_api.pages.rendering import STATIC, STATIC_PLACE

pages_router = APIRouter(include_in_schema=False)
for _pages in (
    *(sign_in_page, account_pages, alert_pages, people_pages, client_pages, watch_pages),
    *(home_page, counter_pages, panel_pages, officer_pages, document_pages, declaring_pages, desk_pages),
    *(publisher_pages, workbook_pages),
    *(steward_pages, board_pages, subject_pages, explain_pages, catalogue_pages, type_pages),
    *(application_pages, grant_pages, report_pages),
    *(inspection_pages, telling_pages),
    *(verify_page, trust_page, ledger_page, interface_pages),
    *(case_check_page, dispute_pages, paper_pages, held_pages, case_pages),
    *(objection_pages, completion_pages),
):
    pages_router.include_router(_pages.router)
pages_router.include_router(publisher_pages.by_name)


class _Assets(StaticFiles):
    """Static files; an address with a version never changes its content, so browsers keep it."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """As Starlette's, with how long the file may be kept."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type] # passed through as they came
        scope: Scope = args[2] if len(args) > 2 else kwargs["scope"]  # type: ignore[assignment] # noqa: PLR2004 - its place in Starlette's signature
        if b"v=" in scope.get("query_string", b""):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def install_pages(app: FastAPI) -> None:
    """Serve the static files, and show problems as pages to browsers that came for one."""
    app.mount(STATIC_PLACE, _Assets(directory=STATIC), name="static")
    app.state.problem_page = fault_page
