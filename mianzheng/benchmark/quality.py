"""`mianzheng bench quality`: what checking costs beside a look at the same bytes, and what it finds.

    found = bench_quality(QualityBench(rows=1_000_000), clock, tell)
    found.ratio                      -> gate over scan
    found.recall, found.precision    -> over all rules, by key
    found.kinds                      -> the same of rules that one snapshot can't show

gate          landed Parquet read, put into canonical form, judged by Great Expectations, keys compared, with positions
scan          DuckDB hashing every checked column of that Parquet, unsealed
handwritten   DuckDB with the same 15 rules, counts only

Each runs three times, and the quickest counts: the first time libraries are imported and the file is read, as once in
the hub's worker. The gate's counts are compared with those of the hand-written pass, so that both did the same work.
"""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Generic, TypeVar

from certificates.sealing import SealedReader
from mianzheng.benchmark.defects import Texts, Town
from mianzheng.benchmark.duckdb_passes import DuckdbPasses
from mianzheng.benchmark.footprint import processor_seconds
from mianzheng.benchmark.gate import Gate, Keys
from mianzheng.benchmark.kinds import KindFound, bench_kinds
from mianzheng.benchmark.scratch import SNAPSHOTS, scratch_hub

Say = Callable[[str, str], None]
Found = TypeVar("Found")

_TIMES: Final = 3


@dataclass(frozen=True)
class QualityBench:
    """What to measure.

    Attributes:
        folder: where the scratch folder is made; decides the disk.
        keep: leaves the scratch folder, its server stopped.
        months: deliveries of the benchmark's desk, for the rules that one snapshot can't show; 0: none.
    """

    rows: int
    seed: int = 1
    folder: Path | None = None
    keep: bool = False
    months: int = 60


@dataclass(frozen=True)
class RuleFound:
    """One rule: how many rows were planted for it, how many it found, how many of those are the same."""

    rule: str
    level: int
    planted: int
    found: int
    both: int


@dataclass(frozen=True)
class QualityFound:
    """What was measured.

    Attributes:
        checked_columns: those that a rule reads, which are the ones that the scan hashes.
        handwritten_agrees: whether the hand-written pass counted as many rows for each rule as the gate.
        cpu: processor seconds of the three.
        kinds: the rules across datasets, against history, by the calendar and by trust.
    """

    rows: int
    rules: int
    checked_columns: list[str]
    gate_s: float
    scan_s: float
    handwritten_s: float
    ratio: float
    recall: float
    precision: float
    handwritten_agrees: bool
    cpu: dict[str, float]
    by_rule: list[RuleFound]
    kinds: list[KindFound]


def bench_quality(asked: QualityBench, clock: Callable[[], datetime], tell: Say) -> QualityFound:
    """Set a scratch hub up, land the rows, measure, remove it.

    Raises:
        MianzhengError: the server can't be started, or is not durable.
    """
    town = Town(asked.rows, asked.seed)
    with scratch_hub(asked.folder, keep=asked.keep) as scratch:
        tell(f"准备 {asked.rows:,} 行", f"making {asked.rows:,} rows")
        scratch.source.fill(town)
        with Gate(scratch.home, SNAPSHOTS, clock) as gate:
            found = _measured(asked, town, scratch.folder / "landed.parquet", gate, tell)
        if not asked.months:
            return found
        tell(f"逐月交付 {asked.months} 个月", f"{asked.months} months of deliveries")
        kinds = bench_kinds(scratch.home, months=asked.months, seed=asked.seed, started=clock())
    return replace(found, kinds=kinds)


@dataclass(frozen=True)
class _Timed(Generic[Found]):
    """The quickest of several runs."""

    seconds: float
    cpu_s: float
    found: Found


def _timed(times: int, work: Callable[[], Found]) -> _Timed[Found]:
    runs = []
    for _ in range(times):
        started, cpu = time.monotonic(), processor_seconds(os.getpid())
        found = work()
        runs.append(_Timed(time.monotonic() - started, processor_seconds(os.getpid()) - cpu, found))
    return min(runs, key=lambda run: run.seconds)


def _measured(asked: QualityBench, town: Town, plain: Path, gate: Gate, tell: Say) -> QualityFound:
    columns = _checked_columns(gate)
    _unseal(gate, plain)
    tell("检查", "the gate")
    judged = _timed(_TIMES, gate.checked)
    tell("对照:DuckDB", "DuckDB beside it")
    with DuckdbPasses(plain) as passes:
        scanned = _timed(_TIMES, lambda: passes.scan(columns))
        by_hand = _timed(_TIMES, passes.by_hand)
    by_rule = _by_rule(gate, town.truth(), gate.keys_of(judged.found))
    counts = {rule.rule: rule.found for rule in by_rule}
    planted, found, both = (sum(getattr(rule, name) for rule in by_rule) for name in ("planted", "found", "both"))
    return QualityFound(
        rows=asked.rows,
        rules=len(by_rule),
        checked_columns=columns,
        gate_s=round(judged.seconds, 3),
        scan_s=round(scanned.seconds, 3),
        handwritten_s=round(by_hand.seconds, 3),
        ratio=round(judged.seconds / scanned.seconds, 3),
        recall=both / planted,
        precision=both / found if found else 0.0,
        handwritten_agrees=by_hand.found == counts,
        cpu={
            name: round(run.cpu_s, 2) for name, run in (("gate", judged), ("scan", scanned), ("handwritten", by_hand))
        },
        by_rule=by_rule,
        kinds=[],
    )


def _checked_columns(gate: Gate) -> list[str]:
    read = {name for rule in gate.dataset.rules for name in rule.columns}
    return [column.name for column in gate.dataset.columns if column.name in read]


def _unseal(gate: Gate, plain: Path) -> None:
    """The landed Parquet, byte for byte, as DuckDB can read it."""
    with gate.landed.parquet_path.open("rb") as file, SealedReader(file, gate.key) as sealed, plain.open("wb") as out:
        plain.chmod(0o600)
        shutil.copyfileobj(sealed, out, 1 << 20)


def _by_rule(gate: Gate, truth: dict[str, Texts], found: dict[str, Keys]) -> list[RuleFound]:
    """Planted and found keys, compared as often as each stands in a row."""
    compared = []
    for rule in gate.dataset.rules:
        if rule.kind != "batch":
            planted = Counter(truth[rule.id].to_pylist()) if rule.id in truth else Keys()
            mine = found.get(rule.id, Keys())
            compared.append(RuleFound(rule.id, rule.level, planted.total(), mine.total(), (planted & mine).total()))
    return compared
