"""What was found in a batch, and which rows that refuses: row numbers only, kept as sorted arrays.

>>> found = Findings()
>>> found.add("name-required", 1, np.array([4, 2]), checked=10)
>>> found.add("name-length", 2, np.array([7]), checked=9)
>>> found.refused().tolist(), found.of("name-length").tolist()
([2, 4], [7])
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from registries.contracts.model import RuleSpec
from registries.store.held_batches import Release

RowNumbers = NDArray[np.int64]
"""Row numbers of one batch, from 1, in the order in which the source gave the rows."""

REQUIRED = 1
"""The level whose rules decide about rows."""


@dataclass(frozen=True)
class Measured:
    """What a rule about the whole batch found.

    Attributes:
        checked: how many rows were judged; 1 for a rule that says one thing of the batch; 0 if it could not be judged.
        failed: how many of those are not as expected.
        fault: why it could not be judged, in the sandbox's words.
    """

    holds: bool
    checked: int
    failed: int
    fault: str = ""


@dataclass
class _Found:
    checked: int = 0
    rows: dict[int, list[RowNumbers]] = field(default_factory=dict)  # by level

    def all(self) -> list[RowNumbers]:
        return [rows for parts in self.rows.values() for rows in parts]


@dataclass
class Findings:
    """Per rule the failing row numbers and over how many rows it was judged; grows chunk by chunk."""

    _by_rule: dict[str, _Found] = field(default_factory=dict)
    measures: dict[str, Measured] = field(default_factory=dict)

    def add(self, rule_id: str, level: int, rows: RowNumbers, *, checked: int) -> None:
        """Adds what a rule said of some more rows."""
        found = self._by_rule.setdefault(rule_id, _Found())
        found.checked += checked
        of_level = found.rows.setdefault(level, [])
        if len(rows):
            of_level.append(rows)

    def part(self, rule_id: str, levels: Mapping[int, RowNumbers]) -> None:
        """Say of a rule's failing rows which level it has for them."""
        if rule_id in self._by_rule:
            self._by_rule[rule_id].rows = {level: [rows] for level, rows in levels.items() if len(rows)}

    def measure(self, rule_id: str, measured: Measured) -> None:
        """Notes what a rule about the whole batch found."""
        self.measures[rule_id] = measured

    def __iter__(self) -> Iterator[tuple[str, int, RowNumbers]]:
        """Rule id, level and failing rows, by rule; a rule whose level differs by trust may have several."""
        for rule_id, found in self._by_rule.items():
            for level, rows in found.rows.items():
                yield rule_id, level, _joined(rows)

    def of(self, rule_id: str) -> RowNumbers:
        """The rows in which a rule failed."""
        return _joined(self._by_rule[rule_id].all()) if rule_id in self._by_rule else _joined([])

    def checked(self, rule_id: str) -> int:
        """Over how many rows a rule was judged; 0 if it was not."""
        if rule_id in self.measures:
            return self.measures[rule_id].checked
        return self._by_rule[rule_id].checked if rule_id in self._by_rule else 0

    def failed(self, rule_id: str) -> int:
        """In how many of the rows that were judged a rule failed."""
        return self.measures[rule_id].failed if rule_id in self.measures else len(self.of(rule_id))

    def refused_by(self, rule_ids: Collection[str]) -> RowNumbers:
        """Every row in which one of these rules failed."""
        return _joined([rows for rule_id in rule_ids for rows in self._rows_of(rule_id)])

    def _rows_of(self, rule_id: str) -> Sequence[RowNumbers]:
        return self._by_rule[rule_id].all() if rule_id in self._by_rule else ()

    def refused(self) -> RowNumbers:
        """Every row in which a rule of level 1 failed."""
        return _joined([rows for found in self._by_rule.values() for rows in found.rows.get(REQUIRED, ())])


def _joined(parts: Sequence[RowNumbers]) -> RowNumbers:
    return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))


@dataclass(frozen=True)
class Parting:
    """Which of a batch's rows are refused, and whether the gate holds the others.

    Attributes:
        pulled: rows of the delivery.
        refused: row numbers of those in which a rule of level 1 failed.
        held_by: the batch rules that failed; empty if the batch may go on.
        pulled_before: rows of the snapshot that is served now; 0 if there is none.
        release: what a steward waived, if this batch is the release of one that was held.
    """

    pulled: int
    refused: RowNumbers
    held_by: tuple[RuleSpec, ...] = ()
    pulled_before: int = 0
    release: Release | None = None

    @property
    def quarantined(self) -> int:
        """How many rows are refused."""
        return len(self.refused)

    @property
    def accepted(self) -> int:
        """How many rows the merge is given; none of a batch that is held."""
        return 0 if self.held_by else self.pulled - self.quarantined
