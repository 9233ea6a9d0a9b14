"""The ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("issuer", WORD, nullable=False),
        sa.Column("jti", WORD, nullable=False),
        sa.Column("leaf", postgresql.BYTEA(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_digest", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint("octet_length(leaf) = 32", name=op.f("ledger_entry_leaf_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_entry_pkey")),
        sa.UniqueConstraint("issuer", "jti", name=op.f("ledger_entry_issuer_jti_key")),
        schema="hub",
    )
    op.create_table(
        "ledger_body",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload", postgresql.BYTEA(), nullable=False),
        sa.Column("request_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("row_digest", postgresql.BYTEA(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["hub.ledger_entry.id"], name=op.f("ledger_body_entry_id_fkey")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("ledger_body_pkey")),
        schema="hub",
    )
    op.create_table(
        "ledger_waiting",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["hub.ledger_entry.id"], name=op.f("ledger_waiting_entry_id_fkey")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("ledger_waiting_pkey")),
        schema="hub",
    )
    op.create_table(
        "ledger_sequence",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["hub.ledger_entry.id"], name=op.f("ledger_sequence_entry_id_fkey")),
        sa.PrimaryKeyConstraint("index", name=op.f("ledger_sequence_pkey")),
        sa.UniqueConstraint("entry_id", name=op.f("ledger_sequence_entry_id_key")),
        schema="hub",
    )
    op.create_table(
        "ledger_node",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ledger_node_hash_check")),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("ledger_node_pkey")),
        schema="hub",
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", postgresql.BYTEA(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_digest", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("checkpoint_pkey")),
        schema="hub",
    )
