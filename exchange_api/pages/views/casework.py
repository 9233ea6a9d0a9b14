"""What the pages of cases show: the list, one case with its rows, steps and forms, and the letter of reminder."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Item, Option, Tile, Words
from exchange_api.pages.views.publisher import ColumnHead, RefusedRow
from exchange_api.pages.views.steward import ConflictRow


class Tag(NamedTuple):
    """A word in a colour, with a shape."""

    tone: str
    words: Words
    icon: str


class CaseLine(NamedTuple):
    """A case in the list; `share` of its rows is settled."""

    number: int
    href: str
    kind: Words
    defect: Words
    title: Words
    department: str
    rows: int
    settled: int
    share: float
    due_on: date
    days: Words | None
    card: Tag | None
    state: Tag
    assigned_to: str | None


class Choice(NamedTuple):
    """One way to narrow the list."""

    words: Words
    href: str
    current: bool


class Filter(NamedTuple):
    """The ways to narrow the list in one respect."""

    words: Words
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class CaseList:
    """The list; `older`: the address of the next page."""

    tiles: tuple[Tile, ...]
    filters: tuple[Filter, ...]
    rows: tuple[CaseLine, ...]
    older: str | None
    raise_at: str | None


class StepRow(NamedTuple):
    """What was done, when, by whom; `note`: words that were written."""

    at: datetime
    act: Words
    by: str
    reason: Words | None
    note: str
    rows: int | None
    batch: int | None


class EvidenceLine(NamedTuple):
    """A file that speaks for an ending."""

    href: str
    name: str
    size: int
    by: str
    at: datetime


class ActForm(NamedTuple):
    """A form for something that this person may do now.

    Attributes:
        reasons: of a fixed list; none where there is nothing to choose.
        note: "" (no words), "optional" or "required".
        asks: "file", "login" or "".
    """

    act: str
    title: Words
    hint: Words
    reasons: tuple[Option, ...]
    note: str
    asks: str
    primary: bool


class Deadline(NamedTuple):
    """The time that has passed, as a bar."""

    share: float
    tone: str
    words: Words


@dataclass(frozen=True)
class CaseView:
    """One case; its rows masked, or, of a conflict, the values that differ."""

    line: CaseLine
    place: str
    facts: tuple[Item, ...]
    deadline: Deadline
    proposal: Words | None
    columns: tuple[ColumnHead, ...]
    rows: tuple[RefusedRow, ...]
    conflicts: tuple[ConflictRow, ...]
    hidden: Words | None
    after: str | None
    steps: tuple[StepRow, ...]
    evidence: tuple[EvidenceLine, ...]
    forms: tuple[ActForm, ...]
    letter: str
    dispute: bool
    fault: Words | None


@dataclass(frozen=True)
class RaiseView:
    """The form by which a steward raises a case."""

    place: str
    reasons: tuple[Option, ...]
    datasets: tuple[Option, ...]
    given: dict[str, str]
    fault: Words | None


@dataclass(frozen=True)
class RaisedView:
    """What a case that was raised about rows that stand is about: their columns, and their cells, masked."""

    number: int
    href: str
    is_new: bool
    columns: tuple[Words, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True)
class LetterView:
    """A letter of reminder (催办函), to be printed on A4."""

    number: str
    to: str
    line: CaseLine
    kind: Words
    opened_on: date
    today: date
    rows_open: int
    late: int
    reminders: int
    escalated: Words | None
    hub: str
