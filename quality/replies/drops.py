"""A dataset's drop folder, all of it: try what came to be tried, take in what came for that, and reply to both.

    with contextlib.closing(Drops(home, intake, clock)) as drops:
        outcomes = drops.take_in_all("market_regulation.enterprises", progress)

For every other kind of source it is `Intake.take_in_all` and nothing else.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime

from certificates.errors import CertificatesError
from quality.intake import Intake, IntakeOutcome, Progress, quiet
from quality.replies.trying import Trials
from quality.replies.writing import Replies
from registries.connectors.faults import NoDelivery
from registries.errors import RegistriesError
from registries.home import HubHome, Role
from registries.store.batches import BatchCounts
from registries.store.engine import Store


class Drops:
    """Takes in what lies in drop folders; one per process, used by one thread at a time."""

    def __init__(self, home: HubHome, intake: Intake, clock: Callable[[], datetime]) -> None:
        self._intake = intake
        self._store = Store(home.store_url(Role.LOAD))
        self._trials = Trials(home, self._store, clock)
        self._replies = Replies(home, self._store, lambda: intake.catalogue, clock)

    def close(self) -> None:
        """Give the store's connections back."""
        self._store.dispose()

    def take_in_all(self, dataset: str, progress: Progress = quiet) -> list[IntakeOutcome]:
        """What became of each delivery that waited; errors as `Intake.take_in_all`."""
        if self._intake.catalogue.dataset(dataset).server.kind != "files":
            return self._intake.take_in_all(dataset, progress=progress)
        try:
            return self._take_in_all(dataset, progress)
        finally:
            # what was taken in stays taken in: a reply that can't be written now stays owed, and the worker looks again
            with contextlib.suppress(RegistriesError, CertificatesError):
                self._replies.send_owed(dataset)

    def _take_in_all(self, dataset: str, progress: Progress) -> list[IntakeOutcome]:
        tried = self._trials.try_waiting(self._intake, dataset)
        try:
            return self._intake.take_in_all(dataset, progress=progress)
        except NoDelivery:
            if not tried:
                raise
            return [IntakeOutcome(dataset, None, "nothing_new", BatchCounts())]
