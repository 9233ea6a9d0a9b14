"""What the ledger's page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class WitnessRow(NamedTuple):
    """A witness at another office, and the largest tree that it vouches for."""

    name: str
    size: int
    at: datetime


class LossRow(NamedTuple):
    """A loss that was accepted: when, how much, why, by whom."""

    at: datetime
    last: int
    left: int
    why: Words
    reason: str
    by: str


@dataclass(frozen=True)
class LedgerView:
    """The ledger as it stands."""

    origin: str
    size: int
    root: str
    at: datetime | None
    verifier: str
    refusal: Words | None
    witnesses: tuple[WitnessRow, ...]
    losses: tuple[LossRow, ...]
