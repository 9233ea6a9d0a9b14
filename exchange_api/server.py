"""Runs the API: opens its parts, serves until told to stop, answers what is under way, closes.

    serve(home, "127.0.0.1", 8000, clock, ApiSettings(issuer="http://127.0.0.1:8000"))

The process that calls this is ended by SIGINT or SIGTERM.
"""

import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from exchange_api.application import create_app
from exchange_api.parts import ApiSettings, open_parts
from exchange_api.scrubbed_logs import leave_out_what_no_line_says, scrub
from registries.home import HubHome

SECONDS_TO_FINISH = 10
MOST_CONNECTIONS = 2048
NEW_OBJECTS = 100_000
"""So many make the garbage collector look: more than a batch of a thousand holds at once."""

TURN = 0.0005
"""Seconds that a thread may go on while another one waits for its turn (Python's own: ten times as long)."""


def serve(
    home: HubHome,
    host: str,
    port: int,
    clock: Callable[[], datetime],
    settings: ApiSettings,
    *,
    shared: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get up to ten seconds.

    Args:
        home: the hub's folder, which all processes of a hub share.
        host: where to listen.
        port: TCP port.
        clock: gives the time, with a time zone.
        settings: where the hub is, as clients see it.
        shared: several processes listen on this port; Linux spreads connections over them.

    Raises:
        registries.errors.RegistriesError, certificates.errors.CertificatesError: a part can't be opened.
    """
    scrub(logging.getLogger())
    leave_out_what_no_line_says()
    with ends_by_signal(), open_parts(home, clock, settings) as parts:
        server = make_server(create_app(parts), host, port)
        leave_alone_what_stays()
        take_short_turns()
        server.run(sockets=[shared_socket(host, port)] if shared else None)


def leave_alone_what_stays() -> None:
    """Let the garbage collector look at what requests bring, seldom, and no more at what has been loaded by now.

    A fifth of the time of a group of answers went into looking through modules that nobody ever gives up.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def take_short_turns() -> None:
    """Let who reads requests and who answers them take turns often.

    An answer's thread gives its turn up at each statement of the store, a dozen times, and waits a whole turn of the
    other's to get it back; measured at 60 % of the most answers a second, a quarter off their 99th percentile.
    """
    sys.setswitchinterval(TURN)


def shared_socket(host: str, port: int) -> socket.socket:
    """A socket on a port that other processes of the same user may listen on as well (SO_REUSEPORT)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


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


def make_server(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
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
