"""What the pages about the interface show: problems, and the API's description."""

from dataclasses import dataclass
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class ProblemRow(NamedTuple):
    """A problem: its code, HTTP status, title, and its cause with the next step."""

    code: str
    status: int
    title: Words
    told: Words


@dataclass(frozen=True)
class ProblemsView:
    """All problems, or the one whose page it is."""

    rows: tuple[ProblemRow, ...]
    one: ProblemRow | None = None


class MemberRow(NamedTuple):
    """A parameter, or a member of a question."""

    name: str
    place: str
    form: str
    mandatory: bool
    told: str


class ExampleRow(NamedTuple):
    """An example: what it shows, in both languages, and its text."""

    words: Words
    text: str


class ReplyRow(NamedTuple):
    """One status, and what it means."""

    status: str
    told: str


@dataclass(frozen=True)
class OperationView:
    """One operation of the API."""

    anchor: str
    method: str
    path: str
    words: Words
    signed: bool
    deprecated: bool
    members: tuple[MemberRow, ...]
    examples: tuple[ExampleRow, ...]
    replies: tuple[ReplyRow, ...]


@dataclass(frozen=True)
class ApiView:
    """The whole description. `about`: how to call, and what holds for every call."""

    about: tuple[Words, ...]
    operations: tuple[OperationView, ...]
