"""Carries outcomes from the thread that answers into an event loop: all that are there at once, with one wake-up.

    answer = await outcome_of(parts.answering.ask(inquiry))

A group of a hundred answers would otherwise wake the loop a hundred times, and each time the two threads would take
the interpreter from each other.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Outcome = TypeVar("Outcome")


def outcome_of(future: "Future[Outcome]") -> "asyncio.Future[Outcome]":
    """What becomes of a future, to be awaited in the running loop; cancelled, nobody waits for it any more."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[Outcome] = loop.create_future()
    waiter.add_done_callback(lambda ended: ended.cancelled() and future.cancel())
    arrivals = _ARRIVALS.get(loop)
    if arrivals is None:
        arrivals = _ARRIVALS[loop] = _Arrivals(loop)
    future.add_done_callback(lambda done: arrivals.note(waiter, done))
    return waiter


class _Arrivals:
    """What is done and has not been handed over, of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wake = loop.call_soon_threadsafe
        self._done: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def note(self, waiter: "asyncio.Future[Any]", done: "Future[Any]") -> None:
        """In whatever thread it is: the loop is woken unless it has been, and has not looked yet."""
        self._done.append((waiter, done))
        if not self._woken:
            self._woken = True
            self._wake(self._hand_over)

    def _hand_over(self) -> None:
        self._woken = False  # before looking: what comes from here on wakes the loop again
        while self._done:
            waiter, done = self._done.popleft()
            if waiter.done():
                continue
            if done.cancelled():
                waiter.cancel()
            elif (error := done.exception()) is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(done.result())


_ARRIVALS: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Arrivals]" = WeakKeyDictionary()
