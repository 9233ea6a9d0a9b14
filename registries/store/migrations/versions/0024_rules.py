"""What batches looked like, for rules that compare one with those before it; the look-up tells of the paper era.

A certificate whose holder has no number is found by its own number and the holder's name alone, and only that there is
one, and its state, leave the look-up then. Few are so: an index has just them.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
RIGHTS = (
    "GRANT SELECT, INSERT, DELETE ON hub.batch_profile TO hub_load",
    "GRANT SELECT ON hub.batch_profile TO hub_page",
)
FIND = sa.text(
    """
    SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p
     WHERE p.pronamespace = 'hub'::regnamespace AND p.proname = 'find_certificates'
    """
)
TOLD = {
    "being_checked boolean, disputed boolean,": "being_checked boolean, disputed boolean, unchecked text,",
    "|| COALESCE(o.digests, ARRAY[]::bytea[]) AS match_digests,": (
        "|| COALESCE(o.digests, ARRAY[]::bytea[]) AS match_digests, w.number, w.name,"
    ),
    "       s.certificate_type IS NOT NULL,\n": (
        """       (SELECT COALESCE(c.status, '')
          FROM hub.certificate c
          JOIN hub.certificate_holder h ON h.certificate_id = c.id
         WHERE a.granted AND c.type_code = a.certificate_type AND upper(btrim(c.number)) = a.number
           AND c.trust_level = 'D' AND h.code = '' AND hub.name_form(h.name) = a.name
           AND hub.in_area(c.area_code, a.area_code)
         ORDER BY c.mark IS NOT NULL, c.since_batch DESC, c.id
         LIMIT 1),
       s.certificate_type IS NOT NULL,\n"""
    ),
}


def upgrade() -> None:
    """Make the table, give out the rights, and let the look-up tell of the paper era."""
    op.create_table(
        "batch_profile",
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("column_name", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("nulls", sa.BigInteger(), nullable=False),
        sa.Column("values", postgresql.JSONB(), nullable=True),
        sa.Column("distance", sa.Double(), nullable=True),
        sa.Column("bound", sa.Double(), nullable=True),
        sa.CheckConstraint("nulls BETWEEN 0 AND rows", name=op.f("batch_profile_nulls_check")),
        sa.PrimaryKeyConstraint("batch", "column_name", name=op.f("batch_profile_pkey")),
        schema="hub",
    )
    op.create_index(op.f("batch_profile_dataset_batch_idx"), "batch_profile", ["dataset", "batch"], schema="hub")
    op.create_index(
        "certificate_paper_idx",
        "certificate",
        ["type_code", sa.text("upper(btrim(number))")],
        schema="hub",
        postgresql_where=sa.text("trust_level = 'D'"),
    )
    for statement in RIGHTS:
        op.execute(statement)
    _alter_look_up(TOLD)


def downgrade() -> None:
    """Take it all back."""
    _alter_look_up({present: former for former, present in TOLD.items()})
    op.drop_index("certificate_paper_idx", table_name="certificate", schema="hub")
    op.drop_table("batch_profile", schema="hub")


def _alter_look_up(changes: Mapping[str, str]) -> None:
    """Replace parts of the look-up as it stands, and give the same rights to the new one as the former had."""
    name, text = op.get_bind().execute(FIND).one()
    for former, present in changes.items():
        if text.count(former) != 1:
            raise LookupError(former)
        text = text.replace(former, present)
    for statement in (
        f"DROP FUNCTION {name}",  # another result is another function
        text.replace("%", "%%"),
        f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {name} TO hub_api",
    ):
        op.get_bind().exec_driver_sql(statement)
