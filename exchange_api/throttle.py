"""Slows down guessing of passwords and codes: after a few failures the next try has to wait, longer each time.

It waits, it doesn't lock, and it can't be used to shut somebody out: a login that is guessed at from anywhere waits
half a minute at most, and a browser in which its owner signed in before has a count of its own. A login guessed at
from one address waits up to a quarter of an hour there, and there alone. Counts are in the store, by digest, so that
all processes know the same, and no list of who tried stands anywhere.

    throttle = Throttle(store)
    keys = throttle.keys("zhang", address="10.0.0.7", device="")
    throttle.refuse_haste(keys, now)      # raises TooManyTries
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from exchange_api.errors import TooManyTries
from exchange_api.transactions import Transaction
from registries.store import sign_ins
from registries.store.engine import Store

FIRST_WAIT = 2
LOOPBACK = ("127.", "::1")
"""Behind a proxy on the same machine everybody has this address: it can't tell one visitor from another."""


class Limit(NamedTuple):
    """Failures that cost nothing, and the longest wait in seconds; in between each failure doubles the wait."""

    free: int
    longest: int


LOGIN = Limit(5, 30)
LOGIN_HERE = Limit(5, 900)
KNOWN_DEVICE = Limit(5, 900)
ADDRESS = Limit(50, 10)  # an office sits behind one address
CODE = Limit(5, 300)


class Key(NamedTuple):
    """What failures are counted for."""

    digest: bytes
    limit: Limit


class Throttle:
    """Counts failures per key, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def keys(login: str, address: str, device: str) -> list[Key]:
        """What a try counts for. `device`: of the browser's cookie, if this login was given it; or empty."""
        counted = [_key("device", login, device, KNOWN_DEVICE)] if device else [_key("login", login, "", LOGIN)]
        if not address.startswith(LOOPBACK):
            counted.append(_key("address", address, "", ADDRESS))
            if not device:
                counted.append(_key("here", login, address, LOGIN_HERE))
        return counted

    @staticmethod
    def code_keys(account_id: int) -> list[Key]:
        """What a try of an account's one-time code counts for."""
        return [_key("code", str(account_id), "", CODE)]

    def refuse_haste(self, keys: Sequence[Key], now: datetime) -> None:
        """Raise TooManyTries while one of the keys has to wait."""
        with Transaction(self._store) as work:
            known = sign_ins.failures(work.conn, [key.digest for key in keys], now)
        wait = max((seconds_to_wait(known.get(key.digest), key.limit, now) for key in keys), default=0)
        if wait:
            raise TooManyTries(wait)

    def failed(self, keys: Sequence[Key], now: datetime) -> None:
        """Remember a failure."""
        with Transaction(self._store) as work:
            sign_ins.note_failures(work.conn, [key.digest for key in keys], now)

    def succeeded(self, keys: Sequence[Key]) -> None:
        """Forget the failures of these keys, but for the address: others may be guessing there."""
        with Transaction(self._store) as work:
            sign_ins.forget_failures(work.conn, [key.digest for key in keys if key.limit is not ADDRESS])


def seconds_to_wait(known: sign_ins.Failures | None, limit: Limit, now: datetime) -> int:
    """Seconds until a try is looked at; 0 means now.

    >>> from datetime import datetime, timezone
    >>> now = datetime(2026, 3, 2, tzinfo=timezone.utc)
    >>> [seconds_to_wait(sign_ins.Failures(count, now), Limit(2, 30), now) for count in (1, 2, 3, 9)]
    [0, 2, 4, 30]
    """
    if known is None or known.count < limit.free:
        return 0
    wait = min(FIRST_WAIT << min(known.count - limit.free, 20), limit.longest)
    return max(0, wait - int((now - known.last).total_seconds()))


def _key(kind: str, first: str, second: str, limit: Limit) -> Key:
    parts = f"{kind}\x1f{first}\x1f{second}".encode("utf-8", "surrogatepass")
    return Key(hashlib.sha256(parts).digest(), limit)
