"""GET /v1/status-lists, /v1/status-lists/{id}, /v1/offline-bundle: what became of credentials, open to everybody.

A list is a signed token (Token Status List); `?time=` gives the one that counted at a Unix time. A copy may be kept as
long as it says.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from certificates.status_lists import MEDIA_TYPE
from exchange_api.bundling import MOST_DAYS, make
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import parts_of
from exchange_api.status_lists import SIGNED_EVERY

LARGEST_TIME = 253_402_300_799
LARGEST_LIST = 2**31 - 1
NOT_MODIFIED = 304
_OPEN = {"Access-Control-Allow-Origin": "*"}  # wallets and verifiers in browsers read lists, as the standard asks

router = APIRouter(tags=["status"])


@router.get("/v1/status-lists", summary="状态列表目录 Status lists (aggregation)")
@open_to(ANYBODY)
def aggregation(request: Request) -> JSONResponse:
    """Tell where every list is, for offices that fetch all of them."""
    content: dict[str, Any] = {"status_lists": parts_of(request).status_lists.addresses()}
    return JSONResponse(content, headers={"Cache-Control": f"public, max-age={SIGNED_EVERY}", **_OPEN})


@router.get("/v1/offline-bundle", summary="离线包 Offline bundle", response_class=Response)
@open_to(ANYBODY)
def offline_bundle(
    request: Request,
    days: Annotated[int, Query(description="有效天数 Days for which it counts", ge=1, le=MOST_DAYS)] = 1,
) -> Response:
    """Give keys, checkpoint and all status lists in one file, for an office that will be without network."""
    parts = parts_of(request)
    content = make(parts.store_api, parts.keys, parts.status_lists, parts.settings.issuer, parts.clock(), days)
    headers = {"Content-Disposition": 'attachment; filename="bundle.json"', **_OPEN}
    return Response(content, media_type="application/json", headers=headers)


@router.get("/v1/status-lists/{list_id}", summary="状态列表 A status list", response_class=Response)
@open_to(ANYBODY)
def status_list(
    request: Request,
    list_id: Annotated[int, Path(ge=1, le=LARGEST_LIST)],
    time: Annotated[int | None, Query(description="Unix time", ge=0, le=LARGEST_TIME)] = None,
) -> Response:
    """Give a list as `application/statuslist+jwt`."""
    served = parts_of(request).status_lists.token(list_id, time)
    headers = {"ETag": served.etag, "Cache-Control": f"public, max-age={served.fresh_for}", **_OPEN}
    if served.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(served.token, media_type=MEDIA_TYPE, headers=headers)
