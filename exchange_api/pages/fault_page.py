"""A problem as a page: cause and next step first, for a browser that came for a page.

`fault_page` is what `application.state.problem_page` is set to; scripts get the same problem as JSON.
"""

from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response

from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import FaultView, Words
from exchange_api.problems import Problem
from exchange_api.sign_in import current_session
from registries.errors import StoreError

_NEXT: dict[int, Words] = {
    HTTPStatus.NOT_FOUND: Words(
        "请检查地址，或从左侧菜单重新进入。", "Check the address, or start again from the menu."
    ),
    HTTPStatus.FORBIDDEN: Words(
        "如确需使用，请联系本部门管理员为您的账号开通相应角色，再重新登录。",
        "If you need it, ask your department's administrator for the role and sign in again.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: Words(
        "请稍候片刻再试；持有效证照的申请人照常办理。", "Try again in a moment; serve who holds a valid paper as usual."
    ),
}
_OTHERWISE = Words(
    "请返回上一页核对后再试；仍不行的，把本页编号告知平台管理员。",
    "Go back, check, and try again; if it persists, tell the operator the reference below.",
)


def fault_page(request: Request, problem: Problem) -> Response:
    """The page of one problem."""
    title = Words(problem["title"], problem["title_en"])
    view = FaultView(
        tone="red" if problem["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR else "gold",
        cause=Words(problem["detail"], problem["detail_en"]),
        next=_NEXT.get(problem["status"], _OTHERWISE),
        back="/",
        back_words=Words("回到首页", "Home"),
        reference=problem["code"],
    )
    try:
        session = current_session(request)
    except StoreError:  # the store may be what is down; the page has to come all the same
        session = None
    frame = plain_frame(request, title) if session is None else frame_of(request, session, title)
    return render("fault.html", frame, view, problem["status"])
