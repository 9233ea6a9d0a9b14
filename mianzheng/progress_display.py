"""Shows how a cycle of the intake goes: one redrawn line on a terminal, a line now and then everywhere else.

    with shown(console, expected, datasets=32) as display:
        run_cycle(home, clock, progress=display, each=lambda outcome: display.print(line(outcome)))

A callback of the intake only notes numbers; a thread of its own draws them, so that a step that says nothing for
minutes still shows that time goes by. The cursor is never hidden: whatever ends the process, even SIGKILL, leaves a
terminal to type in.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType

from mianzheng.progress_lines import bar_line, plain_line
from mianzheng.progress_measure import Total
from mianzheng.progress_way import Expected, Look, Way, Work

if TYPE_CHECKING:
    from quality.intake import Step

REDRAWN_EVERY: Final = 0.25
LOOKED_AT_EVERY: Final = 1.0
"""Seconds between looks where nothing can be redrawn."""
LINE_EVERY: Final = 10.0
WORTH_A_LINE: Final = 2.0
"""A step that took so many seconds gets a line in a log at once; a cycle of small datasets has none."""
_ERASE: Final = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


def unknown(dataset: str) -> None:
    """Nobody knows how many rows there will be."""


class Redrawn:
    """The last line of a terminal, drawn over and over."""

    every = REDRAWN_EVERY

    def __init__(self, console: Console) -> None:
        self._console = console

    def draw(self, look: Look, place: str, _now: float) -> None:
        """Replace the line; the last column stays free, as a cursor behind it would be on the next line."""
        with self._console:  # written in one go, so that nothing flickers
            self._console.control(_ERASE)
            self._console.print(bar_line(look, place, self._console.width - 1), end="")

    def clear(self) -> None:
        """Leave an empty line."""
        self._console.control(_ERASE)


class Lines:
    """A log: a line when a step turns out to take time, and then now and then."""

    every = LOOKED_AT_EVERY

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: tuple[str, str] | None = None
        self._at = 0.0

    def draw(self, look: Look, place: str, now: float) -> None:
        """Print a line if it is time for one."""
        work = (look.name, look.work.en)
        if look.elapsed < WORTH_A_LINE or (work == self._last and now - self._at < LINE_EVERY):
            return
        self._last, self._at = work, now
        self._console.print(plain_line(look, place), markup=False)

    def clear(self) -> None:
        """Nothing: a log keeps its lines."""


class ProgressDisplay:
    """A progress callback of the intake, and what it shows.

    Args:
        console: where it is shown.
        expected: how many rows a dataset's delivery will have.
        datasets: how many there are to come; 0 if nobody counts them.
        now: a monotonic clock.
    """

    def __init__(
        self, console: Console, expected: Expected, datasets: int = 0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._screen: Redrawn | Lines = Redrawn(console) if can_redraw(console) else Lines(console)
        self._expected = expected
        self._datasets = datasets
        self._now = now
        self._seen: set[str] = set()
        self._way: Way | None = None
        self._lock = threading.RLock()
        self._over = threading.Event()

    def __call__(self, step: "Step", dataset: str, rows: int) -> None:
        """`rows` of a dataset have gone through a step so far."""
        with self._lock:
            if self._way is None or self._way.name != dataset:
                self._seen.add(dataset)
                self._way = Way(dataset, self._expected, self._now())
            self._way.told(step, rows, self._now())

    def begin(self, work: Work, total: Total | None = None) -> None:
        """A work begins that is no step of the intake."""
        with self._lock:
            self._way = Way("", self._expected, self._now())
            self._way.begin(work, total, self._now())

    def seen(self, rows: int) -> None:
        """So many rows of that work are done."""
        with self._lock:
            if self._way is not None:
                self._way.seen(rows, self._now())

    def print(self, line: str) -> None:
        """A line that stays, above the one that is redrawn, when a dataset has come to its end."""
        with self._lock:
            self._way = None
            self._screen.clear()
            self._console.print(line, markup=False)

    def draw(self) -> None:
        """Show how it stands now."""
        with self._lock:
            now = self._now()
            look = None if self._way is None else self._way.look(now)
            if look is not None:
                self._screen.draw(look, self._place(), now)

    def run(self) -> None:
        """Draw until it is over; in a thread."""
        while not self._over.wait(self._screen.every):
            self.draw()

    def end(self) -> None:
        """Nothing is drawn any more, and the redrawn line is gone."""
        self._over.set()
        with self._lock:
            self._way = None
            self._screen.clear()

    def _place(self) -> str:
        return f"{len(self._seen)}/{self._datasets}" if self._datasets > 1 else ""


def can_redraw(console: Console) -> bool:
    """A terminal that can do more than print; FORCE_COLOR does not make one of a file."""
    return console.file.isatty() and not console.is_dumb_terminal


@contextmanager
def shown(console: Console, expected: Expected = unknown, datasets: int = 0) -> Iterator[ProgressDisplay]:
    """A display that draws itself until the block ends, however it ends."""
    display = ProgressDisplay(console, expected, datasets)
    thread = threading.Thread(target=display.run, name="progress", daemon=True)
    thread.start()
    try:
        yield display
    finally:
        display.end()
        thread.join()


@contextmanager
def waiting(console: Console, zh: str, en: str, *, wanted: bool = True) -> Iterator[None]:
    """What is being waited for and how long already, on a terminal; nothing in files, which hold what came of it."""
    if not (wanted and can_redraw(console)):
        yield
        return
    with shown(console) as display:
        display.begin(Work(zh, en))
        yield
