"""The ledger from outside, for everybody: its checkpoint, its tiles (C2SP tlog-tiles), and proofs (C2SP tlog-proof).

The log's prefix is `/ledger`. What is served of entries is leaf data: digests of payloads that hold 128 random bits.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse, Response

from exchange_api.errors import NotFound
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import parts_of

LARGEST_INDEX = 2**53 - 1
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
FOR_A_MOMENT = {"Cache-Control": "public, max-age=2"}
router = APIRouter(tags=["ledger"])


@router.get("/ledger/checkpoint", summary="检查点 Latest checkpoint", response_class=PlainTextResponse)
@router.get("/v1/ledger/checkpoint", include_in_schema=False, response_class=PlainTextResponse)
@open_to(ANYBODY)
def checkpoint(request: Request) -> PlainTextResponse:
    """The latest checkpoint as a signed note, with its cosignatures; 404 while the ledger is empty."""
    return PlainTextResponse(parts_of(request).answering.ledger_head.checkpoint(), headers=FOR_A_MOMENT)


@router.get("/ledger/witnessed", summary="经见证的检查点 Latest cosigned checkpoint", response_class=PlainTextResponse)
@open_to(ANYBODY)
def witnessed(request: Request) -> PlainTextResponse:
    """The latest checkpoint that a witness cosigned, with its cosignatures; 404 while there is none."""
    return PlainTextResponse(parts_of(request).answering.ledger_head.witnessed(), headers=FOR_A_MOMENT)


@router.get("/ledger/tile/{place:path}", summary="日志分片 Tiles and entry bundles", response_class=Response)
@open_to(ANYBODY)
def tile(request: Request, place: Annotated[str, Path(max_length=64)]) -> Response:
    """A tile `<L>/<N>[.p/<W>]` or a bundle `entries/<N>[.p/<W>]` below the latest checkpoint; it never changes."""
    content = parts_of(request).answering.ledger_head.tile(f"tile/{place}")
    if content is None:
        raise NotFound("日志分片", "tile")
    return Response(content, media_type="application/octet-stream", headers=FOR_GOOD)


@router.get("/v1/ledger/proofs/{index}", summary="存证证明 Proof of inclusion", response_class=PlainTextResponse)
@open_to(ANYBODY)
def proof(request: Request, index: Annotated[int, Path(ge=0, le=LARGEST_INDEX)]) -> str:
    """The proof that entry `index` is in the ledger (tlog-proof); under a cosigned checkpoint if there is one."""
    return parts_of(request).answering.ledger_head.proof(index)
