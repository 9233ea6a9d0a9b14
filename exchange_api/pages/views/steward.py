"""What the steward's pages show: scores, rules over time, conflicts."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Tile, Words
from exchange_api.pages.views.publisher import ColumnHead, Level, RefusedRow
from exchange_api.pages.views.scores import BANDS, Band, Score


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


class RefusedContracts(NamedTuple):
    """A department's folder of contracts that was refused whole; `faults` say where, why and how to mend it."""

    department: str
    at: datetime
    faults: tuple[Words, ...]


@dataclass(frozen=True)
class StewardView:
    """Quality by department and dimension, and by dataset; where publishers disagree."""

    tiles: tuple[Tile, ...]
    dimensions: tuple[Words, ...]
    departments: tuple[DepartmentScores, ...]
    datasets: tuple[DatasetScores, ...]
    conflicts: tuple[ConflictCount, ...]
    refused_contracts: tuple[RefusedContracts, ...] = ()
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
