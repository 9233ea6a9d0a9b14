"""Who is at the page: the session cookie, the roles a page asks for, and forms that only our own pages can send.

    @router.get("/officer")
    def officer_page(session: Session = Depends(require(Role.WINDOW_OFFICER))) -> Response: ...

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
from exchange_api.people.devices import label_of
from exchange_api.people.errors import ConfirmationNeeded
from exchange_api.people.roles import DECLARED, ROLES, Access, Door, Reach, Role
from exchange_api.sessions import ABSOLUTE_LIFE, Opened, Session, SignIn, csrf_from

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
MOST_FIELDS = 32
DEVICE_SECONDS = 180 * 24 * 3600
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
    session = begun_session(request)
    return session if session is not None and session.step is None else None


def begun_session(request: Request) -> Session | None:
    """As `current_session`, also while a step of signing in is left; for the pages of signing in alone."""
    token = request.cookies.get(_session_cookie(request))
    return parts_of(request).sessions.begun(token) if token else None


def require(*roles: Role, reach: Reach = Reach.ALL) -> Callable[[Request], Session]:
    """A dependency that gives the session of an account with one of these roles, and declares them for the route.

    Without roles every account may come in. Who is not signed in is sent to sign in; who lacks the role is refused.
    `reach` tells whose things the route shows; the use case keeps to it.
    """
    return _required(Access(Door.PEOPLE, frozenset(roles), reach))


def confirm(*roles: Role, reach: Reach = Reach.ALL) -> Callable[[Request], Session]:
    """As `require`, for acts that need their person known for certain: password or code within the last ten minutes.

    Put it on the page with the form, too: who has to confirm is sent to do so and comes back, but a form's content
    doesn't.
    """
    return _required(Access(Door.PEOPLE, frozenset(roles), reach, confirmed=True))


def _required(access: Access) -> Callable[[Request], Session]:

    def session_with_role(request: Request) -> Session:
        session = current_session(request)
        if session is None:
            raise SignInNeeded(_address_to_come_back_to(request))
        if not access.admits(session.roles):
            raise RoleMissing(" / ".join(_called(role) for role in Role if role in access.roles))
        if access.confirmed and not session.is_confirmed(parts_of(request).clock()):
            raise ConfirmationNeeded(_address_to_come_back_to(request))
        return session

    setattr(session_with_role, DECLARED, access)
    return session_with_role


def _called(role: Role) -> str:
    return f"{ROLES[role].zh} {ROLES[role].en}"


def sign_in(request: Request, response: Response, login: str, password: str) -> Session:
    """Open a session and give its cookies to the response; a step of signing in may be left.

    Raises:
        SignInRefused: login and password don't fit, or the account is closed.
        AccountLocked: the account is locked for inspection.
        TooManyTries: too many failures for this login or from this address.
    """
    address = request.client.host if request.client else ""
    device = request.cookies.get(_device_cookie(request), "")
    given = SignIn(login, password, address, device, label_of_browser(request))
    opened = parts_of(request).sessions.open(given)
    hand_over(request, response, opened)
    return opened.session


def hand_over(request: Request, response: Response, opened: Opened) -> None:
    """Give a new session's cookies to the response."""
    keep_token(request, response, opened.token)
    _set_cookie(request, response, _device_cookie(request), opened.device, DEVICE_SECONDS)


def keep_token(request: Request, response: Response, token: str) -> None:
    """Give the response the cookie of a session's (new) token."""
    _set_cookie(request, response, _session_cookie(request), token, int(ABSOLUTE_LIFE.total_seconds()))


def label_of_browser(request: Request) -> str:
    """Browser and system in a few words."""
    return label_of(request.headers.get("user-agent", ""))


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


def _device_cookie(request: Request) -> str:
    return "__Host-mianzheng-device" if parts_of(request).settings.secure_cookies else "mianzheng-device"


def _set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    secure = parts_of(request).settings.secure_cookies
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")
