"""Who is at the page: the session cookie, the roles a page asks for, and forms that only our own pages can send.

    @router.get("/officer")
    def officer_page(session: Session = Depends(require_role("officer"))) -> Response: ...

    @router.post("/officer", dependencies=[Depends(check_csrf)])

A form carries `csrf_token(request)` in its field `csrf_token`, a script in the header X-CSRF-Token. Each POST is
checked twice: by that token, and by where the browser says it comes from (Origin, else Sec-Fetch-Site).
"""

import hmac
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import FormData, MutableHeaders
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exchange_api.body_cap import UPLOAD_BODY
from exchange_api.errors import FormNotOurs, NotAForm, RoleMissing, SignInNeeded
from exchange_api.parts import HubParts
from exchange_api.sessions import ABSOLUTE_LIFE, Session, csrf_from

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
MOST_FIELDS = 32
NEW_FORM_COOKIE, READ_FORM = "new_form_cookie", "read_form"
"""What a request's state keeps between the functions here and the middleware."""


class Forms:
    """ASGI middleware: hands out the form cookie that `csrf_token` asked for, and closes the files of forms."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; only the start of a response may get a cookie."""
        state = scope.setdefault("state", {})

        async def send_with_cookie(message: Message) -> None:
            asked_for = state.get(NEW_FORM_COOKIE)
            if message["type"] == "http.response.start" and asked_for is not None:
                name, seed = asked_for
                attributes = "; HttpOnly; Path=/; SameSite=strict" + ("; Secure" if self._secure else "")
                MutableHeaders(scope=message).append("set-cookie", f"{name}={seed}{attributes}")
            await send(message)

        try:
            await self._app(scope, receive, send_with_cookie)
        finally:
            if READ_FORM in state:
                await state[READ_FORM].close()


class _InMemoryForms(MultiPartParser):
    """Uploaded files stay in memory until they are landed encrypted: never in a temporary file."""

    spool_max_size = UPLOAD_BODY + 1


def parts_of(request: Request) -> HubParts:
    """The hub's parts, as the application was composed with them."""
    parts: HubParts = request.app.state.parts
    return parts


def current_session(request: Request) -> Session | None:
    """The session that the request's cookie opens, or None. Reads the store: call it from a plain `def`."""
    token = request.cookies.get(_session_cookie(request))
    return parts_of(request).sessions.session(token) if token else None


def require_role(role: str) -> Callable[[Request], Session]:
    """A dependency that gives the session of an account with this role; others are sent to sign in, or refused."""

    def session_with_role(request: Request) -> Session:
        session = current_session(request)
        if session is None:
            raise SignInNeeded(_address_to_come_back_to(request))
        if role not in session.roles:
            raise RoleMissing(role)
        return session

    return session_with_role


def sign_in(request: Request, response: Response, login: str, password: str) -> Session:
    """Open a session and give its cookie to the response.

    Raises:
        SignInRefused: login and password don't fit, or the account is closed.
        TooManyTries: too many failures for this login or from this address.
    """
    address = request.client.host if request.client else ""
    token, session = parts_of(request).sessions.open(login, password, address)
    _set_cookie(request, response, _session_cookie(request), token)
    return session


def sign_out(request: Request, response: Response) -> None:
    """End the session in the store, and take the cookie away."""
    token = request.cookies.get(_session_cookie(request))
    if token:
        parts_of(request).sessions.end(token)
    secure = parts_of(request).settings.secure_cookies
    response.delete_cookie(_session_cookie(request), path="/", secure=secure, httponly=True, samesite="strict")


def csrf_token(request: Request) -> str:
    """The token for this visitor's forms; a visitor without a session gets a form cookie with the response."""
    seed = request.cookies.get(_session_cookie(request)) or request.cookies.get(_form_cookie(request))
    if seed is None:
        if not hasattr(request.state, NEW_FORM_COOKIE):
            setattr(request.state, NEW_FORM_COOKIE, (_form_cookie(request), secrets.token_urlsafe(32)))
        seed = getattr(request.state, NEW_FORM_COOKIE)[1]
    return csrf_from(seed)


async def check_csrf(request: Request) -> None:
    """Refuse a form that was not sent from one of our pages, opened in this browser.

    Raises:
        FormNotOurs: the token is missing or of another session, or the browser names another origin.
    """
    seeds = [request.cookies.get(name) for name in (_session_cookie(request), _form_cookie(request))]
    sent = request.headers.get(CSRF_HEADER) or (await read_form(request)).get(CSRF_FIELD)
    if not isinstance(sent, str) or not _from_here(request):
        raise FormNotOurs
    if not any(hmac.compare_digest(csrf_from(seed).encode(), sent.encode()) for seed in seeds if seed):
        raise FormNotOurs


async def read_form(request: Request, files: int = 1) -> FormData:
    """The form of this request, at most one file (or `files`) and 32 fields, its files in memory; reads it once.

    Call it after `require_role`: who may not send a file should not make the hub read one.
    """
    known: FormData | None = getattr(request.state, READ_FORM, None)
    if known is None:
        known = await _parsed(request, files)
        setattr(request.state, READ_FORM, known)
    return known


def safe_next(address: str | None) -> str:
    """Where to go after sign-in: a place on this hub, or the first page; never another host."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(address)
    clean = not parts.scheme and not parts.netloc and all(" " < character < "\x7f" for character in address)
    return address if clean and "\\" not in address else "/"


async def _parsed(request: Request, files: int) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await request.form(max_fields=MOST_FIELDS)
    try:
        return await _InMemoryForms(request.headers, request.stream(), max_files=files, max_fields=MOST_FIELDS).parse()
    except MultiPartException:
        raise NotAForm from None


def _from_here(request: Request) -> bool:
    """Whether the browser says that the form comes from this hub; browsers of the last years say one of the two."""
    origin = request.headers.get("origin")
    if origin is not None:
        return origin in parts_of(request).settings.origins
    return request.headers.get("sec-fetch-site") == "same-origin"


def _address_to_come_back_to(request: Request) -> str:
    """The page that was asked for, if it can be asked for again; its query is left out, it may hold a number."""
    return request.url.path if request.method == "GET" else ""


def _session_cookie(request: Request) -> str:
    return "__Host-mianzheng" if parts_of(request).settings.secure_cookies else "mianzheng"


def _form_cookie(request: Request) -> str:
    return "__Host-mianzheng-form" if parts_of(request).settings.secure_cookies else "mianzheng-form"


def _set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    secure = parts_of(request).settings.secure_cookies
    seconds = int(ABSOLUTE_LIFE.total_seconds())
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")
