"""About whom the ledger's bodies speak: a keyed digest beside an entry, so that a subject can be told who asked.

    asked.note(conn, [About(entry_id, "natural_person", "11010519491231002X", type_code)])      # hub_api, hub_load
    for entry in asked.entries(conn, "natural_person", keys): entry.payload                       # hub_load, the owner

Neither the key nor the digest's key leaves the store; the note goes with the body.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registries.store import packed
from registries.store.keeping_tables import ledger_asked
from registries.store.ledger_tables import ledger_body, ledger_entry

_AT_ONCE = 1_000


@dataclass(frozen=True)
class About:
    """An entry, and the subject that it speaks of; `certificate_type` where it is about a certificate."""

    entry_id: int
    subject_kind: str
    subject_key: str
    certificate_type: str | None = None


@dataclass(frozen=True)
class Asked:
    """An entry about a subject whose body is still there."""

    entry_id: int
    kind: str
    issuer: str
    made_at: datetime
    payload: bytes


_NOTE = sa.text(
    "SELECT hub.note_asked(CAST(:entries AS bigint[]), string_to_array(:kinds, chr(31)),"
    " string_to_array(:codes, chr(31)), string_to_array(:types, chr(31), chr(30)))"
)


def note(conn: sa.Connection, about: Sequence[About]) -> None:
    """Note of whom new entries speak, by one statement, in the transaction that writes them down."""
    if about:
        parameters = {
            "entries": packed.numbers(each.entry_id for each in about),
            "kinds": packed.texts(each.subject_kind for each in about),
            "codes": packed.texts(each.subject_key for each in about),
            "types": packed.texts(each.certificate_type for each in about),
        }
        conn.execute(_NOTE, parameters)


def entries(conn: sa.Connection, subject_kind: str, keys: Sequence[str]) -> Iterator[Asked]:
    """What the ledger has about a subject, by any of its keys, the oldest first."""
    wanted = (
        sa.select(ledger_entry.c.id, ledger_entry.c.kind, ledger_entry.c.issuer, ledger_entry.c.made_at)
        .add_columns(ledger_body.c.payload)
        .join_from(ledger_asked, ledger_entry, ledger_entry.c.id == ledger_asked.c.entry_id)
        .join(ledger_body, ledger_body.c.entry_id == ledger_entry.c.id)
        .where(ledger_asked.c.subject_digest.in_(digests(subject_kind, keys)))
        .order_by(ledger_entry.c.id)
    )
    with conn.execute(wanted, execution_options={"yield_per": _AT_ONCE}) as rows:
        for row in rows:
            yield Asked(row.id, row.kind, row.issuer, row.made_at, bytes(row.payload))


def digests(subject_kind: str, keys: Sequence[str]) -> sa.Select[Any]:
    """The digests of a subject's keys, as a query of one column."""
    key = sa.func.unnest(sa.bindparam("subject_keys", list(keys), sa.ARRAY(sa.Text), unique=True)).column_valued("key")
    return sa.select(sa.func.hub.subject_digest(subject_kind, key))
