"""Sends prepared requests to a server on this machine, from a process of its own, and says how they were answered.

    python -m mianzheng.benchmark.http_load FILE HOST PORT --connections 64 --seconds 8             # as fast as it goes
    python -m mianzheng.benchmark.http_load FILE HOST PORT --connections 64 --seconds 8 --rate 900  # open loop

FILE holds whole HTTP/1.1 requests one after the other, each after its length in four bytes (big-endian). Each is sent
once; if they are used up before the time, it ends early. In the open loop a request is due at its moment whatever
became of those before it, and its latency is counted from that moment: a server that stalls can't hide it.
"""

import argparse
import asyncio
import json
import re
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import uvloop

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_PERCENT: Final = 100
_GRACE: Final = 5.0
"""Seconds that the last answers may take."""


def write_requests(file: Path, requests: Sequence[bytes]) -> None:
    """Write whole HTTP requests for a run."""
    with file.open("wb") as target:
        for request in requests:
            target.write(len(request).to_bytes(4, "big") + request)


def read_requests(file: Path) -> Iterator[bytes]:
    """The requests of a file, in order."""
    content, at = file.read_bytes(), 0
    while at < len(content):
        end = at + 4 + int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : end]
        at = end


class Load:
    """One run: what is to be sent, and what came back.

    Attributes:
        latencies: seconds, one for each answer.
        statuses: answers by HTTP status.
        marked: answers whose body held the mark that the caller looks for.
    """

    def __init__(self, requests: Iterator[bytes], rate: float | None, mark: bytes) -> None:
        self._requests = requests
        self._rate = rate
        self._mark = mark
        self._idle: deque[Connection] = deque()
        self._due: deque[tuple[float, bytes]] = deque()
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.marked = 0
        self.over = False
        self._expected = -1
        self._finished = asyncio.Event()

    async def run(self, host: str, port: int, connections: int, seconds: float) -> float:
        """Send until the time is over or nothing is left; the seconds from the first request to the last answer."""
        loop = asyncio.get_running_loop()
        opened = [await loop.create_connection(lambda: Connection(self), host, port) for _ in range(connections)]
        self._idle.extend(connection for _, connection in opened)
        began = time.perf_counter()
        await (self._closed_loop(seconds) if self._rate is None else self._open_loop(began, seconds, self._rate))
        took = time.perf_counter() - began
        self.over = True
        for transport, _ in opened:
            transport.close()
        return took

    async def _closed_loop(self, seconds: float) -> None:
        for _ in range(len(self._idle)):
            self.next_for(self._idle.popleft())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._finished.wait()

    async def _open_loop(self, began: float, seconds: float, rate: float) -> None:
        number = 0
        while (at := began + number / rate) < began + seconds:
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            request = next(self._requests, None)
            if request is None:
                break
            self._due.append((at, request))
            self._send_what_is_due()
            number += 1
        self._expected = number
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._finished.wait()

    def _send_what_is_due(self) -> None:
        while self._due and self._idle:
            self._idle.popleft().send(*self._due.popleft())

    def next_for(self, connection: "Connection") -> None:
        """A connection is free: give it the next request, or let it rest."""
        if self._rate is not None:
            self._idle.append(connection)
            self._send_what_is_due()
            return
        request = None if self.over else next(self._requests, None)
        if request is None:
            self._finished.set()
        else:
            connection.send(time.perf_counter(), request)

    def note(self, status: int, latency: float, body: bytes) -> None:
        """One answer."""
        if self._rate is None and self.over:
            return  # came after the time was over
        self.statuses[status] += 1
        self.latencies.append(latency)
        self.marked += self._mark in body
        if len(self.latencies) == self._expected:
            self._finished.set()


class Connection(asyncio.Protocol):
    """A connection that is kept; one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = bytearray()
        self._at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        self._transport = cast("asyncio.WriteTransport", transport)  # TCP gives no other

    def send(self, at: float, request: bytes) -> None:
        """Send a request that was due at a moment."""
        self._at = at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Gather an answer; once it is whole, count it and go on."""
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end)
        body_at = end + len(_HEAD_END)
        if length is None or len(self._buffer) < body_at + int(length[1]):
            return
        status, body = int(self._buffer[9:12]), bytes(self._buffer[body_at:])
        self._buffer.clear()
        self._load.note(status, time.perf_counter() - self._at, body)
        self._load.next_for(self)


def main() -> None:
    """Run as the arguments say, print what was found as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--mark", default="")
    given = parser.parse_args()
    load = Load(read_requests(given.file), given.rate, given.mark.encode())
    took = uvloop.run(load.run(given.host, given.port, given.connections, given.seconds))
    answered = len(load.latencies)
    cuts = statistics.quantiles(load.latencies, n=_PERCENT) if answered > 1 else [0.0] * (_PERCENT - 1)
    found = {
        "answered": answered,
        "seconds": round(took, 3),
        "rps": round(answered / took, 1),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "most_ms": round(max(load.latencies, default=0.0) * 1000, 2),
        "statuses": {str(status): count for status, count in sorted(load.statuses.items())},
        "marked": load.marked,
    }
    print(json.dumps(found))  # noqa: T201 - this is what it is started for


if __name__ == "__main__":
    main()
