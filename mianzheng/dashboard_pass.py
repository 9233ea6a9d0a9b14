"""How dashboards learn what has to be counted over rows: the worker counts in between, and never for long.

    passes = DashboardPass(store_load, clock)
    passes.look()        # in between other work, as often as one likes
    look_once(store_load, now)     # everything at once, for a command or a test

Whatever is counted rests afterwards for REST times as long as it took, so that counting takes a twentieth of the
worker's time at most, however many rows there are.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from mianzheng.recurring import Every
from registries.store import dashboards
from registries.store.engine import Store

LOOK_EVERY_SECONDS = 15.0
REST = 20


class DashboardPass:
    """Counts at most every LOOK_EVERY_SECONDS, and each thing only after its rest."""

    def __init__(self, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._store = store_load
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)
        self._rests: dict[str, float] = {}
        self._conflicts_wait = True

    def look(self) -> int:
        """Count what is due; how many datasets were counted. StoreError if PostgreSQL can't be reached."""
        if not self._every.due():
            return 0
        _follow_answers(self._store)
        with self._store.begin() as conn:
            waiting = dashboards.uncounted(conn)
        now = self._clock()
        counted = [name for name in waiting if self._timed(name, partial(_count_certificates, self._store, name, now))]
        self._conflicts_wait |= bool(counted)
        if self._conflicts_wait and self._timed("conflicts", partial(_count_conflicts, self._store)):
            self._conflicts_wait = False
        return len(counted)

    def _timed(self, name: str, count: Callable[[], object]) -> bool:
        begun = time.monotonic()
        if begun < self._rests.get(name, 0.0):
            return False
        count()
        ended = time.monotonic()
        self._rests[name] = ended + REST * (ended - begun)
        return True


def look_once(store_load: Store, now: datetime) -> int:
    """Count everything that waits, without rest; how many datasets were counted."""
    _follow_answers(store_load)
    with store_load.begin() as conn:
        waiting = dashboards.uncounted(conn)
    for name in waiting:
        _count_certificates(store_load, name, now)
    _count_conflicts(store_load)
    return len(waiting)


def _follow_answers(store: Store) -> None:
    followed = 1
    while followed:
        with store.begin() as conn:
            followed = dashboards.count_answers(conn)


def _count_certificates(store: Store, name: str, now: datetime) -> None:
    with store.begin() as conn:
        dashboards.count_certificates(conn, name, now)


def _count_conflicts(store: Store) -> None:
    with store.begin() as conn:
        dashboards.count_conflicts(conn)
