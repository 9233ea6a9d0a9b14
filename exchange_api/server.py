"""Runs the API: opens its parts, serves until told to stop, answers what is under way, closes.

    serve(home, "127.0.0.1", 8000, clock, ApiSettings(issuer="http://127.0.0.1:8000"))

The process that calls this is ended by SIGINT or SIGTERM.
"""

import logging
from collections.abc import Callable
from datetime import datetime

import uvicorn
from fastapi import FastAPI

from exchange_api.application import create_app
from exchange_api.parts import ApiSettings, open_parts
from exchange_api.scrubbed_logs import scrub
from registries.home import HubHome

SECONDS_TO_FINISH = 10
MOST_CONNECTIONS = 2048


def serve(home: HubHome, host: str, port: int, clock: Callable[[], datetime], settings: ApiSettings) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get up to ten seconds.

    Raises:
        registries.errors.RegistriesError, certificates.errors.CertificatesError: a part can't be opened.
    """
    scrub(logging.getLogger())
    with open_parts(home, clock, settings) as parts:
        make_server(create_app(parts), host, port).run()


def make_server(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """The server with the hub's own settings; nothing of a request but what `access_log` writes reaches a log."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,  # addresses and queries may hold numbers
        log_config=None,
        server_header=False,
        proxy_headers=False,  # who asks is never read from a header that anybody can send
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=16_384,
    )
    # where a process has a handler at its root, uvicorn would take it for its access log in spite of the setting
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(config)
