"""What a store of ten million rows needs: what step 7 found is kept with what it was found by, so little is redone.

A join or a separation waits until conflicts have been compared by it; two datasets may propose the same pair.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
PAIR, FORMER_PAIR = "subject_proposal_pair_key", "subject_proposal_subject_kind_former_key_present_key_key"

JOIN_WAITS = """
CREATE FUNCTION hub.join_waits() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NEW.compared := false;
    RETURN NEW;
END
$function$
"""

STATEMENTS = (
    JOIN_WAITS,
    """CREATE TRIGGER subject_join_waits BEFORE UPDATE OF separated_at ON hub.subject_join
       FOR EACH ROW EXECUTE FUNCTION hub.join_waits()""",
    "GRANT SELECT, INSERT, UPDATE ON hub.told TO hub_load",
    "GRANT UPDATE (compared) ON hub.subject_join TO hub_load",
)


def upgrade() -> None:
    """Make the table, the column and the trigger, and give out the rights."""
    op.create_table(
        "told",
        sa.Column("what", WORD, nullable=False),
        sa.Column("mark", WORD, nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("told_pkey")),
        schema="hub",
    )
    waits: sa.Column[bool] = sa.Column("compared", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("subject_join", waits, schema="hub")
    op.create_index(
        "subject_join_waiting_idx",
        "subject_join",
        ["subject_kind"],
        schema="hub",
        postgresql_where=sa.text("NOT compared"),
    )
    _unique([*_KEYS, "dataset"], PAIR, FORMER_PAIR)
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take it all back; of a pair that two datasets proposed the first stays."""
    op.execute("DROP TRIGGER subject_join_waits ON hub.subject_join")
    op.execute("DROP FUNCTION hub.join_waits")
    op.execute(
        """DELETE FROM hub.subject_proposal p USING hub.subject_proposal o
            WHERE (o.subject_kind, o.former_key, o.present_key) = (p.subject_kind, p.former_key, p.present_key)
              AND o.id < p.id"""
    )
    _unique(_KEYS, FORMER_PAIR, PAIR)
    op.drop_index("subject_join_waiting_idx", table_name="subject_join", schema="hub")
    op.drop_column("subject_join", "compared", schema="hub")
    op.drop_table("told", schema="hub")


_KEYS = ["subject_kind", "former_key", "present_key"]


def _unique(columns: list[str], name: str, before: str) -> None:
    op.drop_constraint(op.f(before), "subject_proposal", schema="hub")
    op.create_unique_constraint(op.f(name), "subject_proposal", columns, schema="hub")
