"""Dashboards: what the intake and the worker count for them, and what issuers declare.

hub_load counts, hub_page reads; of the ledger's answers a function counts, since no role but the owner reads them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)
COUNTS = ("score_month", "dataset_standing", "coverage_year", "coverage_lag", "conflict_count")

# Follows the inspector's desk (0021), which reads each answer's content once: no body is opened a second time. A batch
# is one entry about many subjects; of each type as many are counted as subjects were asked about.
COUNT_ANSWERS = """
CREATE FUNCTION hub.count_answers(most bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    place bigint;
    upto bigint;
BEGIN
    SELECT p.next INTO place FROM hub.dashboard_place p FOR UPDATE SKIP LOCKED;
    SELECT LEAST(i.next, place + most) INTO upto FROM hub.inspection_place i;
    IF upto IS NULL OR upto <= place THEN
        RETURN 0;
    END IF;
    INSERT INTO hub.answer_count AS a (day, department, act, service_item, certificate_type, code, questions)
    WITH answer AS (
        SELECT i.entry_id, (i.at AT TIME ZONE 'Asia/Shanghai')::date AS day, i.department, i.act,
               COALESCE(i.service_item, '') AS service_item, COALESCE(i.code, '') AS code, i.questions
          FROM hub.ledger_sequence s JOIN hub.inspected_answer i ON i.entry_id = s.entry_id
         WHERE s.index >= place AND s.index < upto
    ), told AS (
        SELECT k.entry_id, COALESCE(k.certificate_type, '') AS certificate_type, count(*) AS subjects
          FROM hub.ledger_asked k WHERE k.entry_id IN (SELECT w.entry_id FROM answer w) GROUP BY 1, 2)
    SELECT w.day, w.department, w.act, w.service_item, COALESCE(t.certificate_type, ''), w.code,
           sum(CASE WHEN w.questions > 1 THEN COALESCE(t.subjects, w.questions) ELSE 1 END)
      FROM answer w LEFT JOIN told t ON t.entry_id = w.entry_id
     GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT ON CONSTRAINT answer_count_pkey DO UPDATE SET questions = a.questions + excluded.questions;
    UPDATE hub.dashboard_place SET next = upto;
    RETURN upto - place;
END
$function$
"""

RIGHTS = (
    *(f"GRANT SELECT, INSERT, UPDATE, DELETE ON hub.{name} TO hub_load" for name in COUNTS),
    *(f"GRANT SELECT ON hub.{name} TO hub_page" for name in (*COUNTS, "answer_count")),
    "GRANT SELECT ON hub.answer_count TO hub_load",
    "GRANT SELECT, INSERT ON hub.declared_total TO hub_load, hub_page",
    "REVOKE ALL ON FUNCTION hub.count_answers FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.count_answers TO hub_load",
)
INSERT_ONLY = (
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.declared_total
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.declared_total
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
)

# What was taken over before there were dashboards.
BEFORE = (
    """WITH served AS (
           SELECT b.dataset, b.number, COALESCE(b.delivery, 'snapshot') AS delivery,
                  date_trunc('month', b.taken_over_at AT TIME ZONE 'Asia/Shanghai')::date AS month
             FROM hub.batch b WHERE b.state = 'done' AND b.taken_over_at IS NOT NULL AND b.hold_reason IS NULL
       ), last AS (SELECT DISTINCT ON (dataset, month) * FROM served ORDER BY dataset, month, number DESC)
       INSERT INTO hub.score_month (dataset, month, rule_id, dimension, level, checked, failed, delivery)
       SELECT s.dataset, l.month, s.rule_id, (array_agg(s.dimension ORDER BY s.batch DESC))[1],
              (array_agg(s.level ORDER BY s.batch DESC))[1], sum(s.checked), sum(s.failed), l.delivery
         FROM last l
         JOIN served v ON v.dataset = l.dataset AND v.month = l.month AND v.delivery = l.delivery
                      AND (l.delivery = 'changes' OR v.number = l.number)
         JOIN hub.score s ON s.batch = v.number
        GROUP BY s.dataset, l.month, s.rule_id, l.delivery""",
    """INSERT INTO hub.dataset_standing (dataset, batch, at, pulled, refused, held, batches)
       SELECT DISTINCT ON (b.dataset) b.dataset, b.number, b.taken_over_at, COALESCE(b.pulled, 0),
              COALESCE(b.quarantined + b.held, 0), b.hold_reason IS NOT NULL, count(*) OVER (PARTITION BY b.dataset)
         FROM hub.batch b WHERE b.state = 'done' AND b.taken_over_at IS NOT NULL ORDER BY b.dataset, b.number DESC""",
    "INSERT INTO hub.dashboard_place (one, next) VALUES (true, 0)",
)


def upgrade() -> None:
    """Make the tables and the function, give out the rights, and count what is there."""
    _scores()
    _certificates()
    _answers()
    for statement in (COUNT_ANSWERS, *RIGHTS, *INSERT_ONLY, *BEFORE):
        op.execute(statement)


def downgrade() -> None:
    """Take it all back; what issuers declared goes, too."""
    op.execute("DROP FUNCTION hub.count_answers")
    for name in ("declared_total", "dashboard_place", "answer_count", *reversed(COUNTS)):
        op.drop_table(name, schema="hub")


def _scores() -> None:
    op.create_table(
        "score_month",
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("rule_id", WORD, nullable=False),
        sa.Column("dimension", WORD, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("checked", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery", WORD, nullable=False),
        sa.CheckConstraint("failed BETWEEN 0 AND checked", name=op.f("score_month_failed_check")),
        sa.PrimaryKeyConstraint("dataset", "month", "rule_id", name=op.f("score_month_pkey")),
        schema="hub",
    )
    op.create_index(op.f("score_month_month_idx"), "score_month", ["month"], schema="hub")
    op.create_table(
        "dataset_standing",
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("pulled", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refused", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("counted_batch", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("counted_certificate", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("dataset", name=op.f("dataset_standing_pkey")),
        schema="hub",
    )


def _certificates() -> None:
    op.create_table(
        "coverage_year",
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("certificate_type", WORD, nullable=False),
        sa.Column("held", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("doubtful", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "year", name=op.f("coverage_year_pkey")),
        schema="hub",
    )
    op.create_table(
        "coverage_lag",
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate_type", WORD, nullable=False),
        sa.Column("certificates", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "month", "days", name=op.f("coverage_lag_pkey")),
        schema="hub",
    )
    op.create_table(
        "declared_total",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("certificate_type", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("declared_by", WORD, nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.CheckConstraint("issued >= 0", name=op.f("declared_total_issued_check")),
        sa.CheckConstraint("year BETWEEN 1949 AND 2200", name=op.f("declared_total_year_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("declared_total_pkey")),
        schema="hub",
    )
    op.create_index(
        op.f("declared_total_certificate_type_year_id_idx"),
        "declared_total",
        ["certificate_type", "year", "id"],
        schema="hub",
    )


def _answers() -> None:
    op.create_table(
        "conflict_count",
        sa.Column("register", WORD, nullable=False),
        sa.Column("attribute", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("authority", WORD, nullable=False),
        sa.Column("found", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("register", "attribute", "dataset", "authority", name=op.f("conflict_count_pkey")),
        schema="hub",
    )
    op.create_table(
        "answer_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("act", WORD, nullable=False),
        sa.Column("service_item", sa.Text(), nullable=False),
        sa.Column("certificate_type", WORD, nullable=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("questions", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "department", "act", "service_item", "certificate_type", "code", name=op.f("answer_count_pkey")
        ),
        schema="hub",
    )
    op.create_table(
        "dashboard_place",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("next", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("one", name=op.f("dashboard_place_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("dashboard_place_pkey")),
        schema="hub",
    )
