"""A small HTTP server of a department: loopback, a bearer token, JSON answers, no request in its log.

A department's file says what it answers; now and then it is busy (503 with Retry-After), as real ones are.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sample_city.department_folder import LOOPBACK, DepartmentFolder

BUSY_EVERY = 7
"""One in so many requests is told to come again."""
LONGEST_BODY = 100_000


@dataclass(frozen=True)
class Request:
    """What was asked: path, query parameters, and a JSON body if there was one."""

    path: str
    parameters: Mapping[str, str]
    body: Any = None


Answer = Callable[[Request], Any]
"""What is answered as JSON; None means that there is nothing at this path."""


class WebServer(ThreadingHTTPServer):
    """A department's server, listening; `serve_forever` runs it."""

    def __init__(self, port: int, token: str, answer: Answer, *, busy: bool) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.expected = f"Bearer {token}".encode()
        self.answer = answer
        self._turns = count(1) if busy else None

    def is_busy(self) -> bool:
        """Whether this request is to come again."""
        return self._turns is not None and next(self._turns) % BUSY_EVERY == 0


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server: WebServer

    def do_GET(self) -> None:
        """A question in the address."""
        self._answer(None)

    def do_POST(self) -> None:
        """A question in the body."""
        length = int(self.headers.get("content-length") or 0)
        if not 0 <= length <= LONGEST_BODY:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "too long"})
            return
        try:
            body = json.loads(self.rfile.read(length) or b"null")
        except ValueError:
            self._send(HTTPStatus.BAD_REQUEST, {"error": "not JSON"})
        else:
            self._answer(body)

    def _answer(self, body: object) -> None:
        if not compare_digest(self.headers.get("authorization", "").encode(), self.server.expected):
            self._send(HTTPStatus.UNAUTHORIZED, {"error": "token"}, {"WWW-Authenticate": "Bearer"})
        elif self.server.is_busy():
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "busy"}, {"Retry-After": "1"})
        else:
            place = urlsplit(self.path)
            found = self.server.answer(Request(place.path, dict(parse_qsl(place.query)), body))
            status = HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK
            self._send(status, {"error": "no such path"} if found is None else found)

    def _send(self, status: HTTPStatus, found: object, headers: Mapping[str, str] | None = None) -> None:
        content = json.dumps(found, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: addresses hold whom somebody asked about."""


def serve(folder: DepartmentFolder, answer: Answer, *, busy: bool) -> None:
    """Answer until the process ends; the address is kept in the department's folder once it listens."""
    with _listening(folder, answer, busy=busy) as server:
        folder.listens(f"http://{LOOPBACK}:{server.server_address[1]}")
        server.serve_forever()


def _listening(folder: DepartmentFolder, answer: Answer, *, busy: bool) -> WebServer:
    """On the port of last time, or on a free one where that is taken."""
    try:
        return WebServer(folder.last_port(), folder.token(), answer, busy=busy)
    except OSError:
        return WebServer(0, folder.token(), answer, busy=busy)
