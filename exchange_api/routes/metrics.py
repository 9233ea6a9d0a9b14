"""GET /metrics: what operators watch, in Prometheus' text format."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="指标 Metrics")
@open_to(ANYBODY)
def metrics(request: Request) -> Response:
    """Answers by verdict, latencies, the ledger's size, readiness, days left of keys; no number and no name."""
    parts = parts_of(request)
    parts.alarms.measure(parts.meters)
    return Response(parts.meters.exposition(), media_type=CONTENT_TYPE_LATEST)
