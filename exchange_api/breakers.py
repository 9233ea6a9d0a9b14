"""A breaker for a source that is asked while somebody waits: after failures in a row it is left alone for a while.

>>> breaker = Breaker(failures=2, rest=timedelta(seconds=30))
>>> now = datetime(2026, 1, 1, tzinfo=UTC)
>>> breaker.fail(now), breaker.lets_through(now), breaker.fail(now), breaker.lets_through(now)
(None, True, None, False)
>>> breaker.lets_through(now + timedelta(seconds=30)), breaker.lets_through(now + timedelta(seconds=30))
(True, False)
"""

from datetime import UTC, datetime, timedelta

__all__ = ["UTC", "Breaker"]


class Breaker:
    """Counts failures in a row; used within one thread.

    Args:
        failures: after so many it rests.
        rest: how long; then one question is let through to try.
    """

    def __init__(self, failures: int, rest: timedelta) -> None:
        self._most = failures
        self._rest = rest
        self._failed = 0
        self._until: datetime | None = None

    def lets_through(self, now: datetime) -> bool:
        """Whether to ask; of a source that has rested, one asker tries, and the others wait for what it finds."""
        if self._until is None:
            return True
        if now < self._until:
            return False
        self._until = now + self._rest
        return True

    def succeed(self) -> None:
        """It answered."""
        self._failed, self._until = 0, None

    def fail(self, now: datetime) -> None:
        """It did not."""
        self._failed += 1
        if self._failed >= self._most:
            self._until = now + self._rest
