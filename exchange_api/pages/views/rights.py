"""What the pages of applications, grants and deadlines show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Item, Option, Words


class StateTag(NamedTuple):
    """A state in colour, word and mark."""

    tone: str
    words: Words
    icon: str


class ApplicationRow(NamedTuple):
    """An application in the list."""

    number: int
    title: Words
    act: Words
    department: str
    provider: str
    state: StateTag
    due_on: date | None
    submitted_at: datetime | None


@dataclass(frozen=True)
class ApplicationsView:
    """Applications: own ones, those that wait for an answer here, or all; `older`: where the next page starts."""

    side: str
    sides: tuple[Option, ...]
    rows: tuple[ApplicationRow, ...]
    older: int | None
    may_apply: bool


@dataclass(frozen=True)
class ApplicationForm:
    """The form of an application, filled in as it was sent; `fault` names what is wrong, `member` where."""

    resources: tuple[Option, ...]
    acts: tuple[Option, ...]
    modes: tuple[Option, ...]
    service_items: tuple[Option, ...]
    given: Mapping[str, str]
    action: str
    member: str = ""
    fault: Words | None = None


class Move(NamedTuple):
    """A step that can be taken: where its form goes, what it is called, what it asks for.

    `text`: the label of what has to be written; None: nothing. `days`, `day`: a number of days, or a day is asked for.
    """

    step: str
    words: Words
    text: Words | None = None
    days: bool = False
    day: Words | None = None
    strong: bool = False
    danger: bool = False


class StepLine(NamedTuple):
    """Something that was done."""

    at: datetime
    words: Words
    department: str
    account: str
    told: str


class GrantRow(NamedTuple):
    """A grant in a list."""

    id: int
    title: Words
    act: Words
    department: str
    purpose: str
    service_item: str
    state: StateTag
    until: date | None


@dataclass(frozen=True)
class ApplicationView:
    """One application: what is asked for, how it stands, what can be done, what was done."""

    number: int
    state: StateTag
    facts: tuple[Item, ...]
    standing: tuple[Item, ...]
    moves: tuple[Move, ...]
    grants: tuple[GrantRow, ...]
    steps: tuple[StepLine, ...]
    fault: Words | None = None
    may_change: bool = False


@dataclass(frozen=True)
class GrantsView:
    """Grants: used here, provided here, or all."""

    side: str
    sides: tuple[Option, ...]
    rows: tuple[GrantRow, ...]
    older: int | None


@dataclass(frozen=True)
class GrantView:
    """One grant: what it covers, how it stands, what can be done, what was done."""

    id: int
    state: StateTag
    facts: tuple[Item, ...]
    application: int | None
    notices: tuple[Item, ...]
    moves: tuple[Move, ...]
    steps: tuple[StepLine, ...]
    fault: Words | None = None


class CardView(NamedTuple):
    """A yellow or red card."""

    tone: str
    icon: str
    colour: Words
    what: Words
    number: int
    href: str | None
    department: str
    due_on: date
    left: Words


@dataclass(frozen=True)
class DeadlinesView:
    """Cards, and how many each department has."""

    cards: tuple[CardView, ...]
    departments: tuple[tuple[str, int, int], ...]
    announced: bool
    today: date
