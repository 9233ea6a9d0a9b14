"""A bare route in the hub's own server: what the speed of answers is measured against (`mianzheng bench verify`).

    serve_bare("127.0.0.1", 8500)       # GET /hello gives {"hello": "world"}

Nothing of the hub is in it, no middleware and no telemetry; the server and its settings are the hub's.
"""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from exchange_api.server import ends_by_signal, leave_alone_what_stays, make_server, shared_socket

_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def bare_app() -> FastAPI:
    """An application of one route."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=_SILENT)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        """The smallest answer."""
        return {"hello": "world"}

    return app


def serve_bare(host: str, port: int, *, shared: bool = False) -> None:
    """Serve until SIGINT or SIGTERM."""
    with ends_by_signal():
        leave_alone_what_stays()
        make_server(bare_app(), host, port).run(sockets=[shared_socket(host, port)] if shared else None)
