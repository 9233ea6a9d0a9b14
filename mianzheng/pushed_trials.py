"""Tries pushed deliveries that are only to be tried, one after the other; nothing of them is kept.

    while try_next_push(store, intake, clock):
        pass

A worker that is killed leaves its trial waiting; one under which workers end again and again is given up.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from mianzheng.pushed_intake import GIVEN_UP, MOST_ATTEMPTS
from quality.errors import QualityError
from quality.intake import Intake
from registries.connectors.pushed import PushedRows
from registries.errors import DatasetBusy, RegistriesError, StoreDown
from registries.store import push_trials
from registries.store.engine import Store
from registries.store.pushes import Waiting


def try_next_push(store: Store, intake: Intake, clock: Callable[[], datetime]) -> bool:
    """Try the oldest waiting delivery; False if none waits, or its dataset is busy. StoreDown: it stays as it is."""
    with store.begin() as conn:
        waiting = push_trials.next_waiting(conn)
    if waiting is None:
        return False
    with store.begin() as conn:
        if not push_trials.lock_waiting(conn, waiting.id):
            return True
        try:
            state, outcome = _tried(intake, waiting)
        except DatasetBusy:
            push_trials.forgive_attempt(conn, waiting.id)
            return False
        push_trials.finish_trial(conn, waiting.id, state, outcome, clock())
    intake.landing.discard_upload(Path(waiting.path).stem)
    return True


def _tried(intake: Intake, waiting: Waiting) -> tuple[Literal["checked", "refused"], dict[str, Any]]:
    """The same report as of every dry run; a delivery that can't be read is refused with its cause."""
    if waiting.dataset not in intake.catalogue or waiting.attempts >= MOST_ATTEMPTS:
        return "refused", GIVEN_UP
    connector = PushedRows(
        intake.catalogue.dataset(waiting.dataset),
        waiting.client_id,
        waiting.sequence,
        waiting.body_digest,
        lambda: intake.landing.open_upload(Path(waiting.path)),
    )
    try:
        return "checked", asdict(intake.dry_run(waiting.dataset, connector))
    except (DatasetBusy, StoreDown):
        raise
    except (RegistriesError, QualityError) as error:
        return "refused", {"zh": error.zh, "en": error.en}
