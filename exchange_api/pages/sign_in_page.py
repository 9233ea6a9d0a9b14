"""The pages to sign in, here or at another provider, the steps that may be left then, and signing out."""

from collections.abc import Callable
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from exchange_api.errors import ExchangeApiError, SignInNeeded, SignInRefused, TooManyTries, kind_of
from exchange_api.pages.frames import plain_frame
from exchange_api.pages.qr import qr_image
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.people import OfferView, ProviderLink, StepView
from exchange_api.people.errors import AccountLocked, PasswordsDiffer, WeakPassword, WrongCode
from exchange_api.people.own_account import Offer
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.people.signed_in import Session, Step
from exchange_api.sign_in import (
    begun_session,
    check_csrf,
    hand_over,
    keep_token,
    label_of_browser,
    parts_of,
    read_form,
    safe_next,
    sign_in,
    sign_out,
)

router = APIRouter()
SEE_OTHER = 303
STATE_SECONDS = 600
STEP_PLACE = "/sign-in/step"
_TITLE = Words("登录", "Sign in")
_TITLES = {
    Step.CODE: Words("输入动态验证码", "Enter a one-time code"),
    Step.PASSWORD: Words("设置自己的口令", "Choose your own password"),
    Step.ENROL: Words("绑定动态验证码", "Set up one-time codes"),
}
Refused = SignInRefused | TooManyTries | AccountLocked | WrongCode | WeakPassword | PasswordsDiffer


@router.get("/sign-in", name="sign_in_page")
@open_to(ANYBODY)
def sign_in_page(request: Request, next: str = "") -> Response:  # noqa: A002 - the parameter's name in the address
    """The page to sign in; who is signed in already goes on."""
    session = begun_session(request)
    if session is not None:
        return RedirectResponse(_onwards(session, next), SEE_OTHER)
    return _sign_in(request, "", next)


@router.post("/sign-in", dependencies=[Depends(check_csrf)])
@open_to(ANYBODY)
async def sign_in_form(request: Request) -> Response:
    """Open a session, or say why not."""
    form = await read_form(request)
    login, password, place = (text_of(form, name) for name in ("login", "password", "next"))
    response = RedirectResponse("/", SEE_OTHER)
    try:
        session = await run_in_threadpool(sign_in, request, response, login, password)
    except (SignInRefused, TooManyTries, AccountLocked) as refused:
        return _sign_in(request, login, place, refused)
    response.headers["location"] = _onwards(session, place)
    return response


@router.get(STEP_PLACE)
@open_to(ANYBODY)
def step_page(request: Request, next: str = "") -> Response:  # noqa: A002 - as above
    """What is left to do before the session opens anything."""
    session = _begun(request)
    return _step(request, session, next) if session.step else RedirectResponse(safe_next(next), SEE_OTHER)


@router.post(STEP_PLACE, dependencies=[Depends(check_csrf)])
@open_to(ANYBODY)
async def step_form(request: Request) -> Response:
    """Do the step that is left, and go on."""
    return await run_in_threadpool(_take_step, request, await read_form(request))


@router.get("/sign-in/with/{provider}")
@open_to(ANYBODY)
def go_to_provider(request: Request, provider: str, next: str = "") -> Response:  # noqa: A002 - as above
    """Send a visitor to a provider; a cookie of this browser remembers that it was."""
    sent = parts_of(request).foreign.start(provider, safe_next(next))
    response = RedirectResponse(sent.address, SEE_OTHER)
    secure = parts_of(request).settings.secure_cookies
    # lax, not strict: the browser comes back by a link of the provider's
    response.set_cookie(
        _state_cookie(request), sent.state, STATE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
    )
    return response


@router.get("/sign-in/back")
@open_to(ANYBODY)
def come_back(request: Request) -> Response:
    """Take a visitor back from a provider, and open a session."""
    parts = parts_of(request)
    back = parts.foreign.come_back(dict(request.query_params), request.cookies.get(_state_cookie(request), ""))
    opened = parts.sessions.open_for(back.account, label_of_browser(request), second_factor=back.second_factor)
    place = _onwards(opened.session, back.next)
    # a page and no redirect: cookies that are strict do not travel on a way that began elsewhere
    response = render("sign_in_back.html", plain_frame(request, _TITLE), None, place=place)
    hand_over(request, response, opened)
    response.delete_cookie(_state_cookie(request), path="/", secure=parts.settings.secure_cookies, httponly=True)
    return response


