"""Step 4 from near: a batch's rows in chunks, judged by every rule, each put where it belongs.

Chunks are judged side by side (`judging`), and everything here happens in their order. Row numbers are those of the
landed batch, from 1. Rules across rows ask the stage, which holds all rows they can be about (`placing`).
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from quality import erased
from quality.judging import LOOKED_AT, Chunk, Judge, Judged
from quality.parting import Findings, RowNumbers
from quality.profiles import BatchProfile
from quality.rules import Rules, compile_rules
from quality.shares import Shares
from quality.sql_rules import WholeBatch
from quality.trust import by_level, strictest
from registries.compare.engines import Engine
from registries.compare.placing import Placing
from registries.compare.suppressed import Suppressed
from registries.contracts.model import Dataset, RuleSpec
from registries.departments import Catalogue
from registries.store import batches
from registries.store.profiles import ColumnProfile
from registries.store.stage import Stage

_NO_ROWS = np.zeros(0, np.int64)


@dataclass
class Checked:
    """What checking found: over `pulled` rows.

    Attributes:
        bad_keys: rows whose key can't be what it was meant to be: parts of it are absent, or a rule on it refused them.
        of_trust: rows by trust level, where a rule has a level of its own for it.
        profile: what the batch's columns look like.
    """

    findings: Findings = field(default_factory=Findings)
    pulled: int = 0
    bad_keys: list[RowNumbers] = field(default_factory=list)
    bad_news: list[RowNumbers] = field(default_factory=list)
    of_trust: dict[str, list[RowNumbers]] = field(default_factory=dict)
    profile: list[ColumnProfile] = field(default_factory=list)

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
    engine: Engine,
    dataset: Dataset,
    chunks: Iterable[Chunk],
    placing: Placing,
    today: date,
    watch: Callable[[int], None],
    bad_news_codes: Sequence[str] = (),
    unknowable: Container[str] = frozenset(),
    suppressed: Suppressed | None = None,
) -> Checked:
    """Judges all rows by all rules and puts them where they belong, refused ones into the stage.

    Args:
        engine: judges chunks side by side.
        dataset: whose rows these are.
        chunks: of the rows as they were landed, in order.
        placing: where they go.
        today: the day on which the batch was opened, for rules about the future.
        watch: told after each chunk how many rows were judged so far.
        bad_news_codes: the source's status codes that must not wait if the batch is held.
        unknowable: rules that can't be judged because what they refer to was never taken in.
        suppressed: keys that were erased: rows that have one are refused.
    """
    rules = _without(compile_rules(dataset, today), unknowable)
    checked, shares, profile = Checked(), Shares(rules.shares), BatchProfile(dataset)
    judge = Judge(dataset, rules, tuple(bad_news_codes), placing.shape)
    with WholeBatch(dataset, rules.whole) as whole:
        for judged in engine.each(judge, chunks):
            _note(judged, checked, shares)
            profile.add(judged.profile)
            erased.refuse(suppressed, judged, checked.findings)
            whole.add(*_about(judged))
            placing.take(judged.first, judged.rows, judged.refused, judged.looked_at, judged.narrow)
            checked.pulled += judged.rows.num_rows
            watch(checked.pulled)
        whole.judge(checked.findings)
    shares.judge(checked.findings)
    stage = placing.finish(_found_over_all(dataset, rules, checked), rules.reference)
    _judge_across_rows(dataset, rules, stage, checked)
    _part_by_trust(dataset, checked)
    checked.profile = profile.columns()
    return checked


def _part_by_trust(dataset: Dataset, checked: Checked) -> None:
    """Levels that differ by the trust of a row."""
    of_trust = {trust: np.concatenate(rows) for trust, rows in checked.of_trust.items()}
    for rule in dataset.rules:
        if rule.levels_by_trust:
            checked.findings.part(rule.id, by_level(rule, checked.findings.of(rule.id), of_trust))


def _without(rules: Rules, unknowable: Container[str]) -> Rules:
    return replace(rules, reference=tuple(rule for rule in rules.reference if rule.id not in unknowable))


def _note(judged: Judged, checked: Checked, shares: Shares) -> None:
    """Adds what the rules said of one chunk."""
    for said in judged.said:
        if said.rule.id in shares:
            shares.add(said.rule.id, said.rows, checked=said.checked)
        else:
            checked.findings.add(said.rule.id, said.rule.level, said.rows, checked=said.checked)
    shares.rows += len(_about(judged)[0])
    checked.bad_keys.append(judged.bad_keys)
    checked.bad_news.append(judged.bad_news)
    for trust, rows in judged.of_trust.items():
        checked.of_trust.setdefault(trust, []).append(rows)


def _about(judged: Judged) -> tuple[RowNumbers, pa.Table]:
    """The rows of a chunk that rules about the whole batch are about, with their numbers."""
    if judged.whole is None:
        return judged.first + np.arange(judged.rows.num_rows), judged.rows
    return judged.first + judged.whole, judged.rows.take(pa.array(judged.whole))


def _found_over_all(dataset: Dataset, rules: Rules, checked: Checked) -> RowNumbers:
    """Rows that only a look at the whole batch has found, and that somebody must look at."""
    asked = [rule.spec.id for rule in rules.whole] + [rule.id for rule in rules.shares]
    return checked.findings.refused_by([name for name in asked if strictest(dataset.rule(name)) <= LOOKED_AT])


def _judge_across_rows(dataset: Dataset, rules: Rules, stage: Stage, checked: Checked) -> None:
    """Rules that see more than one row: one set-based query each."""
    for rule in rules.unique:
        rows = stage.unequal_keys() if rule.columns == dataset.key else stage.unequal_values(rule.columns)
        for numbers in rows:
            checked.findings.add(rule.id, rule.level, numbers, checked=0)
    for rule in rules.reference:
        for numbers in stage.missing_references(rule):
            checked.findings.add(rule.id, rule.level, numbers, checked=0)
