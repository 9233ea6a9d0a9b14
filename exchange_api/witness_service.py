"""A witness as a service (C2SP tlog-witness): cosigns the checkpoints of ledgers at other offices.

    POST /add-checkpoint              a checkpoint with its proof in, a cosignature out
    GET  /checkpoints/{digest}        the last one that was cosigned, by the SHA-256 of the log's name
    GET  /verifier                    the witness's verifier key

It asks nobody and holds no personal data: checkpoints are a name, a number and a digest.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Path, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool

from certificates.cosignatures import verifier
from certificates.witness import MOST_BYTES, Decision, MalformedSubmission, WitnessKey, decide, parse_submission
from registries.witness_book import UnknownLog, WitnessBook

_log = logging.getLogger("mianzheng.witness")
_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class Witness:
    """Answers requests, one at a time for each log."""

    def __init__(self, own: WitnessKey, book: WitnessBook, clock: Callable[[], datetime]) -> None:
        self.own = own
        self.book = book
        self._clock = clock

    def answer(self, body: str) -> Decision:
        """What to answer to a request's body; what is cosigned stands on the disk before this returns."""
        try:
            submission = parse_submission(body)
            with self.book.turn(submission.origin) as turn:
                decision = decide(submission, turn.known, self.own, at=int(self._clock().timestamp()))
                if decision.cosigned is not None:
                    turn.remember(decision.cosigned, submission.note)
        except MalformedSubmission:
            return Decision(HTTPStatus.BAD_REQUEST, "this is no add-checkpoint request\n")
        except UnknownLog:
            return Decision(HTTPStatus.NOT_FOUND, "unknown log\n")
        if decision.suspicious:
            digest = hashlib.sha256(submission.note.encode()).hexdigest()
            _log.warning("a log contradicts what it signed before: checkpoint %s", digest)
        return decision


def create_witness_app(witness: Witness) -> FastAPI:
    """The service."""
    app = FastAPI(title="Mianzheng witness", docs_url=None, redoc_url=None, openapi_url=None, telemetry=_SILENT)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        body = await _bounded(request)
        if body is None:
            return PlainTextResponse("too large\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        decision = await run_in_threadpool(witness.answer, body.decode("utf-8", "replace"))
        # as it is: Starlette would add a charset to the type of a size
        return Response(decision.body, decision.status, {"Content-Type": decision.content_type})

    @app.get("/checkpoints/{digest}")
    def last(digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
        note = witness.book.last_note(digest)
        return PlainTextResponse(note or "", HTTPStatus.OK if note else HTTPStatus.NOT_FOUND)

    @app.get("/verifier")
    def verifier_key() -> Response:
        return PlainTextResponse(f"{verifier(witness.own.name, witness.own.key)}\n")

    return app


async def _bounded(request: Request) -> bytes | None:
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MOST_BYTES:
            return None
    return body
