"""What the pages of case-checks and disputes show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from exchange_api.pages.views.frame import Option, Words


@dataclass(frozen=True)
class ItemChoice:
    """An item to be picked; its materials are told before anything is typed."""

    code: str
    name: Words
    department: str
    materials: int


@dataclass(frozen=True)
class FormField:
    """A field of the form that an item asks for; `person` has name and code under one heading."""

    name: str
    label: Words
    required: bool
    hint: Words | None = None


@dataclass(frozen=True)
class PersonFields:
    """Name, code type and code of a party."""

    prefix: str
    label: Words
    code_types: tuple[Option, ...]
    required: bool


@dataclass(frozen=True)
class CaseForm:
    """The form of a case-check: what was typed, and what was wrong with it."""

    item: ItemChoice
    jti: str
    values: Mapping[str, str]
    persons: tuple[PersonFields, ...]
    claims: tuple[FormField, ...]
    numbers: tuple[FormField, ...]
    purposes: tuple[str, ...]
    fault: Words | None = None


@dataclass(frozen=True)
class MaterialRow:
    """A material as it was answered for; `answered` by the hub: paper then needs a reason."""

    id: str
    name: Words
    step: Words
    tone: str
    icon: str
    outcome: Words
    why: Words
    next: Words
    detail: tuple[str, ...]
    later: Words | None
    answered: bool
    received: bool


@dataclass(frozen=True)
class CaseResult:
    """A whole case-check, to be read on one screen and printed on one A5 page."""

    says: Words
    next: Words
    tone: str
    icon: str
    rows: tuple[MaterialRow, ...]
    facts: tuple[tuple[Words, str], ...]
    jti: str
    request: tuple[tuple[str, str], ...]
    reasons: tuple[Option, ...]
    notice: Words | None = None
    notice_tone: str = "green"


@dataclass(frozen=True)
class CaseCheckView:
    """The page: items to pick, or the form of one, or what came of it."""

    items: tuple[ItemChoice, ...] = ()
    form: CaseForm | None = None
    result: CaseResult | None = None


@dataclass(frozen=True)
class DisputeForm:
    """What is needed to dispute a verdict: the question behind it, hidden, and how it is wrong."""

    jti: str
    request: tuple[tuple[str, str], ...]
    number: str
    type: str
    kinds: tuple[Option, ...]
    statement: str = ""
    fault: Words | None = None
    kind: str = ""


@dataclass(frozen=True)
class DisputeRow:
    """A dispute in a list."""

    reference: str
    type: str
    kind: Words
    opened_at: datetime
    due_on: date
    tone: str
    state: Words
    overdue: bool
    other: str


@dataclass(frozen=True)
class DisputesView:
    """Disputes of a department, latest first."""

    rows: tuple[DisputeRow, ...]
    place: str
    older: int | None


@dataclass(frozen=True)
class EvidenceRow:
    """A file; `href` once it has come."""

    name: str
    size: int
    href: str | None


@dataclass(frozen=True)
class DisputeView:
    """One dispute with its words; `answers` that this department may give, none when it is closed."""

    row: DisputeRow
    number: str
    holder: str
    statement: str
    answer: str
    evidence: tuple[EvidenceRow, ...]
    answers: tuple[Option, ...]
    place: str
    fault: Words | None = None
