"""What each dataset's source gave in this cycle, and whether it was up: the end of `mianzheng up --once`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import set_cell_size

from registries.contracts.model import Dataset
from registries.home import HubHome, Role
from registries.operators.folders import Contracts
from registries.store import batches
from registries.store.batches import BatchCounts
from registries.store.engine import Store

if TYPE_CHECKING:
    from mianzheng.cycle_display import Outcome

How = Literal["pulled", "pushed", "asked live"]
HOW = {"pulled": "归集", "pushed": "推送", "asked live": "实时"}


@dataclass(frozen=True)
class SourceLine:
    """One dataset: how it comes, whether its source was up, and the counts of what came."""

    dataset: str
    how: How
    up: bool
    pulled: int = 0
    accepted: int = 0
    quarantined: int = 0
    held: int = 0

    def text(self) -> str:
        """For people."""
        mark = "✓" if self.up else "✗"
        head = f"  {mark} {self.dataset:<52} {set_cell_size(HOW[self.how], 6)}"
        if self.how == "asked live":
            return head
        parts = f"{self.pulled:>8,} = {self.accepted:,} 入库 + {self.quarantined:,} 隔离 + {self.held:,} 暂存"
        return f"{head} {parts}"


def source_lines(home: HubHome, outcomes: Sequence["Outcome"], *, all_pushed: bool, live_up: bool) -> list[SourceLine]:
    """A line for each dataset of the contracts in force."""
    by_name = {outcome.dataset: outcome for outcome in outcomes}
    catalogue = Contracts(home).catalogue()
    with Store(home.store_url(Role.OWNER)) as store, store.begin() as connection:
        last = {
            dataset.name: batches.last_done(connection, dataset.name)
            for dataset in catalogue.datasets
            if dataset.server.kind == "push"
        }
    lines = []
    for dataset in catalogue.datasets:
        outcome, pushed = by_name.get(dataset.name), last.get(dataset.name)
        if outcome is not None:
            lines.append(_line(dataset, "pulled", outcome.counts, up=outcome.state != "failed"))
        elif dataset.server.kind == "push":
            lines.append(_line(dataset, "pushed", None if pushed is None else pushed.counts, up=all_pushed))
        elif dataset.server.kind == "live_query":
            lines.append(SourceLine(dataset.name, "asked live", live_up))
    return lines


def _line(dataset: Dataset, how: How, counts: BatchCounts | None, *, up: bool) -> SourceLine:
    if counts is None:
        return SourceLine(dataset.name, how, up)
    told = asdict(counts)
    return SourceLine(dataset.name, how, up, *(told[name] for name in ("pulled", "accepted", "quarantined", "held")))
