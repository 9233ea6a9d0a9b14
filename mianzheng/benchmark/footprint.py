"""What a tree of processes uses: memory as the sum of PSS, and processor seconds, as Linux tells them under /proc.

PSS counts a page that several processes share once in all: the server's shared buffers are not counted per backend.
Run as a program it samples a tree until its input ends, and prints the greatest sum; it uses the standard library
alone, so that it starts at once, and leaves itself out.

    python footprint.py PID SECONDS      -> {"peak": 812345344, "parts": {"postgres": 512345344, "python": 300000000}}
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")
EVERY_SECONDS = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(root: int) -> float:
    """User and system time of the tree under `root`, of its ended and awaited children too."""
    stats = _stats()
    return sum(stats[pid].ticks for pid in _tree(root, stats)) / _TICKS


def proportional_bytes(root: int, without: int = 0) -> dict[str, int]:
    """PSS of the tree under `root` by the programs' names, without one process."""
    found: dict[str, int] = {}
    stats = _stats()
    for pid in _tree(root, stats):
        if pid != without:
            found[stats[pid].name] = found.get(stats[pid].name, 0) + _pss(pid)
    return found


@dataclass(frozen=True)
class _Stat:
    name: str
    parent: int
    ticks: int


def _stats() -> dict[int, _Stat]:
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended
                found[int(entry.name)] = _stat((entry / "stat").read_text(encoding="utf-8", errors="replace"))
    return found


def _stat(line: str) -> _Stat:
    """proc(5): `pid (name) state ppid …`, utime, stime, cutime and cstime from the 14th on."""
    name, rest = line[line.index("(") + 1 : line.rindex(")")], line[line.rindex(")") + 2 :].split()
    return _Stat(name, int(rest[1]), sum(map(int, rest[11:15])))


def _tree(root: int, stats: dict[int, _Stat]) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if pid in stats:
            yield pid
        waiting += children.get(pid, [])


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):  # it has ended
        for line in (PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


@dataclass(frozen=True)
class Peak:
    """The greatest sum that was seen, in MiB, and what it consisted of."""

    mib: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


class Sampled:
    """Samples this process and its descendants from a process of its own while the block runs; then `peak` is there."""

    peak: Peak

    def __enter__(self) -> Self:
        command = [sys.executable, "-I", __file__, str(os.getpid()), str(EVERY_SECONDS)]
        # A session of its own: Ctrl-C reaches whoever measures, and the sampler ends when its input does.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        told, _ = self._process.communicate()
        if kind is not None:
            return
        found = json.loads(told)
        parts = {name: round(size / 2**20, 1) for name, size in found["parts"].items()}
        self.peak = Peak(round(found["peak"] / 2**20, 1), parts)


def _sample(root: int, seconds: float) -> dict[str, object]:
    peak, parts = 0, dict[str, int]()
    while True:
        now = proportional_bytes(root, os.getpid())
        if sum(now.values()) > peak:
            peak, parts = sum(now.values()), now
        if select.select([sys.stdin], [], [], seconds)[0]:  # nobody writes: its end was reached
            return {"peak": peak, "parts": parts}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_sample(int(sys.argv[1]), float(sys.argv[2]))))
