"""The ledger from outside: its latest checkpoint, and the proof that an entry is under it (C2SP formats, as text)."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse

from exchange_api.sign_in import parts_of

LARGEST_INDEX = 2**53 - 1
router = APIRouter(tags=["ledger"])


@router.get("/v1/ledger/checkpoint", summary="检查点 Latest checkpoint", response_class=PlainTextResponse)
def checkpoint(request: Request) -> str:
    """The latest checkpoint as a signed note; 404 while the ledger is empty."""
    return parts_of(request).answering.ledger_head.checkpoint()


@router.get("/v1/ledger/proofs/{index}", summary="存证证明 Proof of inclusion", response_class=PlainTextResponse)
def proof(request: Request, index: Annotated[int, Path(ge=0, le=LARGEST_INDEX)]) -> str:
    """The proof that entry `index` is under the latest checkpoint, as a tlog-proof file."""
    return parts_of(request).answering.ledger_head.proof(index)
