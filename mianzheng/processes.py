"""The hub's child processes: started, watched, started again when they end by themselves, stopped in reverse order.

Each child leads a session of its own, so that Ctrl-C reaches the supervisor only, and ends with its supervisor even
when that is killed.
"""

import contextlib
import ctypes
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

STOP_SECONDS = 20
RESTARTS = 5
PR_SET_PDEATHSIG = 1  # linux/prctl.h
ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclasses.dataclass
class Child:
    """One process of the hub."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    started: float
    restarts: int = 0


class Children:
    """The processes of one hub, in the order in which they were started."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        """Children write to `logs`/<name>.log and see exactly `environment`."""
        self._logs = logs
        self._environment = dict(environment)
        self._children: list[Child] = []

    def start(self, name: str, *arguments: str) -> None:
        """Run `python arguments…` as a child called `name`."""
        command = [sys.executable, *arguments]
        with signals_held_back():
            self._children.append(Child(name, command, self._popen(name, command), time.monotonic()))

    def revive(self) -> list[str]:
        """Start again what ended by itself; the names of those that ended too often to go on."""
        given_up = []
        for child in self._children:
            if child.process.poll() is None:
                continue
            if child.restarts >= RESTARTS:
                given_up.append(child.name)
                continue
            child.restarts += 1
            self._start_again(child)
        return given_up

    def renew(self, name: str) -> None:
        """End a child as `stop` does and start it again, as it is to read something anew; nothing if there is none."""
        for child in self._children:
            if child.name == name:
                _end(child, time.monotonic() + STOP_SECONDS)
                self._start_again(child)

    def ended(self, name: str) -> bool:
        """Whether the child has ended."""
        return any(child.name == name and child.process.poll() is not None for child in self._children)

    def stop(self) -> None:
        """SIGTERM in reverse order, all at once; SIGKILL to those that stay longer than STOP_SECONDS."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            _end(child, deadline)
        self._children.clear()

    def _start_again(self, child: Child) -> None:
        with signals_held_back():
            child.process = self._popen(child.name, child.command)

    def _popen(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self._logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no progress is drawn meanwhile: one thread
            )


class StartedWhen:
    """Starts a child as soon as it is wanted; asked again and again."""

    def __init__(self, wanted: Callable[[], bool], children: Children, name: str, *arguments: str) -> None:
        """Of `children`, `python arguments…` called `name`, from when `wanted` is true."""
        self._wanted = wanted
        self._start = partial(children.start, name, *arguments)
        self._started = False

    def look(self) -> bool:
        """Start it if it is wanted and was not started yet; whether it did."""
        if self._started or not self._wanted():
            return False
        self._started = True
        self._start()
        return True


def _end(child: Child, deadline: float) -> None:
    """SIGTERM; SIGKILL to what is left of its session: a child past the deadline, or others that it has started."""
    if child.process.poll() is None:
        child.process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.process.wait(max(0.1, deadline - time.monotonic()))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()


@contextlib.contextmanager
def signals_held_back() -> Iterator[None]:
    """SIGINT and SIGTERM wait until the block has ended, which is to end with the new process written down.

    What a handler raises in the middle of a fork is dropped by Python, with the locks of `logging` still held; what it
    raises before the process is written down leaves one that nobody ends. The signals are not blocked but noted: with
    libraries' threads about, one that the main thread blocks is handed to another, and its handler runs all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread only
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for one in came:
            signal.raise_signal(one)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, and take signals as a fresh process does."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
