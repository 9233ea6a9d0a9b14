"""The agent as a web application on loopback: the deployed interfaces' addresses, and what they are mapped to.

    app = create_agent(desk, "hall-1", token)

Browsers are kept out: a call is JSON with the agent's own id and token inside, `Host` is a loopback name (a page that
rebinds its name to 127.0.0.1 is refused), and no cross-origin answer is ever allowed.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

from exchange_api.agent.desk import Desk
from exchange_api.agent.envelope import admitted, answered, mapping, read_call
from exchange_api.agent.errors import NotTaken, QueueDamaged
from exchange_api.people.roles import ANYBODY, open_to

DELIVER_EVERY_SECONDS: Final = 5.0
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_LARGEST_CALL: Final = 64 * 1024


def create_agent(
    desk: Desk, access_id: str, access_token: str, deliver_every: float = DELIVER_EVERY_SECONDS
) -> FastAPI:
    """The application over one desk; what waits is delivered in the background as long as it runs."""

    @asynccontextmanager
    async def delivering(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_deliver(desk, deliver_every))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = FastAPI(
        title="免证代理 Mianzheng agent", docs_url=None, redoc_url=None, openapi_url=None, lifespan=delivering
    )
    app.state.desk, app.state.access = desk, (access_id, access_token)
    for place in mapping()["interfaces"]:
        app.add_api_route(place, take, methods=["POST"])
    app.add_api_route("/", about)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK))
    return app


@open_to(ANYBODY)
async def take(request: Request) -> JSONResponse:
    """One call: HTTP 200 and an envelope, whatever became of it."""
    body = await _json(request)
    if not admitted(body, *request.app.state.access):
        return JSONResponse(answered("not_allowed_here", ""))
    desk: Desk = request.app.state.desk
    head = body.get("head", {}) if isinstance(body, dict) else {}
    try:
        call = read_call(request.url.path, body)
        return JSONResponse(await run_in_threadpool(desk.answer, call))
    except NotTaken as error:
        return JSONResponse(answered(error.reason, str(head.get("requestId", "")), None, error.names))
    except QueueDamaged:
        return JSONResponse(answered("lost", str(head.get("requestId", ""))))


@open_to(ANYBODY)
async def about(request: Request) -> dict[str, Any]:
    """What is mapped to what, and how many questions wait; no question and no token."""
    desk: Desk = request.app.state.desk
    return {"agent": "mianzheng", "waiting": desk.waiting(), "mapping": dict(mapping())}


async def _json(request: Request) -> object:
    """The body; None if it is no JSON, too large, or was sent as what a browser sends without asking."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return None
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > _LARGEST_CALL:
            return None
    try:
        found: object = json.loads(content)
    except ValueError:
        return None
    return found


async def _deliver(desk: Desk, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await run_in_threadpool(desk.deliver)
