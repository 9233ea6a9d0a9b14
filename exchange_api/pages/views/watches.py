"""What the page of watches and notifications shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class DeliveryRow(NamedTuple):
    """One event on its way, or given up; `value` names it in the form."""

    value: str
    client: str
    sequence: int
    noted_at: datetime
    certificate_type: str
    changed: tuple[Words, ...]
    host: str
    fault: Words
    status: int | None
    attempts: int
    due_at: datetime


@dataclass(frozen=True)
class WatchesView:
    """The page."""

    counts: tuple[tuple[Words, int], ...]
    clients: tuple[tuple[str, int], ...]
    late: tuple[DeliveryRow, ...]
    dead: tuple[DeliveryRow, ...]
    older: str | None
    may_resend: bool
    again: int | None
