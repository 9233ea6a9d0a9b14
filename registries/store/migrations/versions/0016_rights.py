"""Applications and grants: what is asked for, granted, suspended, ended.

Grants are given by functions of nobody: hub_page writes them, and a trigger lets in only what an application asked for
that its provider granted; hub_api, which answers questions, reads grants and can't give itself any. Steps are
insert-only. `hub.grant_covers` says once for all functions what a grant covers.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)
WORDS, TEXTS = postgresql.ARRAY(WORD), postgresql.ARRAY(sa.Text())

# Inlined into the queries that use it. No wish is covered by a grant for other fields; a grant that names no type and
# no dataset is for all of them.
GRANT_COVERS = """
CREATE FUNCTION hub.grant_covers(g hub.grant_right, on_day date, department text, asker text, act text,
                                 certificate_type text, dataset text, fields text[], purpose text, service_item text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN g.department = $3 AND g.act = $5
   AND (g.askers IS NULL OR $4 = ANY (g.askers))
   AND (g.certificate_type IS NULL OR g.certificate_type = $6)
   AND (g.dataset IS NULL OR g.dataset = $7)
   AND g.fields @> $8
   AND g.purpose = $9
   AND (g.service_item IS NULL OR g.service_item = $10)
   AND g.suspended_at IS NULL AND g.ended_at IS NULL
   AND g.valid_from <= $2 AND (g.valid_until IS NULL OR g.valid_until >= $2)
"""

# A division of GB/T 2260 lies in another if it begins as that one does, its empty levels (00) left out.
IN_AREA = """
CREATE FUNCTION hub.in_area(area_code text, granted text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN granted IS NULL OR COALESCE(starts_with(area_code, regexp_replace(granted, '(00)+$', '')), false)
"""

GUARD_GRANT = """
CREATE FUNCTION hub.guard_grant() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF current_user <> 'hub_page' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'the grant has ended' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' AND NOT EXISTS (
        SELECT FROM hub.application a
         WHERE a.id = NEW.application AND a.state = 'granted' AND a.department = NEW.department AND a.act = NEW.act
           AND a.certificate_type IS NOT DISTINCT FROM NEW.certificate_type
           AND a.dataset IS NOT DISTINCT FROM NEW.dataset AND a.fields @> NEW.fields AND a.purpose = NEW.purpose
           AND NEW.service_item = ANY (a.service_items) AND a.askers IS NOT DISTINCT FROM NEW.askers
           AND a.area_code IS NOT DISTINCT FROM NEW.area_code AND a.in_clear >= NEW.in_clear
           AND a.per_hour IS NOT DISTINCT FROM NEW.per_hour AND a.per_day IS NOT DISTINCT FROM NEW.per_day
           AND a.valid_from <= NEW.valid_from AND a.valid_until >= NEW.valid_until) THEN
        RAISE EXCEPTION 'no application asked for this grant and was granted' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$function$
"""

# Which state may follow which: the same table as the use case's, so that no page can leave it out.
GUARD_APPLICATION = """
CREATE FUNCTION hub.guard_application() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'an application begins as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'pending'), ('draft', 'granted'), ('draft', 'withdrawn'), ('pending', 'supplementing'),
        ('supplementing', 'pending'), ('pending', 'granted'), ('pending', 'refused'), ('pending', 'withdrawn'),
        ('supplementing', 'withdrawn')) THEN
        RAISE EXCEPTION 'an application does not go from % to %', OLD.state, NEW.state
              USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'granted' AND NEW.conditional THEN
        RAISE EXCEPTION 'only what is shared without conditions is granted at once' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'draft' AND (OLD.department, OLD.provider, OLD.act, OLD.fields, OLD.purpose, OLD.service_items,
                                 OLD.conditional, OLD.in_clear, OLD.valid_from)
       IS DISTINCT FROM (NEW.department, NEW.provider, NEW.act, NEW.fields, NEW.purpose, NEW.service_items,
                         NEW.conditional, NEW.in_clear, NEW.valid_from) THEN
        RAISE EXCEPTION 'what was asked for stays as it was submitted' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.wanting IS NOT NULL AND NEW.wanting IS DISTINCT FROM OLD.wanting THEN
        RAISE EXCEPTION 'what is missing is asked for once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$function$
