"""The intake worker: a warm process with the loading role that takes in what is pushed or uploaded, one by one.

It is woken by NOTIFY, looks anyway every few seconds, and holds a delivery's row locked while it works: a worker that
is killed leaves the delivery waiting, and the next one finishes the same batch. In between it looks for new contracts.
"""

import signal
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from mianzheng.contract_watch import ContractWatch
from mianzheng.pushed_intake import take_next_push
from quality.errors import QualityError, UnknownDataset
from quality.intake import Intake
from registries.connectors.kinds import upload_connector
from registries.errors import RegistriesError
from registries.home import HubHome, Role
from registries.landing import Landing
from registries.store import uploads
from registries.store.engine import Store
from registries.store.uploads import Upload, UploadState

LOOK_EVERY_SECONDS = 2.0


class Ended(Exception):
    """The supervisor asked the worker to end."""


def work(home: HubHome, clock: Callable[[], datetime]) -> None:
    """Take in whatever is pushed or uploaded, until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    with Intake.open(home, clock) as intake, Store(home.store_url(Role.LOAD)) as store:
        watch = ContractWatch(home, store, clock)
        try:
            for _ in uploads.listen(store, LOOK_EVERY_SECONDS):
                watch.look()
                while take_any(store, intake, clock):
                    watch.look()
        except Ended:
            return


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise Ended


def take_any(store: Store, intake: Intake, clock: Callable[[], datetime]) -> bool:
    """Work through whatever was pushed, whose senders wait for an answer, then one file; False if none waits."""
    passed_over: set[str] = set()
    while take_next_push(store, intake, clock, passed_over):
        pass
    return take_next(store, intake, intake.landing, clock)


def take_next(store: Store, intake: Intake, landing: Landing, clock: Callable[[], datetime]) -> bool:
    """Work through the oldest waiting file; False if none waits."""
    with store.begin() as connection:
        upload = uploads.next_waiting(connection)
        if upload is None:
            return False
        state, outcome = outcome_of(upload, intake, landing)
        uploads.finish_upload(connection, upload.id, state, outcome, clock())
    return True


def outcome_of(upload: Upload, intake: Intake, landing: Landing) -> tuple[UploadState, dict[str, Any]]:
    """What came of a file: counts and reasons, or the cause why it could not be read at all."""
    if upload.dataset not in intake.catalogue:  # its contract was retired while the file waited
        gone = UnknownDataset(upload.dataset)
        return "refused", {"zh": gone.zh, "en": gone.en}
    dataset = intake.catalogue.dataset(upload.dataset)
    connector = upload_connector(dataset, upload.file_name, lambda: landing.open_upload(Path(upload.path)))
    try:
        if upload.dry_run:
            return "checked", asdict(intake.dry_run(upload.dataset, connector))
        return "taken", asdict(intake.take_in(upload.dataset, connector=connector, deliverer=f"upload {upload.id}"))
    except (RegistriesError, QualityError) as error:
        return "refused", {"zh": error.zh, "en": error.en}
