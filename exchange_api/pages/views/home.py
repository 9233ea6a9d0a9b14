"""What the first page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Words


class Way(NamedTuple):
    """Something that a role can do."""

    href: str
    icon: str
    words: Words
    what: Words


class Holding(NamedTuple):
    """How much of a dataset the hub holds."""

    title: Words
    department: str
    rows: int | None
    batch: int | None
    as_of: datetime | None


@dataclass(frozen=True)
class HomeView:
    """The first page after signing in."""

    ways: tuple[Way, ...]
    holdings: tuple[Holding, ...]
    as_of: datetime | None
