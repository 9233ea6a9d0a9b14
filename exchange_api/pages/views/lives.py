"""What the steward's page shows of a certificate's life: its events, and its state on the day asked for."""

from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class LifeStep(NamedTuple):
    """One event; `since` and `applied_on` are days, `reason` says whether one was named."""

    tone: str
    icon: str
    move: Words
    lawful: bool
    since: str | None
    state: Words
    dates: str
    version: str
    by: str
    principal: str
    reason: bool
    applied_on: str | None
    trust_level: str
    paper_era: bool
    batch: int
    learnt_at: datetime | None


class LifeView(NamedTuple):
    """One certificate in one dataset."""

    type: Words
    type_code: str
    dataset: Words
    internal_id: str | None
    issued_on: str
    day: str
    tone: str
    state: Words
    steps: tuple[LifeStep, ...]
