"""Posts events to clients' systems: claimed, signed, sent to pinned addresses, tried again, given up.

    Poster(store_api, keys, hosts, clock, jitter).round()        # Round(sent=3, again=1, dead=0)

Defends against being led elsewhere: only hosts on the operator's list, and posted to as `pinned` does. An event arrives
at least once, and its `event` says which one it is; those of one watch arrive in their order, unless one was given up
before.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from certificates.jose import Key
from certificates.keys import KeyPurpose, KeyRing
from exchange_api.transactions import Transaction
from exchange_api.watching.messages import event_body
from exchange_api.watching.pinned import UNREACHABLE, PinnedPost
from registries.store import watch_deliveries
from registries.store.engine import Store
from registries.store.watch_deliveries import Claimed, Failed
from registries.webhook_hosts import WebhookHosts, WebhookPlace

AT_ONCE: Final = 32
PER_HOST: Final = 4
LEASE: Final = timedelta(seconds=60)
MOST_ATTEMPTS: Final = 32
"""About a day: ten attempts within the first hour and a half, then one an hour."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)


class Round(NamedTuple):
    """What came of the events that were due."""

    sent: int = 0
    again: int = 0
    dead: int = 0

    @property
    def any(self) -> bool:
        """Whether there were any."""
        return sum(self) > 0


def wait_after(attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many attempts; `jitter` from 0 to 1 spreads it by half to both sides.

    >>> wait_after(1, 0.5), wait_after(4, 0.5), wait_after(30, 1.0)
    (datetime.timedelta(seconds=5), datetime.timedelta(seconds=40), datetime.timedelta(seconds=5400))
    """
    doubled: timedelta = FIRST_WAIT * 2 ** min(attempts - 1, 16)
    return min(doubled, LONGEST_WAIT) * (0.5 + jitter)


def until_nothing_is_due(one_round: Callable[[], Round]) -> Round:
    """Round by round; all of them together."""
    total = Round()
    while (found := one_round()).any:
        total = Round(*(one + other for one, other in zip(total, found, strict=True)))
    return total


@dataclass
class Poster:
    """Posts what is due; as many processes as one likes may do so.

    Attributes:
        jitter: gives numbers from 0 to 1.
    """

    store: Store
    keys: KeyRing
    hosts: WebhookHosts
    clock: Callable[[], datetime]
    jitter: Callable[[], float]

    def __post_init__(self) -> None:
        """What a host's certificate is judged by stays for as long as the poster."""
        self._sender = PinnedPost(self.clock)

    def round(self) -> Round:
        """Post what is due now, at most AT_ONCE events.

        Raises:
            registries.errors.StoreDown: what was claimed is claimed again when its lease is over.
            registries.errors.HomeError: the list of hosts can't be read.
        """
        now = self.clock()
        with Transaction(self.store) as work:
            claimed = watch_deliveries.claim(work.conn, now, secrets.token_hex(16), now + LEASE, AT_ONCE)
        if not claimed:
            return Round()
        self.keys.refresh()
        outcomes = asyncio.run(self._post_all(claimed, self.keys.active(KeyPurpose.MESSAGE)))
        found = Counter(self._write_down(claimed, outcomes))
        return Round(found["sent"], found["again"], found["dead"])

    async def _post_all(self, claimed: Sequence[Claimed], key: Key) -> list[int | Failed]:
        """The status of each that was answered well, or why it was not; few at a time at one host."""
        doors = {host: asyncio.Semaphore(PER_HOST) for host in {one.host for one in claimed}}
        allowed = {(host.host, host.port): host for host in self.hosts.all()}

        async def post(one: Claimed) -> int | Failed:
            place = WebhookPlace.parse(one.webhook)
            host = allowed.get((place.host, place.port))
            if host is None or not host.is_for(one.event.client_id):
                return Failed("not_allowed")
            async with doors[one.host]:
                return await self._sender.post(one.webhook, event_body(one.event), place, host, key)

        return await asyncio.gather(*(post(one) for one in claimed))

    def _write_down(self, claimed: Sequence[Claimed], outcomes: Sequence[int | Failed]) -> Iterator[str]:
        """What came of each; hosts that can't be reached are left alone, with all that waits for them."""
        now = self.clock()
        with Transaction(self.store) as work:
            for one, outcome in zip(claimed, outcomes, strict=True):
                if not isinstance(outcome, Failed):
                    watch_deliveries.finish(work.conn, one, outcome, now)
                    yield "sent"
                elif outcome.fault in {"gone", "not_allowed"} or one.attempts >= MOST_ATTEMPTS:
                    watch_deliveries.give_up(work.conn, one, outcome, now)
                    yield "dead"
                else:
                    due_at = now + wait_after(one.attempts, self.jitter())
                    watch_deliveries.retry(work.conn, one, outcome, due_at)
                    if outcome.fault in UNREACHABLE:
                        watch_deliveries.rest(work.conn, one.host, due_at)
                    yield "again"