"""

GRANT_CHECKS = {
    "suspended": "(suspended_at IS NULL) = (suspended_because IS NULL)",
    "ended": "(ended_at IS NULL) = (ended_because IS NULL)",
    "budget": "per_hour > 0 AND per_day > 0",
}
STATES = "'draft','pending','supplementing','granted','refused','withdrawn'"
STEPS = """'drafted','changed','submitted','supplement_asked','supplemented','longer_asked','longer_allowed',
'longer_denied','granted','refused','withdrawn','provided','grant_suspended','grant_resumed','grant_ended',
'grant_extended','stop_announced','stop_agreed','stop_objected','stop_filed','stop_dropped'"""
APPLICATION_CHECKS = {
    "act": "act IN ('verification','matching','query','retrieval')",
    "mode": "mode IN ('service_interface','batch_exchange','file_download')",
    "state": f"state IN ({STATES})",
    "what": "num_nonnulls(certificate_type, dataset) = 1",
    "period": "valid_from <= valid_until",
    "budget": "per_hour > 0 AND per_day > 0",
    "service_items": "cardinality(service_items) > 0",
    "consent": "state IN ('draft','withdrawn') OR consent IS NOT NULL",
    "due_on": "(state = 'pending') = (due_on IS NOT NULL)",
    "days_left": "(state = 'supplementing') = (days_left IS NOT NULL)",
    "refused": "(state = 'refused') = (refused_because IS NOT NULL)",
    "longer": "longer_days BETWEEN 1 AND 10",
}
RIGHTS = (
    "REVOKE ALL ON FUNCTION hub.grant_covers, hub.in_area, hub.guard_grant, hub.guard_application FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.grant_covers, hub.in_area TO hub_api, hub_page",
    "GRANT SELECT ON hub.application, hub.stop_notice, hub.right_step TO hub_api",
    "GRANT SELECT, INSERT, UPDATE ON hub.application, hub.stop_notice TO hub_page",
    "GRANT SELECT, INSERT ON hub.right_step TO hub_page",
    "GRANT SELECT, INSERT ON hub.grant_right TO hub_page",
    """GRANT UPDATE (valid_until, suspended_at, suspended_because, ended_at, ended_because)
       ON hub.grant_right TO hub_page""",
    # steps are entries of the ledger, written in the transaction that takes them; bodies are not read here
    "GRANT SELECT (id, issuer, jti), INSERT ON hub.ledger_entry TO hub_page",
    "GRANT INSERT ON hub.ledger_body, hub.ledger_waiting TO hub_page",
)
TRIGGERS = (
    """CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON hub.grant_right
       FOR EACH ROW EXECUTE FUNCTION hub.guard_grant()""",
    """CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON hub.application
       FOR EACH ROW EXECUTE FUNCTION hub.guard_application()""",
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.right_step
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.right_step
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
)


def upgrade() -> None:
    """Widen grants, make the tables, the functions and the triggers, and give out the rights."""
    for column in _grant_columns():
        op.add_column("grant_right", column, schema="hub")
    for name, check in GRANT_CHECKS.items():
        op.create_check_constraint(op.f(f"grant_right_{name}_check"), "grant_right", check, schema="hub")
    op.create_index(op.f("grant_right_application_idx"), "grant_right", ["application"], schema="hub")
    _application()
    _stop_notice()
    _right_step()
    for statement in (GRANT_COVERS, IN_AREA, GUARD_GRANT, GUARD_APPLICATION, *RIGHTS, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    """Take it all back; grants that rest, have ended or are narrower than can be said lose their days."""
    op.execute("DROP TRIGGER guarded ON hub.grant_right")
    op.execute("DROP FUNCTION hub.grant_covers, hub.in_area, hub.guard_grant")
    op.execute("""UPDATE hub.grant_right SET valid_until = valid_from - 1
                   WHERE suspended_at IS NOT NULL OR ended_at IS NOT NULL OR askers IS NOT NULL
                      OR area_code IS NOT NULL""")
    for name in ("right_step", "stop_notice", "application"):
        op.drop_table(name, schema="hub")
    op.execute("DROP FUNCTION hub.guard_application")
    op.execute("REVOKE ALL ON hub.grant_right, hub.ledger_entry, hub.ledger_body, hub.ledger_waiting FROM hub_page")
    op.drop_index(op.f("grant_right_application_idx"), "grant_right", schema="hub")
    for name in GRANT_CHECKS:
        op.drop_constraint(op.f(f"grant_right_{name}_check"), "grant_right", schema="hub", type_="check")
    for column in _grant_columns():
        op.drop_column("grant_right", column.name, schema="hub")


def _grant_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("application", sa.BigInteger()),
        sa.Column("askers", WORDS),
        sa.Column("area_code", WORD),
        sa.Column("per_hour", sa.Integer()),
        sa.Column("per_day", sa.Integer()),
        sa.Column("in_clear", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("suspended_at", MOMENT),
        sa.Column("suspended_because", sa.Text()),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_because", sa.Text()),
    )


def _application() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("provider", WORD, nullable=False),
        sa.Column("act", WORD, nullable=False),
        sa.Column("certificate_type", WORD),
        sa.Column("dataset", WORD),
        sa.Column("fields", WORDS, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("service_items", TEXTS, nullable=False),
        sa.Column("askers", WORDS),
        sa.Column("area_code", WORD),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("scene", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("mode", WORD, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("per_hour", sa.Integer()),
        sa.Column("per_day", sa.Integer()),
        sa.Column("in_clear", sa.Boolean(), nullable=False),
        sa.Column("conditional", sa.Boolean(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("consent", sa.Text()),
        sa.Column("submitted_at", MOMENT),
        sa.Column("due_on", sa.Date()),
        sa.Column("days_left", sa.SmallInteger()),
        sa.Column("wanting", sa.Text()),
        sa.Column("supplement", sa.Text()),
        sa.Column("longer_days", sa.SmallInteger()),
        sa.Column("longer_because", sa.Text()),
        sa.Column("longer_allowed", sa.Boolean()),
        sa.Column("decided_at", MOMENT),
        sa.Column("provider_consent", sa.Text()),
        sa.Column("refused_because", sa.Text()),
        sa.Column("provide_by", sa.Date()),
        sa.Column("provided_at", MOMENT),
        *(
            sa.CheckConstraint(check, name=op.f(f"application_{name}_check"))
            for name, check in APPLICATION_CHECKS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("application_pkey")),
        schema="hub",
    )
    for column in ("department", "provider"):
        op.create_index(op.f(f"application_{column}_id_idx"), "application", [column, "id"], schema="hub")
    waiting = sa.text("state = 'pending'")
    op.create_index("application_open_idx", "application", ["due_on"], schema="hub", postgresql_where=waiting)


def _stop_notice() -> None:
    states = "state IN ('asking','agreed','objected','filed','dropped')"
    op.create_table(
        "stop_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stop_on", sa.Date(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.CheckConstraint(states, name=op.f("stop_notice_state_check")),
        sa.ForeignKeyConstraint(["grant_id"], ["hub.grant_right.id"], name=op.f("stop_notice_grant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stop_notice_pkey")),
        schema="hub",
    )
    op.create_index(
        "stop_notice_open_key",
        "stop_notice",
        ["grant_id"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("state IN ('asking','agreed','objected')"),
    )


def _right_step() -> None:
    op.create_table(
        "right_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application", sa.BigInteger()),
        sa.Column("grant_id", sa.BigInteger()),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("department", WORD),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(f"kind IN ({STEPS})", name=op.f("right_step_kind_check")),
        sa.CheckConstraint("num_nonnulls(application, grant_id) > 0", name=op.f("right_step_about_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("right_step_pkey")),
        schema="hub",
    )
    for column in ("application", "grant_id"):
        op.create_index(op.f(f"right_step_{column}_id_idx"), "right_step", [column, "id"], schema="hub")
