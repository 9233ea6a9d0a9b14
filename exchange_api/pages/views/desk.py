"""What the publisher's desk shows: standing, cases, replies, changes of contracts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class DeskTile(NamedTuple):
    """One figure; `href` leads to what it counts."""

    words: Words
    figure: str
    note: Words
    href: str = ""


class DeskCaseRow(NamedTuple):
    """An open case."""

    number: int
    title: Words
    defect: Words
    rows_open: int
    rows: int
    due_on: date
    tone: str
    card: Words


class ReplyRow(NamedTuple):
    """A reply to a file from a drop folder; `files` are kept for download: (word in the address, words)."""

    id: int
    file_name: str
    title: Words
    made_at: datetime
    tone: str
    state: Words
    says: Words
    batch: int | None
    files: tuple[tuple[str, Words], ...]


@dataclass(frozen=True)
class Desk:
    """The head of the publisher's page."""

    tiles: tuple[DeskTile, ...]
    cases: tuple[DeskCaseRow, ...]
    replies: tuple[ReplyRow, ...]


@dataclass(frozen=True)
class RepliesView:
    """Replies to the department's files."""

    replies: tuple[ReplyRow, ...]
    older: int | None


class Concerned(NamedTuple):
    """A service item or a grant that a change breaks."""

    words: Words
    department: str


class DifferenceRow(NamedTuple):
    """One difference, with who is concerned by kind and by name."""

    words: Words
    tone: str
    step: Words
    parties: tuple[Words, ...]
    items: tuple[Concerned, ...]
    grants: tuple[Concerned, ...]


class ChangeCard(NamedTuple):
    """One change of contracts."""

    title: Words
    breaking: bool
    told: tuple[Words, ...]
    rows: tuple[DifferenceRow, ...]


@dataclass(frozen=True)
class ChangesView:
    """Accepted changes, and what a draft would change."""

    draft: ChangeCard | None
    accepted: tuple[ChangeCard, ...]
    faults: tuple[Words, ...] = ()
