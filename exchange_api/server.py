"""Runs the API: opens its parts, serves until told to stop, answers what is under way, closes.

    serve(home, "127.0.0.1", 8000, clock, ApiSettings(issuer="http://127.0.0.1:8000"))

The process that calls this is ended by SIGINT or SIGTERM.
"""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

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
    with ends_by_signal(), open_parts(home, clock, settings) as parts:
        make_server(create_app(parts), host, port).run()


@contextmanager
def ends_by_signal() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the server and nothing else: uvicorn sends them again once it has ended.

    Without this the second one would end the process before the parts are closed. In the main thread only; elsewhere
    whoever runs the thread says when it ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _already_ended) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _already_ended(_number: int, _frame: FrameType | None) -> None:
    pass


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
