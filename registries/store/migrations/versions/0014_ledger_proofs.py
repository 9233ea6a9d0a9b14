"""The ledger's cosignatures: what witnesses at other offices say about its checkpoints, insert-only as they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")

STATEMENTS = (
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.cosignature
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.cosignature
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
    "GRANT SELECT, INSERT ON hub.cosignature TO hub_load, hub_api",
)


def upgrade() -> None:
    """Make the table and give out the rights."""
    op.create_table(
        "cosignature",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", WORD, nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_digest", postgresql.BYTEA(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["hub.checkpoint.size"], name=op.f("cosignature_size_fkey")),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("cosignature_pkey")),
        schema="hub",
    )
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Let them go; checkpoints stay."""
    op.drop_table("cosignature", schema="hub")
