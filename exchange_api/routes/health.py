"""GET /health/live and /health/ready: the process runs; the hub can sign, and may do no more than it should."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="存活 Liveness")
@open_to(ANYBODY)
async def live() -> dict[str, str]:
    """The process answers; nothing else is looked at."""
    return {"status": "live"}


@router.get("/health/ready", summary="就绪 Readiness")
@open_to(ANYBODY)
def ready(request: Request) -> JSONResponse:
    """Signs and verifies a canary, checks privileges and the ledger's head; 503 with reasons if anything is wrong.

    Alarms (keys that are due, no trusted time) stand beside it and change nothing about being ready.
    """
    parts = parts_of(request)
    reasons = parts.readiness.faults()
    parts.meters.set_ready(ready=not reasons)
    content: dict[str, Any] = {
        "status": "not ready" if reasons else "ready",
        "reasons": [{"zh": reason.zh, "en": reason.en} for reason in reasons],
        "alarms": [{"zh": alarm.zh, "en": alarm.en} for alarm in parts.alarms.all()],
    }
    return JSONResponse(content, HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK)
