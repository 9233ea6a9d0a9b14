"""How overdue cases go up: the worker looks once an hour, by the operator's calendar of working days.

passes = CasePass(home, store_load, clock)
passes.look()        # in between other work, as often as one likes
"""

from collections.abc import Callable
from datetime import datetime

from exchange_api.casework.escalating import escalate_overdue
from mianzheng.recurring import Every
from registries.home import HubHome
from registries.store.engine import Store
from registries.working_days import working_days

LOOK_EVERY_SECONDS = 3_600.0


class CasePass:
    """Looks at most every LOOK_EVERY_SECONDS."""

    def __init__(self, home: HubHome, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._home = home
        self._store = store_load
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> int:
        """Escalate what is due for it, if it is time to look; how many cases went up."""
        if not self._every.due():
            return 0
        return escalate_overdue(self._store, self._clock(), working_days(self._home))
