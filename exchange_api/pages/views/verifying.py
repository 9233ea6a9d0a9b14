"""What the page shows where files are verified."""

from dataclasses import dataclass, field
from typing import NamedTuple

from exchange_api.pages.views.frame import Item, Words


class PartLine(NamedTuple):
    """One part of the verdict: integrity, status, issuer."""

    name: Words
    tone: str
    icon: str
    found: Words


class StepLine(NamedTuple):
    """One check, in the order in which they were made."""

    tone: str
    icon: str
    found: Words
    part: Words
    says: Words


@dataclass(frozen=True)
class FileView:
    """What was found about a file."""

    tone: str
    icon: str
    title: Words
    says: Words
    parts: tuple[PartLine, ...]
    steps: tuple[StepLine, ...]
    open_points: tuple[Words, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True)
class VerifyingView:
    """The form, and below it what was found."""

    root: str
    trust_root: str
    fault: Words | None = None
    found: FileView | None = None
    commands: tuple[str, ...] = field(default=())
