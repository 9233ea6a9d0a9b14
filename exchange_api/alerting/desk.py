"""What somebody does with its alerts: reads them, says how to be told, and administrators see what never arrived.

desk = AlertDesk(store_page, clock)
desk.standing(session).alerts
desk.wish(session, Wishes(mail="clerk@transport.example", muted=("yellow",)), hosts)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from exchange_api.alerting.errors import WishRefused
from exchange_api.alerting.posting import CLIENT
from exchange_api.people.roles import Role
from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.store import alert_deliveries, alerts
from registries.store.alert_deliveries import Delivery, Wishes
from registries.store.alert_tables import KINDS
from registries.store.alerts import Alert
from registries.store.engine import Store
from registries.webhook_hosts import NoWebhookPlace, WebhookHosts, WebhookPlace

A_PAGE: Final = 30
_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII)
_MANAGERS: Final = frozenset({Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR, Role.AUDITOR})
_EVERYWHERE: Final = frozenset({Role.HUB_ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True)
class Standing:
    """Somebody's alerts, the latest first; `older` is where the next page begins.

    Attributes:
        dead: what never reached people that this person administers; None for everybody else.
    """

    alerts: list[Alert]
    unread: int
    older: int | None
    wishes: Wishes
    dead: list[Delivery] | None


@dataclass(frozen=True)
class AlertDesk:
    """The use cases; a person reaches its own alerts alone."""

    store: Store
    clock: Callable[[], datetime]

    def unread(self, session: Session) -> int:
        """How many alerts were not read yet: the bell's figure."""
        with Transaction(self.store) as work:
            return alerts.unread(work.conn, session.account_id)

    def standing(self, session: Session, before: int | None = None) -> Standing:
        """What this person was told of."""
        with Transaction(self.store) as work:
            found = alerts.of_account(work.conn, session.account_id, before, A_PAGE + 1)
            wishes = alert_deliveries.wishes_of(work.conn, session.account_id)
            count = alerts.unread(work.conn, session.account_id)
            dead = self._dead(work, session)
        shown = found[:A_PAGE]
        return Standing(shown, count, shown[-1].id if len(found) > A_PAGE else None, wishes, dead)

    def read(self, session: Session, up_to: int) -> int:
        """Everything up to an alert was read; how many that were."""
        with Transaction(self.store) as work:
            return alerts.mark_read(work.conn, session.account_id, up_to, self.clock())

    def wish(self, session: Session, wishes: Wishes, hosts: WebhookHosts) -> None:
        """Keep how this person wants to be told.

        Raises:
            WishRefused: mail or webhook is none, its host is not allowed, or half of the quiet hours is missing.
        """
        if wishes.mail is not None and _MAIL.fullmatch(wishes.mail) is None:
            raise WishRefused("mail")
        if wishes.webhook is not None and not _allowed(wishes.webhook, hosts):
            raise WishRefused("webhook")
        if (wishes.quiet_from is None) != (wishes.quiet_until is None):
            raise WishRefused("quiet")
        kept = replace(wishes, muted=tuple(kind for kind in KINDS if kind in wishes.muted))
        with Transaction(self.store) as work:
            alert_deliveries.keep_wishes(work.conn, session.account_id, kept)

    def resend(self, session: Session) -> int:
        """Try what never arrived again; how many."""
        with Transaction(self.store) as work:
            return alert_deliveries.resend(work.conn, self.clock(), _reach(session))

    def _dead(self, work: Transaction, session: Session) -> list[Delivery] | None:
        if _MANAGERS.isdisjoint(session.roles):
            return None
        return alert_deliveries.dead_letters(work.conn, _reach(session), A_PAGE)


def _reach(session: Session) -> str | None:
    """Whose people; None: of every department."""
    return session.department if _EVERYWHERE.isdisjoint(session.roles) else None


def _allowed(url: str, hosts: WebhookHosts) -> bool:
    try:
        return hosts.of(WebhookPlace.parse(url), CLIENT) is not None
    except NoWebhookPlace:
        return False
