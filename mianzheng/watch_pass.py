"""How clients are told what no batch brings: the worker looks at all watches once a minute.

    passes = WatchPass(store_load, clock)
    passes.look()        # in between other work, as often as one likes

It tells that a certificate runs out, ends the watches whose time is over, and finds what the pass behind a batch can't
have seen (`registries.store.watch_changes`).
"""

from collections.abc import Callable
from datetime import datetime

from mianzheng.recurring import Every
from quality.rules import day_of
from registries.store import watch_changes
from registries.store.engine import Store

LOOK_EVERY_SECONDS = 60.0


class WatchPass:
    """Looks at most every LOOK_EVERY_SECONDS."""

    def __init__(self, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._store = store_load
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> int:
        """Look if it is time to; how many events were told. StoreError if PostgreSQL can't be reached."""
        if not self._every.due():
            return 0
        return look_once(self._store, self._clock())


def look_once(store_load: Store, now: datetime) -> int:
    """Hold every open watch against its certificate now; how many events were told."""
    with store_load.begin() as conn:
        return watch_changes.note_all(conn, now, day_of(now))
