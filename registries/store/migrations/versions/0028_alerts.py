"""Alerts: what was noted by the intake and about cases, who is told of it, and what is on its way.

The loader notes and writes alerts; pages show them, keep how somebody wants to be told, and what sends them uses the
pages' role, so that nobody who answers questions reads where people are reached.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)
KINDS = "kind IN ('held','refused','case_opened','yellow','red','overdue','drift','late','escalated')"
RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hub.alert_noted, hub.alert, hub.alert_delivery TO hub_load",
    "GRANT SELECT (account_id, mail, webhook, quiet_from, quiet_until, muted) ON hub.alert_receiver TO hub_load",
    "GRANT SELECT (id, department, roles, state) ON hub.account TO hub_load",
    "GRANT SELECT ON hub.alert, hub.alert_delivery, hub.alert_receiver TO hub_page",
    "GRANT SELECT (id, department, state) ON hub.account TO hub_page",
    "GRANT UPDATE (read_at) ON hub.alert TO hub_page",
    "GRANT INSERT, UPDATE, DELETE ON hub.alert_receiver TO hub_page",
    """GRANT UPDATE (state, attempts, due_at, lease, lease_until, fault, status, finished_at)
       ON hub.alert_delivery TO hub_page""",
)
NAMES = ("alert_delivery", "alert", "alert_receiver", "alert_noted")


def upgrade() -> None:
    """Make the tables and give out the rights."""
    _noted()
    _receivers()
    _alerts()
    for statement in RIGHTS:
        op.execute(statement)


def downgrade() -> None:
    """Nobody is alerted any more."""
    for name in NAMES:
        op.drop_table(name, schema="hub")
    op.execute("REVOKE SELECT (id, department, roles, state) ON hub.account FROM hub_load")


def _noted() -> None:
    op.create_table(
        "alert_noted",
        sa.Column("kind", WORD, nullable=False),
        sa.Column("reference", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("alert_noted_kind_check")),
        sa.PrimaryKeyConstraint("kind", "reference", name=op.f("alert_noted_pkey")),
        schema="hub",
    )
    op.create_index(op.f("alert_noted_noted_at_idx"), "alert_noted", ["noted_at"], schema="hub")


def _receivers() -> None:
    op.create_table(
        "alert_receiver",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mail", sa.Text(), nullable=True),
        sa.Column("webhook", sa.Text(), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("muted", postgresql.ARRAY(WORD), nullable=False),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("alert_receiver_quiet_check")),
        sa.ForeignKeyConstraint(["account_id"], ["hub.account.id"], name=op.f("alert_receiver_account_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("alert_receiver_pkey")),
        schema="hub",
    )


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reference", WORD, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("alert_kind_check")),
        sa.CheckConstraint("count > 0", name=op.f("alert_count_check")),
        sa.ForeignKeyConstraint(["account_id"], ["hub.account.id"], name=op.f("alert_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_pkey")),
        schema="hub",
    )
    op.create_index(op.f("alert_account_id_id_idx"), "alert", ["account_id", "id"], schema="hub")
    op.create_index(
        "alert_unread_idx", "alert", ["account_id"], schema="hub", postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_table(
        "alert_delivery",
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease", WORD, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("fault", WORD, nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("channel IN ('mail','webhook')", name=op.f("alert_delivery_channel_check")),
        sa.CheckConstraint("state IN ('waiting','sent','dead','dropped')", name=op.f("alert_delivery_state_check")),
        sa.CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name=op.f("alert_delivery_finished_check")),
        sa.ForeignKeyConstraint(["alert_id"], ["hub.alert.id"], name=op.f("alert_delivery_alert_id_fkey")),
        sa.PrimaryKeyConstraint("alert_id", "channel", name=op.f("alert_delivery_pkey")),
        schema="hub",
    )
    op.create_index(
        "alert_delivery_due_idx",
        "alert_delivery",
        ["due_at"],
        schema="hub",
        postgresql_where=sa.text("state = 'waiting'"),
    )
