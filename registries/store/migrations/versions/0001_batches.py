"""Batches, what was found in them, cases and conflicts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "department",
        sa.Column("id", WORD, nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("uscc", WORD, nullable=True),
        sa.Column("area_code", WORD, nullable=True),
        sa.Column("level", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("department_pkey")),
        schema="hub",
    )
    op.create_table(
        "dataset",
        sa.Column("name", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("contract_version", WORD, nullable=False),
        sa.Column("certificate_type", WORD, nullable=True),
        sa.Column("fresh_for_days", sa.Integer(), nullable=False),
        sa.Column("data_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("dataset_pkey")),
        schema="hub",
    )
    op.create_index(op.f("dataset_certificate_type_idx"), "dataset", ["certificate_type"], unique=False, schema="hub")
    op.create_table(
        "batch",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("identity", WORD, nullable=False),
        sa.Column("contract_version", WORD, nullable=False),
        sa.Column("landed_digest", WORD, nullable=True),
        sa.Column("deliverer", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("landed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("landed", postgresql.JSONB(), nullable=True),
        sa.Column("pulled", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("accepted", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("quarantined", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("held", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("new", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("changed", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("unchanged", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("deleted", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("repeated", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("vanished", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("keys_readable", sa.Boolean(), nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("failure", WORD, nullable=True),
        sa.CheckConstraint("state IN ('opened','landed','taken_over','done','failed')", name=op.f("batch_state_check")),
        sa.CheckConstraint(
            "state NOT IN ('taken_over','done') OR accepted IS NOT NULL", name=op.f("batch_counted_check")
        ),
        sa.CheckConstraint(
            "accepted = new + changed + unchanged + deleted + repeated", name=op.f("batch_accepted_check")
        ),
        sa.CheckConstraint("pulled = accepted + quarantined + held", name=op.f("batch_pulled_check")),
        sa.PrimaryKeyConstraint("number", name=op.f("batch_pkey")),
        sa.UniqueConstraint("dataset", "sequence", name=op.f("batch_dataset_sequence_key")),
        schema="hub",
    )
    op.create_table(
        "refused_row",
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("key_digest", postgresql.BYTEA(), nullable=True),
        sa.Column("number_digest", postgresql.BYTEA(), nullable=True),
        sa.Column("outcome", WORD, nullable=False),
        sa.Column("until_batch", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("outcome IN ('quarantined','held')", name=op.f("refused_row_outcome_check")),
        sa.PrimaryKeyConstraint("batch", "row_number", name=op.f("refused_row_pkey")),
        schema="hub",
    )
    op.create_index(
        "refused_row_open_idx",
        "refused_row",
        ["dataset", "key_digest"],
        unique=False,
        schema="hub",
        postgresql_where=sa.text("until_batch IS NULL"),
    )
    op.create_index(
        "refused_row_open_number_idx",
        "refused_row",
        ["number_digest"],
        unique=False,
        schema="hub",
        postgresql_where=sa.text("until_batch IS NULL"),
    )
    op.create_table(
        "finding",
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule_id", WORD, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "row_number", "rule_id", name=op.f("finding_pkey")),
        schema="hub",
    )
    op.create_table(
        "score",
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("rule_id", WORD, nullable=False),
        sa.Column("rule_version", WORD, nullable=False),
        sa.Column("dimension", WORD, nullable=False),
        sa.Column("indicator", WORD, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("checked", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("failed BETWEEN 0 AND checked", name=op.f("score_failed_check")),
        sa.PrimaryKeyConstraint("batch", "rule_id", name=op.f("score_pkey")),
        schema="hub",
    )
    op.create_index(op.f("score_dataset_batch_idx"), "score", ["dataset", "batch"], unique=False, schema="hub")
    op.create_table(
        "case",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("cause", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("rule_id", WORD, nullable=True),
        sa.Column("register", WORD, nullable=True),
        sa.Column("attribute", WORD, nullable=True),
        sa.Column("subject_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("opened_batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_number", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", WORD, nullable=False),
        sa.Column("closed_batch", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("cause IN ('finding','conflict','vanished')", name=op.f("case_cause_check")),
        sa.CheckConstraint("kind IN ('rectification','verification')", name=op.f("case_kind_check")),
        sa.CheckConstraint("state IN ('open','closed')", name=op.f("case_state_check")),
        sa.PrimaryKeyConstraint("number", name=op.f("case_pkey")),
        schema="hub",
    )
    op.create_index(
        op.f("case_department_state_number_idx"), "case", ["department", "state", "number"], unique=False, schema="hub"
    )
    op.create_index(
        "case_open_key",
        "case",
        ["dataset", "cause", sa.literal_column("COALESCE(rule_id, attribute, '')"), "subject_digest"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "conflict",
        sa.Column("register", WORD, nullable=False),
        sa.Column("subject_key", WORD, nullable=False),
        sa.Column("attribute", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("authority", WORD, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("authority_value", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("register", "subject_key", "attribute", "dataset", name=op.f("conflict_pkey")),
        schema="hub",
    )
    op.create_table(
        "subject_alias",
        sa.Column("register", WORD, nullable=False),
        sa.Column("alias", WORD, nullable=False),
        sa.Column("subject_key", WORD, nullable=False),
        sa.PrimaryKeyConstraint("register", "alias", name=op.f("subject_alias_pkey")),
        schema="hub",
    )
