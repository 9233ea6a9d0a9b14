"""Bare servers, with the hub's own settings: what the speed of answers is measured against (`mianzheng bench verify`).

    serve_bare(hello_app(), "127.0.0.1", 8500)          # GET /hello gives {"hello": "world"}
    serve_bare(signed_app(keys), "127.0.0.1", 8501)     # checks a request's signature and signs an answer, nothing else

Nothing of the hub is in them, no middleware and no telemetry. The second is what HTTP and two signatures leave to any
hub in this language: no framework, no grant, no look-up, no ledger, nothing on disk.
"""

import secrets
from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Receive, Scope, Send

from certificates.answer_texts import json_text
from certificates.jose import ES256, Key, new_key, sign, signing_input, verify
from certificates.receipts import TYP_RECEIPT, TYP_REQUEST
from exchange_api.server import ends_by_signal, leave_alone_what_stays, make_server, shared_socket

_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
_VERDICT = {"code": "valid", "lines": "可以办理。" * 130}
_PROOF = "-" * 700
"""Both as long as those of an answer."""


def hello_app() -> FastAPI:
    """An application of one route."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=_SILENT)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        """The smallest answer."""
        return {"hello": "world"}

    return app


def signed_app(keys: Mapping[str, Key]) -> ASGIApp:
    """Answers requests signed by one of these keys, by `kid`, with what is always the same, signed."""
    own, verdict = new_key(ES256), json_text(_VERDICT)

    async def signed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        asked = verify((body + message["body"]).decode("ascii"), keys, TYP_REQUEST)
        told = {"jti": secrets.token_hex(16), "request": asked.payload["jti"], "verification": _VERDICT}
        receipt = sign(signing_input(told, own, TYP_RECEIPT), own)
        content = f'{{"receipt":"{receipt}","proof":"{_PROOF}","verdict":{verdict}}}'.encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode("ascii"))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return signed


def serve_bare(app: ASGIApp, host: str, port: int, *, shared: bool = False) -> None:
    """Serve until SIGINT or SIGTERM."""
    with ends_by_signal():
        leave_alone_what_stays()
        make_server(app, host, port).run(sockets=[shared_socket(host, port)] if shared else None)
