"""Watches: a client is told when a certificate in an open case changes.

POST /v1/watches              a signed question, as for a verification: a receipt with the verdict, and the watch
GET  /v1/watches              the client's watches; `?after=` the next page, `?case=` those of one case
GET  /v1/watches/feed         what changed, in order and without gaps; `?after=` the last sequence that is known
POST /v1/watches/{id}/end     no more is told, and of whom the watch was is forgotten

The last three carry their signed request in the header Hub-Request; answers are signed messages (RFC 9421).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from exchange_api.askers import parse_request
from exchange_api.outcomes import outcome_of
from exchange_api.people.roles import CLIENTS, open_to
from exchange_api.routes.datasets import HEADER, path_of
from exchange_api.routes.verifications import signed_body, signed_request
from exchange_api.sign_in import parts_of
from exchange_api.signed_questions import as_json
from exchange_api.watching.errors import NotASignedReading
from exchange_api.watching.messages import JSON
from exchange_api.watching.reading import A_PAGE, MOST_ON_A_PAGE, SignedPage

router = APIRouter(tags=["watches"])

After = Annotated[int, Query(description="已知的最后序号 The last sequence that is known", ge=0, le=2**63 - 1)]
Limit = Annotated[int, Query(description="最多几条 At most so many", ge=1, le=MOST_ON_A_PAGE)]
AfterWatch = Annotated[str, Query(description="上一页最后的订阅 The last watch of the page before", max_length=64)]
Case = Annotated[str | None, Query(description="办件编号 Of this case only", max_length=128)]
WatchId = Annotated[str, Path(description="订阅编号 The watch", max_length=64)]

_BODY = signed_body(
    "签名请求，question 与核验相同（不含 as_of），另可有 webhook、expiry_days（0–366）、until "
    "A compact JWS, typ hub-req+jwt; its question is that of a verification without as_of, and may have webhook "
    "(https, an allowed host), expiry_days (0 to 366: told so many days ahead) and until (the last day of the watch)"
)
_HEADER: dict[str, Any] = {
    "parameters": [
        {
            "name": "Hub-Request",
            "in": "header",
            "required": True,
            "description": "签名请求 A compact JWS, typ `hub-req+jwt`, with the claims iss, aud, iat, exp, jti and url"
            " (this whole address with its query), and without question",
            "schema": {"type": "string"},
        }
    ]
}
_SIGNED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "签名应答 Signed by RFC 9421 with the hub's key for messages: @status, content-type, "
        "content-digest, @target-uri;req",
        "content": {JSON: {"schema": {"type": "object"}}},
    }
}


@router.post("/v1/watches", summary="订阅 Be told when a certificate changes", openapi_extra=_BODY)
@open_to(CLIENTS)
async def watch(request: Request) -> dict[str, Any]:
    """Answer a client's signed question, and watch what it found; `opened` in the verdict tells the watch."""
    parts = parts_of(request)
    inquiry = parse_request(await signed_request(request), parts.acts.watch)
    return as_json(await outcome_of(parts.answering.ask(inquiry)))


@router.get("/v1/watches", summary="订阅列表 The client's watches", responses=_SIGNED, openapi_extra=_HEADER)
@open_to(CLIENTS)
def listed(request: Request, after: AfterWatch = "", case: Case = None) -> Response:
    """A page of the client's own watches."""
    return _response(parts_of(request).watching.listed(_token(request), path_of(request), after=after, case=case))


@router.get("/v1/watches/feed", summary="变更列表 What changed", responses=_SIGNED, openapi_extra=_HEADER)
@open_to(CLIENTS)
def feed(request: Request, after: After = 0, limit: Limit = A_PAGE) -> Response:
    """Events behind a sequence; the same again for who asks again."""
    return _response(parts_of(request).watching.feed(_token(request), path_of(request), after=after, limit=limit))


@router.post("/v1/watches/{watch_id}/end", summary="取消订阅 End a watch", responses=_SIGNED, openapi_extra=_HEADER)
@open_to(CLIENTS)
def end(request: Request, watch_id: WatchId) -> Response:
    """End one of the client's own watches; one that has ended stays as it is."""
    return _response(parts_of(request).watching.end(_token(request), path_of(request), watch_id))


def _response(page: SignedPage) -> Response:
    return Response(page.body, media_type=JSON, headers={**page.headers, "Cache-Control": "no-store"})


def _token(request: Request) -> str:
    given = request.headers.getlist(HEADER)
    if len(given) != 1:
        raise NotASignedReading
    return given[0]
