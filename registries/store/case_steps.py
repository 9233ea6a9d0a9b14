"""The steps of cases: rows to read, insert-only, and an entry in the ledger for each.

    case_steps.take(conn, [NewStep(17, "assigned", "zhang_wei", department="civil_affairs")], now)

The ledger keeps what was done to which case, by which department, and digests of who did it and of what was written:
no login and no word of a person stands in it.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from registries.store import ledger
from registries.store.casework_tables import case_step
from registries.store.ledger_rows import NewEntry

Act = Literal[
    "opened",
    "rows_added",
    "rows_mended",
    "assigned",
    "stopped",
    "resumed",
    "escalated",
    "reminded",
    "evidence",
    "answered",
    "asked_beyond_mending",
    "approved",
    "refused",
    "closed",
    "reopened",
]
KIND: Final = "case"
ISSUER: Final = "cases"
HUB: Final = "hub"
"""Who does what no person does."""


@dataclass(frozen=True)
class NewStep:
    """Something that is done to a case.

    Attributes:
        by: a login, `hub`, or `rule:ID`.
        department: of who does it.
        reason: a code of a fixed list.
        note: sealed words.
        batch, rows: of what the intake does.
        known_as: what tells it from all others however often it is tried; without it, its own number.
    """

    case_number: int
    act: Act
    by: str = HUB
    department: str | None = None
    reason: str | None = None
    note: bytes | None = None
    batch: int | None = None
    rows: int | None = None
    known_as: str | None = None


def take(conn: sa.Connection, steps: Sequence[NewStep], now: datetime) -> list[int]:
    """Write steps down, in order, here and in the ledger; their numbers. The caller commits."""
    numbers = [_insert(conn, step, now) for step in steps]
    entries = [_entry(step, number, now) for step, number in zip(steps, numbers, strict=True)]
    if entries:
        ledger.append(conn, entries, now)
    return numbers


def _insert(conn: sa.Connection, step: NewStep, now: datetime) -> int:
    values = {
        "case_number": step.case_number,
        "at": now,
        "act": step.act,
        "by": step.by,
        "department": step.department,
        "reason": step.reason,
        "note": step.note,
        "batch": step.batch,
        "rows": step.rows,
    }
    return int(conn.execute(sa.insert(case_step).values(values).returning(case_step.c.id)).scalar_one())


def _entry(step: NewStep, number: int, now: datetime) -> NewEntry:
    salt = secrets.token_hex(16)
    told: dict[str, Any] = {
        "step": number,
        "case": step.case_number,
        "act": step.act,
        "by": step.by if step.by == HUB or step.by.startswith("rule:") else _digest(salt, step.by.encode()),
        "department": step.department,
        "reason": step.reason,
        "note": None if step.note is None else _digest(salt, step.note),
        "batch": step.batch,
        "rows": step.rows,
        "at": now.isoformat(),
        "salt": salt,
    }
    said = {name: value for name, value in told.items() if value is not None}
    payload = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return NewEntry(KIND, ISSUER, step.known_as or f"case-step-{number:012}", hashlib.sha256(payload).digest(), payload)


def _digest(salt: str, content: bytes) -> str:
    return hashlib.sha256(salt.encode() + content).hexdigest()
