"""What would come of a pushed delivery that was only to be tried: the report of every dry run.

results = TrialResults(store_page)
results.finished(trial)                          # cheap: asked until it says yes
results.result("housing.deeds", trial)           # state, counts, reasons
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from exchange_api.errors import NotFound
from exchange_api.push_results import DeliveryCounts
from exchange_api.transactions import Transaction
from registries.store import push_trials
from registries.store.engine import Store

TrialState = Literal["waiting", "checked", "refused"]


@dataclass(frozen=True)
class TrialReason:
    """A rule that failed: in how many rows, and in which first ones (from 1); 0 where it is about all of them."""

    rule: str
    level: int
    zh: str
    en: str
    rows: int
    first_rows: tuple[int, ...]


@dataclass(frozen=True)
class TrialResult:
    """The answer to a delivery that was tried; nothing of it is kept.

    Attributes:
        trial: its number.
        state: `waiting` for the intake; `checked`; `refused` as a whole, see `fault`.
        counts: what would become of its rows.
        held_by: the rules that would hold it, in words.
        reasons: of each rule that failed, the most frequent first.
        fault: why the whole of it would be refused: `zh` and `en`.
    """

    trial: int
    dataset: str
    state: TrialState
    counts: DeliveryCounts | None
    held_by: tuple[str, ...]
    reasons: tuple[TrialReason, ...]
    fault: dict[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The members of the answer."""
        return asdict(self)


class TrialResults:
    """Reads what trials found, as the role hub_page sees it."""

    def __init__(self, store_page: Store) -> None:
        self._store = store_page

    def finished(self, trial: int) -> bool:
        """Whether the intake has said what would come of it."""
        with Transaction(self._store) as work:
            found = push_trials.trial_of(work.conn, trial)
        return found is not None and found.state != "waiting"

    def result(self, dataset_name: str, trial: int) -> TrialResult:
        """The answer to a trial, as far as it is known. NotFound: it is none of this dataset."""
        with Transaction(self._store) as work:
            found = push_trials.trial_of(work.conn, trial)
        if found is None or found.dataset != dataset_name:
            raise NotFound("试推批次", "pushed trial")
        outcome = found.outcome or {}
        if found.state != "checked":
            fault = {"zh": outcome["zh"], "en": outcome["en"]} if outcome else None
            return TrialResult(trial, dataset_name, found.state, None, (), (), fault)
        reasons = tuple(
            TrialReason(one["rule_id"], one["level"], one["zh"], one["en"], one["rows"], tuple(one["first_rows"]))
            for one in outcome["reasons"]
        )
        counts = DeliveryCounts(**outcome["counts"])
        return TrialResult(trial, dataset_name, "checked", counts, tuple(outcome["held_by"]), reasons)
