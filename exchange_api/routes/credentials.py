"""POST /v1/credentials: one signed request in, a credential (核验件) out, if the answer is valid.

The request is that of a verification, signed for this address. What comes back holds the receipt, too: the credential
is for whoever has to show it, the receipt is for the file.
"""

import dataclasses
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from exchange_api.askers import parse_request
from exchange_api.credentials import PATH, Issued
from exchange_api.people.roles import CLIENTS, open_to
from exchange_api.routes.verifications import signed_body, signed_request
from exchange_api.sign_in import parts_of
from exchange_api.signed_questions import as_json

router = APIRouter(tags=["credentials"])

_BODY = signed_body("A compact JWS, typ hub-req+jwt, with this address as `url` / 签名请求，url 为本接口地址")


@router.post("/v1/credentials", summary="核验件 A credential for a valid certificate", openapi_extra=_BODY)
@open_to(CLIENTS)
async def issue(request: Request) -> dict[str, Any]:
    """Answer a client's signed question, and state a valid answer as a credential (SD-JWT VC)."""
    parts = parts_of(request)
    asked = parse_request(await signed_request(request), parts.acts.verification)
    inquiry = dataclasses.replace(asked, path=PATH)
    issued = await run_in_threadpool(parts.credentials.issue, inquiry)
    return _as_json(issued)


def _as_json(issued: Issued) -> dict[str, Any]:
    return {"credential": issued.credential, **as_json(issued.answer)}
