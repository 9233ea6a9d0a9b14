"""One chunk of a batch, judged: read, put into canonical form, and asked every rule that looks at single rows.

    judge = Judge(dataset, rules, bad_news_codes)
    judged = judge(LandedChunk(landing, landed, first, (0, 1, 2, 3)))

A `Judge` and the chunks it is given carry everything with them and share nothing, so that several may be judged side by
side: in threads here, in Spark's workers elsewhere. Row numbers are those of the landed batch, from 1.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quality.expectations import evaluate
from quality.parting import REQUIRED, RowNumbers
from quality.profiles import ChunkProfile, profile_of
from quality.rules import Rules
from quality.trust import by_level, named_levels, rows_of_trust
from registries.canonical import canonical_and_coded
from registries.coded_texts import CodedTexts
from registries.compare.narrow import Shape
from registries.contracts.model import Dataset, RuleSpec
from registries.landing import Landed, Landing
from registries.text_columns import Bools

Coded = Mapping[str, CodedTexts]

CHUNK_ROWS = 200_000
"""A chunk is large because Great Expectations takes its time once per call, whatever the rows."""

LOOKED_AT = 2
"""The last level whose findings somebody must look at: they refuse rows, or open cases."""


class Chunk(Protocol):
    """Rows of a batch that follow each other; `first` is the number of the first."""

    @property
    def first(self) -> int:
        """From 1."""

    def read(self) -> pa.Table:
        """Text columns as they were landed, or dictionaries of text."""


@dataclass(frozen=True)
class GivenChunk:
    """Rows that are in memory already."""

    first: int
    rows: tuple[pa.RecordBatch, ...]

    def read(self) -> pa.Table:
        """Just they."""
        return pa.Table.from_batches(self.rows)


@dataclass(frozen=True)
class LandedChunk:
    """Groups of a landed file, read by whoever judges them."""

    landing: Landing
    landed: Landed
    first: int
    groups: tuple[int, ...]

    def read(self) -> pa.Table:
        """From the sealed file."""
        return pa.Table.from_batches([self.landing.coded_group(self.landed, index) for index in self.groups])


def landed_chunks(landing: Landing, landed: Landed) -> Iterator[LandedChunk]:
    """A landed batch in chunks of about CHUNK_ROWS."""
    waiting: list[int] = []
    first, rows = 1, 0
    for index, (start, size) in enumerate(landing.groups(landed)):
        if not waiting:
            first = start
        waiting.append(index)
        rows += size
        if rows >= CHUNK_ROWS:
            yield LandedChunk(landing, landed, first, tuple(waiting))
            waiting, rows = [], 0
    if waiting:
        yield LandedChunk(landing, landed, first, tuple(waiting))


def given_chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[GivenChunk]:
    """Rows as a source gives them, put together to chunks of about CHUNK_ROWS."""
    waiting: list[pa.RecordBatch] = []
    first, rows = 1, 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= CHUNK_ROWS:
            yield GivenChunk(first, tuple(waiting))
            first, waiting, rows = first + rows, [], 0
    if waiting:
        yield GivenChunk(first, tuple(waiting))


@dataclass(frozen=True)
class Said:
    """What a rule said of a chunk: the failing rows' numbers, ascending, and over how many rows it was judged."""

    rule: RuleSpec
    rows: RowNumbers
    checked: int


@dataclass(frozen=True)
class Judged:
    """A chunk with what was found.

    Attributes:
        rows: canonical text columns.
        refused: shape (rows,), true where a rule of level 1 failed.
        looked_at: shape (rows,), true where a rule of level 1 or 2 failed, and where a row says that its key is gone.
        bad_keys, bad_news: row numbers; see `checking.Checked`.
        whole: which rows, by their places, the rules about the whole batch are about; None: all of them.
        profile: what its columns look like.
        of_trust: row numbers by trust level, of those levels for which a rule has a level of its own.
        narrow: the chunk's narrow rows, if they were asked for.
    """

    first: int
    rows: pa.Table
    refused: Bools
    looked_at: Bools
    bad_keys: RowNumbers
    bad_news: RowNumbers
    said: tuple[Said, ...]
    whole: RowNumbers | None
    profile: ChunkProfile
    of_trust: Mapping[str, RowNumbers]
    narrow: pa.Table | None = None


@dataclass
class _Marks:
    """Per row of a chunk what the rules have said so far; `of_trust` are places by trust level."""

    refused: Bools
    looked_at: Bools
    bad_keys: Bools
    of_trust: Mapping[str, RowNumbers]
    said: list[Said] = field(default_factory=list)

    @classmethod
    def none(cls, rows: int, of_trust: Mapping[str, RowNumbers]) -> Self:
        """Nobody has said anything yet."""
        return cls(np.zeros(rows, np.bool_), np.zeros(rows, np.bool_), np.zeros(rows, np.bool_), of_trust)


