"""A delivery given back as a workbook: red where a row was refused, with what is wrong and how to mend it beside it.

    pieces = annotated(dataset, connector.chunks(), faults, story)

Rows stand where they stood, in the clerk's own order of columns; what the hub adds stands behind them, under headers
that are passed over when the workbook comes back. Every cell is text: macros, formulas, links and other sheets of the
file that came are left behind.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import pyarrow as pa

from quality.reasons import Reason, reasons_of
from quality.workbooks.faults import Faults
from quality.workbooks.filling import Filling, Row
from quality.workbooks.hints import hint
from quality.workbooks.shell import Shell, kind_of
from quality.workbooks.summary import FIRST_ROWS, Cause, Story, Summary
from quality.workbooks.words import MARKED
from registries.connectors.rows import OUR_COLUMNS
from registries.connectors.workbook import header_order
from registries.contracts.model import Column, Dataset

OURS: Final = tuple(OUR_COLUMNS + name for name in ("处理", "错误说明", "Errors"))
"""Headers of what the hub adds."""

REFUSED, HELD, MEND = "未接收 refused", "挂起 held", "已接收, 须整改 accepted, to be mended"
_DECIDING: Final = 1
_NOTHING: Final = ("", "", "")


def annotated(dataset: Dataset, batches: Iterable[pa.RecordBatch], faults: Faults, story: Story) -> Iterator[bytes]:
    """The workbook, piece by piece; memory holds one batch and some hundred rows.

    Args:
        dataset: whose delivery it is.
        batches: its rows as text, in order, with the contract's names.
        faults: by their row numbers.
        story: for the sheet that sums up.
    """
    coming = iter(batches)
    first = next(coming, None)
    columns = _in_order(dataset, None if first is None else header_order(first))
    notes = _Notes.of(dataset, columns, faults, held=bool(story.held_by))
    shell = Shell(dataset, columns, OURS, rows=max(1, story.rows))
    content = shell.made(Summary(story, notes.causes()))
    filling = Filling(content, [kind_of(column) for column in columns], len(OURS))
    yield from filling.pieces(_rows(columns, chain([] if first is None else [first], coming), notes))


def _in_order(dataset: Dataset, names: Sequence[str] | None) -> list[Column]:
    return [dataset.column(name) for name in names] if names else list(dataset.columns)


def _rows(columns: Sequence[Column], batches: Iterable[pa.RecordBatch], notes: "_Notes") -> Iterator[Row]:
    number = 0
    for batch in batches:
        faulty = notes.faults.among(number + 1, number + batch.num_rows)
        for cells in zip(*(_cells(batch, column.name) for column in columns), strict=True):
            number += 1
            if number in faulty or notes.held:
                yield notes.of_row(cells, faulty.get(number, ()))
            else:
                yield (*cells, *_NOTHING), {}


def _cells(batch: pa.RecordBatch, name: str) -> list[str | None]:
    """A column's texts; none where the contract got it only after the batch had landed."""
    if name not in batch.schema.names:
        return [None] * batch.num_rows
    found: list[str | None] = batch.column(name).to_pylist()
    return found


@dataclass(frozen=True)
class _Notes:
    """What is said of rows: each rule's reason, and where its columns stand."""

    columns: Sequence[Column]
    faults: Faults
    reasons: Sequence[Reason]
    places: Sequence[tuple[int, ...]]
    held: bool

    @classmethod
    def of(cls, dataset: Dataset, columns: Sequence[Column], faults: Faults, *, held: bool) -> "_Notes":
        reasons = [reasons_of(dataset, [rule_id])[0] for rule_id, _ in faults.rules]
        names = [column.name for column in columns]
        places = [tuple(names.index(name) for name in reason.columns if name in names) for reason in reasons]
        return cls(columns, faults, reasons, places, held)

    def causes(self) -> list[Cause]:
        """By level, then the most frequent first."""
        found = []
        for which, (_, level) in enumerate(self.faults.rules):
            titles = tuple(self.columns[place].source for place in self.places[which])
            rows, first = self.faults.count(which), self.faults.first(which, FIRST_ROWS)
            found.append(Cause(self.reasons[which].zh, self.reasons[which].en, level, titles, rows, first))
        return sorted(found, key=lambda cause: (cause.level, -cause.rows))

    def of_row(self, cells: Sequence[str | None], failed: Sequence[int]) -> Row:
        """A row with its marks and its words."""
        shown = sorted(
            (self.faults.rules[which][1], which) for which in failed if self.faults.rules[which][1] <= MARKED
        )
        marks: dict[int, str] = {}
        said: list[tuple[str, str]] = []
        for level, which in shown:
            said.append((self.reasons[which].zh, self.reasons[which].en))
            for place in self.places[which]:
                marks.setdefault(place, "red" if level == _DECIDING else "amber")
        said += self._hints(cells, marks)
        return (
            *cells,
            self._outcome(shown),
            _numbered([zh for zh, _ in said]),
            _numbered([en for _, en in said]),
        ), marks

    def _hints(self, cells: Sequence[str | None], marks: Iterable[int]) -> list[Any]:
        found = (hint(self.columns[place], cells[place]) for place in sorted(marks))
        return [one for one in found if one is not None]

    def _outcome(self, shown: Sequence[tuple[int, int]]) -> str:
        if shown and shown[0][0] == _DECIDING:
            return REFUSED
        return HELD if self.held else MEND if shown else ""


def _numbered(said: Sequence[str]) -> str:
    if len(said) < 2:  # noqa: PLR2004 - one alone needs no number
        return "".join(said)
    return "\n".join(f"{number}. {one}" for number, one in enumerate(said, start=1))
