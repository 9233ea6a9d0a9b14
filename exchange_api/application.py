"""Composes the web application from its parts: routes, pages, middleware, problem handlers. No logic of its own.

with open_parts(home, clock, settings) as parts:
app = create_app(parts)
"""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from exchange_api.access_log import AccessLog
from exchange_api.body_cap import BodyCap
from exchange_api.pages.router import install_pages, pages_router
from exchange_api.pages.verify_page import MOST_VERIFIED, VERIFY_PLACE
from exchange_api.parts import HubParts
from exchange_api.problems import add_problem_handlers
from exchange_api.routes import (
    catalogue,
    credentials,
    datasets,
    documents,
    health,
    keys,
    ledger,
    metrics,
    status_lists,
    time_stamps,
    verifications,
)
from exchange_api.security_headers import SecurityHeaders
from exchange_api.sign_in import Forms

UPLOAD_PREFIXES = ("/publisher/", "/v1/datasets/")
_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(parts: HubParts) -> FastAPI:
    """The application over these parts. It starts and stops nothing; whoever made the parts closes them."""
    secure = parts.settings.secure_cookies
    app = FastAPI(
        title="免证 Mianzheng",
        summary="电子证照核验与数据共享 Certificate verification and data sharing",
        version="1",
        docs_url=None,  # the stock pages load from another host
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        telemetry=_SILENT,  # FastAPI's own, which would carry validated values
    )
    app.state.parts = parts
    for module in (
        *(verifications, credentials, documents, status_lists, datasets),
        *(catalogue, keys, ledger, time_stamps, health, metrics),
    ):
        app.include_router(module.router)
    app.include_router(pages_router)
    install_pages(app)
    add_problem_handlers(app, secure=secure)
    # The last one added is the outermost
    app.add_middleware(BodyCap, upload_prefixes=UPLOAD_PREFIXES, caps={VERIFY_PLACE: MOST_VERIFIED})
    app.add_middleware(Forms, secure=secure)
    app.add_middleware(SecurityHeaders, secure=secure)
    app.add_middleware(AccessLog, meters=parts.meters)
    return app
