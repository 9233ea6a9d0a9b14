"""Questions about a subject: what is claimed of it, what registers say of it, which certificates it holds.

POST /v1/matches                   比对: match, mismatch or unknown for each field, never the value
POST /v1/queries                   查询: granted fields, with where each comes from
POST /v1/subjects/certificates     the numbers of its certificates, by type

Each is one signed request, and one signed receipt out. Receipts hold no values: `values` has them, and `disclosures`
prove with the receipt that they are what the hub told. A copy of the same request gets the same again; once what was
answered has expired or was erased, `values` is null.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request

from exchange_api.acts.act import Act
from exchange_api.acts.values_beside import revealed
from exchange_api.answers import Answer
from exchange_api.askers import parse_request
from exchange_api.outcomes import outcome_of
from exchange_api.people.roles import CLIENTS, open_to
from exchange_api.routes.verifications import signed_body, signed_request
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["subjects"])

_SUBJECT = "purpose、service_item、case、subject (name、code、code_type)"
_MATCH = signed_body(
    f"签名请求，question 含 {_SUBJECT}、source、claims (字段与所主张的值) "
    "A compact JWS, typ hub-req+jwt; its question has these members, source (a register or dataset) and claims"
)
_QUERY = signed_body(
    f"签名请求，question 含 {_SUBJECT}、source、fields "
    "A compact JWS, typ hub-req+jwt; its question has these members, source (a register or dataset) and fields"
)
_CERTIFICATES = signed_body(
    f"签名请求，question 含 {_SUBJECT}、certificate_types "
    "A compact JWS, typ hub-req+jwt; its question has these members and certificate_types"
)


@router.post("/v1/matches", summary="比对 Compare what is claimed of a subject", openapi_extra=_MATCH)
@open_to(CLIENTS)
async def matches(request: Request) -> dict[str, Any]:
    """Say of each field whether it matches."""
    answer = await _ask(request, parts_of(request).acts.matching)
    return _told(answer, "matching")


@router.post("/v1/queries", summary="查询 Granted fields of a subject", openapi_extra=_QUERY)
@open_to(CLIENTS)
async def queries(request: Request) -> dict[str, Any]:
    """Tell granted fields; masked unless the grant says in clear."""
    act = parts_of(request).acts.query
    answer = await _ask(request, act)
    return {**_told(answer, "query"), **_values(answer, act.values_of(answer.beside))}


@router.post(
    "/v1/subjects/certificates", summary="主体持有的证照 A subject's certificates", openapi_extra=_CERTIFICATES
)
@open_to(CLIENTS)
async def certificates(request: Request) -> dict[str, Any]:
    """Tell which certificates a subject holds, of types that are granted."""
    act = parts_of(request).acts.certificates
    answer = await _ask(request, act)
    return {**_told(answer, "certificates"), **_values(answer, act.values_of(answer.beside))}


async def _ask(request: Request, act: Act[Any]) -> Answer:
    inquiry = parse_request(await signed_request(request), act)
    return await outcome_of(parts_of(request).answering.ask(inquiry))


def _told(answer: Answer, member: str) -> dict[str, Any]:
    return {"receipt": answer.receipt, "proof": answer.proof, member: answer.content}


def _values(answer: Answer, disclosures: Mapping[str, str] | None) -> dict[str, Any]:
    if disclosures is None:
        return {"values": None, "disclosures": []}
    return {"values": revealed(answer.content["values"], disclosures), "disclosures": list(disclosures.values())}
