"""Progress on a real pseudo-terminal and off it: what is drawn, and what is left when somebody stops it."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from mianzheng.progress_display import LINE_EVERY, ProgressDisplay, can_redraw
from mianzheng.progress_measure import Total
from quality.intake import Step
from tests.mianzheng.pseudo_terminal import ROOT, Terminal, cells, frames, screen, terminal

PROGRAM = """
import enum, sys
from mianzheng.progress_display import shown
from mianzheng.progress_measure import Total
from mianzheng.terminal import console

Step = enum.StrEnum("Step", ["OPEN", "PULL", "LAND", "CHECK"])  # the intake's own takes seconds to import
with shown(console, lambda dataset: Total(900, exact=False), datasets=2) as display:
    display(Step.OPEN, "a.first", 0)
    display(Step.PULL, "a.first", 0)
    display(Step.PULL, "a.first", 300)
    sys.stdin.readline()
    display(Step.LAND, "a.first", 1000)
    display(Step.CHECK, "a.first", 0)
    display(Step.CHECK, "a.first", 500)
    sys.stdin.readline()
    display.print("a.first 已归集 done")
    display(Step.PULL, "a.second", 0)
    display(Step.PULL, "a.second", 7)
    sys.stdin.readline()
console.print("the end")
"""
COMMAND = [sys.executable, "-c", PROGRAM]


def walk(window: Terminal, *seen: str) -> None:
    """Wait for what the program draws, and let it go on, again and again."""
    for text in seen:
        window.read_until(text)
        window.type(b"\n")


def test_one_line_is_redrawn() -> None:
    with terminal(COMMAND, 80) as window:
        walk(window, "剩余 left", "50%", "2/2")
        assert window.read_to_the_end() == 0
    drawn = frames(window.written)
    assert any(line.startswith("1/2  first  提取 pull 2/7  ╍") and "33%" in line for line in drawn)
    assert any("300/约900" in line and "/s" in line and "剩余 left" in line for line in drawn)
    assert any(line.startswith("1/2  first  检查 check 4/7") and "50%" in line for line in drawn)
    assert any(line.startswith("2/2  second  提取 pull 2/7") for line in drawn)
    assert screen(window.written) == ["a.first 已归集 done", "the end", ""]
    assert max(map(cells, drawn)) <= 79
    assert "\x1b[36m" in window.written
    assert "\x1b[?25" not in window.written  # the cursor is neither hidden nor shown


def test_a_narrow_window() -> None:
    with terminal(COMMAND, 30) as window:
        walk(window, "33%", "50%", "约  0%")
        assert window.read_to_the_end() == 0
    drawn = frames(window.written)
    assert max(map(cells, drawn)) <= 29
    assert any("检查 4/7" in line and "50%" in line for line in drawn)


def test_no_colours_where_nobody_wants_them() -> None:
    with terminal(COMMAND, 80, NO_COLOR="1") as window:
        walk(window, "33%", "50%", "2/2")
        assert window.read_to_the_end() == 0
    assert "检查 check 4/7" in window.written
    assert not [code for code in ("\x1b[3", "\x1b[9", "\x1b[4") if code in window.written]


@pytest.mark.parametrize("stop", ["Ctrl-C", "SIGTERM"])
def test_whatever_stops_it_the_terminal_is_sane(stop: str) -> None:
    with terminal(COMMAND, 80) as window:
        walk(window, "33%", "50%")
        window.read_until("2/2")
        if stop == "Ctrl-C":
            window.type(b"\x03")
        else:
            window.process.send_signal(signal.SIGTERM)
        assert window.read_to_the_end() != 0
    assert "\x1b[?25" not in window.written
    if stop == "Ctrl-C":
        assert "KeyboardInterrupt" in screen(window.written)[-2]
        assert not [line for line in screen(window.written) if "second" in line and "%" in line]


def test_a_dumb_terminal_gets_lines() -> None:
    with terminal(COMMAND, 80, TERM="dumb") as window:
        window.type(b"\n\n\n")
        assert window.read_to_the_end() == 0
    assert "\x1b" not in window.written
    assert "a.first 已归集 done" in window.written


WAITING = """
import sys
from mianzheng.progress_display import waiting
from mianzheng.terminal import console

with waiting(console, "计算摘要", "making the digest"):
    sys.stdin.readline()
console.print("the end")
"""


def test_waiting_is_seen_on_a_terminal_only() -> None:
    command = [sys.executable, "-c", WAITING]
    with terminal(command, 80) as window:
        walk(window, "0:01")
        assert window.read_to_the_end() == 0
    assert "计算摘要 making the digest  已用 elapsed  0:01" in frames(window.written)
    assert screen(window.written) == ["the end", ""]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert done.stdout == b"the end\n"


def test_force_color_makes_no_terminal_of_a_file() -> None:
    assert not can_redraw(Console(file=io.StringIO(), force_terminal=True))


# Off a terminal, by a clock of the test's own.


@pytest.fixture
def log() -> Iterator[tuple[ProgressDisplay, Callable[[float], list[str]]]]:
    """A display that writes into a text, and what draws it at a moment and gives all lines so far."""
    text, moment = io.StringIO(), [0.0]
    console = Console(file=text, width=30, soft_wrap=True)
    display = ProgressDisplay(console, lambda _: Total(1_000), 2, lambda: moment[0])

    def at(now: float) -> list[str]:
        moment[0] = now
        display.draw()
        return text.getvalue().splitlines()

    yield display, at
    display.end()
    assert "\x1b" not in text.getvalue()


def test_a_quick_dataset_writes_nothing(log: tuple[ProgressDisplay, Callable[[float], list[str]]]) -> None:
    display, at = log
    for second, step in enumerate(Step):
        display(step, "a.b", 10)
        assert at(second + 0.9) == []


def test_a_step_that_takes_time_has_a_line_now_and_then(
    log: tuple[ProgressDisplay, Callable[[float], list[str]]],
) -> None:
    display, at = log
    display(Step.CHECK, "a.b", 0)
    assert at(1.0) == []
    display(Step.CHECK, "a.b", 100)
    assert at(2.0) == ["1/2  a.b  检查 check 4/7  10%  100 / 1,000 行 rows  100/s  剩余 left 0:08"]
    display(Step.CHECK, "a.b", 200)
    assert len(at(2.0 + LINE_EVERY - 0.5)) == 1
    assert len(at(2.0 + LINE_EVERY)) == 2
    display(Step.TAKE_OVER, "a.b", 990)
    assert len(at(14.1)) == 3  # another step, and it takes time, too
    assert at(14.1)[-1].startswith("1/2  a.b  入库 take over 6/7  990 行 rows  已用 elapsed")
    display.print("a.b 已归集")
    assert len(at(60.0)) == 4


def test_pipes_get_lines() -> None:
    with os.fdopen(os.open(os.devnull, os.O_WRONLY), "w") as nothing:
        assert not can_redraw(Console(file=nothing))
