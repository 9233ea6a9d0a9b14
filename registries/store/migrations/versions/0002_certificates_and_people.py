"""Certificates, accounts, clients, grants, uploads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("type_code", WORD, nullable=False),
        sa.Column("number", WORD, nullable=False),
        sa.Column("identifier", WORD, nullable=True),
        sa.Column("issuing_authority_name", sa.Text(), nullable=True),
        sa.Column("issuing_authority_code", WORD, nullable=True),
        sa.Column("area_code", WORD, nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("long_term", sa.Boolean(), nullable=False),
        sa.Column("status", WORD, nullable=True),
        sa.Column("status_code", WORD, nullable=True),
        sa.Column("status_since", sa.Date(), nullable=True),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("trust_level", WORD, nullable=False),
        sa.Column("mark", WORD, nullable=True),
        sa.Column("version", WORD, nullable=True),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("since_batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("mark IN ('update_refused','vanished')", name=op.f("certificate_mark_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("certificate_pkey")),
        sa.UniqueConstraint("dataset", "number", name=op.f("certificate_dataset_number_key")),
        schema="hub",
        postgresql_with={"fillfactor": "90"},
    )
    op.create_table(
        "certificate_holder",
        sa.Column("certificate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("code_type", WORD, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("match_digest", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", "ordinal", name=op.f("certificate_holder_pkey")),
        schema="hub",
        postgresql_with={"fillfactor": "90"},
    )
    op.create_index(
        op.f("certificate_holder_match_digest_idx"), "certificate_holder", ["match_digest"], unique=False, schema="hub"
    )
    op.create_table(
        "certificate_status_event",
        sa.Column("certificate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("certificate_id", "batch", name=op.f("certificate_status_event_pkey")),
        schema="hub",
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", WORD, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("roles", postgresql.ARRAY(WORD), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.CheckConstraint("state IN ('open','closed')", name=op.f("account_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        sa.UniqueConstraint("login", name=op.f("account_login_key")),
        schema="hub",
    )
    op.create_table(
        "session",
        sa.Column("token_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["hub.account.id"], name=op.f("session_account_id_fkey")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("session_pkey")),
        schema="hub",
    )
    op.create_index(op.f("session_account_id_idx"), "session", ["account_id"], unique=False, schema="hub")
    op.create_table(
        "client",
        sa.Column("id", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.CheckConstraint("state IN ('active','suspended')", name=op.f("client_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("client_pkey")),
        schema="hub",
    )
    op.create_table(
        "client_key",
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("jwk", postgresql.JSONB(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.CheckConstraint("state IN ('active','revoked')", name=op.f("client_key_state_check")),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("client_key_client_id_fkey")),
        sa.PrimaryKeyConstraint("thumbprint", name=op.f("client_key_pkey")),
        schema="hub",
    )
    op.create_index(op.f("client_key_client_id_idx"), "client_key", ["client_id"], unique=False, schema="hub")
    op.create_table(
        "grant_right",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("act", WORD, nullable=False),
        sa.Column("certificate_type", WORD, nullable=True),
        sa.Column("dataset", WORD, nullable=True),
        sa.Column("fields", postgresql.ARRAY(WORD), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("service_item", sa.Text(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "act IN ('verification','matching','query','retrieval')", name=op.f("grant_right_act_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("grant_right_pkey")),
        schema="hub",
    )
    op.create_index(
        op.f("grant_right_department_act_idx"), "grant_right", ["department", "act"], unique=False, schema="hub"
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting','checked','taken','refused')", name=op.f("upload_state_check")),
        sa.ForeignKeyConstraint(["account_id"], ["hub.account.id"], name=op.f("upload_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("upload_pkey")),
        schema="hub",
    )
    op.create_index(
        "upload_waiting_idx",
        "upload",
        ["id"],
        unique=False,
        schema="hub",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "pepper",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("secret", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint("one", name=op.f("pepper_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("pepper_pkey")),
        schema="hub",
    )
