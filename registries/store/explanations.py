"""What an explanation of a subject is made of: decisions, what others say, histories, quarantine, cases, batches.

>>> said = Said("a.b", "a", "name", "张*", 1, 7, 3, None, former=False, agrees=True)
>>> (said.batch, said.value_batch)
(7, 3)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from registries.store.subject_versions import Version


@dataclass(frozen=True)
class BatchFacts:
    """A batch as a source of values: its number, when and from whom it came, and what was landed of it.

    `landed` are its members as `hub.batch` keeps them; `expired` says when the files went, and `rule` by which rule.
    """

    number: int
    dataset: str
    department: str
    taken_over_at: datetime | None
    deliverer: str
    contract_version: str
    landed_digest: str | None
    landed: Mapping[str, Any] | None
    expired: datetime | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Said:
    """What one dataset says about an attribute.

    Attributes:
        column: of the dataset; `value` as text, masked unless values were asked for, None: it has none.
        precedence: 1 decides first.
        batch: since which this row stands so; `value_batch`: since which the value does.
        mark: `vanished` or `update_refused`.
        former: it stands under a former key.
        agrees: with what decided; None where nothing did.
    """

    dataset: str
    department: str
    column: str
    value: str | None
    precedence: int
    batch: int
    value_batch: int
    mark: str | None
    former: bool
    agrees: bool | None


@dataclass(frozen=True)
class Decision:
    """An attribute of the subject: who decides it, if anybody has a value, and what the others say."""

    attribute: str
    said: Said | None
    others: tuple[Said, ...]


@dataclass(frozen=True)
class RefusedRow:
    """A row of the subject in quarantine or held, with the rules that refused it."""

    dataset: str
    batch: int
    row_number: int
    outcome: str
    rule_ids: tuple[str, ...]


@dataclass(frozen=True)
class CaseLine:
    """A case about the subject with one dataset's department."""

    number: int
    dataset: str
    kind: str
    cause: str
    rule_id: str | None
    attribute: str | None
    state: str
    opened_batch: int
    opened_at: datetime


@dataclass(frozen=True)
class History:
    """All versions of the subject's rows in one dataset; `incomplete_before`: former rows up to that batch expired."""

    dataset: str
    department: str
    valid_time: bool
    versions: tuple[Version, ...]
    incomplete_before: int | None


@dataclass(frozen=True)
class Explanation:
    """Everything about one subject of a register at a moment."""

    register: str
    as_of: date | None
    known_at: datetime | None
    keys: tuple[str, ...]
    decisions: tuple[Decision, ...]
    histories: tuple[History, ...]
    refused: tuple[RefusedRow, ...]
    cases: tuple[CaseLine, ...]
    batches: Mapping[int, BatchFacts]

    @property
    def known(self) -> bool:
        """Whether the subject is in the register at the moment."""
        return any(version.holds for history in self.histories for version in history.versions)
