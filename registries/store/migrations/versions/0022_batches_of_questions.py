"""Many questions at once: what travels beside a receipt is kept with its body, and an entry may speak of many."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# As in 0010; an entry may now speak of several subjects.
NOTE_ASKED = """
CREATE OR REPLACE FUNCTION hub.note_asked(entries bigint[], kinds text[], codes text[], types text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO hub.ledger_asked (entry_id, subject_digest, certificate_type)
    SELECT n.entry_id, hub.digest(k.key, ARRAY[n.kind, upper(btrim(n.code))]), n.certificate_type
      FROM unnest(entries, kinds, codes, types) AS n(entry_id, kind, code, certificate_type)
     CROSS JOIN (SELECT hub.digest_key('subject') AS key) AS k
    ON CONFLICT {conflict} DO NOTHING
$function$
"""

STATEMENTS = (
    NOTE_ASKED.format(conflict=""),
    # A receipt has 2 to 4 KB: it stays in its row, and no time goes into compressing it
    "ALTER TABLE hub.ledger_body SET (toast_tuple_target = 8160)",
    "GRANT SELECT, INSERT ON hub.ledger_beside TO hub_load, hub_api",
    "GRANT INSERT ON hub.ledger_beside TO hub_page",  # steps of grants and acts at the desk are appended by pages
)


def upgrade() -> None:
    """Make the table, and let entries speak of several subjects."""
    op.create_table(
        "ledger_beside",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.BYTEA(), nullable=False),
        sa.Column("row_digest", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("ledger_beside_pkey")),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["hub.ledger_body.entry_id"],
            name=op.f("ledger_beside_entry_id_fkey"),
            ondelete="CASCADE",
        ),
        schema="hub",
    )
    op.drop_constraint(op.f("ledger_asked_pkey"), "ledger_asked", schema="hub")
    op.create_primary_key(op.f("ledger_asked_pkey"), "ledger_asked", ["entry_id", "subject_digest"], schema="hub")
    op.drop_index(op.f("grant_right_department_act_idx"), table_name="grant_right", schema="hub")
    op.create_index(
        op.f("grant_right_department_act_purpose_idx"), "grant_right", ["department", "act", "purpose"], schema="hub"
    )
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Of several subjects of an entry one is kept; what stands beside receipts goes."""
    op.execute("ALTER TABLE hub.ledger_body RESET (toast_tuple_target)")
    op.drop_index(op.f("grant_right_department_act_purpose_idx"), table_name="grant_right", schema="hub")
    op.create_index(op.f("grant_right_department_act_idx"), "grant_right", ["department", "act"], schema="hub")
    op.execute("""DELETE FROM hub.ledger_asked a USING hub.ledger_asked o
                   WHERE o.entry_id = a.entry_id AND o.subject_digest < a.subject_digest""")
    op.drop_constraint(op.f("ledger_asked_pkey"), "ledger_asked", schema="hub")
    op.create_primary_key(op.f("ledger_asked_pkey"), "ledger_asked", ["entry_id"], schema="hub")
    op.execute(NOTE_ASKED.format(conflict="(entry_id)"))
    op.drop_table("ledger_beside", schema="hub")
