"""One's own account: password, one-time codes, recovery codes, sessions; and confirming who one is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from exchange_api.errors import ExchangeApiError, SignInRefused, TooManyTries, kind_of
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.sign_in_page import offer_view, text_of
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.people import AccountView, SessionRow, StepView
from exchange_api.passwords import SHORTEST
from exchange_api.people.errors import PasswordsDiffer, WeakPassword, WrongCode
from exchange_api.people.roles import ROLES, Reach, Role
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, confirm, keep_token, parts_of, read_form, require, safe_next

router = APIRouter(prefix="/account")
Person = Annotated[Session, Depends(require(reach=Reach.OWN))]
SurePerson = Annotated[Session, Depends(confirm(reach=Reach.OWN))]
OurForm = Annotated[None, Depends(check_csrf)]
SEE_OTHER = 303
ACCOUNT = Crumb(Words("我的账号", "My account"), "/account")
_CONFIRM = Words("再次确认身份", "Confirm who you are")
_SET_UP = Words("绑定动态验证码", "Set up one-time codes")


@router.get("")
def account_page(request: Request, session: Person) -> Response:
    """Password, second factor and sessions."""
    return _account(request, session)


@router.post("/password")
async def change_password(request: Request, session: Person, _: OurForm) -> Response:
    """Change one's password; other sessions end."""
    return await run_in_threadpool(_change_password, request, session, await read_form(request))


@router.get("/second-factor")
def second_factor_page(request: Request, session: SurePerson) -> Response:
    """A new secret to scan."""
    return _second_factor(request, session)


@router.post("/second-factor")
async def set_second_factor(request: Request, session: SurePerson, _: OurForm) -> Response:
    """Let the new secret count, and show the recovery codes once."""
    return await run_in_threadpool(_set_second_factor, request, session, await read_form(request))


@router.post("/sessions/{number}/end")
def end_session(request: Request, session: Person, number: int, _: OurForm) -> Response:
    """End one of one's sessions."""
    parts_of(request).own_account.end_session(session, number)
    return RedirectResponse("/account", SEE_OTHER)


@router.post("/sign-out-elsewhere")
def sign_out_elsewhere(request: Request, session: Person, _: OurForm) -> Response:
    """End all of one's sessions but this one."""
    parts_of(request).own_account.end_other_sessions(session)
    return RedirectResponse("/account", SEE_OTHER)


@router.get("/confirm")
def confirm_page(request: Request, session: Person, next: str = "") -> Response:  # noqa: A002 - as at sign-in
    """Ask for password or code once more, before something that matters."""
    return _confirm(request, session, next)


@router.post("/confirm")
async def confirm_form(request: Request, session: Person, _: OurForm) -> Response:
    """Take password or code, and go on."""
    return await run_in_threadpool(_take_confirmation, request, session, await read_form(request))


def _change_password(request: Request, session: Session, form: FormData) -> Response:
    old, new, again = (text_of(form, name) for name in ("old", "new", "again"))
    try:
        parts_of(request).own_account.change_password(session, old, new, again)
    except (SignInRefused, TooManyTries, WeakPassword, PasswordsDiffer) as refused:
        return _account(request, session, refused)
    done = Words("口令已更改，其他会话已退出。", "The password is changed; other sessions have ended.")
    return _account(request, session, done=done)


def _set_second_factor(request: Request, session: Session, form: FormData) -> Response:
    sealed = text_of(form, "sealed")
    try:
        recovery = parts_of(request).own_account.enrol(session, sealed, text_of(form, "code"))
    except WrongCode as refused:
        return _second_factor(request, session, refused, sealed)
    frame = frame_of(request, session, _SET_UP, crumbs=(ACCOUNT,))
    response = render("recovery_codes.html", frame, None, codes=recovery, place="/account")
    keep_token(request, response, parts_of(request).sessions.renew(session, code=True))
    return response


def _take_confirmation(request: Request, session: Session, form: FormData) -> Response:
    place = safe_next(text_of(form, "next"))
    try:
        parts_of(request).own_account.confirm(session, text_of(form, "given"))
    except (SignInRefused, TooManyTries, WrongCode) as refused:
        return _confirm(request, session, place, refused)
    response = RedirectResponse(place, SEE_OTHER)
    keep_token(request, response, parts_of(request).sessions.renew(session))
    return response


def _account(
    request: Request, session: Session, refused: ExchangeApiError | None = None, done: Words | None = None
) -> Response:
    found = parts_of(request).own_account.standing(session)
    view = AccountView(
        login=session.login,
        roles=tuple(Words(ROLES[role].zh, ROLES[role].en) for role in Role if role in session.roles),
        sessions=tuple(
            SessionRow(one.id, one.label or "—", one.made_at, one.last_seen_at, one.token_digest == session.digest)
            for one in found.sessions
        ),
        second_factor=found.account.code_sealed is not None,
        recovery_codes_left=found.recovery_codes_left,
        issuers=found.issuers,
        password=bool(found.account.password_hash),
        shortest=SHORTEST,
        fault=_fault(refused),
        done=done,
    )
    return render("account.html", frame_of(request, session, ACCOUNT.words), view, _status(refused))


def _second_factor(
    request: Request, session: Session, refused: ExchangeApiError | None = None, sealed: str = ""
) -> Response:
    own = parts_of(request).own_account
    offer = own.offered(session, sealed) if sealed else own.offer_second_factor(session)
    view = StepView("enrol", _SET_UP, "", _fault(refused), offer_view(offer))
    frame = frame_of(request, session, _SET_UP, crumbs=(ACCOUNT,))
    return render("second_factor.html", frame, view, _status(refused))


def _confirm(request: Request, session: Session, place: str, refused: ExchangeApiError | None = None) -> Response:
    standing = parts_of(request).own_account.standing(session)
    step = "code" if standing.account.code_sealed is not None else "password"
    view = StepView(step, _CONFIRM, safe_next(place), _fault(refused), None)
    return render("confirm.html", frame_of(request, session, _CONFIRM, crumbs=(ACCOUNT,)), view, _status(refused))


def _fault(refused: ExchangeApiError | None) -> Words | None:
    return None if refused is None else Words(refused.zh, refused.en)


def _status(refused: ExchangeApiError | None) -> int:
    return 200 if refused is None else int(kind_of(refused).status)
