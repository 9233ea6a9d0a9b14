"""What the page of keys and trust shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class KeyRow(NamedTuple):
    """One published key."""

    purpose: Words
    status: Words
    tone: str
    alg: str
    made_at: datetime
    until: datetime | None
    kid: str


class AlarmRow(NamedTuple):
    """Something to see to."""

    words: Words
    overdue: bool


class TimeRow(NamedTuple):
    """The latest time stamp over the ledger."""

    size: int
    at: datetime


@dataclass(frozen=True)
class TrustView:
    """Keys and trust.

    Attributes:
        groups: the trust root's fingerprint, group by group.
        alarms: for stewards; empty for everybody else.
        time: None while the ledger has no time stamp.
    """

    groups: tuple[str, ...]
    signed_at: datetime
    keys: tuple[KeyRow, ...]
    alarms: tuple[AlarmRow, ...]
    time: TimeRow | None
