"""Publishing: departments' own systems push batches of a dataset, and ask what came of them. All requests are signed.

POST /v1/datasets/{name}/batches               NDJSON, one row a line, beside a signed request in the header Hub-Request
                                               `?dry_run=1`: only to be tried; nothing is kept, no sequence is taken
GET  /v1/datasets/{name}/trials/{trial}        what would come of one that was tried
GET  /v1/datasets/{name}/batches               the next sequence
GET  /v1/datasets/{name}/batches/{delivery}    what came of a delivery; `?after=` the next page of refused rows
"""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from exchange_api.errors import BodyStalled, DeliveryRefused, NotASignedPush, WrongMediaType
from exchange_api.people.roles import CLIENTS, open_to
from exchange_api.problems import MEDIA_TYPE as PROBLEM
from exchange_api.push_results import DeliveryResult, PushResults
from exchange_api.sign_in import parts_of
from exchange_api.trial_results import TrialResult, TrialResults

MEDIA_TYPE = "application/x-ndjson"
HEADER = "hub-request"
WAIT_SECONDS = 10.0
"""How long an answer waits for the intake."""
STALL_SECONDS = 15.0
"""Without a byte of the body for so long, nobody waits any longer."""
SLOWEST_SECONDS = 600.0
"""For a whole body."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2

router = APIRouter(tags=["datasets"])

Name = Annotated[str, Path(description="数据资源 Dataset, `<department>.<table>`", max_length=129)]
Delivery = Annotated[int, Path(description="推送批次 Number of the delivery", ge=1, le=2**63 - 1)]
Trial = Annotated[int, Path(description="试推批次 Number of the trial", ge=1, le=2**63 - 1)]
DryRun = Annotated[bool, Query(description="只试推,不入库,不占用序号 Only to be tried; part of the signed url")]
After = Annotated[int, Query(description="Refused rows behind this row number", ge=0, le=2**31 - 1)]


@dataclass(frozen=True)
class NextSequence:
    """The lowest sequence with which a delivery is not late."""

    dataset: str
    next_sequence: int


_REQUEST_HEADER = {
    "name": "Hub-Request",
    "in": "header",
    "required": True,
    "description": "签名请求 A compact JWS, ES256, Ed25519 or SM2-SM3, typ `hub-push+jwt`, with the claims iss, aud,"
    " iat, exp (at most 120 s later), jti (16 to 128 random characters, new each time), url (this whole address), and"
    " for a delivery `delivery`: {dataset, sequence (from 1), body_digest (its SHA-256, base64url), rows (its lines)}",
    "schema": {"type": "string"},
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`respond-async` (RFC 7240): 不等待归集 answer at once, without waiting for the intake",
    "schema": {"type": "string"},
}
_VALUE = {"type": ["string", "number", "boolean", "null"]}
_BODY = {
    "required": True,
    "description": "每行一个 JSON 对象,成员为契约的列名 One flat JSON object a line; members are the contract's"
    " columns, and for deletes its operation column. At most 200,000 rows and 50 MB",
    "content": {MEDIA_TYPE: {"schema": {"type": "object", "additionalProperties": _VALUE}}},
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "title_en", "status", "detail", "detail_en"],
    "properties": {
        "type": {"type": "string"},
        **{name: {"type": "string"} for name in ("title", "title_en", "detail", "detail_en")},
        "status": {"type": "integer"},
        "next_sequence": {"type": "integer"},
        "delivery": {"type": "integer"},
    },
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": _PROBLEM_SCHEMA}}}
        for status in statuses
    }


_DONE: dict[int | str, dict[str, Any]] = {
    200: {"model": DeliveryResult, "description": "归集完成 Taken in; `state` is done, or held for a steward"},
    202: {"model": DeliveryResult, "description": "等待归集 Landed, not taken in yet; ask again at Location"},
}
_TRIED: dict[int | str, dict[str, Any]] = {
    200: {"model": TrialResult, "description": "试推完成 Tried; `state` is checked, or refused with `fault`"},
    202: {"model": TrialResult, "description": "等待试推 Not tried yet; ask again at Location"},
}
_EITHER: dict[int | str, dict[str, Any]] = {
    status: {"model": DeliveryResult | TrialResult, "description": _DONE[status]["description"]} for status in _DONE
}


@router.post(
    "/v1/datasets/{name}/batches",
    summary="推送 Push a batch of rows",
    response_class=JSONResponse,
    responses=_EITHER | _problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    openapi_extra={"parameters": [_REQUEST_HEADER, _PREFER], "requestBody": _BODY},
)
@open_to(CLIENTS)
async def push(name: Name, request: Request, *, dry_run: DryRun = False) -> Response:
    """Receive a delivery and answer with what came of each row; the same delivery gets the same answer."""
    _check_media_type(request)
    parts = parts_of(request)
    admitted = await run_in_threadpool(
        partial(parts.pushing.admit, trial=dry_run), _token(request), name, path_of(request)
    )
    loop = asyncio.get_running_loop()
    body = _Blocks(request.stream(), loop, time.monotonic() + SLOWEST_SECONDS)
    delivery = await loop.run_in_executor(parts.pushing.threads, parts.pushing.receive, admitted, body)
    results = parts.trial_results if dry_run else parts.push_results
    if not _async_wanted(request):
        await _finished(results, delivery)
    if dry_run:
        return _tried(await run_in_threadpool(parts.trial_results.result, name, delivery))
    return _answer(await run_in_threadpool(parts.push_results.result, name, delivery))


@router.get(
    "/v1/datasets/{name}/batches",
    summary="下一序号 The next sequence",
    responses=_problems(400, 401, 403, 404, 409),
    openapi_extra={"parameters": [_REQUEST_HEADER]},
)
@open_to(CLIENTS)
def next_sequence(name: Name, request: Request) -> NextSequence:
    """Tell a publisher where its order goes on; the signed request has no member `delivery`."""
    parts = parts_of(request)
    dataset = parts.pushing.look(_token(request), name, path_of(request))
    return NextSequence(dataset.name, parts.push_results.next_sequence(dataset.name))


@router.get(
    "/v1/datasets/{name}/batches/{delivery}",
    summary="推送结果 What came of a delivery",
    response_class=JSONResponse,
    responses=_DONE | _problems(400, 401, 403, 404, 409, 422),
    openapi_extra={"parameters": [_REQUEST_HEADER]},
)
@open_to(CLIENTS)
def result(name: Name, delivery: Delivery, request: Request, after: After = 0) -> Response:
    """Tell any client of the department what came of a delivery; the signed request has no member `delivery`."""
    parts = parts_of(request)
    dataset = parts.pushing.look(_token(request), name, path_of(request))
    return _answer(parts.push_results.result(dataset.name, delivery, after))


@router.get(
    "/v1/datasets/{name}/trials/{trial}",
    summary="试推结果 What would come of a delivery",
    response_class=JSONResponse,
    responses=_TRIED | _problems(400, 401, 403, 404, 409, 422),
    openapi_extra={"parameters": [_REQUEST_HEADER]},
)
@open_to(CLIENTS)
def trial_result(name: Name, trial: Trial, request: Request) -> Response:
    """Tell any client of the department what would come of a delivery that was tried."""
    parts = parts_of(request)
    dataset = parts.pushing.look(_token(request), name, path_of(request))
    return _tried(parts.trial_results.result(dataset.name, trial))


def _tried(found: TrialResult) -> Response:
    """What is known of a trial; one that could not be read at all has its `fault`."""
    location = {"Location": f"/v1/datasets/{found.dataset}/trials/{found.trial}"}
    if found.state == "waiting":
        return JSONResponse(found.to_json(), HTTPStatus.ACCEPTED, location | {"Retry-After": "2"})
    return JSONResponse(found.to_json(), HTTPStatus.OK, location)


def _answer(found: DeliveryResult) -> Response:
    """What is known of a delivery; one that could not be read at all is a problem, now and later."""
    if found.fault is not None:
        raise DeliveryRefused(found.fault["zh"], found.fault["en"], found.delivery, found.next_sequence)
    location = {"Location": f"/v1/datasets/{found.dataset}/batches/{found.delivery}"}
    if found.state == "waiting":
        return JSONResponse(found.to_json(), HTTPStatus.ACCEPTED, location | {"Retry-After": "2"})
    return JSONResponse(found.to_json(), HTTPStatus.OK, location)


async def _finished(results: PushResults | TrialResults, delivery: int) -> None:
    """Wait until the intake has said what came of a delivery, or WAIT_SECONDS."""
    until, pause = time.monotonic() + WAIT_SECONDS, _FIRST_PAUSE
    while not await run_in_threadpool(results.finished, delivery) and time.monotonic() < until:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _async_wanted(request: Request) -> bool:
    """Whether the sender would rather ask again than wait: `Prefer: respond-async` (RFC 7240)."""
    return "respond-async" in request.headers.get("prefer", "").lower()


def _check_media_type(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise WrongMediaType(MEDIA_TYPE)


def _token(request: Request) -> str:
    given = request.headers.getlist(HEADER)
    if len(given) != 1:
        raise NotASignedPush("header")
    return given[0]


def path_of(request: Request) -> str:
    """What was asked for below the hub's address, the query included: the request's url is signed with it."""
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path


class _Blocks:
    """The request's body, read from another thread than the loop's."""

    def __init__(self, stream: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop, until: float) -> None:
        self._stream = stream
        self._loop = loop
        self._until = until

    def read(self, _size: int = -1, /) -> bytes:
        """The next block, as large as it came; none at the end. BodyStalled when nothing comes."""
        coming: Future[bytes] = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        try:
            return coming.result(min(STALL_SECONDS, self._until - time.monotonic()))
        except (TimeoutError, ClientDisconnect):
            coming.cancel()
            raise BodyStalled from None

    async def _next(self) -> bytes:
        async for block in self._stream:
            if block:
                return block
        return b""
