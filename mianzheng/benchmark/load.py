"""`mianzheng bench load`: how long a city's residents take into the hub, beside a plain COPY of the same rows.

    found = bench_load(LoadBench(rows=1_000_000), clock, tell)
    found.ratio          -> load over floor
    found.delta_ratio    -> 1 % changed, by watermark, over the full load

What is timed, in this order, each part after a CHECKPOINT:

1. the floor: COPY of the same rows into an empty logged table with the same primary key;
2. the load: pull, land, check, compare, merge, register and ledger, by `Intake.take_in`, of a dataset of snapshots;
3. the same rows into a dataset of changes, which delta 5 needs;
4. after a day's work at the source the next snapshot; 5. the same day by watermark.

The hub's worker is warm: beforehand it has judged a thousand rows. Seconds are the clock's; beside them stand processor
seconds of all processes, the server's included, which tell more where others use the machine.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

from mianzheng.benchmark.defects import Town
from mianzheng.benchmark.footprint import Peak, Sampled, processor_seconds
from mianzheng.benchmark.scratch import CHANGES, SNAPSHOTS, Scratch, scratch_hub
from mianzheng.benchmark.step_times import StepTime, StepTimes
from mianzheng.errors import BenchmarkSpoiltError
from quality.intake import Intake
from registries.connectors.kinds import connector_for

Say = Callable[[str, str], None]
"""Tells the person at the terminal what is going on: (zh, en)."""

_WARM_ROWS: Final = 1_000
_IMPORTED_FOR_MANY_ROWS: Final = ("duckdb", "ibis", "ibis.backends.duckdb")
_FLOOR_FILE: Final = "floor.copy"


@dataclass(frozen=True)
class LoadBench:
    """What to measure.

    Attributes:
        rows: of the source.
        deltas: whether the dataset of changes and both deltas are measured, too.
        floor_after: whether a second floor at the end shows how much the machine drifted.
        folder: where the scratch folder is made; decides the disk.
        keep: leaves the scratch folder, its server stopped.
    """

    rows: int
    seed: int = 1
    deltas: bool = True
    floor_after: bool = False
    folder: Path | None = None
    keep: bool = False


@dataclass(frozen=True)
class Part:
    """One timed part: seconds of the clock and of all processors.

    Attributes:
        rows: that went in.
        counts: of the batch, as the intake gave them.
    """

    seconds: float
    cpu_s: float
    rows: int
    peak: Peak = field(default_factory=Peak)
    counts: dict[str, int] = field(default_factory=dict)
    steps: list[StepTime] = field(default_factory=list)


@dataclass(frozen=True)
class LoadFound:
    """What was measured; None where a part was left out.

    Attributes:
        rules: on rows, batch rules not counted.
        cpu_ratios: the same ratios in processor seconds.
        steps: of the load.
    """

    rows: int
    columns: int
    rules: int
    floor_s: float
    load_s: float
    ratio: float
    delta_s: float | None
    delta_ratio: float | None
    snapshot_delta_s: float | None
    snapshot_delta_ratio: float | None
    peak_mib: float
    cpu_ratios: dict[str, float | None]
    steps: list[StepTime]
    parts: dict[str, Part]
    settings: dict[str, str]
    machine: dict[str, float]


def bench_load(asked: LoadBench, clock: Callable[[], datetime], tell: Say) -> LoadFound:
    """Set a scratch hub up, measure, remove it.

    Raises:
        MianzhengError: the server can't be started, is not durable, or a batch did not come through.
    """
    town = Town(asked.rows, asked.seed)
    with scratch_hub(asked.folder, keep=asked.keep) as scratch, Intake.open(scratch.home, clock) as intake:
        _warm_up(scratch, intake)
        tell(f"准备 {asked.rows:,} 行", f"making {asked.rows:,} rows")
        scratch.source.fill(town)
        return _found(asked, scratch, intake, dict(_parts(asked, town, scratch, intake, tell)))


def _warm_up(scratch: Scratch, intake: Intake) -> None:
    """Let everything be imported and compiled that a worker needs once; nothing is kept."""
    scratch.source.fill(Town(_WARM_ROWS, 0))
    for name in (SNAPSHOTS, CHANGES):
        dataset = intake.catalogue.dataset(name)
        connector = connector_for(dataset, scratch.home.sources())
        if connector is not None:
            intake.dry_run(name, connector)
    for module in _IMPORTED_FOR_MANY_ROWS:
        import_module(module)


def _parts(asked: LoadBench, town: Town, scratch: Scratch, intake: Intake, tell: Say) -> Iterator[tuple[str, Part]]:
    rows = scratch.folder / _FLOOR_FILE
    scratch.source.write_floor(rows, town)
    tell("基准:直接 COPY", "the floor: a plain COPY")
    yield "floor", _floor(scratch, rows)
    tell("归集全量", "the load: a full snapshot")
    yield "load", _taken_in(scratch, intake, SNAPSHOTS)
    if asked.deltas:
        tell("同样的行,按水位线", "the same rows, by watermark")
        yield "watermark_load", _taken_in(scratch, intake, CHANGES)
        scratch.source.change(town)
        tell("变动 1 % 后的全量", "the next snapshot, 1 % changed")
        yield "snapshot_delta", _taken_in(scratch, intake, SNAPSHOTS)
        tell("变动的 1 %,按水位线", "that 1 % by watermark")
        yield "delta", _taken_in(scratch, intake, CHANGES)
    if asked.floor_after:
        tell("再测一次基准", "the floor again")
        yield "floor_after", _floor(scratch, rows)


def _floor(scratch: Scratch, rows: Path) -> Part:
    before = processor_seconds(os.getpid())
    found = scratch.source.floor(rows)
    return Part(round(found.seconds, 3), round(processor_seconds(os.getpid()) - before, 2), found.rows)


def _taken_in(scratch: Scratch, intake: Intake, dataset: str) -> Part:
    """One delivery, with its steps and the greatest memory."""
    scratch.source.checkpoint()
    with Sampled() as sampled:
        watch = StepTimes(partial(processor_seconds, os.getpid()))
        outcome = intake.take_in(dataset, progress=watch)
        watch.end()
    if outcome.state != "done":
        raise BenchmarkSpoiltError(dataset, outcome.state)
    return Part(
        round(watch.seconds, 3),
        round(watch.cpu_s, 2),
        outcome.counts.pulled,
        sampled.peak,
        asdict(outcome.counts),
        watch.steps,
    )


def _found(asked: LoadBench, scratch: Scratch, intake: Intake, parts: dict[str, Part]) -> LoadFound:
    dataset = intake.catalogue.dataset(SNAPSHOTS)
    delta, snapshot_delta = parts.get("delta"), parts.get("snapshot_delta")
    by_clock, by_processor = (_ratios(parts, cost) for cost in (lambda part: part.seconds, lambda part: part.cpu_s))
    return LoadFound(
        rows=asked.rows,
        columns=len(dataset.columns),
        rules=sum(rule.kind != "batch" for rule in dataset.rules),
        floor_s=parts["floor"].seconds,
        load_s=parts["load"].seconds,
        ratio=by_clock["ratio"] or 0.0,
        delta_s=delta.seconds if delta else None,
        delta_ratio=by_clock["delta_ratio"],
        snapshot_delta_s=snapshot_delta.seconds if snapshot_delta else None,
        snapshot_delta_ratio=by_clock["snapshot_delta_ratio"],
        peak_mib=max(part.peak.mib for part in parts.values()),
        cpu_ratios=by_processor,
        steps=parts["load"].steps,
        parts=parts,
        settings=scratch.settings,
        machine={"processors": os.cpu_count() or 0, "load_before": round(os.getloadavg()[2], 2)},
    )


def _ratios(parts: dict[str, Part], cost: Callable[[Part], float]) -> dict[str, float | None]:
    """Load over floor, and both deltas over the load, by one measure of what a part costs."""

    def over(part: str, base: str) -> float | None:
        return round(cost(parts[part]) / cost(parts[base]), 4) if part in parts else None

    return {
        "ratio": over("load", "floor"),
        "delta_ratio": over("delta", "load"),
        "snapshot_delta_ratio": over("snapshot_delta", "load"),
    }
