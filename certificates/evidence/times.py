"""Moments in reports: shown in UTC, and read from what somebody typed.

Example:
    >>> shown_time(1_704_067_200), read_time("2024-01-01T08:00:00+08:00").isoformat()
    ('2024-01-01T00:00:00+00:00', '2024-01-01T08:00:00+08:00')
"""

from datetime import UTC, datetime


def shown_time(seconds: int) -> str:
    """Unix seconds as ISO 8601; a number that is no time of a calendar is shown as it is."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def read_time(text: str) -> datetime:
    """A moment from ISO 8601 with zone, from a day (its beginning in UTC), or from Unix seconds.

    Raises:
        ValueError: It is none of them.
    """
    try:
        found = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (OverflowError, OSError):
        raise ValueError("no time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
