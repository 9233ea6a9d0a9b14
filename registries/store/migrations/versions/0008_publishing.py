"""Pushed deliveries, who may push, and what each role may do with both."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)

STATEMENTS = (
    "GRANT SELECT, INSERT ON hub.push TO hub_api",  # what was written down stays as it was
    "GRANT SELECT ON hub.publish_right TO hub_api",
    "GRANT SELECT ON hub.push TO hub_load",
    "GRANT UPDATE (attempts, state, batch, outcome, finished_at) ON hub.push TO hub_load",
    """GRANT SELECT (id, client_id, dataset, sequence, rows, state, batch, outcome, made_at, finished_at)
       ON hub.push TO hub_page""",
)


def upgrade() -> None:
    """Make the tables and give out the rights."""
    op.create_table(
        "publish_right",
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("publish_right_client_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("publish_right_pkey")),
        schema="hub",
    )
    op.create_table(
        "push",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("jti", WORD, nullable=False),
        sa.Column("request_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("octet_length(body_digest) = 32", name=op.f("push_body_digest_check")),
        sa.CheckConstraint("sequence > 0 AND rows > 0", name=op.f("push_counted_check")),
        sa.CheckConstraint("state IN ('waiting','taken','refused')", name=op.f("push_state_check")),
        sa.CheckConstraint("(state = 'waiting') = (outcome IS NULL)", name=op.f("push_outcome_check")),
        sa.CheckConstraint("(state = 'taken') = (batch IS NOT NULL)", name=op.f("push_batch_check")),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("push_client_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("push_pkey")),
        sa.UniqueConstraint("client_id", "dataset", "sequence", name=op.f("push_client_id_dataset_sequence_key")),
        sa.UniqueConstraint("client_id", "jti", name=op.f("push_client_id_jti_key")),
        schema="hub",
    )
    op.create_index(op.f("push_dataset_sequence_idx"), "push", ["dataset", "sequence"], schema="hub")
    op.create_index(
        op.f("push_waiting_idx"),
        "push",
        ["dataset", "id"],
        schema="hub",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for statement in STATEMENTS:
        op.execute(statement)
