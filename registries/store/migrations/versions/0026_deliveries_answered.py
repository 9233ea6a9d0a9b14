"""What deliveries are answered with: replies to files in drop folders, and trials of what systems push."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)

STATEMENTS = (
    "GRANT SELECT, INSERT, UPDATE ON hub.delivery_reply TO hub_load",
    "GRANT SELECT ON hub.delivery_reply TO hub_page",
    "GRANT SELECT, INSERT ON hub.push_trial TO hub_api",  # what was written down stays as it was
    "GRANT SELECT ON hub.push_trial TO hub_load",
    "GRANT UPDATE (attempts, state, outcome, finished_at) ON hub.push_trial TO hub_load",
    """GRANT SELECT (id, client_id, dataset, sequence, state, outcome, made_at, finished_at)
       ON hub.push_trial TO hub_page""",
)


def upgrade() -> None:
    """Make the tables and give out the rights; replies expire, too."""
    _make_replies()
    _make_trials()
    _let_expire("'landed','history','bodies','uploads','replies'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Forget the replies and the trials; what of them expired is no more in the record."""
    op.drop_table("push_trial", schema="hub")
    op.drop_table("delivery_reply", schema="hub")
    op.execute("DELETE FROM hub.expiry WHERE what = 'replies'")
    _let_expire("'landed','history','bodies','uploads'")


def _make_replies() -> None:
    op.create_table(
        "delivery_reply",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("identity", WORD, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("state", WORD, nullable=False),
        sa.Column("written", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("hindrance", WORD, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("written_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('batch','fault','trial')", name=op.f("delivery_reply_kind_check")),
        sa.CheckConstraint("state IN ('waiting','written','kept','expired')", name=op.f("delivery_reply_state_check")),
        sa.CheckConstraint("(kind = 'trial') = (batch IS NULL)", name=op.f("delivery_reply_batch_check")),
        sa.CheckConstraint("(kind = 'batch') = (outcome IS NULL)", name=op.f("delivery_reply_outcome_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_reply_pkey")),
        sa.UniqueConstraint("batch", name=op.f("delivery_reply_batch_key")),
        schema="hub",
    )
    op.create_index(
        "delivery_reply_trial_idx",
        "delivery_reply",
        ["dataset", "identity"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("batch IS NULL"),
    )
    op.create_index(
        "delivery_reply_waiting_idx",
        "delivery_reply",
        ["next_at"],
        schema="hub",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(op.f("delivery_reply_dataset_id_idx"), "delivery_reply", ["dataset", "id"], schema="hub")


def _make_trials() -> None:
    op.create_table(
        "push_trial",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("jti", WORD, nullable=False),
        sa.Column("request_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("octet_length(body_digest) = 32", name=op.f("push_trial_body_digest_check")),
        sa.CheckConstraint("state IN ('waiting','checked','refused')", name=op.f("push_trial_state_check")),
        sa.CheckConstraint("(state = 'waiting') = (outcome IS NULL)", name=op.f("push_trial_outcome_check")),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("push_trial_client_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("push_trial_pkey")),
        sa.UniqueConstraint("client_id", "jti", name=op.f("push_trial_client_id_jti_key")),
        schema="hub",
    )
    op.create_index(
        op.f("push_trial_waiting_idx"),
        "push_trial",
        ["id"],
        schema="hub",
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _let_expire(what: str) -> None:
    op.drop_constraint(op.f("expiry_what_check"), "expiry", schema="hub", type_="check")
    op.create_check_constraint(op.f("expiry_what_check"), "expiry", f"what IN ({what})", schema="hub")
