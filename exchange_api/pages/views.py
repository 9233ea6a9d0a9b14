"""What each template needs, as plain frozen values: no template asks the store, and each can be looked at by itself.

>>> Score(passed=199, checked=200).band.words.zh
'绿'
>>> Score(passed=0, checked=0).share is None
True
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


class Option(NamedTuple):
    """One choice of a select."""

    value: str
    label: str


class MenuItem(NamedTuple):
    """One entry of the left menu."""

    href: str
    icon: str
    words: Words
    current: bool


class Crumb(NamedTuple):
    """One place of the breadcrumb; the last has no address."""

    words: Words
    href: str | None = None


class Person(NamedTuple):
    """Who is signed in."""

    name: str
    department: str


@dataclass(frozen=True)
class Frame:
    """What stands around every page."""

    title: Words
    csrf: str = ""
    lede: Words | None = None
    crumbs: tuple[Crumb, ...] = ()
    menu: tuple[MenuItem, ...] = ()
    person: Person | None = None
    large_text: bool = False


class Band(NamedTuple):
    """A colour that never stands alone: it has a name, and its range is on the page (GLEIF's bands)."""

    tone: str
    words: Words
    range: str
    up_to: float


BANDS = (
    Band("red", Words("红", "red"), "≤ 90", 0.90),
    Band("orange", Words("橙", "orange"), "≤ 95", 0.95),
    Band("yellow", Words("黄", "yellow"), "≤ 98", 0.98),
    Band("green", Words("绿", "green"), "> 98", 1.0),
)


@dataclass(frozen=True)
class Score:
    """A score with what it is over. `mean` is set where a score is the mean of others instead of a share of rows."""

    passed: int
    checked: int
    mean: float | None = None

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None if nothing was checked: no data is not full marks."""
        if self.mean is not None:
            return self.mean
        return self.passed / self.checked if self.checked else None

    @property
    def band(self) -> Band:
        """The band of the share."""
        share = self.share or 0.0
        return next(band for band in BANDS if share <= band.up_to)


class Item(NamedTuple):
    """A name and a value of a description list."""

    words: Words
    text: str
    mono: bool = False


class Tile(NamedTuple):
    """A figure with its name."""

    words: Words
    figure: str
    note: Words
    unit: str = ""


# --- home


class Way(NamedTuple):
    """Something that a role can do."""

    href: str
    icon: str
    words: Words
    what: Words


class Holding(NamedTuple):
    """How much of a dataset the hub holds."""

    title: Words
    department: str
    rows: int | None
    batch: int | None
    as_of: datetime | None


@dataclass(frozen=True)
class HomeView:
    """The first page after signing in."""

    ways: tuple[Way, ...]
    holdings: tuple[Holding, ...]
    as_of: datetime | None


# --- officer


class FormFault(NamedTuple):
    """What is wrong with a form, and in which field; "" if in no single one."""

    field: str
    words: Words


@dataclass(frozen=True)
class VerifyForm:
    """The form of one question. `jti` is made with the form, so that a form sent twice is one question."""

    jti: str
    types: tuple[Option, ...]
    code_types: tuple[Option, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    fault: FormFault | None = None
    purposes: tuple[str, ...] = ()
    service_items: tuple[str, ...] = ()


class CheckLine(NamedTuple):
    """One check of a verdict."""

    tone: str
    icon: str
    outcome: Words
    name: Words
    says: Words


class ReceiptRow(NamedTuple):
    """One receipt in a list; no number and no holder."""

    jti: str
    made_at: datetime
    tone: str
    icon: str
    verdict: Words
    type_name: str
    case: str
    place: int | None


@dataclass(frozen=True)
class ReceiptView:
    """A verdict with everything that its receipt says."""

    jti: str
    issuer: str
    tone: str
    icon: str
    name: Words
    says: Words
    next: Words
    lines: tuple[CheckLine, ...]
    certificate: tuple[Item, ...]
    asked: tuple[Item, ...]
    evidence: tuple[Item, ...]
    qr: str | None
    proof_ready: bool


@dataclass(frozen=True)
class OfficerView:
    """The officer's form and what was verified lately."""

    form: VerifyForm
    recent: tuple[ReceiptRow, ...]


@dataclass(frozen=True)
class ReceiptPageView:
    """A receipt, and the form for the next question."""

    receipt: ReceiptView
    form: VerifyForm


@dataclass(frozen=True)
class ReceiptsView:
    """An officer's own receipts, newest first; `older` is where the next page starts."""

    receipts: tuple[ReceiptRow, ...]
    older: int | None


# --- publisher


@dataclass(frozen=True)
class BatchRow:
    """A batch with both of its sums."""

    number: int
    dataset: str
    title: Words
    tone: str
    state: Words
    opened_at: datetime
    pulled: int | None
    accepted: int | None
    quarantined: int | None
    held: int | None
    new: int | None
    changed: int | None
    unchanged: int | None
    deleted: int | None
    repeated: int | None

    @property
    def conserved(self) -> bool | None:
        """Whether both sums hold; None while the batch has no counts."""
        first = (self.accepted, self.quarantined, self.held)
        second = (self.new, self.changed, self.unchanged, self.deleted, self.repeated)
        if self.pulled is None or self.accepted is None or None in first or None in second:
            return None
        return self.pulled == _total(first) and self.accepted == _total(second)


def _total(counts: tuple[int | None, ...]) -> int:
    return sum(count for count in counts if count is not None)


class SumPart(NamedTuple):
    """One number of a sum, with the sign before it."""

    sign: str
    words: Words
    rows: int | None
    total: bool = False


class PublishedDataset(NamedTuple):
    """A dataset of the publisher's own department."""

    name: str
    title: Words
    delivery: Words
    rows: int | None
    refused: int
    last: BatchRow | None
    uploadable: bool


@dataclass(frozen=True)
class PublisherView:
    """A publisher's datasets and batches."""

    datasets: tuple[PublishedDataset, ...]
    batches: tuple[BatchRow, ...]
    older: int | None


class ColumnRow(NamedTuple):
    """A column as its contract names it."""

    name: str
    title: str
    type: Words
    required: bool


@dataclass(frozen=True)
class DatasetView:
    """One dataset: send a file, what the columns are, its batches."""

    name: str
    title: Words
    uploadable: bool
    whole: bool
    encoding: str
    columns: tuple[ColumnRow, ...]
    batches: tuple[BatchRow, ...]
    older: int | None
    fault: Words | None = None


class Level(NamedTuple):
    """A rule's level."""

    tone: str
    words: Words


class Reason(NamedTuple):
    """Why rows were, or would be, refused."""

    rule_id: str
    words: Words
    level: Level
    rows: int
    share: float = 0.0
    columns: tuple[str, ...] = ()
    first_rows: tuple[int, ...] = ()


class UploadStep(NamedTuple):
    """One step of an upload; phase is done, now or later."""

    words: Words
    phase: str


@dataclass(frozen=True)
class UploadView:
    """How far an uploaded file is, and what its dry run found."""

    id: str
    dataset: str
    title: Words
    file_name: str
    tone: str
    state: Words
    says: Words
    steps: tuple[UploadStep, ...]
    working: bool
    may_confirm: bool
    batch: int | None = None
    sums: tuple[tuple[SumPart, ...], ...] = ()
    reasons: tuple[Reason, ...] = ()


class RefusedRow(NamedTuple):
    """A refused row, masked."""

    number: int
    tone: str
    outcome: Words
    reasons: tuple[Words, ...]
    cells: tuple[str | None, ...]


class ColumnHead(NamedTuple):
    """A column's names at the head of a table."""

    name: str
    title: str


@dataclass(frozen=True)
class BatchView:
    """What became of a batch, and why some of it was refused."""

    batch: BatchRow
    first_sum: tuple[SumPart, ...]
    second_sum: tuple[SumPart, ...]
    facts: tuple[str, ...]
    reasons: tuple[Reason, ...]
    findings: tuple[Reason, ...]
    columns: tuple[ColumnHead, ...]
    rows: tuple[RefusedRow, ...]
    after: int | None
    paged: bool
    page_rows: int
    downloadable: bool
    hold_reason: str | None


# --- steward


class DepartmentScores(NamedTuple):
    """One department's scores, in the order of the dimensions."""

    words: Words
    scores: tuple[Score, ...]
    total: Score


class DatasetScores(NamedTuple):
    """One dataset's scores by level, and what fails most."""

    name: str
    words: Words
    department: str
    levels: tuple[Score, ...]
    worst: Words | None


class ConflictCount(NamedTuple):
    """How often a publisher differs from the authority of an attribute."""

    register: str
    register_words: Words
    attribute: Words
    title: Words
    found: int


class ConflictRow(NamedTuple):
    """One attribute of one subject about which two publishers differ; masked unless public."""

    subject: str
    attribute: Words
    dataset: Words
    value: str
    authority: Words
    authority_value: str


@dataclass(frozen=True)
class ConflictsView:
    """A register's conflicts; `after` is where the next page starts."""

    conflicts: tuple[ConflictRow, ...]
    after: tuple[str, str, str] | None


@dataclass(frozen=True)
class StewardView:
    """Quality by department and dimension, and by dataset; where publishers disagree."""

    tiles: tuple[Tile, ...]
    dimensions: tuple[Words, ...]
    departments: tuple[DepartmentScores, ...]
    datasets: tuple[DatasetScores, ...]
    conflicts: tuple[ConflictCount, ...]
    bands: tuple[Band, ...] = BANDS


class DimensionScore(NamedTuple):
    """A dimension and its score."""

    words: Words
    score: Score


class RuleScoreRow(NamedTuple):
    """One rule with its score."""

    id: str
    version: str
    words: Words
    dimension: Words
    indicator: str
    level: Level
    score: Score
    failed: int


class HistoryRow(NamedTuple):
    """The scores of one batch, in the order of the dimensions."""

    number: int
    at: datetime
    shares: tuple[float | None, ...]


@dataclass(frozen=True)
class StewardDatasetView:
    """One dataset's quality: dimensions, time, rules, masked rows."""

    name: str
    batch: int | None
    dimensions: tuple[DimensionScore, ...]
    history_dimensions: tuple[Words, ...]
    history: tuple[HistoryRow, ...]
    rules: tuple[RuleScoreRow, ...]
    columns: tuple[ColumnHead, ...]
    rows: tuple[RefusedRow, ...]
    after: int | None


class CaseRow(NamedTuple):
    """A case handed to a department."""

    number: int
    kind: Words
    department: str
    dataset: str
    title: Words
    defect: Words
    opened_batch: int
    row: int | None
    closed_batch: int | None
    due_on: date | None
    overdue: bool
    tone: str
    state: Words


@dataclass(frozen=True)
class CasesView:
    """Cases, newest first."""

    cases: tuple[CaseRow, ...]
    state: str
    older: int | None


# --- faults


@dataclass(frozen=True)
class FaultView:
    """What went wrong: cause, next step, and the way back."""

    tone: str
    cause: Words
    next: Words
    back: str
    back_words: Words
    reference: str | None = None
