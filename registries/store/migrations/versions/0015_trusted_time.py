"""Trusted time: RFC 3161 tokens over checkpoints, off the hot path."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.time_stamp
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.time_stamp
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
    "GRANT SELECT, INSERT ON hub.time_stamp TO hub_load",
    "GRANT SELECT ON hub.time_stamp TO hub_api",
)


def upgrade() -> None:
    """Make the table and give out the rights: the loader has checkpoints stamped, the API only serves the stamps."""
    op.create_table(
        "time_stamp",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", postgresql.BYTEA(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_digest", postgresql.BYTEA(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["hub.checkpoint.size"], name=op.f("time_stamp_size_fkey")),
        sa.PrimaryKeyConstraint("size", name=op.f("time_stamp_pkey")),
        schema="hub",
    )
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Let the stamps go; checkpoints stay."""
    op.drop_table("time_stamp", schema="hub")
