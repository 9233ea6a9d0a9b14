"""What the steward's page that explains a subject shows: who decided each value, who said otherwise, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.lives import LifeView


class SaidRow(NamedTuple):
    """What one dataset says; `value` is masked unless public, `landed` where it stands in what was delivered."""

    department: Words
    dataset: Words
    name: str
    column: str
    value: str | None
    precedence: int
    mark: Words | None
    former: bool
    agrees: bool | None
    batch: int
    value_batch: int
    taken_over_at: datetime | None
    deliverer: str
    contract_version: str
    digest: str
    landed: Words


class DecisionRow(NamedTuple):
    """One attribute: what counts, and what the others say."""

    attribute: Words
    said: SaidRow | None
    others: tuple[SaidRow, ...]


class VersionRow(NamedTuple):
    """One version of a row, from which batch until which."""

    dataset: Words
    since: int
    since_at: datetime | None
    until: int | None
    until_at: datetime | None
    former: bool
    state: Words
    tone: str


class RefusedLine(NamedTuple):
    """A row of the subject that is not in the register, and why."""

    dataset: Words
    batch: int
    row: int
    outcome: Words
    reasons: tuple[Words, ...]


class CaseLine(NamedTuple):
    """A case about the subject."""

    number: int
    dataset: Words
    defect: Words
    state: Words
    tone: str
    opened_at: datetime


class ExplainedView(NamedTuple):
    """The explanation of one subject; its keys are masked, the present one first."""

    register: Words
    keys: tuple[str, ...]
    known: bool
    decisions: tuple[DecisionRow, ...]
    versions: tuple[VersionRow, ...]
    refused: tuple[RefusedLine, ...]
    cases: tuple[CaseLine, ...]
    notes: tuple[Words, ...]
    access: int


@dataclass(frozen=True)
class ExplainView:
    """The form, what was typed into it, what was wrong in it, and the explanation once there is one.

    `lives`: of a certificate, what happened to it, in each dataset that has it.
    """

    registers: tuple[Option, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    fault: Words | None = None
    found: ExplainedView | None = None
    lives: tuple[LifeView, ...] = ()
