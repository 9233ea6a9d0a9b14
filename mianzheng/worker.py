"""The intake worker: a warm process with the loading role that takes in what is pushed or uploaded, one by one.

It is woken by NOTIFY, looks anyway every few seconds, and holds a delivery's row locked while it works: a worker that
is killed leaves the delivery waiting, and the next one finishes the same batch. In between it looks for new contracts,
for what clients have to be told, and follows the ledger for the inspector's desk.
"""

import signal
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from mianzheng.alert_pass import AlertPass
from mianzheng.case_pass import CasePass
from mianzheng.contract_watch import ContractWatch
from mianzheng.dashboard_pass import DashboardPass
from mianzheng.held_intake import carry_out_next
from mianzheng.lateness_pass import LatenessPass
from mianzheng.month_pass import MonthPass
from mianzheng.pushed_intake import take_next_push
from mianzheng.pushed_trials import try_next_push
from mianzheng.reply_pass import ReplyPass
from mianzheng.watch_pass import WatchPass
from quality.errors import QualityError, UnknownDataset
from quality.intake import Intake
from quality.workbooks.kept import keep
from registries.connectors.kinds import upload_connector
from registries.errors import RegistriesError
from registries.home import HubHome, Role
from registries.landing import Landing
from registries.store import inspections, uploads
from registries.store.engine import Store
from registries.store.uploads import Upload, UploadState

LOOK_EVERY_SECONDS = 2.0


class Ended(Exception):
    """The supervisor asked the worker to end."""


def work(home: HubHome, clock: Callable[[], datetime]) -> None:
    """Take in whatever is pushed or uploaded, until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    with Intake.open(home, clock) as intake, Store(home.store_url(Role.LOAD)) as store:
        watch, passes = ContractWatch(home, store, clock), WatchPass(store, clock)
        boards, replies = DashboardPass(store, clock), ReplyPass(home, store, clock)
        months, lateness = MonthPass(store, clock), LatenessPass(store, intake, clock)
        alerts = AlertPass(home, store, clock)
        overdue = CasePass(home, store, clock)
        try:
            for _ in uploads.listen(store, LOOK_EVERY_SECONDS):
                watch.look()
                follow_answers(store)
                passes.look()
                lateness.look()
                boards.look()
                months.look()
                overdue.look()
                replies.look()
                alerts.look()
                while take_any(store, intake, clock):
                    watch.look()
        except Ended:
            return


def follow_answers(store: Store) -> None:
    """Let the inspector's desk follow the ledger; it does so itself when it is opened, and then has less to do."""
    with store.begin() as connection:
        inspections.catch_up(connection)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise Ended


def take_any(store: Store, intake: Intake, clock: Callable[[], datetime]) -> bool:
    """Work through whatever was pushed, whose senders wait for an answer, then one file; False if none waits.

    Held batches that a steward has decided about come between: nothing later of their dataset may overtake them.
    """
    passed_over: set[str] = set()
    while take_next_push(store, intake, clock, passed_over):
        pass
    while try_next_push(store, intake, clock):
        pass
    busy: set[str] = set()
    while carry_out_next(store, intake, clock, busy):
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
            found = intake.dry_run(upload.dataset, connector, lambda found: keep(landing, upload.path, found))
            return "checked", asdict(found)
        return "taken", asdict(intake.take_in(upload.dataset, connector=connector, deliverer=f"upload {upload.id}"))
    except (RegistriesError, QualityError) as error:
        return "refused", {"zh": error.zh, "en": error.en}
