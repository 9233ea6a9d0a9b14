"""What may expire and be erased, the record of it, and about whom the ledger's bodies speak.

Bodies are the owner's to erase; the loader expires them through one function, which keeps answers for three years
whatever it is told (Decree 809, article 29).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)

# An entry is noted once, and by whoever wrote it down just now: a note says nothing that could be changed later.
NOTE_ASKED = """
CREATE FUNCTION hub.note_asked(entries bigint[], kinds text[], codes text[], types text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO hub.ledger_asked (entry_id, subject_digest, certificate_type)
    SELECT n.entry_id, hub.digest(k.key, ARRAY[n.kind, upper(btrim(n.code))]), n.certificate_type
      FROM unnest(entries, kinds, codes, types) AS n(entry_id, kind, code, certificate_type)
     CROSS JOIN (SELECT hub.digest_key('subject') AS key) AS k
    ON CONFLICT (entry_id) DO NOTHING
$function$
"""

EXPIRE_BODIES = """
CREATE FUNCTION hub.expire_bodies(types text[], cutoffs timestamptz[], otherwise timestamptz, most integer)
RETURNS TABLE (expired bigint, leaves bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    least_kept timestamptz := now() - interval '3 years';
    chosen bigint[];
BEGIN
    SELECT array_agg(o.id ORDER BY o.id) INTO chosen FROM (
        SELECT e.id
          FROM hub.ledger_entry e
          JOIN hub.ledger_body b ON b.entry_id = e.id
          LEFT JOIN hub.ledger_asked a ON a.entry_id = e.id
          LEFT JOIN unnest(types, cutoffs) AS c(certificate_type, before) ON c.certificate_type = a.certificate_type
         WHERE e.kind IN ('answer', 'access')
           AND e.made_at < least_kept
           AND e.made_at < COALESCE(c.before, otherwise)
         ORDER BY e.id LIMIT most) AS o;
    DELETE FROM hub.ledger_asked a WHERE a.entry_id = ANY (chosen);
    DELETE FROM hub.ledger_body b WHERE b.entry_id = ANY (chosen);
    DELETE FROM hub.subject_access a WHERE a.at < LEAST(otherwise, least_kept);
    RETURN QUERY SELECT count(*), sha256(COALESCE(string_agg(e.leaf, ''::bytea ORDER BY e.id), ''))
                   FROM hub.ledger_entry e WHERE e.id = ANY (chosen);
END
$function$
"""

STATEMENTS = (
    NOTE_ASKED,
    EXPIRE_BODIES,
    "REVOKE ALL ON FUNCTION hub.note_asked, hub.expire_bodies FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.note_asked TO hub_api, hub_load",
    "GRANT EXECUTE ON FUNCTION hub.expire_bodies, hub.subject_digest TO hub_load",
    "GRANT SELECT, INSERT, UPDATE ON hub.expiry TO hub_load",
    "GRANT SELECT, UPDATE ON hub.erased_file TO hub_load",
    "GRANT SELECT ON hub.erasure, hub.erased_key, hub.ledger_asked, hub.grant_right TO hub_load",
    "GRANT SELECT ON hub.expiry TO hub_page",
)
UNDONE = (
    "REVOKE SELECT ON hub.grant_right FROM hub_load",
    "REVOKE EXECUTE ON FUNCTION hub.subject_digest FROM hub_load",
    "DROP FUNCTION hub.expire_bodies, hub.note_asked",
)
CAUSES, MORE_CAUSES = (
    "cause IN ('finding','conflict','vanished')",
    "cause IN ('finding','conflict','vanished','erased')",
)


def upgrade() -> None:
    """Make the tables and the functions, and give out the rights."""
    _expiry()
    _erasure()
    op.create_table(
        "ledger_asked",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("certificate_type", WORD, nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("ledger_asked_pkey")),
        schema="hub",
    )
    op.create_index(op.f("ledger_asked_subject_digest_idx"), "ledger_asked", ["subject_digest"], schema="hub")
    op.create_index(
        op.f("ledger_entry_made_at_idx"), "ledger_entry", ["made_at"], schema="hub", postgresql_using="brin"
    )
    op.add_column("grant_right", sa.Column("withheld_because", sa.Text(), nullable=True), schema="hub")
    _causes(MORE_CAUSES)
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take all of it away: what was erased comes back with the next snapshot."""
    for statement in UNDONE:
        op.execute(statement)
    op.execute("DELETE FROM hub.\"case\" WHERE cause = 'erased'")
    _causes(CAUSES)
    op.drop_column("grant_right", "withheld_because", schema="hub")
    op.drop_index(op.f("ledger_entry_made_at_idx"), "ledger_entry", schema="hub")
    for table in ("ledger_asked", "erased_file", "erased_key", "erasure", "expiry"):
        op.drop_table(table, schema="hub")


def _causes(condition: str) -> None:
    op.drop_constraint(op.f("case_cause_check"), "case", schema="hub")
    op.create_check_constraint(op.f("case_cause_check"), "case", condition, schema="hub")


def _expiry() -> None:
    op.create_table(
        "expiry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("what", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=True),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("before", MOMENT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("digest", postgresql.BYTEA(), nullable=True),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("expiry_pkey")),
        sa.CheckConstraint("what IN ('landed','history','bodies','uploads')", name=op.f("expiry_what_check")),
        sa.CheckConstraint("state IN ('planned','done')", name=op.f("expiry_state_check")),
        sa.CheckConstraint(
            "(state = 'done') = (done_at IS NOT NULL AND count IS NOT NULL)", name=op.f("expiry_done_check")
        ),
        sa.CheckConstraint("what <> 'landed' OR batch IS NOT NULL", name=op.f("expiry_batch_check")),
        schema="hub",
    )
    op.create_index(op.f("expiry_what_dataset_batch_idx"), "expiry", ["what", "dataset", "batch"], schema="hub")
    op.create_index("expiry_planned_idx", "expiry", ["id"], schema="hub", postgresql_where=sa.text("state = 'planned'"))


def _erasure() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("ground", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.Column("datasets", postgresql.ARRAY(WORD), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("erasure_pkey")),
        sa.CheckConstraint(
            "ground IN ('purpose','period','consent','unlawful','other')", name=op.f("erasure_ground_check")
        ),
        schema="hub",
    )
    op.create_table(
        "erased_key",
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("key_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("erasure", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "key_digest", name=op.f("erased_key_pkey")),
        sa.ForeignKeyConstraint(["erasure"], ["hub.erasure.id"], name=op.f("erased_key_erasure_fkey")),
        schema="hub",
    )
    op.create_index(op.f("erased_key_erasure_idx"), "erased_key", ["erasure"], schema="hub")
    _erased_file()


def _erased_file() -> None:
    op.create_table(
        "erased_file",
        sa.Column("erasure", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("subject_digests", postgresql.ARRAY(postgresql.BYTEA()), nullable=True),
        sa.Column("state", WORD, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("erasure", "batch", name=op.f("erased_file_pkey")),
        sa.ForeignKeyConstraint(["erasure"], ["hub.erasure.id"], name=op.f("erased_file_erasure_fkey")),
        sa.CheckConstraint("state IN ('planned','done')", name=op.f("erased_file_state_check")),
        sa.CheckConstraint("(state = 'planned') = (done_at IS NULL)", name=op.f("erased_file_done_check")),
        sa.CheckConstraint(
            "(state = 'planned') = (subject_digests IS NOT NULL)", name=op.f("erased_file_digests_check")
        ),
        schema="hub",
    )
    op.create_index(
        "erased_file_planned_idx", "erased_file", ["batch"], schema="hub", postgresql_where=sa.text("state = 'planned'")
    )
