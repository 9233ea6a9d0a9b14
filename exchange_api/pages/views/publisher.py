"""What the publisher's pages show: datasets, batches, uploads, refused rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.desk import Desk
from exchange_api.pages.views.frame import Words


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
    """A publisher's desk: how the department stands, its datasets and batches."""

    datasets: tuple[PublishedDataset, ...]
    batches: tuple[BatchRow, ...]
    older: int | None
    desk: Desk


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
    findings: tuple[Reason, ...] = ()
    changes: Words | None = None
    vanished: Words | None = None
    annotated: bool = False


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
    annotated: bool = False
