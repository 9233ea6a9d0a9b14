"""Step 4 from near: a batch's rows in chunks, judged by every rule, and staged in the store for rules across rows.

A chunk is large because Great Expectations takes its time once per call, whatever the rows: 200,000 rows of twelve
columns are some 50 MB, and memory stays bounded by that. Row numbers are those of the landed batch, from 1.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quality.code_points import Bools
from quality.expectations import evaluate
from quality.parting import REQUIRED, Findings, RowNumbers
from quality.rules import Rules, compile_rules
from quality.shares import Shares
from quality.sql_rules import WholeBatch
from registries.canonical import canonical
from registries.contracts.model import Dataset, RuleSpec
from registries.departments import Catalogue
from registries.store import batches
from registries.store.engine import analyse
from registries.store.stage import Stage

CHUNK_ROWS = 200_000
_NO_ROWS = np.zeros(0, np.int64)


@dataclass
class Checked:
    """What checking found: over `pulled` rows.

    Attributes:
        bad_keys: rows whose key can't be what it was meant to be: parts of it are absent, or a rule on it refused them.
    """

    findings: Findings = field(default_factory=Findings)
    pulled: int = 0
    bad_keys: list[RowNumbers] = field(default_factory=list)
    bad_news: list[RowNumbers] = field(default_factory=list)

    def bad_key_rows(self) -> RowNumbers:
        """Rows that may be about any subject at all."""
        return np.unique(np.concatenate([_NO_ROWS, *self.bad_keys]))

    def bad_news_rows(self) -> RowNumbers:
        """Rows whose status is bad news, refused ones too."""
        return np.concatenate([_NO_ROWS, *self.bad_news])


def unknowable(conn: Any, catalogue: Catalogue, dataset: Dataset) -> frozenset[str]:  # noqa: ANN401 - SQLAlchemy's
    """Reference rules whose target was never taken in: the hub's ignorance is not the row's fault."""
    return frozenset(
        rule.id
        for rule in dataset.rules
        if rule.kind == "reference"
        and not any(batches.last_taken_over(conn, name) for name in _targets(catalogue, rule))
    )


def _targets(catalogue: Catalogue, rule: RuleSpec) -> list[str]:
    if "dataset" in rule.arguments:
        return [str(rule.arguments["dataset"])]
    return [member.name for member in catalogue.of_register(str(rule.arguments["register"]))]


def check(
    conn: Any,  # noqa: ANN401 - SQLAlchemy's
    dataset: Dataset,
    chunks: Iterable[tuple[int, pa.RecordBatch]],
    stage: Stage,
    today: date,
    watch: Callable[[int], None],
    *,
    bad_news_codes: Iterable[str] = (),
    unknowable: Container[str] = frozenset(),
) -> Checked:
    """Judges all rows by all rules and leaves them in the stage, refused ones marked.

    Args:
        conn: the transaction in which the stage was made.
        dataset: whose rows these are.
        chunks: first row number and rows as they were landed, in order.
        stage: an empty stage of the batch.
        today: the day on which the batch was opened, for rules about the future.
        watch: told after each chunk how many rows were judged so far.
        bad_news_codes: the source's status codes that must not wait if the batch is held.
        unknowable: rules that can't be judged because what they refer to was never taken in.
    """
    rules = _without(compile_rules(dataset, today), unknowable)
    checked, shares = Checked(), Shares(rules.shares)
    with WholeBatch(dataset, rules.whole) as whole:
        for first, table in _tables(dataset, chunks):
            refused = _judge_chunk(dataset, rules, first, table, checked, shares, whole)
            _note_bad_news(dataset, first, table, checked, bad_news_codes)
            stage.copy_in(np.arange(first, first + table.num_rows), table, refused)
            checked.pulled += table.num_rows
            watch(checked.pulled)
        whole.judge(checked.findings)
    shares.judge(checked.findings)
    analyse(conn, stage.table)
    _judge_across_rows(dataset, rules, stage, checked)
    return checked


def _without(rules: Rules, unknowable: Container[str]) -> Rules:
    return replace(rules, reference=tuple(rule for rule in rules.reference if rule.id not in unknowable))


def _tables(dataset: Dataset, chunks: Iterable[tuple[int, pa.RecordBatch]]) -> Iterator[tuple[int, pa.Table]]:
    """Canonical rows, put together to chunks of about CHUNK_ROWS."""
    waiting: list[pa.RecordBatch] = []
    first = 1
    for start, batch in chunks:
        if not waiting:
            first = start
        waiting.append(canonical(batch, dataset))
        if sum(part.num_rows for part in waiting) >= CHUNK_ROWS:
            yield first, pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield first, pa.Table.from_batches(waiting)


def _judge_chunk(
    dataset: Dataset, rules: Rules, first: int, table: pa.Table, checked: Checked, shares: Shares, whole: WholeBatch
) -> Bools:
    """Adds the findings of one chunk, and says which of its rows are refused."""
    refused = np.zeros(table.num_rows, np.bool_)
    bad_keys = np.zeros(table.num_rows, np.bool_)
    for rows, judged in _judged_by(dataset, rules, table):
        part = table if rows is None else table.take(rows)
        for rule_id, judgement in evaluate(part, judged.row).items():
            rule = dataset.rule(rule_id)
            positions = judgement.positions if rows is None else rows[judgement.positions]
            if rule_id in shares:
                shares.add(rule_id, positions + first, checked=judgement.checked)
                continue
            checked.findings.add(rule_id, rule.level, positions + first, checked=judgement.checked)
            if rule.level == REQUIRED:
                refused[positions] = True
                bad_keys[positions] |= set(rule.columns) <= set(dataset.key)
        for rule in (*judged.unique, *judged.reference):
            checked.findings.add(rule.id, rule.level, _NO_ROWS, checked=_complete_rows(part, rule))
        if judged is rules:
            shares.rows += part.num_rows
            whole.add(first + (np.arange(part.num_rows) if rows is None else rows), part)
    for name in dataset.key:
        bad_keys |= table.column(name).is_null().to_numpy()
    checked.bad_keys.append(np.flatnonzero(bad_keys).astype(np.int64) + first)
    return refused


def _judged_by(dataset: Dataset, rules: Rules, table: pa.Table) -> Iterator[tuple[RowNumbers | None, Rules]]:
    """Row positions (None: all) with the rules for them; of a deleting row only key, operation, watermark count."""
    if dataset.operation is None:
        yield None, rules
        return
    told = table.column(dataset.operation.column)
    gone = pc.is_in(told, value_set=pa.array(dataset.operation.delete, pa.string())).to_numpy()
    kept = {*dataset.key, dataset.operation.column, dataset.watermark}
    of_deletes = replace(
        rules,
        row=tuple(rule for rule in rules.row if kept.issuperset(dataset.rule(rule.rule_id).columns)),
        unique=tuple(rule for rule in rules.unique if rule.columns == dataset.key),
        reference=(),
    )
    for rows, judged in ((np.flatnonzero(~gone), rules), (np.flatnonzero(gone), of_deletes)):
        if len(rows):
            yield rows, judged


def _complete_rows(table: pa.Table, rule: RuleSpec) -> int:
    complete = None
    for name in rule.columns:
        present = pc.is_valid(table.column(name))
        complete = present if complete is None else pc.and_(complete, present)
    return int(pc.sum(complete).as_py() or 0)


def _note_bad_news(
    dataset: Dataset, first: int, table: pa.Table, checked: Checked, bad_news_codes: Iterable[str]
) -> None:
    if dataset.certificate is None:
        return
    told = pc.is_in(table.column(dataset.certificate.status), value_set=pa.array(list(bad_news_codes), pa.string()))
    checked.bad_news.append(np.flatnonzero(told.to_numpy()).astype(np.int64) + first)


def _judge_across_rows(dataset: Dataset, rules: Rules, stage: Stage, checked: Checked) -> None:
    """Rules that see more than one row: one set-based query each."""
    for rule in rules.unique:
        rows = stage.unequal_keys() if rule.columns == dataset.key else stage.unequal_values(rule.columns)
        for numbers in rows:
            checked.findings.add(rule.id, rule.level, numbers, checked=0)
    for rule in rules.reference:
        for numbers in stage.missing_references(rule):
            checked.findings.add(rule.id, rule.level, numbers, checked=0)
