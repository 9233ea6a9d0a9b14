"""What came of a pushed delivery: one answer for it, now and later, with a reason for each row that was refused.

    results = PushResults(store_page, catalogue)
    results.finished(delivery)                       # cheap: asked until it says yes
    results.result("housing.deeds", delivery)        # state, batch, counts, rows
    results.next_sequence("housing.deeds")

Reasons are the contract's words; no value of a row is read here at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from exchange_api.errors import NotFound
from exchange_api.transactions import Transaction
from quality.reasons import Reason, reasons_of
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import pushes, quarantine
from registries.store.engine import Store
from registries.store.pushes import Push

ROWS_TOLD: Final = 1_000
"""So many rows stand in one answer; of larger deliveries only the refused ones, page by page."""

ResultState = Literal["waiting", "done", "held", "refused"]


@dataclass(frozen=True)
class RowReason:
    """Why a row was refused: the contract's rule, and how to mend it."""

    rule: str
    zh: str
    en: str


@dataclass(frozen=True)
class RowResult:
    """What became of one row, by its number in the delivery, from 1."""

    row: int
    result: Literal["accepted", "quarantined", "held"]
    reasons: tuple[RowReason, ...] = ()


@dataclass(frozen=True)
class DeliveryCounts:
    """Conservation: pulled = accepted + quarantined + held; accepted = new + changed + unchanged + deleted + repeated.

    `vanished` counts rows of the store, not of the delivery.
    """

    pulled: int
    accepted: int
    quarantined: int
    held: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    repeated: int
    vanished: int


@dataclass(frozen=True)
class DeliveryResult:
    """The answer to a delivery.

    Attributes:
        delivery: its number; `batch`: that of the batch, once it was taken in.
        state: `waiting` for the intake; `done`; `held` for a steward; `refused` as a whole, see `fault`.
        rows: every row of a delivery of up to 1,000; of a larger one those that were refused.
        rows_after: where the next page begins, if there is one: the query parameter `after`.
        next_sequence: the lowest one that is not late, as it was when the delivery came.
        fault: why the whole of it was refused: `zh` and `en`.
    """

    delivery: int
    dataset: str
    sequence: int
    state: ResultState
    batch: int | None
    counts: DeliveryCounts | None
    rows: tuple[RowResult, ...]
    rows_after: int | None
    next_sequence: int
    fault: dict[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The members of the answer."""
        return asdict(self)


class PushResults:
    """Reads what came of deliveries, as the role hub_page sees it."""

    def __init__(self, store_page: Store, catalogue: Callable[[], Catalogue]) -> None:
        self._store = store_page
        self._catalogue = catalogue

    def finished(self, delivery: int) -> bool:
        """Whether the intake has said what came of it."""
        with Transaction(self._store) as work:
            found = pushes.push_of(work.conn, delivery)
        return found is not None and found.state != "waiting"

    def next_sequence(self, dataset_name: str) -> int:
        """The lowest sequence that is not late."""
        with Transaction(self._store) as work:
            return pushes.last_sequence(work.conn, dataset_name) + 1

    def result(self, dataset_name: str, delivery: int, after: int = 0) -> DeliveryResult:
        """The answer to a delivery, as far as it is known; of many refused rows those behind row `after`.

        Raises:
            NotFound: it is none of this dataset.
        """
        with Transaction(self._store) as work:
            found = pushes.push_of(work.conn, delivery)
            if found is None or found.dataset != dataset_name:
                raise NotFound("推送批次", "pushed delivery")
            next_sequence = pushes.last_sequence(work.conn, dataset_name, up_to=found.id) + 1
            refused: list[quarantine.RefusedRow] = []
            if found.batch is not None:
                refused = quarantine.refused_rows(work.conn, found.batch, after, ROWS_TOLD)
        dataset = self._catalogue().dataset(dataset_name)
        return _result(found, _told(dataset, found, refused), _next_page(found, refused), next_sequence)


def _result(found: Push, rows: tuple[RowResult, ...], rows_after: int | None, next_sequence: int) -> DeliveryResult:
    outcome: Mapping[str, Any] = found.outcome or {}
    return DeliveryResult(
        delivery=found.id,
        dataset=found.dataset,
        sequence=found.sequence,
        state=outcome["state"] if found.state == "taken" else found.state,
        batch=found.batch,
        counts=DeliveryCounts(**outcome["counts"]) if found.state == "taken" else None,
        rows=rows,
        rows_after=rows_after,
        next_sequence=next_sequence,
        fault={"zh": outcome["zh"], "en": outcome["en"]} if found.state == "refused" else None,
    )


def _told(dataset: Dataset, found: Push, refused: list[quarantine.RefusedRow]) -> tuple[RowResult, ...]:
    """Refused rows with their reasons; of a small delivery the accepted ones between them."""
    told = {row.row_number: RowResult(row.row_number, row.outcome, _reasons(dataset, row.rule_ids)) for row in refused}
    if found.outcome is None or found.state != "taken" or found.rows > ROWS_TOLD:
        return tuple(told.values())
    pulled = found.outcome["counts"]["pulled"]  # blank lines are no rows
    return tuple(told.get(number) or RowResult(number, "accepted") for number in range(1, pulled + 1))


def _reasons(dataset: Dataset, rule_ids: tuple[str, ...]) -> tuple[RowReason, ...]:
    def told(reason: Reason) -> RowReason:
        return RowReason(reason.rule_id, reason.zh, reason.en)

    return tuple(told(reason) for reason in reasons_of(dataset, rule_ids))


def _next_page(found: Push, refused: list[quarantine.RefusedRow]) -> int | None:
    return refused[-1].row_number if found.rows > ROWS_TOLD and len(refused) == ROWS_TOLD else None
