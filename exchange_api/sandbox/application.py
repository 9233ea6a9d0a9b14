"""The sandbox as a web application: the hub's addresses for verification, and a page of the numbers to try.

    app = create_sandbox(sandbox)

POST /v1/verifications        as the hub's
GET  /v1/keys.jwks            the sandbox's keys
GET  /ledger/checkpoint       the head of its log
POST /sandbox/clients         {"client_id": …, "jwk": …}: anybody registers a public key
GET  /sandbox/numbers         what can be asked, and what each has to come to
"""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from exchange_api.body_cap import BodyCap
from exchange_api.errors import NotASignedRequest, WrongMediaType
from exchange_api.meters import Meters
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.problems import add_problem_handlers
from exchange_api.sandbox.answering import Sandbox
from exchange_api.security_headers import SecurityHeaders

_MEDIA_TYPES = ("application/jwt", "application/jose")
REMARK = "沙箱：仅供联调，不证明任何证照 / A sandbox: for integration only, it proves nothing about any certificate"


@dataclass(frozen=True)
class _Settings:
    issuer: str


@dataclass(frozen=True)
class _Parts:
    """What the problem handlers need of an application."""

    settings: _Settings
    meters: Meters


def create_sandbox(sandbox: Sandbox) -> FastAPI:
    """The application over one sandbox."""
    app = FastAPI(title="免证沙箱 Mianzheng sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = _Parts(_Settings(sandbox.issuer), Meters())
    app.state.sandbox = sandbox
    app.add_api_route("/v1/verifications", verify, methods=["POST"])
    app.add_api_route("/v1/keys.jwks", keys)
    app.add_api_route("/ledger/checkpoint", checkpoint)
    app.add_api_route("/sandbox/clients", register, methods=["POST"])
    app.add_api_route("/sandbox/numbers", numbers)
    app.add_api_route("/health/ready", ready)
    add_problem_handlers(app, secure=False)
    app.add_middleware(BodyCap)
    app.add_middleware(SecurityHeaders, secure=False)
    return app


@open_to(ANYBODY)
async def verify(request: Request) -> JSONResponse:
    """A signed question to a signed answer."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _MEDIA_TYPES:
        raise WrongMediaType(" / ".join(_MEDIA_TYPES))
    try:
        token = (await request.body()).decode("ascii").strip("\r\n ")
    except UnicodeDecodeError:
        raise NotASignedRequest("encoding") from None
    return JSONResponse(_sandbox(request).ask(token))


@open_to(ANYBODY)
def keys(request: Request) -> JSONResponse:
    """The sandbox's public keys."""
    return JSONResponse(_sandbox(request).jwks(), media_type="application/jwk-set+json")


@open_to(ANYBODY)
def checkpoint(request: Request) -> Response:
    """The head of the sandbox's log."""
    return Response(_sandbox(request).log.checkpoint(), media_type="text/plain; charset=utf-8")


@open_to(ANYBODY)
async def register(request: Request) -> JSONResponse:
    """Know a client by its public key."""
    try:
        given: Any = await request.json()
    except ValueError:
        given = {}
    given = given if isinstance(given, dict) else {}
    _sandbox(request).register(given.get("client_id"), given.get("jwk"))
    return JSONResponse({"client_id": given["client_id"], "sandbox": REMARK}, 201)


@open_to(ANYBODY)
def numbers(request: Request) -> dict[str, Any]:
    """Everything that can be asked, and the answer that each has to come to."""
    found = _sandbox(request).numbers.answers()
    tries = [
        {"question": dict(one.question), "code": one.code, "zh": one.zh, "en": one.en, "busy": one.busy}
        for one in found
    ]
    return {"sandbox": REMARK, "tries": tries}


@open_to(ANYBODY)
async def ready() -> dict[str, Any]:
    """It runs."""
    return {"status": "ready", "reasons": [], "alarms": [], "sandbox": REMARK}


def _sandbox(request: Request) -> Sandbox:
    found: Sandbox = request.app.state.sandbox
    return found
