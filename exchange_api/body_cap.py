"""No request body grows past what its place allows: refused by its declared length, or while it arrives.

app.add_middleware(BodyCap, small=65_536, upload=52_428_800, upload_prefixes=("/publisher/",))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exchange_api.errors import BodyTooLarge
from exchange_api.problems import problem_response

SMALL_BODY = 64 * 1024
UPLOAD_BODY = 50 * 1024 * 1024
"""Bytes; the bound of an uploaded file (PAGES, spreadsheets)."""
FORM_ROOM = 16 * 1024
"""Bytes that a form's boundaries and other fields may add to a file."""
MOST_DIGITS = 20
NO_CAPS: Mapping[str, int] = {}


@dataclass
class _Count:
    """What one request has sent, and whether its response has begun."""

    most: int
    received: int = 0
    refused: bool = False
    started: bool = False


class BodyCap:
    """ASGI middleware; answers 413 as a problem document, whatever the application makes of the cut body.

    `caps` are bytes for single paths, before the two that hold for all others.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        small: int = SMALL_BODY,
        upload: int = UPLOAD_BODY,
        upload_prefixes: Sequence[str] = (),
        caps: Mapping[str, int] = NO_CAPS,
    ) -> None:
        self._app = app
        self._small = small
        self._upload = upload + FORM_ROOM
        self._upload_prefixes = tuple(upload_prefixes)
        self._caps = caps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body; once it is too large, whatever the application answers becomes 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        count = _Count(self._most(scope["path"]))
        if declared_length(scope) > count.most:
            await _refuse(scope, receive, send)
            return
        await self._app(scope, _counted(receive, count), _guarded(send, count))
        if count.refused and not count.started:
            await _refuse(scope, receive, send)

    def _most(self, path: str) -> int:
        if path in self._caps:
            return self._caps[path] + FORM_ROOM
        return self._upload if path.startswith(self._upload_prefixes) else self._small


def declared_length(scope: Scope) -> int:
    """How many bytes the request says its body has; 0 if it does not say."""
    declared = Headers(scope=scope).get("content-length", "0")
    # Python refuses to read numbers of thousands of digits; the body is counted anyway while it arrives
    return int(declared[:MOST_DIGITS]) if declared.isdecimal() else 0


def _counted(receive: Receive, count: _Count) -> Receive:
    async def receive_counted() -> Message:
        message = await receive()
        count.received += len(message.get("body", b""))
        if count.received > count.most:
            count.refused = True
            # Raised where the body is read, so that nothing is done with half of one
            raise BodyTooLarge
        return message

    return receive_counted


def _guarded(send: Send, count: _Count) -> Send:
    """Whatever the application makes of a body that was cut, the asker is told 413; an answer under way goes on."""

    async def send_guarded(message: Message) -> None:
        if count.started or not count.refused:
            count.started = True
            await send(message)

    return send_guarded


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(Request(scope), BodyTooLarge())(scope, receive, send)
