"""Disputes: what is held of a certificate is wrong, says a client; its source has to check and answer.

POST /v1/disputes                                     a signed dispute: a receipt with its reference and due day
POST /v1/disputes/{reference}/evidence/{digest}       a file that the signed dispute announced, as its very bytes
"""

import io
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from exchange_api.askers import parse_request
from exchange_api.disputes import EvidenceDiffers
from exchange_api.outcomes import outcome_of
from exchange_api.people.roles import ANYBODY, CLIENTS, open_to
from exchange_api.routes.case_checks import told
from exchange_api.routes.verifications import signed_body, signed_request
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["disputes"])
EVIDENCE_PREFIX = "/v1/disputes/"
Reference = Annotated[str, Path(description="异议编号 The dispute's reference", pattern="^[0-9a-f]{32}$")]
Digest = Annotated[str, Path(description="文件的 SHA-256 SHA-256 of the file, hex", pattern="^[0-9a-f]{64}$")]

_BODY = signed_body(
    "签名请求，question 与核验相同（不含 as_of），另有 kind、statement，可有 evidence [{digest, media_type, size}] "
    "A compact JWS, typ hub-req+jwt; its question is that of a verification, with kind, statement and perhaps evidence"
)
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "登记过的文件本身 The very bytes that were announced",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/v1/disputes", summary="提出异议 Dispute what is held", openapi_extra=_BODY)
@open_to(CLIENTS)
async def dispute(request: Request) -> dict[str, Any]:
    """File a dispute with the certificate's source."""
    parts = parts_of(request)
    inquiry = parse_request(await signed_request(request), parts.acts.dispute)
    return told(await outcome_of(parts.answering.ask(inquiry)), "dispute")


@router.post(
    "/v1/disputes/{reference}/evidence/{digest}", summary="上传证据 Send evidence", status_code=204, openapi_extra=_FILE
)
@open_to(ANYBODY)  # only the bytes whose digest a known client signed are kept, and only once
async def evidence(request: Request, reference: Reference, digest: Digest) -> Response:
    """Keep a file that an open dispute announced; any other is refused."""
    disputes = parts_of(request).disputes
    size = await run_in_threadpool(disputes.expected, reference, bytes.fromhex(digest))
    file = await _read(request, size)
    await run_in_threadpool(disputes.take_evidence, reference, bytes.fromhex(digest), file)
    return Response(status_code=204)


async def _read(request: Request, most: int) -> io.BytesIO:
    """The body, no longer than what was announced: more is not read at all."""
    file = io.BytesIO()
    async for block in request.stream():
        if file.tell() + len(block) > most:
            raise EvidenceDiffers
        file.write(block)
    file.seek(0)
    return file
