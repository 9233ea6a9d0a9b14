"""Taking data in with something to look at: how far each dataset is, and what became of it as soon as it is known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from mianzheng.progress_display import ProgressDisplay, shown
from mianzheng.progress_measure import Total
from mianzheng.terminal import console
from registries.home import HubHome, Role
from registries.operators.folders import Contracts
from registries.store import batches
from registries.store.engine import Store

if TYPE_CHECKING:
    from pipelines.cycle import FailedIntake
    from quality.intake import IntakeOutcome, Progress

    Outcome = IntakeOutcome | FailedIntake

STATES = {"done": "已归集 done", "nothing_new": "无变化 nothing new", "held": "待放行 held", "failed": "失败 failed"}
STATE_CELLS = max(cell_len(words) for words in STATES.values())


def load_everything(
    home: HubHome, clock: Callable[[], datetime], *, progress: bool = True, quiet: bool = False
) -> list["Outcome"]:
    """Run one cycle over all datasets.

    Args:
        home: the hub's.
        clock: gives the time.
        progress: whether to show how far each dataset is.
        quiet: shows nothing at all, the outcomes neither.
    """
    from pipelines.cycle import run_cycle

    if quiet:
        return run_cycle(home, clock)
    names = [dataset.name for dataset in Contracts(home).catalogue().datasets if dataset.pulled]
    cells = max(map(len, names), default=0)
    if not progress:
        return run_cycle(home, clock, each=lambda outcome: console.print(line(outcome, cells), markup=False))
    with display_of(home, len(names)) as display:
        return run_cycle(home, clock, progress=display, each=lambda outcome: display.print(line(outcome, cells)))


@contextmanager
def progress_of(home: HubHome, *, wanted: bool = True) -> Iterator["Progress"]:
    """A progress callback for one dataset that shows itself until the block ends; or, not `wanted`, a silent one."""
    from quality.intake import quiet

    if wanted:
        with display_of(home) as display:
            yield display
    else:
        yield quiet


@contextmanager
def display_of(home: HubHome, datasets: int = 0) -> Iterator[ProgressDisplay]:
    """What shows how far the datasets of a hub are, until the block ends; `datasets`: how many there are to come."""
    with (
        Store(home.store_url(Role.LOAD)) as store,
        shown(console, lambda dataset: expected_rows(store, dataset), datasets) as display,
    ):
        yield display


def expected_rows(store: Store, dataset: str) -> Total | None:
    """How many rows the delivery has that is being taken in: as landed, or about those of the snapshot before."""
    with store.begin() as connection:
        begun = batches.unfinished(connection, dataset)
        if begun is None:
            return None
        if begun.landed is not None:
            return Total(int(begun.landed["rows"]))
        before = batches.last_taken_over(connection, dataset, "snapshot") if begun.delivery == "snapshot" else None
    return Total(before.counts.pulled, exact=False) if before is not None and before.counts is not None else None


def line(outcome: "Outcome", name_cells: int = 0) -> str:
    """One dataset's outcome in one line; the sums are the conservation that every batch must keep.

    Names are filled up to `name_cells`, so that the counts stand below each other.
    """
    counts = outcome.counts
    head = f"{outcome.dataset:<{name_cells}}  {set_cell_size(STATES[outcome.state], STATE_CELLS)}"
    if outcome.state == "failed":
        return f"{head}\n  {outcome.zh}\n  {outcome.en}"
    if outcome.batch is None:
        return head.rstrip()
    return (
        f"{head} {counts.pulled:>11,} = {counts.accepted:,} 入库 accepted + {counts.quarantined:,} 隔离 quarantined"
        f" + {counts.held:,} 暂存 held"
    )
