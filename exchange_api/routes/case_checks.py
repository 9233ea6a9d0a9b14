"""One item, one check, and what an office received; both by one signed request, as all that is asked.

POST /v1/case-checks             which of an item's materials need not be handed in, and why: one signed receipt
POST /v1/case-checks/received    that a material was received, with the reason if the hub could have answered
GET  /v1/service-items           the items, their materials, and how each is met
GET  /v1/service-items/{code}    one of them
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from exchange_api.answers import Answer
from exchange_api.askers import parse_request
from exchange_api.errors import NotFound
from exchange_api.items_described import item_json, items_json
from exchange_api.outcomes import outcome_of
from exchange_api.people.roles import ANYBODY, CLIENTS, open_to
from exchange_api.routes.verifications import signed_body, signed_request
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["case-checks"])
Code = Annotated[str, Path(description="事项编码 The item's code", max_length=64)]

_CHECK = signed_body(
    "签名请求，question 含 item、case、purpose、subject，可有 parties、claims、certificates、step "
    "A compact JWS, typ hub-req+jwt; its question has item, case, purpose and subject, and may have parties, claims, "
    "certificates (numbers by material) and step"
)
_RECEIVED = signed_body(
    "签名请求，question 含 item、case、purpose、subject、material、form (paper 或 file)，另可有 reason、file_digest "
    "A compact JWS, typ hub-req+jwt; its question has item, case, purpose, subject, material and form (paper or file), "
    "and may have reason and file_digest"
)


@router.post("/v1/case-checks", summary="一件事一次核对 One item, one check", openapi_extra=_CHECK)
@open_to(CLIENTS)
async def check(request: Request) -> dict[str, Any]:
    """Answer for all materials of a case at once, with one receipt."""
    parts = parts_of(request)
    inquiry = parse_request(await signed_request(request), parts.acts.case_check)
    return told(await outcome_of(parts.answering.ask(inquiry)), "case_check")


@router.post("/v1/case-checks/received", summary="登记收件 Note that a material was received", openapi_extra=_RECEIVED)
@open_to(CLIENTS)
async def received(request: Request) -> dict[str, Any]:
    """Write down that a material was received, so that nobody asks for it again."""
    parts = parts_of(request)
    inquiry = parse_request(await signed_request(request), parts.acts.receiving)
    return told(await outcome_of(parts.answering.ask(inquiry)), "case_check")


@router.get("/v1/service-items", summary="事项列表 Service items")
@open_to(ANYBODY)
def items(request: Request) -> dict[str, Any]:
    """Every item with its materials: which certificate types and datasets meet them."""
    return items_json(parts_of(request).catalogue)


@router.get("/v1/service-items/{code}", summary="事项 A service item")
@open_to(ANYBODY)
def item(request: Request, code: Code) -> dict[str, Any]:
    """One item."""
    found = item_json(parts_of(request).catalogue, code)
    if found is None:
        raise NotFound("事项", "service item")
    return found


def told(answer: Answer, member: str) -> dict[str, Any]:
    """The members of an answer."""
    return {"receipt": answer.receipt, "proof": answer.proof, member: answer.content}
