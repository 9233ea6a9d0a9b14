"""Issuing authorities that the hub knows, and what became of them: what a former bureau issued stays good.

Example:
    >>> former = Issuer("汕头市工商局", "Shantou AIC", date(2000, 1, 1), date(2018, 12, 31), ("汕头市市场监督管理局",))
    >>> former.ended_before(date(2019, 5, 1))
    True
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Issuer:
    """An issuing authority.

    Attributes:
        valid_until: its last day under this name; None if it still works.
        successors: names of those that answer for it today.
    """

    name_zh: str
    name_en: str
    valid_from: date
    valid_until: date | None = None
    successors: tuple[str, ...] = ()

    def ended_before(self, day: date) -> bool:
        """Whether it was no more on that day."""
        return self.valid_until is not None and self.valid_until < day


def no_issuers(_today: date) -> Mapping[str, Issuer]:
    """What a hub knows that was told of no issuing authority."""
    return {}
