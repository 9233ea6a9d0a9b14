"""The process that posts events to clients' systems, beside the web process and the intake worker.

It runs where an operator has allowed a host, and from the moment when that is so: `poster_start` is asked every second.
It holds no loading role and reads no certificate, and the intake worker, which reads deliveries, holds no key.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from exchange_api.watching.posting import Poster, Round, until_nothing_is_due
from mianzheng.processes import Children, StartedWhen
from registries.errors import RegistriesError
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.store import watch_deliveries
from registries.store.engine import Store
from registries.webhook_hosts import WebhookHosts

NAME = "poster"
LOOK_EVERY_SECONDS = 2.0
REST_SECONDS = 5.0


@contextmanager
def poster_of(home: HubHome, clock: Callable[[], datetime]) -> Iterator[tuple[Poster, Store]]:
    """What posts, and the store that it looks into."""
    keys = open_keys(home, clock())
    with Store(home.store_url(Role.API), pool_size=2) as store:
        yield Poster(store, keys, WebhookHosts(home.path), clock, random.SystemRandom().random), store


def post_once(home: HubHome, clock: Callable[[], datetime]) -> Round:
    """Post everything that is due now; what came of it."""
    with poster_of(home, clock) as (poster, _):
        return until_nothing_is_due(poster.round)


def post_for_ever(home: HubHome, clock: Callable[[], datetime], wait: Callable[[float], None] = time.sleep) -> None:
    """Post whatever becomes due, until the process is ended; what it holds then is posted by the next one."""
    with poster_of(home, clock) as (poster, store):
        while True:
            try:
                for _ in watch_deliveries.listen(store, LOOK_EVERY_SECONDS):
                    until_nothing_is_due(poster.round)
            except RegistriesError as error:  # the store is down, or the list can't be read: later
                print(error.en, flush=True)  # noqa: T201 - the process's log
            wait(REST_SECONDS)


def poster_start(home: HubHome, children: Children) -> StartedWhen:
    """Starts the process as soon as there is a list of hosts."""
    hosts = WebhookHosts(home.path)
    return StartedWhen(lambda: hosts.exists, children, NAME, "-m", "mianzheng", "watches", "post", "--stay")
