"""What an issuer declares to have issued, by type and year: what coverage is measured against. In the ledger, too.

declaring.declare(conn, Declared("11100000MB0143028R001", "market_regulation", 2025, 18_204), "lin", now)
"""

import hashlib
import json
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from registries.store import ledger
from registries.store.dashboard_tables import declared_total

KIND = "declared_total"


class Declared(NamedTuple):
    """A department's word: so many certificates of a type issued in a year."""

    certificate_type: str
    department: str
    year: int
    issued: int


def declare(conn: sa.Connection, said: Declared, by: str, now: datetime) -> int:
    """Write it down; the latest word counts, and earlier ones stay. Its number.

    Args:
        conn: of the role hub_page or hub_load.
        said: what is declared; a negative number or a year before 1949 is refused by the store.
        by: a login.
        now: the time.
    """
    row = {**said._asdict(), "declared_by": by, "declared_at": now}
    number = int(conn.execute(sa.insert(declared_total).values(row).returning(declared_total.c.id)).scalar_one())
    told = {**said._asdict(), "by": by, "at": now.isoformat()}
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ledger.append(conn, [ledger.NewEntry(KIND, KIND, str(number), hashlib.sha256(body).digest(), body)], now)
    return number
