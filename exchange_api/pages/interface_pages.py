"""Pages about the interface, for everybody: what each problem means, and the API's description, from nowhere else."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from exchange_api.errors import NotFound
from exchange_api.interface.explained import explained
from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.interface_views import api_view, problem_row
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Frame, Words
from exchange_api.pages.views.interface import ProblemsView
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import current_session

router = APIRouter()
_PROBLEMS = Words("问题说明", "Problems")
_API = Words("接口说明", "API description")
_PROBLEMS_LEDE = Words(
    "每一种出错都有长期不变的代码、原因和下一步；程序按 code 处理。",
    "Each problem has a code that stays, a cause and a next step; programs go by the code.",
)


@router.get("/problems", name="problems_page")
@open_to(ANYBODY)
def problems_page(request: Request) -> Response:
    """All problems."""
    view = ProblemsView(tuple(problem_row(one) for one in explained().values()))
    return render("problems.html", _frame(request, _PROBLEMS, _PROBLEMS_LEDE), view)


@router.get("/problems/{code}", name="problem_page")
@open_to(ANYBODY)
def problem_page(request: Request, code: str) -> Response:
    """One problem: what `type` of its documents leads to."""
    told = explained().get(code)
    if told is None:
        raise NotFound("该问题代码", "problem")
    row = problem_row(told)
    return render("problems.html", _frame(request, row.title, _PROBLEMS_LEDE), ProblemsView((), row))


@router.get("/v1/docs", name="api_page")
@open_to(ANYBODY)
def api_page(request: Request) -> Response:
    """The API's description, to read and to print."""
    return render("api.html", _frame(request, _API, None), api_view(request.app.openapi()))


def _frame(request: Request, title: Words, lede: Words | None) -> Frame:
    session = current_session(request)
    return plain_frame(request, title) if session is None else frame_of(request, session, title, lede)
