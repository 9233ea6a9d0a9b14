"""A hub over three months: two departments deliver, one of them badly, by a clock that a test sets."""

import datetime as dt
from collections.abc import Sequence

from certificates.china_time import CHINA
from certificates.sealing import sealing_key
from certificates.types import load_types
from quality.intake import Intake
from registries.compare.images import Images
from registries.home import Role
from registries.landing import Landing
from tests.conftest import Hub
from tests.quality.conftest import ENTERPRISES, LICENCES, NUMBERS, RESIDENTS, Delivery, Rows, licence, resident

SEPTEMBER, OCTOBER, NOVEMBER = dt.date(2026, 9, 1), dt.date(2026, 10, 1), dt.date(2026, 11, 1)
POLICE, MARKET = "public_security", "market_regulation"
GOOD = [resident(number) for number in NUMBERS]
NAMELESS = [resident(NUMBERS[0], name=None), *GOOD[1:]]
LICENCE_ROWS = [licence(f"L{number}") for number in range(10)]

__all__ = ["ENTERPRISES", "LICENCES", "NAMELESS", "RESIDENTS"]


def at(month: int, day: int, hour: int = 10) -> dt.datetime:
    """A moment of 2026 in China."""
    return dt.datetime(2026, month, day, hour, tzinfo=CHINA)


class Year:
    """Deliveries at chosen moments."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.now = at(9, 1)
        key = sealing_key(hub.home.secret_or_new("landing_key"))
        landing, images = Landing(hub.home.landed, key), Images(hub.home.spill, key)
        store = hub.store(Role.LOAD)
        self._intake = Intake(store, landing, images, hub.catalogue, load_types(), lambda: self.now, {})

    def deliver(self, when: dt.datetime, dataset: str, rows: Rows | Sequence[dict[str, str | None]]) -> int:
        """Rows as the next delivery; the batch's number."""
        self.now = when
        delivery = Delivery(self.hub.catalogue.dataset(dataset), rows, f"{dataset} {when.isoformat()}")
        outcome = self._intake.take_in(dataset, connector=delivery, deliverer="test")
        assert outcome.batch is not None
        return outcome.batch


def autumn(hub: Hub) -> Year:
    """September: one of four residents nameless, licences in order. October: residents mended; no licences come."""
    year = Year(hub)
    year.deliver(at(9, 5), RESIDENTS, NAMELESS)
    year.deliver(at(9, 6), LICENCES, LICENCE_ROWS)
    year.deliver(at(10, 30), RESIDENTS, GOOD)
    return year
