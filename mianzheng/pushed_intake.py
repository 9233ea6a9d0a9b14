"""Takes pushed deliveries in, one after the other and each dataset's in their order: the worker's other half.

    passed_over = set()
    while take_next_push(store, intake, clock, passed_over):
        pass

A worker that is killed leaves its delivery waiting; the next one finishes the same batch, or finds it finished. A
delivery under which workers end again and again is refused, so that it does not keep the others waiting for ever.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from quality.errors import QualityError
from quality.intake import Intake
from registries.connectors.pushed import PushedRows
from registries.errors import DatasetBusy, RegistriesError, StoreDown
from registries.store import batches, pushes
from registries.store.engine import Store
from registries.store.pushes import Waiting

MOST_ATTEMPTS = 4
GIVEN_UP = {
    "zh": "该批次多次处理失败,已停止。请联系运维人员查看日志;修正后以新的序号重新推送",
    "en": "taking this delivery in failed again and again; ask the operator to look at the logs, then push it again "
    "under a new sequence",
}


class Came(NamedTuple):
    """What came of a delivery."""

    state: Literal["taken", "refused"]
    outcome: dict[str, Any]
    batch: int | None = None


def take_next_push(store: Store, intake: Intake, clock: Callable[[], datetime], passed_over: set[str]) -> bool:
    """Take in the oldest waiting delivery; False if none waits but of datasets that are passed over, as they are busy.

    Raises:
        StoreDown: the delivery stays as it is.
    """
    with store.begin() as conn:
        waiting = pushes.next_waiting(conn, passed_over)
    if waiting is None:
        return False
    with store.begin() as conn:
        if not pushes.lock_waiting(conn, waiting.id):
            return True
        try:
            came = _take_in(store, intake, waiting)
        except DatasetBusy:
            pushes.forgive_attempt(conn, waiting.id)
            passed_over.add(waiting.dataset)
            return True
        pushes.finish_push(conn, waiting.id, came.state, came.outcome, clock(), came.batch)
    intake.landing.discard_upload(Path(waiting.path).stem)  # what was taken in is kept with its batch
    return True


def _take_in(store: Store, intake: Intake, waiting: Waiting) -> Came:
    """By the same intake as everything; a delivery that can't be read is refused with its cause."""
    if waiting.dataset not in intake.catalogue or waiting.attempts >= MOST_ATTEMPTS:
        return Came("refused", GIVEN_UP)
    path = Path(waiting.path)
    connector = PushedRows(
        intake.catalogue.dataset(waiting.dataset),
        waiting.client_id,
        waiting.sequence,
        waiting.body_digest,
        lambda: intake.landing.open_upload(path),
    )
    try:
        intake.take_in(waiting.dataset, connector=connector, deliverer=f"client {waiting.client_id}")
    except (DatasetBusy, StoreDown):
        raise
    except (RegistriesError, QualityError) as error:
        return Came("refused", {"zh": error.zh, "en": error.en})
    return _taken(store, waiting, connector.identity())


def _taken(store: Store, waiting: Waiting, identity: str) -> Came:
    """The batch says what came of it, whichever worker finished it."""
    with store.begin() as conn:
        number = pushes.batch_of(conn, waiting.dataset, identity)
        batch = None if number is None else batches.get(conn, number)
    if batch is None or batch.counts is None:
        return Came("refused", GIVEN_UP)
    state = "held" if batch.hold_reason else "done"
    return Came("taken", {"state": state, "counts": asdict(batch.counts)}, batch.number)
