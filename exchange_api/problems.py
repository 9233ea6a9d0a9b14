"""Problem documents (RFC 9457) for everything that goes wrong, zh first and en beside, and their handlers.

    {"type": "https://hub.example/problems/overloaded", "code": "overloaded", "status": 503,
     "title": "请求过多", "title_en": "Overloaded",
     "detail": "当前请求过多,请稍后重试", "detail_en": "too many questions are waiting; try again in a moment"}

`type` is the address of a page that explains it; programs compare `code`, which no change of address touches. A
browser that asks for a page gets the same as a page, if the application was given a maker of such pages.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from certificates.errors import CertificatesError
from exchange_api.errors import (
    KINDS_OF_STATUS,
    ExchangeApiError,
    Kind,
    ServerNotReady,
    SignInNeeded,
    TokenRefused,
    TooManyTries,
    kind_of,
)
from exchange_api.security_headers import add_security_headers
from registries.errors import RegistriesError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "2"
Problem = dict[str, Any]
ProblemPage = Callable[[Request, Problem], Response]
"""Makes a page of a problem; `app.state.problem_page`, set by whoever composes the application."""


def problem_of(kind: Kind, zh: str, en: str, hub: str = "") -> Problem:
    """The document of one problem; `hub` is the address below which its page stands."""
    return {
        "type": hub + kind.place,
        "code": kind.name,
        "title": kind.title_zh,
        "title_en": kind.title_en,
        "status": int(kind.status),
        "detail": zh,
        "detail_en": en,
    }


def problem_response(request: Request, error: Exception) -> Response:
    """The response for an error: a document, or a page for a browser that came for one."""
    if isinstance(error, TokenRefused):
        request.app.state.parts.meters.note_refused_token("request", error.reason)
    kind = kind_of(error)
    shown = error if isinstance(error, (ExchangeApiError, CertificatesError, RegistriesError)) else ServerNotReady()
    members = shown.members if isinstance(shown, ExchangeApiError) else {}
    return _rendered(request, problem_of(kind, shown.zh, shown.en, _hub(request)) | members, _headers_of(kind, error))


def add_problem_handlers(app: FastAPI, *, secure: bool) -> None:
    """Answer every error of the rooms, of routing and of validation, and whatever nobody foresaw."""

    async def of_room(request: Request, error: Exception) -> Response:
        return problem_response(request, error)

    async def of_nobody(request: Request, error: Exception) -> Response:
        # Sent from outside all middleware, so that it has to carry the headers itself
        response = problem_response(request, error)
        add_security_headers(response.headers, secure=secure)
        return response

    for root in (ExchangeApiError, CertificatesError, RegistriesError):
        app.add_exception_handler(root, of_room)
    app.add_exception_handler(SignInNeeded, _sign_in_first)
    app.add_exception_handler(HTTPException, _of_status)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(Exception, of_nobody)


async def _of_status(request: Request, error: Exception) -> Response:
    """Routing's own refusals: 404, 405 and the like; their details are dropped, they may quote the request."""
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    kind, zh, en = KINDS_OF_STATUS.get(status, KINDS_OF_STATUS[HTTPStatus.BAD_REQUEST])
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return _rendered(request, problem_of(kind, zh, en, _hub(request)) | {"status": int(status)}, headers)


async def _of_validation(request: Request, error: Exception) -> Response:
    """Names the members that are wrong, never what was in them."""
    kind, zh, en = KINDS_OF_STATUS[HTTPStatus.UNPROCESSABLE_ENTITY]
    problem = problem_of(kind, zh, en, _hub(request))
    if isinstance(error, RequestValidationError):
        problem["members"] = sorted({".".join(str(part) for part in each["loc"][:2]) for each in error.errors()})
    return _rendered(request, problem, {})


async def _sign_in_first(request: Request, error: Exception) -> Response:
    """Send a visitor to the sign-in page and back; a script that asks is told so."""
    place = error.place if isinstance(error, SignInNeeded) else "/sign-in"
    if isinstance(error, SignInNeeded) and error.came_from:
        place += "?" + urlencode({"next": error.came_from})  # a path alone: the Host header is anybody's
    if request.headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": place})
    return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)


def _headers_of(kind: Kind, error: Exception) -> dict[str, str]:
    if isinstance(error, TooManyTries):
        return _wait("tries", str(error.seconds))
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return _wait("capacity", RETRY_SECONDS)
    return {}


def _wait(policy: str, seconds: str) -> dict[str, str]:
    """When to come again, in both forms: RFC 9110's, and the draft's on rate limits (nothing remaining, until then)."""
    return {"Retry-After": seconds, "RateLimit": f'"{policy}";r=0;t={seconds}'}


def _hub(request: Request) -> str:
    issuer: str = request.app.state.parts.settings.issuer
    return issuer.rstrip("/")


def _rendered(request: Request, problem: Problem, headers: dict[str, str]) -> Response:
    request.app.state.parts.meters.note_problem(problem["code"])
    page: ProblemPage | None = getattr(request.app.state, "problem_page", None)
    if page is not None and _wants_page(request):
        response = page(request, problem)
        response.headers.update(headers)
        response.status_code = problem["status"]
        return response
    return JSONResponse(problem, problem["status"], headers, media_type=MEDIA_TYPE)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/v1/", "/health/"))
