"""Cosignatures that witnesses at other offices gave to the ledger's checkpoints: kept, found, insert-only.

cosignatures.keep(conn, [Cosignature(300, "office.example/w1", verifier, line)], now)
cosignatures.witnessed(conn, covering=17)      # the latest checkpoint over entry 17 that somebody cosigned
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.ledger_rows import Checkpoint, Cosignature, cosignature_digest
from registries.store.ledger_tables import checkpoint, cosignature


def keep(conn: sa.Connection, given: Sequence[Cosignature], now: datetime) -> None:
    """Keep cosignatures; the first one of a witness for a size stays."""
    rows = [
        {
            "size": one.size,
            "witness": one.witness,
            "verifier": one.verifier,
            "line": one.line,
            "made_at": now,
            "row_digest": cosignature_digest(one, now),
        }
        for one in given
    ]
    if rows:
        conn.execute(insert(cosignature).on_conflict_do_nothing(), rows)


def lines(conn: sa.Connection, size: int) -> str:
    """The signature lines of everybody who cosigned the checkpoint of this size, to stand below its note."""
    wanted = sa.select(cosignature.c.line).where(cosignature.c.size == size).order_by(cosignature.c.witness)
    return "".join(conn.execute(wanted).scalars())


def witnessed(conn: sa.Connection, *, covering: int = 0) -> Checkpoint | None:
    """The latest cosigned checkpoint that covers the entry at this place, with all its signatures; None without one."""
    known = sa.exists().where(cosignature.c.size == checkpoint.c.size)
    wanted = (
        sa.select(checkpoint).where(checkpoint.c.size > covering, known).order_by(checkpoint.c.size.desc()).limit(1)
    )
    row = conn.execute(wanted).first()
    return None if row is None else Checkpoint(row.size, row.root, row.note + lines(conn, row.size), row.made_at)


def last_of(conn: sa.Connection, witness: str) -> int:
    """The size of the largest checkpoint that a witness cosigned; 0 before the first."""
    wanted = sa.select(sa.func.coalesce(sa.func.max(cosignature.c.size), 0)).where(cosignature.c.witness == witness)
    return int(conn.execute(wanted).scalar_one())


def by_witness(conn: sa.Connection) -> list[tuple[str, int, datetime]]:
    """Each witness with the largest checkpoint that it cosigned, and when that was kept; by name."""
    largest = sa.select(cosignature.c.witness, sa.func.max(cosignature.c.size).label("size"))
    found = largest.group_by(cosignature.c.witness).subquery()
    same = sa.and_(found.c.witness == cosignature.c.witness, found.c.size == cosignature.c.size)
    wanted = sa.select(cosignature).join(found, same).order_by(cosignature.c.witness)
    return [(row.witness, row.size, row.made_at) for row in conn.execute(wanted)]
