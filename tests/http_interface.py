"""An HTTP interface for tests: a real server on loopback that answers as told, and remembers what it was asked."""

import contextlib
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request as the interface saw it."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    url: str
    body: Any = None
    client_port: int = 0


@dataclasses.dataclass
class Reply:
    """What the interface answers; bytes go out as they are, whole, cut in half, or one by one with a pause."""

    body: Any
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    cut: bool = False
    pause: float = 0.0

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


Behaviour = Callable[[Asked], Reply]


class Interface:
    """A department's interface that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.behaviour: Behaviour = lambda _: Reply([], 404)
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        sent = handler.rfile.read(int(handler.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = json.loads(sent) if sent else None
        asked = Asked(parts.path, query, headers, f"{self.url}{handler.path}", body, handler.client_address[1])
        self.asked.append(asked)
        reply = self.behaviour(asked)
        content = reply.content()
        handler.send_response_only(reply.status)  # without a Date of its own
        for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        for part in [content[n : n + 1] for n in range(len(content))] if reply.pause else [content]:
            handler.wfile.write(part[: len(part) // 2] if reply.cut else part)
            time.sleep(reply.pause)
        if reply.cut:
            handler.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Of connections not yet taken; with the library's five the system resets some when sixteen come at once."""


@contextlib.contextmanager
def served() -> Iterator[Interface]:
    found = Interface()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):  # who asked has gone away
                found.answer(self)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None: ...

    server = _Server(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
