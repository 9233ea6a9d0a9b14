"""Slows down guessing of passwords: after a few failures for a login, or from an address, the next try has to wait.

It waits, it doesn't lock: nobody can shut an officer out for a day by typing a wrong password. Kept in memory and by
digest, so that no list of who tried stands anywhere; a restart forgets it.

    >>> from datetime import datetime, timezone
    >>> now = datetime(2026, 3, 2, tzinfo=timezone.utc)
    >>> throttle = Throttle(free=2)
    >>> for _ in range(3): throttle.failed("zhang", now)
    >>> throttle.seconds_to_wait("zhang", now)
    4
"""

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_TRIES = 5
FIRST_WAIT = 2
LONGEST_WAIT = 900
FORGET_AFTER = timedelta(minutes=30)
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Failures:
    count: int
    last: datetime


class Throttle:
    """Counts failures per key; each past the free ones doubles the wait, up to a quarter of an hour."""

    def __init__(self, free: int = FREE_TRIES, longest_wait: int = LONGEST_WAIT) -> None:
        self._free = free
        self._longest_wait = longest_wait
        self._failures: dict[bytes, _Failures] = {}
        self._lock = threading.Lock()

    def seconds_to_wait(self, key: str, now: datetime) -> int:
        """Seconds until a try for this key is looked at; 0 means now."""
        with self._lock:
            known = self._known(key, now)
        if known.count < self._free:
            return 0
        wait = min(FIRST_WAIT << min(known.count - self._free, 20), self._longest_wait)
        return max(0, wait - int((now - known.last).total_seconds()))

    def failed(self, key: str, now: datetime) -> None:
        """Remember a failure."""
        with self._lock:
            if len(self._failures) >= MOST_REMEMBERED:
                self._forget_old(now)
            self._failures[_digest(key)] = _Failures(self._known(key, now).count + 1, now)

    def succeeded(self, key: str) -> None:
        """Forget the failures of this key."""
        with self._lock:
            self._failures.pop(_digest(key), None)

    def _known(self, key: str, now: datetime) -> _Failures:
        known = self._failures.get(_digest(key))
        return known if known is not None and now - known.last < FORGET_AFTER else _Failures(0, now)

    def _forget_old(self, now: datetime) -> None:
        kept = {key: known for key, known in self._failures.items() if now - known.last < FORGET_AFTER}
        if len(kept) >= MOST_REMEMBERED:
            newest = sorted(kept.items(), key=lambda item: item[1].last)[MOST_REMEMBERED // 2 :]
            kept = dict(newest)
        self._failures = kept


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
