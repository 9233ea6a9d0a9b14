"""Signed questions in great number: their way from a body's bytes to an answer's, and a short cut to it.

    app.add_middleware(ShortCut, parts=parts, ways=[ONE_BY_ONE, IN_BATCHES], secure=secure)

A signed request has no cookie and no form, knows no page and no language; layers that are there for those would cost
more than half of what an answer costs a web process. The short cut serves its paths itself, with the same headers, the
same bounds and the same problems; the routes of the same paths describe them, and answer by the same function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from certificates.answer_texts import json_text
from certificates.compact import MAX_TOKEN
from certificates.errors import CertificatesError
from exchange_api.acts.act import Act
from exchange_api.answers import Answer
from exchange_api.askers import parse_request
from exchange_api.body_cap import FORM_ROOM, SMALL_BODY, declared_length
from exchange_api.errors import BodyTooLarge, ExchangeApiError, NotASignedRequest, WrongMediaType
from exchange_api.outcomes import outcome_of
from exchange_api.parts import Acts, HubParts
from exchange_api.problems import problem_response
from exchange_api.security_headers import HEADERS, NO_STORE, STRICT_TRANSPORT, add_security_headers
from registries.errors import RegistriesError

MEDIA_TYPES: Final = ("application/jwt", "application/jose")
JSON: Final = "application/json"


def as_json(answer: Answer) -> dict[str, Any]:
    """The members of an answer."""
    return {"receipt": answer.receipt, "proof": answer.proof, "verdict": answer.content}


def rendered(answer: Answer) -> bytes:
    """An answer as it is sent: what it holds was composed here, and its longest part, the verdict, is JSON already."""
    verdict = answer.text or json_text(answer.content)
    return f'{{"receipt":{json_text(answer.receipt)},"proof":{json_text(answer.proof)},"verdict":{verdict}}}'.encode()


def rendered_batch(answer: Answer) -> bytes:
    """As `rendered`, with the answers of a batch beside it; a refused one has none."""
    return rendered(answer)[:-1] + b',"answers":' + (b"[]" if answer.beside is None else answer.beside) + b"}"


@dataclass(frozen=True)
class SignedQuestions:
    """One act that clients ask for.

    Attributes:
        path: where, as a route's template is.
        act: what is asked, of all acts that there are.
        render: an answer as the body of a response.
        longest: characters of a request.
    """

    path: str
    act: Callable[[Acts], Act[Any]]
    render: Callable[[Answer], bytes] = rendered
    longest: int = MAX_TOKEN


def token_in(content_type: str, body: bytes) -> str:
    """The compact JWS that a body is.

    Raises:
        WrongMediaType: it says that it is something else.
        NotASignedRequest: no compact JWS has such characters.
    """
    if content_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
        raise WrongMediaType(" / ".join(MEDIA_TYPES))
    try:
        return body.decode("ascii").strip("\r\n ")
    except UnicodeDecodeError:
        raise NotASignedRequest("encoding") from None


async def answered(parts: HubParts, way: SignedQuestions, content_type: str, body: bytes) -> bytes:
    """The answer to a signed question; errors as `parse_request` and `Answering.ask`."""
    inquiry = parse_request(token_in(content_type, body), way.act(parts.acts), way.longest)
    return way.render(await outcome_of(parts.answering.ask(inquiry)))


class ShortCut:
    """ASGI middleware that serves some paths itself; `access_log` stands before it, all others behind it."""

    def __init__(self, app: ASGIApp, *, parts: HubParts, ways: Sequence[SignedQuestions], secure: bool) -> None:
        self._app = app
        self._parts = parts
        self._ways = {way.path: way for way in ways}
        self._secure = secure
        told = {"content-type": JSON, **HEADERS, "cache-control": NO_STORE}
        if secure:
            told["strict-transport-security"] = STRICT_TRANSPORT
        self._headers = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a signed question, pass everything else on."""
        way = self._ways.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if way is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = way  # for the access log, which names templates
        try:
            body = await _body_of(scope, receive, max(way.longest + FORM_ROOM, SMALL_BODY))
            content = await answered(self._parts, way, _header(scope, b"content-type"), body)
        except (ExchangeApiError, CertificatesError, RegistriesError) as error:
            response = problem_response(Request(scope), error)
            add_security_headers(response.headers, secure=self._secure)
            await response(scope, receive, send)
            return
        headers = [*self._headers, (b"content-length", str(len(content)).encode("ascii"))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


async def _body_of(scope: Scope, receive: Receive, most: int) -> bytes:
    """The whole body, if it is not larger than it may be.

    Raises:
        BodyTooLarge: by its declared length, or while it arrives.
        ClientDisconnect: nobody waits for an answer.
    """
    if declared_length(scope) > most:
        raise BodyTooLarge
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if sum(map(len, pieces)) > most:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join(pieces)
