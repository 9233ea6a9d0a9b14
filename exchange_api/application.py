"""Composes the web application from its parts: routes, pages, middleware, problem handlers. No logic of its own.

with open_parts(home, clock, settings) as parts:
app = create_app(parts)
"""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from exchange_api.access_log import AccessLog
from exchange_api.acts.batch import BATCH_PATH, LONGEST
from exchange_api.acts.dispute import LARGEST_EVIDENCE
from exchange_api.body_cap import SMALL_BODY, BodyCap
from exchange_api.counter.sheets import MOST_BYTES
from exchange_api.declared_access import refuse_undeclared
from exchange_api.interface.document import describe
from exchange_api.interface.going_away import GoingAway, load_going_away
from exchange_api.interface.kept_copies import KeptCopies
from exchange_api.pages.completion_pages import OFFICERS as COMPLETIONS_PLACE
from exchange_api.pages.counter_pages import MOST_PICTURE, SCAN_PLACE, SHEET_PLACE
from exchange_api.pages.dispute_pages import DISPUTE_PLACE
from exchange_api.pages.objection_pages import OFFICERS as OBJECTIONS_PLACE
from exchange_api.pages.router import install_pages, pages_router
from exchange_api.pages.verify_page import MOST_VERIFIED, VERIFY_PLACE
from exchange_api.parts import HubParts
from exchange_api.problems import add_problem_handlers
from exchange_api.routes import (
    case_checks,
    catalogue,
    catalogue_entries,
    credentials,
    datasets,
    disputes,
    documents,
    health,
    keys,
    ledger,
    metrics,
    retrievals,
    status_lists,
    subjects,
    time_stamps,
    verifications,
    watches,
)
from exchange_api.routes.disputes import EVIDENCE_PREFIX
from exchange_api.security_headers import SecurityHeaders
from exchange_api.sign_in import Forms
from exchange_api.signed_questions import ShortCut

UPLOAD_PREFIXES = ("/publisher/", "/v1/datasets/", EVIDENCE_PREFIX)
CAPS = {
    BATCH_PATH: LONGEST,
    VERIFY_PLACE: MOST_VERIFIED,
    SCAN_PLACE: MOST_PICTURE,
    SHEET_PLACE: MOST_BYTES,
    DISPUTE_PLACE: LARGEST_EVIDENCE + SMALL_BODY,
    OBJECTIONS_PLACE: LARGEST_EVIDENCE + SMALL_BODY,
    COMPLETIONS_PLACE: LARGEST_EVIDENCE + SMALL_BODY,
}
"""Bytes of a body, for single places."""
KEPT_COPIES = ("/v1/catalogue", "/v1/certificate-types", "/v1/service-items", "/v1/keys.jwks", "/v1/openapi.json")
"""Open reads of which callers keep a copy."""
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
        *(verifications, credentials, documents, status_lists, datasets, watches),
        *(case_checks, disputes, subjects, retrievals),
        *(catalogue, catalogue_entries, keys, ledger, time_stamps, health, metrics),
    ):
        app.include_router(module.router)
    app.include_router(pages_router)
    install_pages(app)
    refuse_undeclared(app)
    add_problem_handlers(app, secure=secure)
    describe(app)
    # The last one added is the outermost
    app.add_middleware(KeptCopies, paths=KEPT_COPIES)
    app.add_middleware(GoingAway, table=load_going_away())
    app.add_middleware(BodyCap, upload_prefixes=UPLOAD_PREFIXES, caps=CAPS)
    app.add_middleware(Forms, secure=secure)
    app.add_middleware(SecurityHeaders, secure=secure)
    app.add_middleware(ShortCut, parts=parts, ways=(verifications.ONE_BY_ONE, verifications.IN_BATCHES), secure=secure)
    app.add_middleware(AccessLog, meters=parts.meters)
    return app
