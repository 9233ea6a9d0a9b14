"""Digests of the reports that were handed out, in the ledger: any file in hand can be held against it.

    report_entries.note(conn, name, digest, payload, now)        # once for the same bytes; hub_page or hub_load
    report_entries.known(conn, digest)

An entry's `jti` is the file's SHA-256, so that whoever has the file finds the entry.
"""

import hashlib
from datetime import datetime

import sqlalchemy as sa

from registries.store import ledger
from registries.store.ledger_tables import ledger_entry

KIND = ISSUER = "report"
_LOCK = 6_025


def note(conn: sa.Connection, digest: bytes, payload: bytes, now: datetime) -> bool:
    """Write down that a file of this digest was made; False if it was written down before."""
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    if known(conn, digest):
        return False
    leaf = hashlib.sha256(payload).digest()
    ledger.append(conn, [ledger.NewEntry(KIND, ISSUER, digest.hex(), leaf, payload)], now)
    return True


def known(conn: sa.Connection, digest: bytes) -> bool:
    """Whether the hub made a report of these bytes."""
    wanted = sa.select(ledger_entry.c.id).where(ledger_entry.c.issuer == ISSUER, ledger_entry.c.jti == digest.hex())
    return conn.execute(wanted).first() is not None


def leaves(conn: sa.Connection, issuer: str, kind: str) -> dict[str, bytes]:
    """The leaves of an issuer's entries by name: what a page may read of the ledger."""
    wanted = sa.select(ledger_entry.c.jti, ledger_entry.c.leaf).where(
        ledger_entry.c.issuer == issuer, ledger_entry.c.jti.startswith(f"{kind}:", autoescape=True)
    )
    return {row.jti: bytes(row.leaf) for row in conn.execute(wanted)}
