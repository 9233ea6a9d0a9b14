"""What the steward's page of joined subjects shows: joins, proposals, and the form with what was wrong in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words


class JoinRow(NamedTuple):
    """One join, in force or separated; keys are masked."""

    id: int
    kind: Words
    former: str
    present: str
    reason: str
    case_number: str
    joined_by: str
    joined_at: datetime
    separated_by: str | None
    separated_at: datetime | None
    separation_reason: str | None


class ProposalRow(NamedTuple):
    """Two keys that may be one subject; masked."""

    id: int
    kind: Words
    former: str
    present: str
    dataset: Words
    batch: int


@dataclass(frozen=True)
class SubjectsView:
    """`given` is what was typed into the form before it was refused; `older` where the next page starts."""

    joins: tuple[JoinRow, ...]
    proposals: tuple[ProposalRow, ...]
    registers: tuple[Option, ...]
    older: int | None
    fault: Words | None = None
    given: Mapping[str, str] = field(default_factory=dict)
