"""How months are closed: the worker looks once an hour whether one is over, and closes it on its first day.

passes = MonthPass(store_load, clock)
passes.look()        # in between other work, as often as one likes
"""

import logging
from collections.abc import Callable
from datetime import date, datetime

from mianzheng.recurring import Every
from quality.errors import ScoresChanged
from quality.monthly import close_months
from registries.store.engine import Store

LOOK_EVERY_SECONDS = 3_600.0
_log = logging.getLogger("mianzheng.months")


class MonthPass:
    """Looks at most every LOOK_EVERY_SECONDS."""

    def __init__(self, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._store = store_load
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> list[date]:
        """Close what is over, if it is time to look; which months were closed.

        A month whose scores somebody changed stays open: the log says so every hour, and so does the page of reports.
        """
        if not self._every.due():
            return []
        try:
            return close_months(self._store, self._clock())
        except ScoresChanged as changed:
            _log.error("%s | %s", changed.zh, changed.en)
            return []
