"""What a dataset has taken in so far: all that a connector needs to know to find the next delivery.

The store says it (`batches.taken`), connectors only read it.

    >>> NOTHING_TAKEN.latest is None
    True
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Taken:
    """What has been taken in.

    Attributes:
        positions: of all deliveries that were taken, as their connectors gave them.
        latest: the greatest of them, by code point.
        watermark: the greatest that a watermark pull has seen.
    """

    positions: frozenset[str] = frozenset()
    latest: str | None = None
    watermark: str | None = None


NOTHING_TAKEN: Final = Taken()
"""Of a dataset that is new."""
