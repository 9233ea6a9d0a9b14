"""A line to a server on this machine that is cut in the middle, as often as a test wants, or falls silent."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class CuttingProxy:
    """Passes bytes on to `port`; the first `cuts` connections that bring `after` bytes back are cut there.

    `at_cut` is called at each cut, before anything is connected again.
    """

    def __init__(self, port: int, after: int, cuts: int, at_cut: Callable[[], object] = lambda: None) -> None:
        self._target = port
        self._after, self._cuts, self._at_cut = after, cuts, at_cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.made_cuts = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(near,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._target)) as far:
            up = threading.Thread(target=_pump, args=(near, far), daemon=True)
            up.start()
            passed = 0
            for block in _blocks(far):
                passed += len(block)
                if passed > self._after and self.made_cuts < self._cuts:
                    self.made_cuts += 1
                    self._at_cut()
                    break
                with contextlib.suppress(OSError):
                    near.sendall(block)
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            up.join(10)


def _blocks(source: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while block := source.recv(65_536):
            yield block


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for block in _blocks(source):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
