"""Outcomes of another thread in an event loop: each to whom it belongs, many with one wake-up."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from exchange_api.outcomes import outcome_of


def test_many_outcomes_of_a_thread_wake_the_loop_once() -> None:
    async def run() -> tuple[list[int], int]:
        loop = asyncio.get_running_loop()
        futures: list[Future[int]] = [Future() for _ in range(100)]
        waiting = [outcome_of(each) for each in futures]
        woken = []
        wake = loop.call_soon_threadsafe
        setattr(loop, "call_soon_threadsafe", lambda *given: woken.append(1) or wake(*given))  # noqa: B010 - counts
        answering = threading.Thread(target=lambda: [each.set_result(place) for place, each in enumerate(futures)])
        answering.start()
        answering.join()  # the loop does not run meanwhile
        return list(await asyncio.gather(*waiting)), len(woken)

    found, woken = asyncio.run(run())
    assert found == list(range(100))
    assert woken <= 1


def test_errors_and_cancelling_go_both_ways() -> None:
    async def run() -> None:
        failing: Future[int] = Future()
        failing.set_exception(ZeroDivisionError())
        with pytest.raises(ZeroDivisionError):
            await outcome_of(failing)
        left: Future[int] = Future()
        waiter = outcome_of(left)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await asyncio.sleep(0)
        assert left.cancelled()
        gone: Future[int] = Future()
        waiter = outcome_of(gone)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter

    asyncio.run(run())
    asyncio.run(run())  # in another loop
