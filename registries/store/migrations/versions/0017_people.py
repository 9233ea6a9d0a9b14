"""People and clients: sign-in by others, second factors, lock-outs that all processes share, keys with proof."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)

ROLES_UP = """
UPDATE hub.account SET roles = ARRAY(
    SELECT DISTINCT role COLLATE "C" FROM unnest(array_remove(roles, 'officer')
                                                 || ARRAY['window_officer', 'approving_officer']) role ORDER BY 1)
 WHERE 'officer' = ANY(roles)
"""
ROLES_DOWN = """
UPDATE hub.account SET roles = ARRAY(
    SELECT DISTINCT CASE WHEN role IN ('window_officer', 'approving_officer') THEN 'officer' ELSE role END COLLATE "C"
      FROM unnest(roles) role ORDER BY 1)
 WHERE roles && ARRAY['window_officer', 'approving_officer'] COLLATE "C"
"""
STATEMENTS = (
    ROLES_UP,
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.people_act
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.people_act
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
    # administrators work through the pages, so the API's role may write people and clients; no other role may
    "GRANT INSERT ON hub.account, hub.client, hub.client_key TO hub_api",
    """GRANT UPDATE (password_hash, name, roles, state, must_change, code_sealed, code_step, locked_because,
       last_sign_in_at) ON hub.account TO hub_api""",
    "GRANT UPDATE (name, state, suspended_because) ON hub.client TO hub_api",
    "GRANT UPDATE (state, revoked_at, last_used_at) ON hub.client_key TO hub_api",
    """GRANT SELECT, INSERT, DELETE ON hub.account_identity, hub.recovery_code, hub.foreign_sign_in,
       hub.key_challenge TO hub_api""",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hub.sign_in_failure TO hub_api",
    "GRANT SELECT, INSERT ON hub.people_act TO hub_api",
)


def _columns() -> dict[str, tuple[sa.Column[object], ...]]:
    """Made afresh: a column belongs to one statement."""
    return {
        "account": (
            sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("code_sealed", postgresql.BYTEA(), nullable=True),
            sa.Column("code_step", sa.BigInteger(), nullable=True),
            sa.Column("locked_because", WORD, nullable=True),
            sa.Column("made_at", MOMENT, nullable=True),
            sa.Column("last_sign_in_at", MOMENT, nullable=True),
        ),
        "session": (
            sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
            sa.Column("label", sa.Text(), nullable=True),
            sa.Column("code_at", MOMENT, nullable=True),
            sa.Column("confirmed_at", MOMENT, nullable=True),
        ),
        "client": (
            sa.Column("suspended_because", WORD, nullable=True),
            sa.Column("made_at", MOMENT, nullable=True),
        ),
        "client_key": (
            sa.Column("added_at", MOMENT, nullable=True),
            sa.Column("revoked_at", MOMENT, nullable=True),
            sa.Column("last_used_at", MOMENT, nullable=True),
        ),
    }


STATES = {"account": ("open", "closed"), "client": ("active", "suspended")}
NEW_STATES = {"account": "locked", "client": "revoked"}
TABLES = ("account_identity", "recovery_code", "sign_in_failure", "foreign_sign_in", "key_challenge", "people_act")


def upgrade() -> None:
    """Widen accounts, sessions, clients and keys; make the new tables; give out the rights."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column, schema="hub")
    op.create_unique_constraint(op.f("session_id_key"), "session", ["id"], schema="hub")
    for table, states in STATES.items():
        _allow_states(table, (*states, NEW_STATES[table]))
    _make_tables()
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Back to passwords alone: locked accounts stay closed and revoked clients suspended."""
    for table in reversed(TABLES):
        op.drop_table(table, schema="hub")
    op.execute("REVOKE INSERT, UPDATE ON hub.account, hub.client, hub.client_key FROM hub_api")
    op.execute(ROLES_DOWN)
    op.execute("UPDATE hub.account SET state = 'closed' WHERE state = 'locked'")
    op.execute("UPDATE hub.client SET state = 'suspended' WHERE state = 'revoked'")
    for table, states in STATES.items():
        _allow_states(table, states)
    op.drop_constraint(op.f("session_id_key"), "session", schema="hub")
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name, schema="hub")


def _allow_states(table: str, states: tuple[str, ...]) -> None:
    words = ",".join(f"'{state}'" for state in states)
    op.drop_constraint(op.f(f"{table}_state_check"), table, schema="hub")
    op.create_check_constraint(op.f(f"{table}_state_check"), table, f"state IN ({words})", schema="hub")


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"hub.{target}.id"], name=op.f(f"{table}_{column}_fkey"))


def _make_tables() -> None:
    op.create_table(
        "account_identity",
        sa.Column("issuer", WORD, nullable=False),
        sa.Column("subject_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        _to("account_identity", "account_id", "account"),
        sa.PrimaryKeyConstraint("issuer", "subject_digest", name=op.f("account_identity_pkey")),
        schema="hub",
    )
    op.create_index(op.f("account_identity_account_id_idx"), "account_identity", ["account_id"], schema="hub")
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        _to("recovery_code", "account_id", "account"),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("recovery_code_pkey")),
        schema="hub",
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("key_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("sign_in_failure_pkey")),
        schema="hub",
    )
    op.create_index(op.f("sign_in_failure_last_at_idx"), "sign_in_failure", ["last_at"], schema="hub")
    op.create_table(
        "foreign_sign_in",
        sa.Column("state_digest", postgresql.BYTEA(), nullable=False),
        *(sa.Column(name, WORD, nullable=False) for name in ("issuer", "nonce", "verifier", "next")),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("foreign_sign_in_pkey")),
        schema="hub",
    )
    op.create_table(
        "key_challenge",
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        _to("key_challenge", "client_id", "client"),
        _to("key_challenge", "account_id", "account"),
        sa.PrimaryKeyConstraint("digest", name=op.f("key_challenge_pkey")),
        schema="hub",
    )
    op.create_table(
        "people_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("act", WORD, nullable=False),
        sa.Column("by_whom", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("client_id", WORD, nullable=True),
        sa.Column("details", postgresql.ARRAY(WORD), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("people_act_pkey")),
        schema="hub",
    )
    op.create_index(op.f("people_act_department_id_idx"), "people_act", ["department", "id"], schema="hub")
