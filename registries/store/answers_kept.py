"""What one asker was answered, newest first, page by page: the list of an officer's own receipts.

answers_of(conn, "officer:7", before=None, limit=20)
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registries.store.ledger_tables import ledger_body, ledger_entry, ledger_sequence


@dataclass(frozen=True)
class AnswerKept:
    """One answer in the ledger.

    Attributes:
        entry_id: grows with time; where the next page starts.
        payload: the signing input of its receipt; None if the body was erased.
        place: in the tree, from 0; None if it has none yet.
    """

    entry_id: int
    jti: str
    made_at: datetime
    payload: bytes | None
    place: int | None


def answers_of(conn: sa.Connection, issuer: str, before: int | None, limit: int) -> list[AnswerKept]:
    """At most `limit` answers to this issuer whose entry ids are below `before`."""
    wanted = (
        sa.select(
            ledger_entry.c.id,
            ledger_entry.c.jti,
            ledger_entry.c.made_at,
            ledger_body.c.payload,
            ledger_sequence.c.index.label("place"),  # a row has a method of the name `index`
        )
        .outerjoin(ledger_body, ledger_body.c.entry_id == ledger_entry.c.id)
        .outerjoin(ledger_sequence, ledger_sequence.c.entry_id == ledger_entry.c.id)
        .where(ledger_entry.c.issuer == issuer, ledger_entry.c.kind == "answer")
        .order_by(ledger_entry.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(ledger_entry.c.id < before)
    return [AnswerKept(row.id, row.jti, row.made_at, row.payload, row.place) for row in conn.execute(wanted)]
