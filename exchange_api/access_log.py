"""One structured line per request: what kind, how it ended, how long it took; nothing about whom or what.

The place is the route's template, never the address that was asked for: addresses may hold numbers, and query strings
are not looked at. Who asked and what was answered stands in the ledger, where it is signed and guarded.

    {"method": "POST", "route": "/v1/verifications", "status": 200, "milliseconds": 3.1, "request": "9f0c…"}
"""

import json
import logging
import secrets
import time
from functools import lru_cache
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exchange_api.meters import Meters

UNKNOWN_ROUTE = "unknown"
_LINE: Final = '{"method": %s, "route": %s, "status": %d, "milliseconds": %s, "request": "%s"}'
_quoted = lru_cache(1024)(json.dumps)
"""Methods and routes as JSON texts; there are few of them."""

_log = logging.getLogger("mianzheng.access")


class AccessLog:
    """ASGI middleware; also feeds the latency histogram."""

    def __init__(self, app: ASGIApp, *, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Measure from the first byte asked to the last byte answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500  # what the asker gets if the application ends without an answer

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        self._meters.note_request(route, status, seconds)
        method = scope["method"] if scope["method"].isalpha() else UNKNOWN_ROUTE
        _log.info(_LINE, _quoted(method), _quoted(route), status, round(seconds * 1000, 1), secrets.token_hex(8))


def route_template(scope: Scope) -> str:
    """The template of the route that answered, such as /v1/ledger/proofs/{index}; `unknown` if none did."""
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else UNKNOWN_ROUTE
