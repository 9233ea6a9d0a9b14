"""ETags for open reads: who has a copy asks with `If-None-Match`, and gets 304 if nothing has changed (RFC 9110, 13).

    app.add_middleware(KeptCopies, paths=("/v1/catalogue", "/v1/keys.jwks"))

The tag is a digest of the body, so that it changes with the content and with nothing else. What already has a tag of
its own keeps it. Only bodies of places named here are held back until they are whole.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOT_MODIFIED: Final = 304
OK: Final = 200
_OF_BODY: Final = ("content-length", "content-type", "content-encoding")


class KeptCopies:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, paths: Sequence[str]) -> None:
        self._app = app
        self._paths = tuple(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the answers of these places back, tag them, and leave out what the asker has."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or not self._named(scope["path"]):
            await self._app(scope, receive, send)
            return
        held = _Held(Headers(scope=scope).get("if-none-match", ""), send)
        await self._app(scope, receive, held.send)

    def _named(self, path: str) -> bool:
        return any(path == one or path.startswith(one + "/") for one in self._paths)


class _Held:
    """One answer, until it is whole."""

    def __init__(self, known: str, send: Send) -> None:
        self._known = known
        self._send = send
        self._start: Message | None = None
        self._body: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] != OK or "etag" in MutableHeaders(scope=message):
                await self._send(message)
            else:
                self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._whole(self._start, b"".join(self._body))

    async def _whole(self, start: Message, body: bytes) -> None:
        headers = MutableHeaders(scope=start)
        headers["etag"] = etag(body)
        headers.setdefault("cache-control", "no-cache")  # a copy may be kept, and is asked about each time
        if matches(self._known, headers["etag"]):
            for name in _OF_BODY:
                del headers[name]
            start["status"], body = NOT_MODIFIED, b""
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def etag(body: bytes) -> str:
    """A strong tag.

    >>> etag(b"")
    '"47DEQpj8HBSa-_TImW-5JA"'
    """
    from certificates.compact import encode

    return f'"{encode(hashlib.sha256(body).digest()[:16])}"'


def matches(known: str, tag: str) -> bool:
    """Whether an If-None-Match names this tag; compared weakly, as RFC 9110 asks for reads.

    >>> matches('W/"a", "b"', '"b"'), matches("*", '"b"'), matches('"ab"', '"b"')
    (True, True, False)
    """
    return any(one.strip().removeprefix("W/") in {tag, "*"} for one in known.split(","))
