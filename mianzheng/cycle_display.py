"""One cycle of the pipelines with something to look at: what each dataset is doing, how many rows, how fast."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import set_cell_size
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from mianzheng.terminal import console
from quality.intake import IntakeOutcome, Step
from registries.home import HubHome

STEPS = {
    Step.OPEN: "登记 open",
    Step.PULL: "提取 pull",
    Step.LAND: "落地 land",
    Step.CHECK: "检查 check",
    Step.PART: "分流 part",
    Step.TAKE_OVER: "入库 take over",
    Step.TELL: "通报 tell",
}
if TYPE_CHECKING:
    from pipelines.cycle import FailedIntake

    Outcome = IntakeOutcome | FailedIntake

STATES = {"done": "已归集 done", "nothing_new": "无变化 nothing new", "held": "待放行 held", "failed": "失败 failed"}


def load_everything(home: HubHome, clock: Callable[[], datetime], *, quiet: bool = False) -> list["Outcome"]:
    """Run one cycle over all datasets; `quiet` shows nothing."""
    from pipelines.cycle import run_cycle

    if quiet:
        return run_cycle(home, clock)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<60}"),
        BarColumn(),
        TextColumn("{task.fields[rate]:>22}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not sys.stdout.isatty()) as display:
        outcomes = run_cycle(home, clock, progress=Shown(display))
    for outcome in outcomes:
        console.print(line(outcome))
    return outcomes


class Shown:
    """A progress callback that keeps one line per dataset."""

    def __init__(self, display: Progress) -> None:
        """Lines appear in `display` as datasets come up."""
        self._display = display
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def __call__(self, step: Step, dataset: str, rows: int) -> None:
        """`rows` have gone through `step` so far."""
        if dataset not in self._tasks:
            task = self._display.add_task(dataset, total=len(STEPS), rate="")
            self._tasks[dataset] = (task, time.monotonic())
        task, started = self._tasks[dataset]
        rate = rows / max(time.monotonic() - started, 0.001)
        self._display.update(
            task,
            completed=list(STEPS).index(step) + 1,
            description=f"{dataset}: {STEPS[step]}",
            rate=f"{rows:,} 行 {rate:,.0f}/s",
        )


def line(outcome: "Outcome") -> str:
    """One dataset's outcome in one line; the sums are the conservation that every batch must keep."""
    counts = outcome.counts
    head = f"{outcome.dataset:<40} {set_cell_size(STATES[outcome.state], 20)}"
    if outcome.state == "failed":
        return f"{head}\n  {outcome.zh}\n  {outcome.en}"
    if outcome.batch is None:
        return head
    return (
        f"{head} {counts.pulled:>9,} = {counts.accepted:,} 入库 accepted + {counts.quarantined:,} 隔离 quarantined"
        f" + {counts.held:,} 暂存 held"
    )
