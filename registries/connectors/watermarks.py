"""Where a pull by watermark begins: a little below what was taken, since numbers are given before rows are committed.

A transaction that took number 998 may be committed after the one that took 1000, and a clock's tick has many rows. Rows
that were asked for again change nothing: of two rows of one key the one with the greater watermark counts, and equal
ones are equal.

    >>> again_from(Column("n", "序号", "integer"), "120000"), again_from(Column("n", "序号", "integer"), "7")
    ('119000', '-993')
    >>> again_from(Column("at", "时间", "timestamp"), "2026-01-01 00:05:00.250")
    '2025-12-31 23:55:00.250000'
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from registries.contracts.model import Column

NUMBERS: Final = 1_000
"""How far below the greatest number rows may still come."""

TIME: Final = dt.timedelta(minutes=10)
"""How long after its time a row may still come."""


@dataclass(frozen=True)
class Extent:
    """What there was when a delivery was opened.

    Attributes:
        greatest: watermark; None if no row has one.
        rows: of change sets those in the overlap below it, of snapshots all.
        without: rows that have no watermark; they are pulled each time, and the contract's rules judge them.
    """

    greatest: str | None
    rows: int
    without: int

    @property
    def is_empty(self) -> bool:
        """Whether there is no row to ask for."""
        return self.greatest is None and self.without == 0


def again_from(column: Column, watermark: str) -> str:
    """The least watermark to ask for again, inclusive; texts have no distance: those begin where they ended."""
    try:
        match column.logical_type:
            case "integer" | "number":
                return format(Decimal(watermark) - NUMBERS, "f")
            case "timestamp":
                return (dt.datetime.fromisoformat(watermark) - TIME).isoformat(sep=" ")
            case "date":
                return (dt.date.fromisoformat(watermark) - dt.timedelta(days=1)).isoformat()
    except (ValueError, InvalidOperation, OverflowError):
        pass  # not what its type says: asked for as it stands
    return watermark


def bound_value(column: Column, watermark: str) -> int | Decimal | dt.date | str:
    """The watermark as drivers compare it with its column; the text itself where it is not what its type says.

    Times with an offset become UTC without one: sessions are in UTC, and columns without zones have no offset.
    """
    try:
        match column.logical_type:
            case "integer":
                return int(watermark)
            case "number":
                return Decimal(watermark)
            case "timestamp":
                moment = dt.datetime.fromisoformat(watermark)
                return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
            case "date":
                return dt.date.fromisoformat(watermark[:10])
    except (ValueError, InvalidOperation):
        pass
    return watermark
