"""What was done to accounts and clients, by whom: rows to read, and an entry in the ledger for each.

    people_acts.write(conn, Act("roles", "account:7", "civil_affairs", account_id=12, details=("publisher",)), now)

No name, login or subject stands in either: an account is its number, a client its id.
"""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from registries.store import ledger
from registries.store.ledger_rows import NewEntry
from registries.store.people_tables import people_act

KIND = ISSUER = "people"
SALT = 16


@dataclass(frozen=True)
class Act:
    """One thing that was done.

    Attributes:
        act: a word such as `account-made`, `roles`, `key-added`.
        by_whom: `account:<id>`, or `operator` at the command line.
        department: whose account or client it is.
        details: words only: roles, a key's thumbprint, the code of a reason.
    """

    act: str
    by_whom: str
    department: str
    account_id: int | None = None
    client_id: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrittenAct(Act):
    """An act as it was written down."""

    id: int = 0
    at: datetime | None = None


def write(conn: sa.Connection, act: Act, now: datetime) -> int:
    """Write an act down, for who reads and in the ledger; its number."""
    values = asdict(act) | {"details": list(act.details), "at": now}
    number = int(conn.execute(sa.insert(people_act).values(values).returning(people_act.c.id)).scalar_one())
    told = asdict(act) | {"at": now.isoformat(), "number": number, "salt": secrets.token_hex(SALT)}
    payload = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    leaf = hashlib.sha256(payload).digest()
    ledger.append(conn, [NewEntry(KIND, ISSUER, f"people-act-{number:012}", leaf, payload)], now)
    return number


def list_acts(
    conn: sa.Connection, department: str | None, *, before: int | None = None, limit: int = 50
) -> list[WrittenAct]:
    """Acts of a department, or of all, the latest first, from before a number on."""
    wanted = sa.select(people_act).order_by(people_act.c.id.desc()).limit(limit)
    if department is not None:
        wanted = wanted.where(people_act.c.department == department)
    if before is not None:
        wanted = wanted.where(people_act.c.id < before)
    return [
        WrittenAct(
            row.act, row.by_whom, row.department, row.account_id, row.client_id, tuple(row.details), row.id, row.at
        )
        for row in conn.execute(wanted)
    ]
