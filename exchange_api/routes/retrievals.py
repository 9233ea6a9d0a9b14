"""POST /v1/retrievals: a marked copy (加注件) of what the hub has of a certificate, and the receipt it is made of.

The question is a verification's, with `copy`: cause, purpose and last day (`expires_on`), and if wanted `format` (pdf,
ofd) and `paper` (A4, A5). Where no certificate was found, or the question was refused, there is a receipt and no copy.
"""

import asyncio
import base64
from typing import Any

from fastapi import APIRouter, Request

from certificates.documents.drawing import PAPERS
from certificates.documents.marks import day_of
from exchange_api.askers import parse_request
from exchange_api.documents_made import MadeFile
from exchange_api.outcomes import outcome_of
from exchange_api.people.roles import CLIENTS, open_to
from exchange_api.routes.verifications import signed_body, signed_request
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["retrievals"])
_BODY = signed_body(
    "签名请求，question 同核验，另含 copy (cause、purpose、expires_on，可有 format、paper) "
    "A compact JWS, typ hub-req+jwt; its question is that of a verification, with copy (cause, purpose, expires_on, "
    "and if wanted format and paper)"
)


@router.post("/v1/retrievals", summary="调阅 A marked copy", openapi_extra=_BODY)
@open_to(CLIENTS)
async def retrieve(request: Request) -> dict[str, Any]:
    """Answer with a receipt and, where a certificate was found, a marked copy in base64."""
    parts = parts_of(request)
    inquiry = parse_request(await signed_request(request), parts.acts.retrieval)
    mark = inquiry.question.mark(inquiry.issuer, day_of(parts.clock()))
    answer = await outcome_of(parts.answering.ask(inquiry))
    told = {"receipt": answer.receipt, "proof": answer.proof, "retrieval": answer.content}
    if answer.content.get("certificate") is None:
        return {**told, "copy": None}
    wanted = (inquiry.question.format, PAPERS[inquiry.question.paper])
    made = await asyncio.to_thread(parts.documents.copy_of, answer, f"client:{inquiry.issuer}", *wanted, mark)
    return {**told, "copy": _as_json(made)}


def _as_json(made: MadeFile) -> dict[str, str]:
    content = base64.b64encode(made.data).decode("ascii")
    return {"name": made.name, "media_type": made.media_type, "content": content}
