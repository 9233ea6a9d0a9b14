"""How people hear what happened: the worker notes what is new every half minute, and groups it for each of them.

passes = AlertPass(home, store_load, clock)
passes.look()        # in between other work, as often as one likes
look_once(home, store_load, now)

What is due is sent by a process of its own (`alert_loop`): no network slows the intake down.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from exchange_api.alerting.grouping import alert_everybody
from mianzheng.recurring import Every
from registries.alert_settings import alert_settings
from registries.errors import HomeError
from registries.home import HubHome
from registries.store.engine import Store
from registries.working_days import CalendarRefused, working_days

LOOK_EVERY_SECONDS = 30.0
_log = logging.getLogger("mianzheng.alerts")


class AlertPass:
    """Looks at most every LOOK_EVERY_SECONDS."""

    def __init__(self, home: HubHome, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._home = home
        self._store = store_load
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> int:
        """Look if it is time to; how many alerts were begun. StoreError if PostgreSQL can't be reached.

        While the operator's settings or calendar can't be read nothing is noted, and the log says why.
        """
        if not self._every.due():
            return 0
        try:
            return look_once(self._home, self._store, self._clock())
        except (HomeError, CalendarRefused) as wrong:
            _log.error("%s | %s", wrong.zh, wrong.en)
            return 0


def look_once(home: HubHome, store_load: Store, now: datetime) -> int:
    """Note what is new; how many alerts were begun."""
    settings, calendar = alert_settings(home.path), working_days(home)
    with store_load.begin() as conn:
        return alert_everybody(conn, now, settings, calendar)
