"""Scores that nobody polishes: rows that can't be mended stand apart, and months are kept as they were.

The loader writes months down and changes none; pages read them. Only the owner could change one, and the ledger tells.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)

# How the hub was used within a time, by figure, department and name: sums alone, nobody's.
USED = """
CREATE FUNCTION hub.used_within(since timestamptz, until timestamptz)
RETURNS TABLE (figure text, department text, name text, count bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT 'asked', i.department, i.act || '/' || COALESCE(i.code, ''), sum(i.questions)::bigint
      FROM hub.inspected_answer i
     WHERE i.at >= since AND i.at < until
     GROUP BY i.department, i.act, i.code
    UNION ALL
    SELECT 'exempt', c.department, c.item, count(*)
      FROM hub.case_check c JOIN hub.case_material m ON m.check_id = c.id
     WHERE c.checked_at >= since AND c.checked_at < until AND m.outcome = 'exempt'
     GROUP BY c.department, c.item
    UNION ALL
    SELECT 'needless_paper', r.department, r.item, count(*)
      FROM hub.material_received r
     WHERE r.received_at >= since AND r.received_at < until AND r.could_have
     GROUP BY r.department, r.item
    UNION ALL
    SELECT 'applications', a.provider, n.name, count(*)
      FROM hub.application a
     CROSS JOIN LATERAL (VALUES ('submitted', a.submitted_at), (a.state, a.decided_at)) AS n(name, at)
     WHERE n.at >= since AND n.at < until
     GROUP BY a.provider, n.name
$function$
"""
TABLES = "hub.monthly_dataset, hub.monthly_score, hub.monthly_failure, hub.monthly_use"
RIGHTS = (
    "REVOKE ALL ON FUNCTION hub.used_within FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.used_within TO hub_load",
    f"GRANT SELECT, INSERT ON {TABLES} TO hub_load",
    f"GRANT SELECT ON {TABLES} TO hub_page",
    "GRANT SELECT (leaf) ON hub.ledger_entry TO hub_page",  # whether a month is what the ledger says
)
NAMES = ("monthly_use", "monthly_failure", "monthly_score", "monthly_dataset")


def upgrade() -> None:
    """Make the tables, and give out the rights."""
    op.add_column(
        "score", sa.Column("beyond_mending", sa.BigInteger(), server_default="0", nullable=False), schema="hub"
    )
    _datasets()
    _scores()
    _failures()
    _uses()
    for statement in (USED, *RIGHTS):
        op.execute(statement)


def downgrade() -> None:
    """Months are forgotten, but not by the ledger."""
    op.execute("REVOKE SELECT (leaf) ON hub.ledger_entry FROM hub_page")
    op.execute("DROP FUNCTION hub.used_within")
    for name in NAMES:
        op.drop_table(name, schema="hub")
    op.drop_column("score", "beyond_mending", schema="hub")


def _month(table: str) -> tuple[sa.Column[object], sa.CheckConstraint]:
    first = sa.CheckConstraint("extract(day FROM month) = 1", name=op.f(f"{table}_month_check"))
    return sa.Column("month", sa.Date(), nullable=False), first


def _datasets() -> None:
    month, first = _month("monthly_dataset")
    op.create_table(
        "monthly_dataset",
        month,
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("delivered", "held", "failed")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("pulled", "quarantined")),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.Column("landed_digest", WORD, nullable=True),
        sa.Column("taken_over_at", MOMENT, nullable=True),
        sa.Column("data_as_of", MOMENT, nullable=True),
        sa.Column("fresh_for_days", sa.Integer(), nullable=False),
        sa.Column("beyond_mending", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("cases_opened", "cases_closed", "closed_in_time", "cases_open", "cases_overdue")
        ),
        first,
        sa.CheckConstraint(
            "closed_in_time <= cases_closed AND cases_overdue <= cases_open", name=op.f("monthly_dataset_cases_check")
        ),
        sa.PrimaryKeyConstraint("month", "dataset", name=op.f("monthly_dataset_pkey")),
        schema="hub",
    )


def _scores() -> None:
    month, first = _month("monthly_score")
    op.create_table(
        "monthly_score",
        month,
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("dimension", WORD, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("department", WORD, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("checked", "failed", "beyond_mending")),
        first,
        sa.CheckConstraint("failed BETWEEN 0 AND checked", name=op.f("monthly_score_failed_check")),
        sa.PrimaryKeyConstraint("month", "dataset", "dimension", "level", name=op.f("monthly_score_pkey")),
        schema="hub",
    )
    op.create_index(op.f("monthly_score_department_month_idx"), "monthly_score", ["department", "month"], schema="hub")


def _failures() -> None:
    month, first = _month("monthly_failure")
    op.create_table(
        "monthly_failure",
        month,
        *(
            sa.Column(name, WORD, nullable=False)
            for name in ("dataset", "rule_id", "rule_version", "department", "dimension")
        ),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("checked", "failed")),
        first,
        sa.CheckConstraint("failed BETWEEN 1 AND checked", name=op.f("monthly_failure_failed_check")),
        sa.PrimaryKeyConstraint("month", "dataset", "rule_id", name=op.f("monthly_failure_pkey")),
        schema="hub",
    )


def _uses() -> None:
    month, first = _month("monthly_use")
    op.create_table(
        "monthly_use",
        month,
        *(sa.Column(name, WORD, nullable=False) for name in ("figure", "department", "name")),
        sa.Column("count", sa.BigInteger(), nullable=False),
        first,
        sa.CheckConstraint(
            "figure IN ('asked','exempt','needless_paper','applications')", name=op.f("monthly_use_figure_check")
        ),
        sa.PrimaryKeyConstraint("month", "figure", "department", "name", name=op.f("monthly_use_pkey")),
        schema="hub",
    )
