"""POST /v1/verifications: one signed request in, one signed receipt out.

The body is the request itself, a compact JWS, as `application/jwt` or `application/jose`. Whatever the verdict, the
answer is 200 with receipt, proof and the verdict in readable form; only a request that could not be known is a problem.
"""

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from exchange_api.answering import Answer
from exchange_api.askers import parse_request
from exchange_api.errors import NotASignedRequest, WrongMediaType
from exchange_api.sign_in import parts_of

MEDIA_TYPES = ("application/jwt", "application/jose")
router = APIRouter(tags=["verifications"])


def signed_body(description: str) -> dict[str, Any]:
    """How the API's description tells of a body that is a signed request."""
    content = {"application/jwt": {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


_BODY = signed_body("A compact JWS, typ hub-req+jwt, ES256, Ed25519 or SM2-SM3 / 签名请求")


@router.post("/v1/verifications", summary="核验 Verify a certificate by its number", openapi_extra=_BODY)
async def verify(request: Request) -> dict[str, Any]:
    """Answer a client's signed question with a signed receipt."""
    inquiry = parse_request(await signed_request(request))
    answer = await asyncio.wrap_future(parts_of(request).answering.ask(inquiry))
    return as_json(answer)


def as_json(answer: Answer) -> dict[str, Any]:
    """The members of an answer."""
    return {"receipt": answer.receipt, "proof": answer.proof, "verdict": answer.verdict}


async def signed_request(request: Request) -> str:
    """The request's body, one compact JWS."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise WrongMediaType(" / ".join(MEDIA_TYPES))
    try:
        return (await request.body()).decode("ascii").strip("\r\n ")
    except UnicodeDecodeError:
        raise NotASignedRequest("encoding") from None
