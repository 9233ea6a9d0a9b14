"""How late deliveries are noticed: the worker looks once in ten minutes, since no batch tells of what does not come.

passes = LatenessPass(store_load, intake)
passes.look()        # in between other work, as often as one likes
"""

from collections.abc import Callable
from datetime import datetime

from mianzheng.recurring import Every
from quality import lateness
from quality.intake import Intake
from quality.lateness import Looked
from registries.store.engine import Store

LOOK_EVERY_SECONDS = 600.0


class LatenessPass:
    """Looks at most every LOOK_EVERY_SECONDS."""

    def __init__(self, store_load: Store, intake: Intake, clock: Callable[[], datetime]) -> None:
        self._store = store_load
        self._intake = intake
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> Looked | None:
        """Look if it is time to; StoreError if PostgreSQL can't be reached."""
        if not self._every.due():
            return None
        return lateness.look(self._store, self._intake.catalogue, self._intake.days, self._clock())
