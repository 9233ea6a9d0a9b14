"""What the pages of held batches show."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.publisher import ColumnHead, Reason, RefusedRow, SumPart


class HeldRow(NamedTuple):
    """A held batch in the list."""

    number: int
    href: str
    title: Words
    dataset: str
    department: str
    since: datetime
    rows: int
    why: Words
    tone: str
    icon: str
    standing: Words


@dataclass(frozen=True)
class HeldList:
    """The list."""

    rows: tuple[HeldRow, ...]
    older: int | None


class Volume(NamedTuple):
    """How many rows there were before, and are now; shares of the larger of the two."""

    before: int
    now: int
    before_share: float
    now_share: float
    change: str


class Decided(NamedTuple):
    """What was decided, by whom, and what came of it."""

    act: Words
    reason: Words
    note: str
    by: str
    at: datetime
    outcome: Words | None
    batch: int | None


@dataclass(frozen=True)
class HeldView:
    """One held batch: what holds it, how it differs, its rows masked."""

    row: HeldRow
    why: tuple[Words, ...]
    volume: Volume | None
    first_sum: tuple[SumPart, ...]
    applied: int
    reasons: tuple[Reason, ...]
    columns: tuple[ColumnHead, ...]
    rows: tuple[RefusedRow, ...]
    after: int | None
    decided: Decided | None
    decide: Words
    decide_at: str | None


@dataclass(frozen=True)
class DecisionView:
    """The forms that release or return it."""

    row: HeldRow
    why: tuple[Words, ...]
    place: str
    releases: tuple[Option, ...]
    returns: tuple[Option, ...]
    decide: Words
    may_release: bool
    fault: Words | None = None
    act: str = ""
    reason: str = ""
    note: str = ""
