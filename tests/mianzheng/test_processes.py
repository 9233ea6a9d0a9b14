"""A signal that comes while a child is being started: it is written down, and ended with the others."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from mianzheng.processes import Children

SLEEPER = ("-c", "import time; time.sleep(60)")


class StoppedHereError(Exception):
    """What the handler of this test raises."""


def interrupt(*_: object) -> None:
    raise StoppedHereError


def signal_while_forking(log: Path) -> None:
    """The child's log is a pipe: whoever opens it waits for us, with signals held back, and then starts the child."""
    deadline = time.monotonic() + 10
    while signal.getsignal(signal.SIGINT) is interrupt and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    with log.open("rb") as reader:
        reader.read()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_signal_during_the_start_leaves_no_child_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sleeper.log")
    children = Children(tmp_path, {"HUB_TEST": str(tmp_path)})
    before = signal.signal(signal.SIGINT, interrupt)
    other = threading.Thread(target=signal_while_forking, args=(tmp_path / "sleeper.log",), daemon=True)
    other.start()
    try:
        with pytest.raises(StoppedHereError):
            children.start("sleeper", *SLEEPER)
        started = mine(tmp_path)
        children.stop()
    finally:
        signal.signal(signal.SIGINT, before)
    other.join(10)
    assert len(started) == 1
    assert mine(tmp_path) == []


def mine(folder: Path) -> list[str]:
    """Processes of this machine with this test's mark in their environment."""
    mark = f"HUB_TEST={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found
