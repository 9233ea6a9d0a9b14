"""The headers that every response carries, so that a page can load nothing from elsewhere and be framed nowhere.

The content policy is the one that was measured with htmx and ECharts in Chromium; `connect-src`, `form-action`,
`base-uri` and `frame-ancestors` are added because `default-src` does not cover the last three, and because htmx asks
its own server. Two things a route may ask for, and no more: its page to use the camera, and to be framed by one origin.

    app.add_middleware(SecurityHeaders, secure=True)
    let_camera(request)
    let_frame(request, "https://hall.example")     # an origin that the operator has allowed
"""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not no-referrer: under that policy browsers send `Origin: null` with forms, and the origin check needs it
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CAMERA, FRAMED_BY = "camera", "framed_by"
"""What a request's state keeps for the headers of its response."""

STRICT_TRANSPORT = "max-age=31536000"
NO_STORE = "no-store"


def add_security_headers(headers: MutableHeaders, *, secure: bool) -> None:
    """Set the headers; an answer is not kept anywhere unless its route says otherwise."""
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", NO_STORE)
    if secure:
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT


def let_camera(request: Request) -> None:
    """Let the page that is the response to this request use the camera."""
    setattr(request.state, CAMERA, True)


def let_frame(request: Request, origin: str) -> None:
    """Let a page of this origin frame the response; the origin has to be one that the operator allows."""
    setattr(request.state, FRAMED_BY, origin)


def _let(headers: MutableHeaders, state: Mapping[str, Any]) -> None:
    if state.get(CAMERA):
        headers["Permissions-Policy"] = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
    origin = state.get(FRAMED_BY)
    if origin:
        policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {origin}")
        headers["Content-Security-Policy"] = policy
        del headers["X-Frame-Options"]  # which knows no single origin


class SecurityHeaders:
    """ASGI middleware that sets the headers on every response."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; only the start of a response is changed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                add_security_headers(headers, secure=self._secure)
                _let(headers, state)
            await send(message)

        await self._app(scope, receive, send_with_headers)
