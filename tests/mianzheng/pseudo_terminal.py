"""A terminal for tests: runs a program in a window of a given width, and understands what it draws."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
STYLE = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile(r"\r|\n|\x1b\[2K|\x1b\[[0-9;]*m|[^\r\n\x1b]+")


class Terminal:
    """A running program and everything that it has written to its window."""

    def __init__(self, command: Sequence[str], width: int, environment: Mapping[str, str]) -> None:
        self._window, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        modes = termios.tcgetattr(other)
        modes[3] &= ~termios.ECHO  # what is typed stands not in the window, which holds the program's words only
        termios.tcsetattr(other, termios.TCSANOW, modes)
        settings = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | dict(environment)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        # a session of its own with the window as its terminal: what Ctrl-C needs
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=kept | settings, stdin=other, stdout=other, stderr=other, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one call of the kernel
        )  # fmt: skip
        os.close(other)
        self.written = ""

    def type(self, keys: bytes) -> None:
        """As if somebody typed."""
        os.write(self._window, keys)

    def read_until(self, text: str, seconds: float = 60) -> None:
        """Read what it writes until `text` was among it."""
        self._read(text, seconds)
        assert text in self.written, self.written[-500:]

    def read_to_the_end(self, seconds: float = 120) -> int:
        """Read all of it; the exit code."""
        self._read(None, seconds)
        return self.process.wait(10)

    def close(self) -> None:
        """Close the window."""
        self.process.kill()
        self.process.wait()
        os.close(self._window)

    def _read(self, text: str | None, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        raw = b""
        while time.monotonic() < deadline and (text is None or text not in self.written):
            try:
                raw += os.read(self._window, 65_536)
            except OSError:  # Linux says EIO when nobody has the window open any more
                return
            with contextlib.suppress(UnicodeDecodeError):
                self.written, raw = self.written + raw.decode(), b""


@contextlib.contextmanager
def terminal(command: Sequence[str], width: int, **environment: str) -> Iterator[Terminal]:
    """A program in a window, which is closed when the block ends."""
    window = Terminal(command, width, environment)
    try:
        yield window
    finally:
        window.close()


def frames(written: str) -> list[str]:
    """Each state in which the cursor's line was left, before it was erased or ended: without styles."""
    seen, line = [], ""
    for piece in CONTROL.findall(written):
        if piece in {"\n", "\x1b[2K"}:
            seen.append(line)
            line = ""
        elif piece != "\r" and not STYLE.fullmatch(piece):
            line += piece
    return [*seen, line]


def screen(written: str) -> list[str]:
    """What stands in the window at the end, line by line."""
    lines = [""]
    for piece in CONTROL.findall(written):
        if piece == "\n":
            lines.append("")
        elif piece == "\x1b[2K":
            lines[-1] = ""
        elif piece != "\r" and not STYLE.fullmatch(piece):
            lines[-1] += piece
    return lines


def cells(line: str) -> int:
    """By the standard's table (UAX #11), ambiguous characters as Chinese terminals take them: two cells."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in line)
