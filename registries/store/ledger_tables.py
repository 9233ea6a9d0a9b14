"""The ledger's tables: insert-only for every role but the owner, who may only erase bodies.

Each row carries a digest over its own columns, so that a changed byte is found even in a column that the Merkle
tree does not cover. `ledger_waiting` is no part of the ledger: it is the queue of entries from long transactions.

    >>> ledger_entry.c.leaf.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from registries.store.tables import Moment, Word, metadata

_HASH = 32

ledger_entry = sa.Table(
    "ledger_entry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("issuer", Word, nullable=False),
    sa.Column("jti", Word, nullable=False),
    sa.Column("leaf", BYTEA, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("row_digest", BYTEA, nullable=False),
    sa.UniqueConstraint("issuer", "jti"),
    sa.CheckConstraint(f"octet_length(leaf) = {_HASH}", name="leaf"),
    sa.Index(None, "made_at", postgresql_using="brin"),  # what is older than a day is found by its pages
)

ledger_body = sa.Table(
    "ledger_body",
    metadata,
    sa.Column("entry_id", sa.BigInteger, sa.ForeignKey(ledger_entry.c.id), primary_key=True, autoincrement=False),
    sa.Column("payload", BYTEA, nullable=False),
    sa.Column("request_digest", BYTEA, nullable=False),
    sa.Column("row_digest", BYTEA, nullable=False),
    postgresql_with={"toast_tuple_target": "8160"},
)

ledger_beside = sa.Table(  # what travels beside a receipt whose payload holds its root; it goes with the body
    "ledger_beside",
    metadata,
    sa.Column(
        "entry_id",
        sa.BigInteger,
        sa.ForeignKey(ledger_body.c.entry_id, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("content", BYTEA, nullable=False),
    sa.Column("row_digest", BYTEA, nullable=False),
)

ledger_waiting = sa.Table(
    "ledger_waiting",
    metadata,
    sa.Column("entry_id", sa.BigInteger, sa.ForeignKey(ledger_entry.c.id), primary_key=True, autoincrement=False),
)

ledger_sequence = sa.Table(
    "ledger_sequence",
    metadata,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("entry_id", sa.BigInteger, sa.ForeignKey(ledger_entry.c.id), nullable=False, unique=True),
)

ledger_node = sa.Table(
    "ledger_node",
    metadata,
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", BYTEA, nullable=False),
    sa.CheckConstraint(f"octet_length(hash) = {_HASH}", name="hash"),
)

checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", BYTEA, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("row_digest", BYTEA, nullable=False),
)

cosignature = sa.Table(  # of a checkpoint, by a witness at another office
    "cosignature",
    metadata,
    sa.Column("size", sa.BigInteger, sa.ForeignKey(checkpoint.c.size), primary_key=True, autoincrement=False),
    sa.Column("witness", Word, primary_key=True),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("row_digest", BYTEA, nullable=False),
)
