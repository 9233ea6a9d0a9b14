"""The kept scores beside what the ledger says of them, batch by batch: for whoever compares the two.

for one in score_entries.batches(conn):     # as the owner: bodies of the ledger are read
    one.payload, one.leaf, one.rules
score_entries.unwritten(conn)               # batches with scores that the ledger knows nothing of
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from registries.store.ledger_tables import ledger_body, ledger_entry

ISSUER = "intake"
_AT_ONCE = 500

# of several entries about one batch (it was held, and released) the last has the say
_ENTRIES = sa.text(
    """
    WITH told AS (
        SELECT DISTINCT ON (split_part(e.jti, ':', 2), split_part(e.jti, ':', 3))
               split_part(e.jti, ':', 2) AS dataset, split_part(e.jti, ':', 3) AS sequence, e.id, e.leaf
          FROM hub.ledger_entry e
         WHERE e.issuer = :issuer AND e.jti LIKE :jtis
         ORDER BY split_part(e.jti, ':', 2), split_part(e.jti, ':', 3), e.id DESC)
    SELECT t.dataset, CAST(t.sequence AS integer) AS sequence, t.leaf, b.payload, n.number, n.contract_version,
           n.landed_digest, n.taken_over_at,
           (SELECT jsonb_object_agg(s.rule_id, to_jsonb(s) - ARRAY['batch', 'dataset', 'rule_id'])
              FROM hub.score s WHERE s.batch = n.number) AS rules
      FROM told t LEFT JOIN hub.batch n ON n.dataset = t.dataset AND n.sequence = CAST(t.sequence AS integer)
      LEFT JOIN hub.ledger_body b ON b.entry_id = t.id
     WHERE n.number IS NULL OR CAST(:numbers AS bigint[]) IS NULL OR n.number = ANY(CAST(:numbers AS bigint[]))
     ORDER BY n.number
    """
)
_UNWRITTEN = sa.text(
    """
    SELECT n.number, n.dataset, n.sequence FROM hub.batch n
     WHERE EXISTS (SELECT FROM hub.score s WHERE s.batch = n.number)
       AND NOT EXISTS (SELECT FROM hub.ledger_entry e
                        WHERE e.issuer = :issuer AND e.jti = concat('batch:', n.dataset, ':', n.sequence))
     ORDER BY n.number
    """
)
_SHOWN = sa.text(
    """
    SELECT d.name, d.score AS shown, o.number, o.score AS kept
      FROM hub.dataset d
      JOIN LATERAL (SELECT n.number FROM hub.batch n
                     WHERE n.dataset = d.name AND n.taken_over_at IS NOT NULL
                     ORDER BY n.taken_over_at DESC, n.number DESC LIMIT 1) l ON true
      JOIN LATERAL (SELECT l.number, avg(m.share) AS score
                      FROM (SELECT CAST(sum(s.checked - s.failed) AS double precision)
                                   / CAST(sum(s.checked) AS double precision) AS share
                              FROM hub.score s WHERE s.batch = l.number AND s.checked > 0
                             GROUP BY s.dimension) m) o ON true
     WHERE d.score IS DISTINCT FROM o.score AND (d.score IS NULL OR o.score IS NULL OR abs(d.score - o.score) > 1e-9)
     ORDER BY d.name
    """
)
_STRAY = sa.text(
    """
    SELECT DISTINCT s.batch AS number, s.dataset FROM hub.score s LEFT JOIN hub.batch n ON n.number = s.batch
     WHERE n.number IS NULL OR n.dataset <> s.dataset ORDER BY 1
    """
)


class BatchEntry(NamedTuple):
    """One batch as the ledger tells it, and as it stands in the store.

    Attributes:
        payload: None if somebody erased it.
        number: None if the store has no such batch.
        rules: the kept scores by rule, each with its columns.
    """

    dataset: str
    sequence: int
    leaf: bytes
    payload: bytes | None
    number: int | None
    contract_version: str | None
    landed_digest: str | None
    taken_over_at: datetime | None
    rules: Mapping[str, Mapping[str, Any]]


class Unwritten(NamedTuple):
    """A batch with scores that no entry of the ledger tells of."""

    number: int
    dataset: str
    sequence: int


def batches(conn: sa.Connection, numbers: Collection[int] | None = None) -> Iterator[BatchEntry]:
    """Every batch that the ledger knows, by number; or these, and those that the store lacks. Rows are streamed."""
    which = {"issuer": ISSUER, "jtis": "batch:%", "numbers": None if numbers is None else list(numbers)}
    with conn.execute(_ENTRIES, which, execution_options={"yield_per": _AT_ONCE}) as found:
        for row in found:
            yield BatchEntry(
                row.dataset,
                row.sequence,
                bytes(row.leaf),
                None if row.payload is None else bytes(row.payload),
                row.number,
                row.contract_version,
                row.landed_digest,
                row.taken_over_at,
                row.rules or {},
            )


def unwritten(conn: sa.Connection) -> list[Unwritten]:
    """Batches with scores that no entry of the ledger tells of, by number."""
    return [Unwritten(*row) for row in conn.execute(_UNWRITTEN, {"issuer": ISSUER})]


def stray(conn: sa.Connection) -> list[tuple[int, str]]:
    """Batch and dataset of scores that belong to no batch, or to another dataset's."""
    return [(row.number, row.dataset) for row in conn.execute(_STRAY)]


def shown_otherwise(conn: sa.Connection) -> list[tuple[str, int]]:
    """Datasets that answers and pages call better or worse than their latest batch was, with its number."""
    return [(row.name, row.number) for row in conn.execute(_SHOWN)]


def of_kind(conn: sa.Connection, issuer: str, kind: str) -> list[tuple[str, bytes, bytes | None]]:
    """Name, leaf and, unless it is gone, payload of every entry of an issuer and kind, by name."""
    wanted = (
        sa.select(ledger_entry.c.jti, ledger_entry.c.leaf, ledger_body.c.payload)
        .join_from(ledger_entry, ledger_body, ledger_body.c.entry_id == ledger_entry.c.id, isouter=True)
        .where(ledger_entry.c.issuer == issuer, ledger_entry.c.kind == kind)
        .order_by(ledger_entry.c.jti)
    )
    return [
        (row.jti, bytes(row.leaf), None if row.payload is None else bytes(row.payload)) for row in conn.execute(wanted)
    ]
