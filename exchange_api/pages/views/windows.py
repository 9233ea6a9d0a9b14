"""What the pages of objections and completions show."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words


class Standing(NamedTuple):
    """How something stands, in words."""

    tone: str
    icon: str
    words: Words


class FileRow(NamedTuple):
    """A file that speaks for something; `href` where it may be opened."""

    name: str
    size: int
    href: str | None


class ObjectionRow(NamedTuple):
    """An objection in a list."""

    slip: str
    href: str
    about: Words
    departments: str
    filed_at: datetime
    due_on: date
    overdue: bool
    standing: Standing
    case_number: int | None


@dataclass(frozen=True)
class ObjectionList:
    """The list; `new`: where one is filed, for those who file."""

    rows: tuple[ObjectionRow, ...]
    older: int | None
    place: str
    new: str | None


@dataclass(frozen=True)
class ObjectionForm:
    """First which data, then what is wrong with it."""

    datasets: tuple[Option, ...]
    dataset: str
    key_title: str
    attributes: tuple[Option, ...]
    channels: tuple[Option, ...]
    given: dict[str, str]
    fault: Words | None = None


@dataclass(frozen=True)
class ObjectionView:
    """One objection."""

    row: ObjectionRow
    channel: Words
    key: str
    name: str
    statement: str
    evidence: tuple[FileRow, ...]
    case_at: str | None
    slip_at: str | None


@dataclass(frozen=True)
class SlipView:
    """The slip that is printed: nothing of it names a person."""

    slip: str
    row: ObjectionRow
    provider: Words
    address: str
    code: str


@dataclass(frozen=True)
class StandingView:
    """What whoever has a slip is told."""

    slip: str
    row: ObjectionRow | None
    provider: Words | None
    closed_at: datetime | None
    asked: bool


class CompletionRow(NamedTuple):
    """A completion in a list."""

    reference: str
    href: str
    type: Words
    departments: str
    filed_at: datetime
    due_on: date
    overdue: bool
    standing: Standing
    filed_by: str


@dataclass(frozen=True)
class CompletionList:
    """The list; `new`: where one is filed."""

    rows: tuple[CompletionRow, ...]
    older: int | None
    place: str
    new: str | None


@dataclass(frozen=True)
class TypedForm:
    """What is typed from the paper, the first time or the second."""

    place: str
    types: tuple[Option, ...]
    code_types: tuple[Option, ...]
    given: dict[str, str]
    accepted: str
    fault: Words | None = None


class StepRow(NamedTuple):
    """Something that was done."""

    at: datetime
    what: Words
    by: str
    reason: Words | None


@dataclass(frozen=True)
class CompletionView:
    """One completion, and what who looks may do."""

    row: CompletionRow
    number: str
    holder: str
    refusal: Words | None
    scan_at: str
    steps: tuple[StepRow, ...]
    second: TypedForm | None
    decide_at: str | None
    refusals: tuple[Option, ...]
    end_at: str | None
    end: Words | None
    case_at: str | None
    fault: Words | None = None
