"""Ctrl-C around a run that Dagster executes in this process."""

import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import dagster as dg
import pytest

from pipelines.interrupts import signals_kept


@pytest.fixture
def seen() -> Iterator[list[int]]:
    """Numbers of signals that reached the program's own handlers."""
    numbers: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        numbers.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


def swallow() -> None:
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)


def test_a_swallowed_signal_reaches_the_program_afterwards(seen: list[int]) -> None:
    with signals_kept():
        swallow()
        os.kill(os.getpid(), signal.SIGTERM)
        assert seen == []
    assert seen == [signal.SIGTERM]


def test_handlers_are_the_old_ones_afterwards(seen: list[int]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with signals_kept():
        swallow()
    assert signal.getsignal(signal.SIGTERM) is before
    assert seen == []


def test_a_run_broken_off_is_a_keyboard_interrupt(seen: list[int]) -> None:
    def broken_off() -> None:
        swallow()
        os.kill(os.getpid(), signal.SIGINT)
        raise dg.DagsterExecutionInterruptedError

    with pytest.raises(KeyboardInterrupt), signals_kept():
        broken_off()
    assert seen == [signal.SIGINT]


def test_another_thread_is_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with signals_kept():
            pass

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_stops_a_run_at_once(instance: dg.DagsterInstance) -> None:
    ended: list[str] = []

    @dg.asset
    def slow() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(20)
        ended.append("slept through it")

    with pytest.raises(KeyboardInterrupt), signals_kept():
        dg.materialize([slow], instance=instance, raise_on_error=False)
    assert ended == []
