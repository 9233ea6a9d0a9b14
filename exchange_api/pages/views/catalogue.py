"""What the catalogue's pages show: departments, registers, datasets, and each of them in full."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Item, Words
from exchange_api.pages.views.scores import Score
from exchange_api.pages.views.steward import DimensionScore, RuleScoreRow


class DepartmentLine(NamedTuple):
    """A department that publishes, and how many datasets and registers it has."""

    words: Words
    area: str
    level: str
    datasets: int
    registers: int
    ended: bool


class RegisterLine(NamedTuple):
    """A register in the list."""

    id: str
    words: Words
    kind: Words
    department: Words
    attributes: int
    datasets: int


class DatasetLine(NamedTuple):
    """A dataset in the list."""

    name: str
    words: Words
    department: Words
    sharing: str
    mode: Words
    every: Words
    score: Score
    as_of: datetime | None


class RuleLine(NamedTuple):
    """A rule of the contract, judged or not."""

    id: str
    words: Words
    level: Words


class CodeLine(NamedTuple):
    """A code with its meaning and its validity."""

    value: str
    words: Words
    valid: str


class ItemLine(NamedTuple):
    """A column or an attribute."""

    name: str
    title: str
    description: str
    type: Words
    classification: Words
    tone: str
    marks: tuple[Words, ...]
    codes: tuple[CodeLine, ...]


class AttributeLine(NamedTuple):
    """An attribute of a register with the datasets that give it, the one that decides it first."""

    item: ItemLine
    authorities: tuple[tuple[str, Words, Words], ...]


@dataclass(frozen=True)
class CatalogueView:
    """The whole, or what fits the text that was looked for."""

    text: str
    version: int
    departments: tuple[DepartmentLine, ...]
    registers: tuple[RegisterLine, ...]
    datasets: tuple[DatasetLine, ...]


@dataclass(frozen=True)
class CatalogueDatasetView:
    """A dataset: what it is, its items, its quality, its rules."""

    name: str
    facts: tuple[Item, ...]
    register: tuple[str, Words] | None
    items: tuple[ItemLine, ...]
    total: Score
    dimensions: tuple[DimensionScore, ...]
    rules: tuple[RuleScoreRow, ...]
    unjudged: tuple[RuleLine, ...]


@dataclass(frozen=True)
class CatalogueRegisterView:
    """A register: what it speaks of, its attributes and who decides them, the datasets that feed it."""

    id: str
    facts: tuple[Item, ...]
    attributes: tuple[AttributeLine, ...]
    datasets: tuple[DatasetLine, ...]
