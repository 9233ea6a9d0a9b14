"""What one asker was answered, newest first, page by page: the list of an officer's own receipts; and those of a case.

answers_of(conn, "officer:7", before=None, limit=20)
answers_in_case(conn, "ST-2026-0001", issuer="officer:7")
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


_IN_CASE = sa.text(
    """
    WITH answers AS MATERIALIZED (
        SELECT e.id, e.jti, e.made_at, b.payload,
               translate(split_part(convert_from(b.payload, 'UTF8'), '.', 2), '-_', '+/') AS claims
          FROM hub.ledger_entry e
          JOIN hub.ledger_body b ON b.entry_id = e.id
         WHERE e.kind = 'answer' AND (CAST(:issuer AS text) IS NULL OR e.issuer = :issuer)),
    told AS MATERIALIZED (
        SELECT answers.*,
               CAST(convert_from(decode(rpad(claims, (length(claims) + 3) / 4 * 4, '='), 'base64'), 'UTF8') AS jsonb)
               #> '{verification,asked}' AS asked
          FROM answers)
    SELECT told.id, told.jti, told.made_at, told.payload, s.index AS place
      FROM told
      LEFT JOIN hub.ledger_sequence s ON s.entry_id = told.id
     WHERE told.asked ->> 'case' = :case
       AND (CAST(:department AS text) IS NULL OR told.asked ->> 'department' = :department)
     ORDER BY told.id
     LIMIT :limit
    """
)
"""A body is the receipt's signing input; the case stands in its payload, and in no column. Materialised, so that no
body of another kind is ever taken for a receipt's."""


def answers_in_case(
    conn: sa.Connection, case: str, issuer: str | None, department: str | None, limit: int
) -> list[AnswerKept]:
    """At most `limit` answers that were asked for a case, oldest first; of one asker or department, or of all.

    Reads every answer of the asker, or of the hub: for packages to archive, not for pages that wait.
    """
    wanted = {"case": case, "issuer": issuer, "department": department, "limit": limit}
    return [AnswerKept(row.id, row.jti, row.made_at, row.payload, row.place) for row in conn.execute(_IN_CASE, wanted)]
