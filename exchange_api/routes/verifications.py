"""POST /v1/verifications: one signed request in, one signed receipt out; and many questions in one request.

The body is the request itself, a compact JWS, as `application/jwt` or `application/jose`. Whatever the verdict, the
answer is 200 with receipt, proof and the verdict in readable form; only a request that could not be known is a problem.
"""

from operator import attrgetter
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from exchange_api.acts.batch import BATCH_PATH, LONGEST
from exchange_api.acts.verification import VERIFICATIONS_PATH
from exchange_api.people.roles import CLIENTS, open_to
from exchange_api.sign_in import parts_of
from exchange_api.signed_questions import JSON, SignedQuestions, answered, rendered_batch, token_in

router = APIRouter(tags=["verifications"])


def signed_body(description: str) -> dict[str, Any]:
    """How the API's description tells of a body that is a signed request."""
    content = {"application/jwt": {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


_BODY: Final = signed_body("A compact JWS, typ hub-req+jwt, ES256, Ed25519 or SM2-SM3 / 签名请求")
_BATCH_BODY: Final = signed_body(
    "A compact JWS, typ hub-req+jwt; its question has purpose, service_item, case and up to 1,000 questions / 签名请求"
)


ONE_BY_ONE: Final = SignedQuestions(VERIFICATIONS_PATH, attrgetter("verification"))
IN_BATCHES: Final = SignedQuestions(BATCH_PATH, attrgetter("batch"), rendered_batch, LONGEST)


@router.post(VERIFICATIONS_PATH, summary="核验 Verify a certificate by its number", openapi_extra=_BODY)
@open_to(CLIENTS)
async def verify(request: Request) -> Response:
    """Answer a client's signed question with a signed receipt."""
    return await _answered(request, ONE_BY_ONE)


@router.post(BATCH_PATH, summary="批量核验 Verify up to 1,000 certificates", openapi_extra=_BATCH_BODY)
@open_to(CLIENTS)
async def verify_batch(request: Request) -> Response:
    """Answer up to 1,000 questions under one signature; each answer has its own path to the root that is signed."""
    return await _answered(request, IN_BATCHES)


async def _answered(request: Request, way: SignedQuestions) -> Response:
    kind = request.headers.get("content-type", "")
    return Response(await answered(parts_of(request), way, kind, await request.body()), media_type=JSON)


async def signed_request(request: Request) -> str:
    """The request's body, one compact JWS; errors as `token_in`."""
    return token_in(request.headers.get("content-type", ""), await request.body())
