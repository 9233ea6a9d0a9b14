"""Time stamps over the ledger's checkpoints (RFC 3161), for everybody."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse, Response

from exchange_api.errors import NotFound
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.routes.ledger import FOR_A_MOMENT, FOR_GOOD, LARGEST_INDEX
from exchange_api.sign_in import parts_of

TOKEN = "application/octet-stream"  # noqa: S105 - a media type; RFC 3161 names none for a token by itself
Size = Annotated[int, Path(ge=1, le=LARGEST_INDEX)]
router = APIRouter(prefix="/ledger/time-stamps", tags=["ledger"])


@router.get("/latest", summary="最新可信时间 Latest time stamp")
@open_to(ANYBODY)
def latest(request: Request, response: Response) -> dict[str, str | int]:
    """The size of the latest stamped checkpoint, and the authority's clock; 404 while there is none."""
    found = parts_of(request).stamped_proofs.latest()
    if found is None:
        raise NotFound("时间戳", "time stamp")
    response.headers.update(FOR_A_MOMENT)
    return {"size": found.checkpoint.size, "at": found.at.isoformat()}


@router.get("/{size}.tst", summary="时间戳 Time stamp", response_class=Response)
@open_to(ANYBODY)
def token(request: Request, size: Size) -> Response:
    """The token over the checkpoint of this size, DER; `openssl ts -verify -token_in` reads it."""
    name = f'attachment; filename="checkpoint-{size}.tst"'
    content = parts_of(request).stamped_proofs.token(size)
    return Response(content, media_type=TOKEN, headers={**FOR_GOOD, "Content-Disposition": name})


@router.get("/{size}.checkpoint", summary="已盖戳的检查点 Stamped checkpoint", response_class=PlainTextResponse)
@open_to(ANYBODY)
def checkpoint(request: Request, size: Size) -> PlainTextResponse:
    """The checkpoint that the token is over, byte for byte what was stamped."""
    return PlainTextResponse(parts_of(request).stamped_proofs.checkpoint(size), headers=FOR_GOOD)


@router.get("/proofs/{index}", summary="带时间戳的存证证明 Proof with its time", response_class=PlainTextResponse)
@open_to(ANYBODY)
def proof(request: Request, index: Annotated[int, Path(ge=0, le=LARGEST_INDEX)]) -> PlainTextResponse:
    """As `/v1/ledger/proofs/{index}`, under the earliest checkpoint that a trusted clock saw, with its time stamp."""
    return PlainTextResponse(parts_of(request).stamped_proofs.proof(index), headers=FOR_A_MOMENT)
