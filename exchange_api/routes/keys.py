"""GET /v1/keys.jwks: the hub's public keys (RFC 7517) for receipts and checkpoints, those of old rotations included."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import parts_of

SECONDS_TO_KEEP = 300
"""A rotation keeps the old key valid for longer than this, so that a kept copy never refuses a good receipt."""

router = APIRouter(tags=["keys"])


@router.get("/v1/keys.jwks", summary="公钥 Public keys")
@open_to(ANYBODY)
def keys(request: Request) -> JSONResponse:
    """The JWK set with which receipts and checkpoints verify offline."""
    ring = parts_of(request).keys
    ring.refresh()
    content: dict[str, Any] = ring.jwks()
    headers = {"Cache-Control": f"public, max-age={SECONDS_TO_KEEP}"}
    return JSONResponse(content, headers=headers, media_type="application/jwk-set+json")
