"""The process that sends alerts by mail and webhook, beside the web process and the intake worker.

It runs where an operator has written HUB_HOME/alerts.json, and from the moment when that is so. It uses the pages'
role: it reads no row, and who answers questions does not learn where people are reached.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from exchange_api.alerting.posting import AlertPoster
from exchange_api.alerting.words import Telling
from exchange_api.watching.posting import Round, until_nothing_is_due
from mianzheng.processes import Children, StartedWhen
from registries.alert_settings import FILE, SECRET, alert_settings
from registries.errors import RegistriesError
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.operators.folders import Contracts
from registries.store.alerts import Alert
from registries.store.engine import Store
from registries.webhook_hosts import WebhookHosts

NAME = "alerts"
LOOK_EVERY_SECONDS = 5.0


@contextmanager
def alert_poster(home: HubHome, clock: Callable[[], datetime]) -> Iterator[AlertPoster]:
    """What sends, with the words that people know datasets and departments by."""
    contracts = Contracts(home)

    def telling(alert: Alert, address: str) -> Telling:
        catalogue = contracts.catalogue()
        departments = {one.id: one.name_zh for one in catalogue.departments}
        title = catalogue.dataset(alert.dataset).title_zh if alert.dataset in catalogue else alert.dataset
        department = departments.get(alert.department, alert.department)
        return Telling(alert.kind, department, title, alert.dataset, alert.count, alert.reference, address)

    keys = open_keys(home, clock())
    with Store(home.store_url(Role.PAGE), pool_size=2) as store:
        yield AlertPoster(
            store,
            keys,
            WebhookHosts(home.path),
            lambda: alert_settings(home.path),
            lambda: home.secret_or_none(SECRET),
            telling,
            clock,
            random.SystemRandom().random,
        )


def send_once(home: HubHome, clock: Callable[[], datetime]) -> Round:
    """Send everything that is due now; what came of it."""
    with alert_poster(home, clock) as poster:
        return until_nothing_is_due(poster.round)


def send_for_ever(home: HubHome, clock: Callable[[], datetime], wait: Callable[[float], None] = time.sleep) -> None:
    """Send whatever becomes due, until the process is ended; what it holds then is sent by the next one."""
    with alert_poster(home, clock) as poster:
        while True:
            try:
                until_nothing_is_due(poster.round)
            except RegistriesError as error:  # the store is down, or a file can't be read: later
                print(error.en, flush=True)  # noqa: T201 - the process's log
            wait(LOOK_EVERY_SECONDS)


def alerts_start(home: HubHome, children: Children) -> StartedWhen:
    """Starts the process as soon as there are settings."""
    settings = home.path / FILE
    return StartedWhen(settings.exists, children, NAME, "-m", "mianzheng", "alerts", "send", "--stay")
