"""Ctrl-C during a run that Dagster executes in this process.

Dagster puts handlers of its own on SIGINT and SIGTERM, loses a signal that comes while it writes events, and
leaves SIGTERM with SIGINT's handler. Here the program's own handlers come back after each run, and a signal that
came meanwhile is given to them.
"""

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import dagster as dg

_STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Around one run: a SIGINT or SIGTERM that arrives inside reaches the program's own handler after it.

    KeyboardInterrupt follows if Dagster broke the run off and the handler raised nothing. Does nothing outside the
    main thread, which is the only one that signals reach.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    broken_off = False
    with _arrivals() as arrived:
        try:
            yield
        except dg.DagsterExecutionInterruptedError:
            broken_off = True
    for number in arrived:
        signal.raise_signal(number)
    if broken_off:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _arrivals() -> Iterator[list[int]]:
    """A list that holds, after the block, the stopping signals that arrived in it; handlers are then the old ones."""
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in _STOPPING}
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        # the interpreter writes each signal's number there, whoever handles it
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield arrived
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            with contextlib.suppress(BlockingIOError):
                arrived += sorted(set(reader.recv(4096)) & set(_STOPPING))
