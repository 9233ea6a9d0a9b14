"""Sends alerts: claimed, handed to the mail relay or posted to a system, tried again, given up.

    AlertPoster(store_page, keys, hosts, …).round()     # Round(sent=3, again=1, dead=0)

A webhook is posted as events of watches are: signed by RFC 9421, to hosts that the operator allowed for `alerts` only.
An alert arrives at least once; its `alert` member and its Message-ID say which one it is.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from certificates.keys import KeyPurpose, KeyRing
from exchange_api.alerting.mail import MailDoor, mail_of
from exchange_api.alerting.words import Telling
from exchange_api.transactions import Transaction
from exchange_api.watching.messages import as_bytes
from exchange_api.watching.pinned import PinnedPost
from exchange_api.watching.posting import MOST_ATTEMPTS, Round, wait_after
from registries.alert_settings import AlertSettings
from registries.store import alert_deliveries
from registries.store.alert_deliveries import Claimed
from registries.store.alerts import Alert
from registries.store.engine import Store
from registries.store.watch_deliveries import Failed
from registries.webhook_hosts import NoWebhookPlace, WebhookHosts, WebhookPlace

CLIENT: Final = "alerts"
"""As which client a host has to be allowed: `mianzheng watches allow HOST --client alerts`."""

AT_ONCE: Final = 16
LEASE: Final = timedelta(seconds=240)
"""Longer than all that is claimed at once can take."""

_FOR_GOOD: Final = frozenset({"gone", "not_allowed"})


class Tried(NamedTuple):
    """How a delivery ended: `sent`, `again`, `dead` or `dropped`, and why."""

    how: str
    fault: str | None = None
    status: int | None = None


@dataclass
class AlertPoster:
    """Sends what is due; as many processes as one likes may do so.

    Attributes:
        settings: what the operator set, now; None: alerts are on the page alone.
        password: of the mail relay.
        telling: makes an alert's words, with the names that people know.
        jitter: gives numbers from 0 to 1.
    """

    store: Store
    keys: KeyRing
    hosts: WebhookHosts
    settings: Callable[[], AlertSettings | None]
    password: Callable[[], str | None]
    telling: Callable[[Alert, str], Telling]
    clock: Callable[[], datetime]
    jitter: Callable[[], float]

    def __post_init__(self) -> None:
        """What a host's certificate is judged by stays for as long as the poster."""
        self._sender = PinnedPost(self.clock)

    def round(self) -> Round:
        """Send what is due now, at most AT_ONCE alerts.

        Raises:
            registries.errors.StoreDown: what was claimed is claimed again when its lease is over.
            registries.errors.HomeError: settings or the list of hosts can't be read.
        """
        now, settings = self.clock(), self.settings() or AlertSettings()
        with Transaction(self.store) as work:
            claimed = alert_deliveries.claim(work.conn, now, secrets.token_hex(16), now + LEASE, AT_ONCE)
        if not claimed:
            return Round()
        outcomes = [self._tried(one, settings, now) for one in claimed]
        found = Counter(self._write_down(claimed, outcomes))
        return Round(found["sent"], found["again"], found["dead"] + found["dropped"])

    def _tried(self, one: Claimed, settings: AlertSettings, now: datetime) -> Tried:
        if one.place is None:
            return Tried("dropped")
        tried = self._mailed(one, settings, now) if one.channel == "mail" else self._posted(one, settings)
        last = tried.how == "again" and one.attempts >= MOST_ATTEMPTS
        return tried._replace(how="dead") if last else tried

    def _mailed(self, one: Claimed, settings: AlertSettings, now: datetime) -> Tried:
        if settings.relay is None or one.place is None:
            return Tried("again", "no_relay")
        telling = self.telling(one.alert, settings.address)
        message = mail_of(telling, settings.relay.sender, one.place, str(one.alert.id), now)
        fault = MailDoor(settings.relay, self.password()).send(one.place, message)
        if fault is None:
            return Tried("sent")
        return Tried("again" if fault.again else "dead", fault.fault, fault.status)

    def _posted(self, one: Claimed, settings: AlertSettings) -> Tried:
        try:
            place = WebhookPlace.parse(one.place or "")
        except NoWebhookPlace:
            return Tried("dead", "not_allowed")
        host = self.hosts.of(place, CLIENT)
        if host is None:
            return Tried("dead", "not_allowed")
        self.keys.refresh()
        body = as_bytes(alert_json(one.alert, self.telling(one.alert, settings.address)))
        key = self.keys.active(KeyPurpose.MESSAGE)
        outcome = asyncio.run(self._sender.post(one.place or "", body, place, host, key))
        if not isinstance(outcome, Failed):
            return Tried("sent", None, outcome)
        return Tried("dead" if outcome.fault in _FOR_GOOD else "again", outcome.fault, outcome.status)

    def _write_down(self, claimed: list[Claimed], outcomes: list[Tried]) -> Iterator[str]:
        now = self.clock()
        with Transaction(self.store) as work:
            for one, (how, fault, status) in zip(claimed, outcomes, strict=True):
                if how == "again":
                    due_at = now + wait_after(one.attempts, self.jitter())
                    alert_deliveries.retry(work.conn, one, fault or "unreachable", status, due_at)
                elif how in {"sent", "dead", "dropped"}:
                    alert_deliveries.finish(work.conn, one, how, now, fault, status)  # type: ignore[arg-type] # one of three
                yield how


def alert_json(alert: Alert, telling: Telling) -> dict[str, object]:
    """What a system is posted: as the mail says it, with codes beside the words."""
    return {
        "alert": alert.id,
        "kind": alert.kind,
        "department": alert.department,
        "dataset": alert.dataset,
        "count": alert.count,
        "reference": alert.reference,
        "since": alert.first_at.astimezone(UTC).isoformat(timespec="seconds"),
        "until": alert.last_at.astimezone(UTC).isoformat(timespec="seconds"),
        "zh": telling.zh,
        "en": telling.en,
        "link": telling.link,
    }
