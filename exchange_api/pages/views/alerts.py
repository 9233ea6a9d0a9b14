"""What the page of alerts shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class AlertRow(NamedTuple):
    """One alert: what happened, where it leads, and whether it was read."""

    words: Words
    name: Words
    tone: str
    link: str
    first_at: datetime
    last_at: datetime
    unread: bool


class LostRow(NamedTuple):
    """One alert that never reached its receiver by a channel."""

    name: Words
    dataset: str
    channel: Words
    fault: Words
    status: int | None
    attempts: int


class KindChoice(NamedTuple):
    """A kind that may stay on the page alone."""

    value: str
    words: Words
    muted: bool


@dataclass(frozen=True)
class AlertsView:
    """The page. `lost` is None for those who administer nobody."""

    rows: tuple[AlertRow, ...]
    unread: int
    newest: int
    older: int | None
    mail: str
    webhook: str
    quiet_from: str
    quiet_until: str
    kinds: tuple[KindChoice, ...]
    lost: tuple[LostRow, ...] | None
    fault: Words | None = None
    done: Words | None = None
