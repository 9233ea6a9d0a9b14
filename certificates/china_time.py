"""The hub's time zone: one for the whole country, without summer time since 1992.

>>> from datetime import UTC, datetime
>>> datetime(2026, 3, 1, 23, 30, tzinfo=UTC).astimezone(CHINA).date().isoformat()
'2026-03-02'
"""

from datetime import timedelta, timezone
from typing import Final

CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Days that law and verdicts name are days here."""