@router.post("/sign-out", dependencies=[Depends(check_csrf)])
@open_to(ANYBODY)
def sign_out_form(request: Request) -> Response:
    """End the session."""
    response = RedirectResponse("/sign-in", SEE_OTHER)
    sign_out(request, response)
    return response


def text_of(form: FormData, name: str) -> str:
    """A field's text; empty for a file or none."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def offer_view(offer: Offer) -> OfferView:
    """A secret to scan or to type."""
    return OfferView(offer.text, qr_image(offer.address), offer.sealed)


def _take_step(request: Request, form: FormData) -> Response:
    session, place = _begun(request), text_of(form, "next")
    if session.step is None:
        return RedirectResponse(safe_next(place), SEE_OTHER)
    try:
        recovery = _STEPS[session.step](request, session, form)
    except (SignInRefused, TooManyTries, WrongCode, WeakPassword, PasswordsDiffer) as refused:
        return _step(request, session, place, refused, text_of(form, "sealed"))
    token = parts_of(request).sessions.renew(session, code=session.step is not Step.PASSWORD)
    after = parts_of(request).sessions.begun(token)
    onwards = safe_next(place) if after is None else _onwards(after, place)
    response: Response = RedirectResponse(onwards, SEE_OTHER)
    if recovery:
        frame = plain_frame(request, _TITLES[Step.ENROL])
        response = render("recovery_codes.html", frame, None, codes=recovery, place=onwards)
    keep_token(request, response, token)
    return response


def _code(request: Request, session: Session, form: FormData) -> list[str]:
    parts_of(request).own_account.give_code(session, text_of(form, "code"))
    return []


def _password(request: Request, session: Session, form: FormData) -> list[str]:
    parts_of(request).own_account.choose_password(session, text_of(form, "new"), text_of(form, "again"))
    return []


def _enrol(request: Request, session: Session, form: FormData) -> list[str]:
    return parts_of(request).own_account.enrol(session, text_of(form, "sealed"), text_of(form, "code"))


_STEPS: dict[Step, Callable[[Request, Session, FormData], list[str]]] = {
    Step.CODE: _code,
    Step.PASSWORD: _password,
    Step.ENROL: _enrol,
}


def _step(
    request: Request, session: Session, place: str, refused: ExchangeApiError | None = None, sealed: str = ""
) -> Response:
    step, own = session.step or Step.CODE, parts_of(request).own_account
    offer = None
    if step is Step.ENROL:
        offer = offer_view(own.offered(session, sealed) if sealed else own.offer_second_factor(session))
    view = StepView(step, _TITLES[step], safe_next(place), _fault(refused), offer)
    return render("sign_in_step.html", plain_frame(request, _TITLES[step]), view, _status(refused))


def _sign_in(request: Request, login: str, place: str, refused: ExchangeApiError | None = None) -> Response:
    query = urlencode({"next": safe_next(place)})
    providers = tuple(
        ProviderLink(f"/sign-in/with/{one.id}?{query}", Words(one.name_zh, one.name_en))
        for one in parts_of(request).foreign.providers.values()
    )
    shown = {"fault": _fault(refused), "login": login[:128], "next": safe_next(place), "providers": providers}
    return render("sign_in.html", plain_frame(request, _TITLE), None, _status(refused), **shown)


def _onwards(session: Session, place: str) -> str:
    """Where to go now: to the step that is left, or to the page that was asked for."""
    there = safe_next(place)
    return there if session.step is None else f"{STEP_PLACE}?{urlencode({'next': there})}"


def _begun(request: Request) -> Session:
    session = begun_session(request)
    if session is None:
        raise SignInNeeded("")
    return session


def _fault(refused: ExchangeApiError | None) -> Words | None:
    return None if refused is None else Words(refused.zh, refused.en)


def _status(refused: ExchangeApiError | None) -> int:
    return 200 if refused is None else int(kind_of(refused).status)


def _state_cookie(request: Request) -> str:
    return "__Host-mianzheng-state" if parts_of(request).settings.secure_cookies else "mianzheng-state"
