"""One line for where a work is: with a bar and as wide as the terminal, or plain for logs.

    bar_line(look, place="3/32", width=100)
    3/32  public_security.residents  检查 4/7  ╍╍╍╍╌╌╌╌  43%  4,300,000 / 10,000,000 行  312,000/s  剩余 0:18

Chinese characters are two cells wide. Nothing that is printed here has a width that depends on the terminal's language
(East Asian "ambiguous", UAX #11), such as most characters of bars have: where a terminal takes those for two cells, the
line would break and could not be redrawn.
"""

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from mianzheng.progress_way import Look

_DONE, _TO_DO = "╍", "╌"
_WIDEST_BAR: Final = 32
_GAP: Final = 2


@dataclass(frozen=True)
class _Room:
    """How much a line says; `bar` is how many cells a bar must have at least, 0 for no bar."""

    bar: int = 0
    place: bool = False
    department: bool = False
    name: bool = True
    english: bool = False
    counts: bool = False
    exactly: bool = False
    rate: bool = False
    time: bool = True


_ROOMS: Final = (
    _Room(bar=12, place=True, department=True, english=True, counts=True, exactly=True, rate=True),
    _Room(bar=8, place=True, department=True, english=True, counts=True, rate=True),
    _Room(bar=6, place=True, english=True, counts=True, rate=True),
    _Room(bar=4, english=True, counts=True, rate=True),
    _Room(bar=6, counts=True, rate=True),
    _Room(bar=6, counts=True),
    _Room(),
    _Room(name=False),
    _Room(name=False, time=False),
)
"""From the fullest to the shortest; the first that fits is taken."""
_FULL_NAMES_FROM: Final = 105
"""Cells: names that were full in some steps and short in others would flicker."""


def bar_line(look: Look, place: str, width: int) -> Text:
    """At most `width` cells of `look`; `place` says which of how many datasets it is."""
    for room in _ROOMS if width >= _FULL_NAMES_FROM else _ROOMS[2:]:
        before, after = _before_the_bar(look, place, room), _after_the_bar(look, room)
        free = width - sum(cell_len(words) + _GAP for words, _ in (*before, *after)) + _GAP
        with_bar = bool(room.bar) and look.share is not None
        if free >= (room.bar + _GAP if with_bar else 0):
            return _joined([*before, *_bar(look, min(free - _GAP, _WIDEST_BAR) * with_bar), *after])
    return Text(set_cell_size(look.work.zh, width).rstrip(), style="bold")


def plain_line(look: Look, place: str) -> str:
    """Everything about `look` in one line without control characters."""
    parts = [*_before_the_bar(look, place, _ROOMS[0]), *_after_the_bar(look, _ROOMS[0])]
    return "  ".join(" ".join(words.split()) for words, _ in parts if words.strip())


def _before_the_bar(look: Look, place: str, room: _Room) -> list[tuple[str, str]]:
    name = look.name if room.department else look.name.partition(".")[2] or look.name
    work = (look.work.zh, look.work.en if room.english else "", look.work.place)
    head = [(place, "dim")] if room.place and place else []
    middle = [(name, "bold")] if room.name and name else []
    return [*head, *middle, (" ".join(word for word in work if word), "cyan")]


def _after_the_bar(look: Look, room: _Room) -> list[tuple[str, str]]:
    parts = [(_share(look, counted=room.counts), "bold")] if look.share is not None else []
    if room.counts and (counts := _counts(look, exactly=room.exactly)):
        parts.append((counts + (" 行 rows" if room.exactly else ""), ""))
    if room.rate and look.rate is not None:
        parts.append((f"{look.rate:>9,.0f}/s" if room.exactly else f"{short(round(look.rate)):>5}/s", "green"))
    return [*parts, (_time(look, english=room.english), "dim")] if room.time else parts


def _bar(look: Look, cells: int) -> list[tuple[str, str]]:
    if not cells or look.share is None:
        return []
    done = int(look.share * cells)
    return [(_DONE * done + _TO_DO * (cells - done), "cyan")]


def _share(look: Look, *, counted: bool) -> str:
    """Rounded down: 100% is all of it. Of a guess it is one, too, which is said once."""
    guess = "" if counted or look.total is None or look.total.exact else "约"
    return f"{guess}{int(100 * (look.share or 0)):>3}%"


def _counts(look: Look, *, exactly: bool) -> str:
    """Rows done, of how many; where a step only said how many it has, those."""
    number = "{:,}".format if exactly else short
    if look.total is None:
        return number(look.rows) if look.rows else ""
    guess, total = "" if look.total.exact else "约", number(look.total.rows)
    slash = " / " if exactly else "/"
    return guess + total if look.rows is None else f"{number(look.rows):>{len(total)}}{slash}{guess}{total}"


def short(number: int) -> str:
    """Three digits of a number: 950, 12.3k, 4.30M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.{2 - min(2, len(str(number // size)) - 1)}f}{unit}"
    return str(number)


def _time(look: Look, *, english: bool) -> str:
    """What is left, or what has gone by where that can't be told."""
    words, seconds = ("剩余", "left"), look.left
    if seconds is None or look.share == 1:
        words, seconds = ("已用", "elapsed"), look.elapsed
    return f"{' '.join(words[: 1 + english])} {clock_time(seconds):>5}"


def clock_time(seconds: float) -> str:
    """Minutes and seconds, as 1:05, and hours where there are any, as 2:00:09."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _joined(parts: list[tuple[str, str]]) -> Text:
    line = Text(no_wrap=True)
    for number, (words, style) in enumerate(parts):
        line.append(" " * _GAP * bool(number) + words, style=style or None)
    return line
