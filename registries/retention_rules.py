"""Which rule says how long something is kept: the contract's, the operator's, or what the hub comes with.

rules = RetentionRules.of_home(home.path)
rules.of(dataset, "landed").before(now)
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, Self

from registries.contracts.model import Dataset
from registries.contracts.names import FILL
from registries.contracts.periods import BODIES_AT_LEAST, Period
from registries.contracts.yaml_page import Page, read_yaml

Part = Literal["landed", "history", "bodies", "evidence"]
FILE: Final = "retention.yaml"
_EVIDENCE: Final = Period(5, "y")
_BUILT_IN: Final = "retention_defaults.yaml"


@dataclass(frozen=True)
class Rule:
    """A period, and whose it is: for the record of what went by it."""

    period: Period
    source: str

    def before(self, now: datetime) -> datetime:
        """What is older than this moment goes."""
        return self.period.before(now)

    def __str__(self) -> str:
        """As the record has it: `90d, hub`, or `20y, contract 1.2.0`."""
        return f"{self.period}, {self.source}"


@dataclass(frozen=True)
class RetentionRules:
    """The hub's own periods; each contract's come before them."""

    landed: Period
    history: Period
    bodies: Period
    evidence: Period = _EVIDENCE

    @classmethod
    def of_home(cls, home: Path) -> Self:
        """What the hub comes with, and what HUB_HOME/retention.yaml says instead; ContractFaults if that is no good."""
        known = _periods(read_yaml(Path(str(files("registries") / _BUILT_IN))))
        own = home / FILE
        return cls(**known | (_periods(read_yaml(own)) if own.exists() else {}))

    def of(self, dataset: Dataset | None, part: Part) -> Rule:
        """The rule for a dataset's part; without a contract in force, the hub's."""
        told: Period | None = None if dataset is None else getattr(dataset.retention, part, None)  # of scans: none
        if told is None or dataset is None:
            return Rule(getattr(self, part), "hub")
        return Rule(told, f"contract {dataset.contract_version}")


def _periods(page: Page) -> dict[str, Period]:
    names = [field.name for field in fields(RetentionRules)]
    found = {name: Period.parse(text) for name, text in page.content.items()}
    for name, period in found.items():
        if name not in names:
            page.note_unknown((name,), "字段", "field", name, names)
        elif period is None:
            page.note((name,), f"{name} 不是期限", f"{name} is no period", "例如 90d、6m、5y", "such as 90d, 6m or 5y")
    bodies = found.get("bodies")
    if bodies is not None and bodies.days < BODIES_AT_LEAST.days:
        page.note(("bodies",), "回执的保存期不足三年", "answers would be kept for less than three years", *FILL)
    page.stop_if_faulty()
    return _given(found)


def _given(found: Mapping[str, Period | None]) -> dict[str, Period]:
    return {name: period for name, period in found.items() if period is not None}