@dataclass(frozen=True)
class Judge:
    """Judges chunks of one dataset by the rules of one day.

    Attributes:
        bad_news_codes: the source's status codes that must not wait if the batch is held.
        shape: of the narrow rows to make; None: none are wanted.
    """

    dataset: Dataset
    rules: Rules
    bad_news_codes: tuple[str, ...] = ()
    shape: Shape | None = None

    def __call__(self, chunk: Chunk) -> Judged:
        """Read a chunk and judge it; RulesFailed if Great Expectations can't."""
        table, coded = _canonical(chunk.read(), self.dataset)
        marks = _Marks.none(table.num_rows, _of_trust(self.dataset, table))
        whole = None if self.dataset.operation is None else np.zeros(0, np.int64)
        for rows, rules in self._judged_by(table):
            part = (table, coded) if rows is None else (table.take(pa.array(rows)), {})
            self._judge(*part, rows, rules, chunk.first, marks)
            if rules is self.rules:
                whole = rows
            else:  # rows that delete
                marks.looked_at[rows] = True
        for name in self.dataset.key:
            marks.bad_keys |= table.column(name).is_null().to_numpy()
        narrow = None if self.shape is None else self.shape.narrow(chunk.first, table, coded)
        return Judged(
            chunk.first,
            table,
            marks.refused,
            marks.looked_at,
            _numbers(marks.bad_keys, chunk.first),
            self._bad_news(table, chunk.first),
            tuple(marks.said),
            whole,
            profile_of(self.dataset, table, coded),
            {trust: rows + chunk.first for trust, rows in marks.of_trust.items()},
            narrow,
        )

    def _judge(
        self, part: pa.Table, coded: Coded, rows: RowNumbers | None, rules: Rules, first: int, marks: _Marks
    ) -> None:
        """What the rules say of a part of a chunk, whose places in it are `rows`."""
        counted = {rule.id for rule in self.rules.shares}
        for rule_id, judgement in evaluate(part, rules.row, coded).items():
            rule = self.dataset.rule(rule_id)
            positions = judgement.positions if rows is None else rows[judgement.positions]
            marks.said.append(Said(rule, positions + first, judgement.checked))
            if rule_id in counted:
                continue
            for level, failing in by_level(rule, positions, marks.of_trust).items():
                self._mark(rule, level, failing, marks)
        nobody = np.zeros(0, np.int64)
        for rule in (*rules.unique, *rules.reference):
            marks.said.append(Said(rule, nobody, _complete_rows(part, rule)))

    def _mark(self, rule: RuleSpec, level: int, positions: RowNumbers, marks: _Marks) -> None:
        if level <= LOOKED_AT:
            marks.looked_at[positions] = True
        if level == REQUIRED:
            marks.refused[positions] = True
            if set(rule.columns) <= set(self.dataset.key):
                marks.bad_keys[positions] = True

    def _judged_by(self, table: pa.Table) -> Iterator[tuple[RowNumbers | None, Rules]]:
        """Row positions (None: all) with the rules for them; of a deleting row only key, operation, watermark count."""
        operation = self.dataset.operation
        if operation is None:
            yield None, self.rules
            return
        told = table.column(operation.column)
        gone = pc.is_in(told, value_set=pa.array(operation.delete, pa.string())).to_numpy()
        if not gone.any():  # as nearly always: nothing has to be copied
            yield None, self.rules
            return
        kept = {*self.dataset.key, operation.column, self.dataset.watermark}
        of_deletes = replace(
            self.rules,
            row=tuple(rule for rule in self.rules.row if kept.issuperset(self.dataset.rule(rule.rule_id).columns)),
            unique=tuple(rule for rule in self.rules.unique if rule.columns == self.dataset.key),
            reference=(),
        )
        for rows, judged in ((np.flatnonzero(~gone), self.rules), (np.flatnonzero(gone), of_deletes)):
            if len(rows):
                yield rows, judged

    def _bad_news(self, table: pa.Table, first: int) -> RowNumbers:
        if self.dataset.certificate is None or not self.bad_news_codes:
            return np.zeros(0, np.int64)
        codes = pa.array(self.bad_news_codes, pa.string())
        told = pc.is_in(table.column(self.dataset.certificate.status), value_set=codes)
        return _numbers(told.to_numpy(), first)


def _of_trust(dataset: Dataset, table: pa.Table) -> dict[str, RowNumbers]:
    return {trust: np.flatnonzero(rows_of_trust(dataset, table, trust)) for trust in named_levels(dataset)}


def _canonical(table: pa.Table, dataset: Dataset) -> tuple[pa.Table, Coded]:
    """A chunk's rows in canonical form, and those of its columns whose values repeat."""
    parts = [canonical_and_coded(batch, dataset) for batch in _one_batch(table)]
    return pa.Table.from_batches([rows for rows, _ in parts]), parts[0][1] if len(parts) == 1 else {}


def _one_batch(table: pa.Table) -> list[pa.RecordBatch]:
    return table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]


def _numbers(mask: Bools, first: int) -> RowNumbers:
    return np.flatnonzero(mask).astype(np.int64) + first


def _complete_rows(table: pa.Table, rule: RuleSpec) -> int:
    complete = None
    for name in rule.columns:
        present = pc.is_valid(table.column(name))
        complete = present if complete is None else pc.and_(complete, present)
    return int(pc.sum(complete).as_py() or 0)
