"""The page to sign in, and signing out."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from exchange_api.errors import SignInRefused, TooManyTries, kind_of
from exchange_api.pages.frames import plain_frame
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Words
from exchange_api.sign_in import check_csrf, current_session, read_form, safe_next, sign_in, sign_out

router = APIRouter()
SEE_OTHER = 303
_TITLE = Words("登录", "Sign in")


@router.get("/sign-in", name="sign_in_page")
def sign_in_page(request: Request, next: str = "") -> Response:  # noqa: A002 - the parameter's name in the address
    """The page to sign in; who is signed in already goes on."""
    if current_session(request) is not None:
        return RedirectResponse(safe_next(next), SEE_OTHER)
    return render("sign_in.html", plain_frame(request, _TITLE), None, fault=None, login="", next=safe_next(next))


@router.post("/sign-in", dependencies=[Depends(check_csrf)])
async def sign_in_form(request: Request) -> Response:
    """Open a session, or say why not."""
    form = await read_form(request)
    login, password, place = (str(form.get(name) or "") for name in ("login", "password", "next"))
    response = RedirectResponse(safe_next(place), SEE_OTHER)
    try:
        await run_in_threadpool(sign_in, request, response, login, password)
    except (SignInRefused, TooManyTries) as refused:
        fault = Words(refused.zh, refused.en)
        shown = {"fault": fault, "login": login[:128], "next": safe_next(place)}
        return render("sign_in.html", plain_frame(request, _TITLE), None, int(kind_of(refused).status), **shown)
    return response


@router.post("/sign-out", dependencies=[Depends(check_csrf)])
def sign_out_form(request: Request) -> Response:
    """End the session."""
    response = RedirectResponse("/sign-in", SEE_OTHER)
    sign_out(request, response)
    return response
