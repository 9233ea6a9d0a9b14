"""Cases: one cause is one case with many rows; steps, evidence; and a verdict that says that a case is open.

What was one row of `hub.case` for each subject becomes a row of `hub.case_row`; the cases of one cause become one. Rows
are settled by people through `hub.settle_case` alone, which looks up that one proposed it and others approved.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)
CAUSES = "cause IN ('finding','conflict','vanished','erased','move','dispute','steward','objection')"
CAUSES_BEFORE = "cause IN ('finding','conflict','vanished','erased','move','dispute')"
BY_INTAKE = "cause IN ('finding','conflict','vanished','erased','move')"
ROW_STATES = "state IN ('open','mended','found_right','beyond_mending','gone')"
ACTS = """act IN ('opened','rows_added','rows_mended','assigned','stopped','resumed','escalated','reminded','evidence',
'answered','asked_beyond_mending','approved','refused','closed','reopened')""".replace("\n", "")
CASE_CHECKS = {
    "cause": CAUSES,
    "ending": "ending IN ('mended','found_right','beyond_mending','withdrawn')",
    "closed": "(state = 'closed') = (ending IS NOT NULL) AND (state = 'closed') = (closed_at IS NOT NULL)",
    "ended": "state = 'open' OR (rows_open = 0 AND stopped_at IS NULL)",
    "rows": "rows_open BETWEEN 0 AND rows",
    "escalated_to": "escalated_to IN ('administrator','authority')",
    "escalated": "(escalated_to IS NULL) = (escalated_at IS NULL)",
}

# --- what was there: the cases of one cause become one, by the smallest number; a dispute stays for itself

GATHER = (
    """
    CREATE TEMPORARY TABLE former_case ON COMMIT DROP AS
    SELECT c.*, min(c.number) OVER (
               PARTITION BY c.dataset, c.cause, c.rule_id, c.register, c.attribute,
                            CASE WHEN c.state = 'open' OR c.cause = 'dispute' THEN c.state ELSE '' END,
                            CASE c.cause WHEN 'dispute' THEN c.number END) AS kept
      FROM hub."case" c
    """,
    # of an open and a closed case of one cause the closed one keeps its own rows
    """
    INSERT INTO hub.case_row (case_number, subject_digest, opened_batch, row_number, state, closed_batch, closed_at)
    SELECT DISTINCT ON (f.kept, f.subject_digest, f.number) f.kept, f.subject_digest, f.opened_batch, f.row_number,
           CASE WHEN f.state = 'open' THEN 'open' WHEN f.note IN ('confirmed', 'not_ours') THEN 'found_right'
                WHEN f.note = 'withdrawn' THEN 'gone' ELSE 'mended' END,
           f.closed_batch, CASE WHEN f.state = 'closed' THEN COALESCE(f.closed_at, f.opened_at) END
      FROM former_case f
     WHERE f.subject_digest <> ''::bytea
    """,
)
FOLD = (
    """
    UPDATE hub."case" c
       SET opened_at = g.opened_at, due_on = g.due_on, opened_batch = g.opened_batch, rows = g.rows,
           rows_open = g.rows_open, closed_at = CASE WHEN g.rows_open = 0 THEN COALESCE(g.closed_at, g.opened_at) END,
           closed_batch = CASE WHEN g.rows_open = 0 THEN g.closed_batch END,
           ending = CASE WHEN g.rows_open > 0 THEN NULL WHEN c.note IN ('confirmed', 'not_ours') THEN 'found_right'
                         WHEN c.note = 'withdrawn' THEN 'withdrawn' ELSE 'mended' END
      FROM (SELECT f.kept, min(f.opened_at) AS opened_at, min(f.due_on) AS due_on, min(f.opened_batch) AS opened_batch,
                   count(*) AS rows, count(*) FILTER (WHERE f.state = 'open') AS rows_open,
                   max(f.closed_at) AS closed_at, max(f.closed_batch) AS closed_batch
              FROM former_case f GROUP BY f.kept) g
     WHERE c.number = g.kept
    """,
    """
    UPDATE hub."case" c
       SET against = (SELECT d.department FROM hub.conflict k JOIN hub.dataset d ON d.name = k.authority
                       WHERE k.register = c.register AND k.attribute = c.attribute AND k.dataset = c.dataset LIMIT 1)
     WHERE c.cause = 'conflict'
    """,
    """DELETE FROM hub."case" c USING former_case f WHERE f.number = c.number AND f.kept <> c.number""",
    """
    INSERT INTO hub.case_step (case_number, at, act, by, batch, rows)
    SELECT c.number, c.opened_at, 'opened', 'hub', c.opened_batch, c.rows FROM hub."case" c ORDER BY c.number
    """,
)
# As it was: a case for each subject; what people raised, and rows that were settled by them, go.
SPREAD = (
    """DELETE FROM hub.case_row r USING hub."case" c
        WHERE c.number = r.case_number AND c.cause IN ('steward', 'objection')""",
    """DELETE FROM hub."case" WHERE cause IN ('steward', 'objection')""",
    "CREATE TEMPORARY TABLE spread_row ON COMMIT DROP AS SELECT * FROM hub.case_row",
    """CREATE TEMPORARY TABLE spread_case ON COMMIT DROP AS SELECT * FROM hub."case" """,
)
SPREAD_BACK = (
    """
    UPDATE hub."case" c
       SET subject_digest = r.subject_digest, opened_batch = COALESCE(r.opened_batch, 0), row_number = r.row_number,
           state = CASE r.state WHEN 'open' THEN 'open' ELSE 'closed' END, closed_batch = r.closed_batch,
           closed_at = r.closed_at
      FROM (SELECT DISTINCT ON (s.case_number) s.* FROM spread_row s ORDER BY s.case_number, s.id) r
     WHERE c.number = r.case_number
    """,
    """
    INSERT INTO hub."case" (kind, cause, dataset, department, rule_id, register, attribute, subject_digest,
                            opened_batch, row_number, state, closed_batch, opened_at, closed_at, due_on)
    SELECT c.kind, c.cause, c.dataset, c.department, c.rule_id, c.register, c.attribute, r.subject_digest,
           COALESCE(r.opened_batch, 0), r.row_number, CASE r.state WHEN 'open' THEN 'open' ELSE 'closed' END,
           r.closed_batch, c.opened_at, r.closed_at, c.due_on
      FROM spread_row r JOIN spread_case c ON c.number = r.case_number
     WHERE r.id > (SELECT min(s.id) FROM spread_row s WHERE s.case_number = r.case_number)
     ORDER BY r.id
    """,
)

# --- functions

# As in 0019; the certificate is a row of its case, and the caller hears whether the case is new.
OPEN_DISPUTE = """
CREATE FUNCTION hub.open_dispute(given jsonb, department text, asker text, asked_on date, at_time timestamptz, due date)
RETURNS TABLE (granted boolean, reference text, case_number bigint, dataset text, provider text, due_on date,
               is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    wanted_number text := upper(btrim(given ->> 'certificate_number'));
    matched bytea := hub.digest(hub.digest_key('match'), ARRAY[
        given ->> 'certificate_type', wanted_number, given ->> 'holder_code_type',
        upper(btrim(given ->> 'holder_code')), hub.name_form(given ->> 'holder_name')]);
    source hub.dataset;
    of_case hub."case";
    subject bytea;
    fresh boolean := false;
    made bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM hub.grant_right g
                    WHERE g.id = (given ->> 'grant')::bigint
                      AND hub.asker_stands(open_dispute.asker, open_dispute.department)
                      AND hub.grant_covers(g, asked_on, open_dispute.department, open_dispute.asker, 'verification',
                                           given ->> 'certificate_type', NULL, ARRAY[]::text[], given ->> 'purpose',
                                           given ->> 'service_item')) THEN
        RETURN QUERY SELECT false, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::date, false;
        RETURN;
    END IF;
    SELECT d.* INTO source FROM hub.dataset d
      LEFT JOIN hub.certificate c ON c.dataset = d.name AND c.number = wanted_number
     WHERE d.certificate_type = given ->> 'certificate_type'
     ORDER BY c.id IS NULL, d.data_as_of DESC NULLS LAST, d.name LIMIT 1;
    IF source.name IS NULL THEN
        RETURN QUERY SELECT true, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::date, false;
        RETURN;
    END IF;
    subject := hub.digest(hub.digest_key('key'), ARRAY[source.name, wanted_number]);
    PERFORM pg_advisory_xact_lock(6023, hashtext(encode(subject, 'hex')));
    SELECT k.* INTO of_case FROM hub.case_row r JOIN hub."case" k ON k.number = r.case_number
     WHERE r.subject_digest = subject AND r.state = 'open' AND k.dataset = source.name AND k.cause = 'dispute' LIMIT 1;
    IF of_case.number IS NULL THEN
        INSERT INTO hub."case" (kind, cause, dataset, department, opened_batch, state, opened_at, due_on, rows,
                                rows_open)
        VALUES ('verification', 'dispute', source.name, source.department,
                (SELECT max(b.number) FROM hub.batch b WHERE b.dataset = source.name), 'open', at_time, due, 1, 1)
        RETURNING * INTO of_case;
        INSERT INTO hub.case_row (case_number, subject_digest, number_digest, opened_batch, state)
        VALUES (of_case.number, subject,
                hub.digest(hub.digest_key('number'), ARRAY[given ->> 'certificate_type', wanted_number]),
                of_case.opened_batch, 'open');
        fresh := true;
    END IF;
    INSERT INTO hub.dispute (reference, case_number, dataset, provider, certificate_type, match_digest, department,
                             asker, kind, statement, state, opened_at, due_on)
    VALUES (given ->> 'reference', of_case.number, source.name, source.department, given ->> 'certificate_type',
            matched, open_dispute.department, open_dispute.asker, given ->> 'kind',
            decode(given ->> 'statement', 'base64'), 'open', at_time, of_case.due_on)
    RETURNING id INTO made;
    INSERT INTO hub.dispute_evidence (dispute_id, digest, media_type, size)
    SELECT DISTINCT ON (e.digest) made, decode(e.digest, 'hex'), e.media_type, e.size
      FROM jsonb_to_recordset(given -> 'evidence') AS e(digest text, media_type text, size integer);
    RETURN QUERY SELECT true, given ->> 'reference', of_case.number, source.name, source.department, of_case.due_on,
                        fresh;
END
$function$
"""

# As in 0019; the row is settled by what the answer says, and the caller hears whether the case is closed.
CLOSE_DISPUTE = """
CREATE FUNCTION hub.close_dispute(wanted text, by_department text, how text, said bytea, at_time timestamptz)
RETURNS TABLE (id bigint, case_number bigint, dataset text, department text, kind text, case_closed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    answered hub.dispute;
    last_batch bigint;
    settled boolean;
BEGIN
    UPDATE hub.dispute d SET state = 'closed', outcome = how, answer = said, closed_at = at_time
     WHERE d.reference = wanted AND d.state = 'open'
       AND by_department = CASE how WHEN 'withdrawn' THEN d.department ELSE d.provider END
    RETURNING d.* INTO answered;
    IF answered.id IS NULL THEN
        RETURN;
    END IF;
    SELECT max(b.number) INTO last_batch FROM hub.batch b WHERE b.dataset = answered.dataset;
    UPDATE hub."case" k
       SET state = 'closed', closed_at = at_time, rows_open = 0, stopped_at = NULL, closed_batch = last_batch,
           ending = CASE how WHEN 'corrected' THEN 'mended' WHEN 'withdrawn' THEN 'withdrawn' ELSE 'found_right' END
     WHERE k.number = answered.case_number AND k.state = 'open'
       AND NOT EXISTS (SELECT FROM hub.dispute d WHERE d.case_number = answered.case_number AND d.state = 'open');
    settled := FOUND;
    UPDATE hub.case_row r
       SET state = CASE how WHEN 'corrected' THEN 'mended' WHEN 'withdrawn' THEN 'gone' ELSE 'found_right' END,
           closed_at = at_time, closed_batch = last_batch
     WHERE settled AND r.case_number = answered.case_number AND r.state = 'open';
    RETURN QUERY SELECT answered.id, answered.case_number, answered.dataset, answered.department, answered.kind,
                        settled;
END
$function$
"""

# A case that a steward or a window raises: rows by their keys, which stay here only as digests. A row that has an open
# case of that cause already joins it.
RAISE_CASE = """
CREATE FUNCTION hub.raise_case(given jsonb, at_time timestamptz, due date)
RETURNS TABLE (number bigint, is_new boolean, due_on date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    source hub.dataset;
    of_case hub."case";
    subjects bytea[];
    last_batch bigint;
BEGIN
    SELECT d.* INTO source FROM hub.dataset d WHERE d.name = given ->> 'dataset';
    IF source.name IS NULL OR given ->> 'cause' NOT IN ('steward', 'objection') THEN
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT s.subject) INTO subjects FROM (
        SELECT hub.digest(hub.digest_key('key'),
                          ARRAY[source.name] || ARRAY(SELECT jsonb_array_elements_text(k.key))) AS subject
          FROM jsonb_array_elements(given -> 'keys') AS k(key)
        UNION ALL
        SELECT hub.digest(hub.digest_key('key'), ARRAY['register_' || (given ->> 'register'), g.key])
          FROM jsonb_array_elements_text(given -> 'subjects') AS g(key)
        UNION ALL
        SELECT q.key_digest FROM jsonb_to_recordset(given -> 'refused') AS r(batch bigint, row_number bigint)
          JOIN hub.refused_row q ON q.batch = r.batch AND q.row_number = r.row_number AND q.dataset = source.name
         WHERE q.key_digest IS NOT NULL) s;
    IF subjects IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(6023, hashtext(source.name));
    SELECT k.* INTO of_case FROM hub.case_row r JOIN hub."case" k ON k.number = r.case_number
     WHERE r.subject_digest = ANY (subjects) AND r.state = 'open' AND k.dataset = source.name
       AND k.cause = given ->> 'cause' AND k.rule_id IS NOT DISTINCT FROM given ->> 'rule_id'
       AND k.attribute IS NOT DISTINCT FROM given ->> 'attribute'
     ORDER BY k.number LIMIT 1;
    IF of_case.number IS NOT NULL THEN
        RETURN QUERY SELECT of_case.number, false, of_case.due_on;
        RETURN;
    END IF;
    SELECT max(b.number) INTO last_batch FROM hub.batch b WHERE b.dataset = source.name AND b.state = 'done';
    INSERT INTO hub."case" (kind, cause, dataset, department, rule_id, register, attribute, opened_batch, state,
                            opened_at, due_on, rows, rows_open)
    VALUES (given ->> 'kind', given ->> 'cause', source.name, source.department, given ->> 'rule_id',
            given ->> 'register', given ->> 'attribute', last_batch, 'open', at_time, due, cardinality(subjects),
            cardinality(subjects))
    RETURNING * INTO of_case;
    INSERT INTO hub.case_row (case_number, subject_digest, number_digest, opened_batch, row_number, state)
    SELECT of_case.number, s.subject,
           CASE WHEN given ->> 'certificate_number' IS NOT NULL AND source.certificate_type IS NOT NULL THEN
               hub.digest(hub.digest_key('number'),
                          ARRAY[source.certificate_type, upper(btrim(given ->> 'certificate_number'))]) END,
           COALESCE(p.batch, last_batch), p.row_number, 'open'
      FROM unnest(subjects) AS s(subject)
      LEFT JOIN LATERAL (
           SELECT q.batch, q.row_number
             FROM jsonb_to_recordset(given -> 'refused') AS r(batch bigint, row_number bigint)
             JOIN hub.refused_row q ON q.batch = r.batch AND q.row_number = r.row_number
            WHERE q.key_digest = s.subject LIMIT 1) p ON true;
    RETURN QUERY SELECT of_case.number, true, of_case.due_on;
END
$function$
"""

# What people say about the open rows of a case counts when one said it and others approved: found right by one other
# person, beyond mending by one of the department and one of those who govern the data, with evidence.
SETTLE_CASE = """
CREATE FUNCTION hub.settle_case(wanted bigint, how text, at_time timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    of_case hub."case";
    asked_id bigint;
    asked_act text;
    asked_by text;
    last_batch bigint;
    settled bigint;
BEGIN
    SELECT c.* INTO of_case FROM hub."case" c WHERE c.number = wanted AND c.state = 'open' FOR UPDATE;
    SELECT s.id, s.act, s."by" INTO asked_id, asked_act, asked_by FROM hub.case_step s
     WHERE s.case_number = wanted AND s.act IN ('opened', 'reopened', 'answered', 'asked_beyond_mending', 'refused')
     ORDER BY s.id DESC LIMIT 1;
    IF (of_case.number IS NULL OR how IS NULL OR NOT CASE how  -- in brackets, for the sake of the first THEN
        WHEN 'found_right' THEN asked_act = 'answered' AND EXISTS (
            SELECT FROM hub.case_step s WHERE s.case_number = wanted AND s.id > asked_id AND s.act = 'approved'
               AND s."by" <> asked_by)
        WHEN 'beyond_mending' THEN asked_act = 'asked_beyond_mending'
            AND EXISTS (SELECT FROM hub.case_evidence e WHERE e.case_number = wanted)
            AND EXISTS (
                SELECT FROM hub.case_step p JOIN hub.case_step g ON g.case_number = p.case_number AND g."by" <> p."by"
                 WHERE p.case_number = wanted AND p.id > asked_id AND g.id > asked_id
                   AND p.act = 'approved' AND g.act = 'approved' AND asked_by NOT IN (p."by", g."by")
                   AND p.reason = 'provider' AND g.reason = 'steward')
        WHEN 'withdrawn' THEN of_case.cause IN ('steward', 'objection')
        ELSE false END) THEN
        RAISE EXCEPTION 'nobody proposed and approved that' USING ERRCODE = 'HB023';
    END IF;
    SELECT max(b.number) INTO last_batch FROM hub.batch b WHERE b.dataset = of_case.dataset;
    UPDATE hub.case_row r
       SET state = CASE how WHEN 'withdrawn' THEN 'gone' ELSE how END, closed_at = at_time, closed_batch = last_batch
     WHERE r.case_number = wanted AND r.state = 'open';
    GET DIAGNOSTICS settled = ROW_COUNT;
    UPDATE hub."case" c SET state = 'closed', ending = how, closed_at = at_time, closed_batch = last_batch,
                            rows_open = 0, stopped_at = NULL
     WHERE c.number = wanted;
    RETURN settled;
END
$function$
"""

# As in 0009: what was vanished at a batch, and cases about a subject. A relapse is another row, so that both are known.
VANISHED_BEFORE = """EXISTS (SELECT FROM hub."case" c
                                  WHERE c.dataset = $4 AND c.cause = 'vanished' AND c.opened_batch <= $5
                                    AND (c.closed_batch IS NULL OR c.closed_batch > $5)
                                    AND c.subject_digest = w.digest)"""
VANISHED_NOW = """(EXISTS (SELECT FROM hub.case_row r JOIN hub."case" c ON c.number = r.case_number
                                   WHERE c.dataset = $4 AND c.cause = 'vanished' AND r.opened_batch <= $5
                                     AND r.state = 'open' AND r.subject_digest = w.digest)
                          OR EXISTS (SELECT FROM hub.case_row r JOIN hub."case" c ON c.number = r.case_number
                                      WHERE c.dataset = $4 AND c.cause = 'vanished' AND r.opened_batch <= $5
                                        AND r.state <> 'open' AND r.closed_batch > $5
                                        AND r.subject_digest = w.digest))"""
CASES_BEFORE = """SELECT c.number, c.kind, c.cause, c.rule_id, c.attribute, c.state, c.opened_batch, c.opened_at
      FROM hub."case" c
     WHERE c.dataset = asked_dataset AND c.subject_digest IN (SELECT d.key_digest FROM digests d)"""
CASES_NOW = """SELECT DISTINCT ON (c.number) c.number, c.kind, c.cause, c.rule_id, c.attribute,
           CASE r.state WHEN 'open' THEN 'open' ELSE 'closed' END, r.opened_batch, c.opened_at
      FROM digests d
     CROSS JOIN LATERAL (
           SELECT o.* FROM hub.case_row o WHERE o.subject_digest = d.key_digest AND o.state = 'open'
           UNION ALL
           SELECT o.* FROM hub.case_row o WHERE o.subject_digest = d.key_digest AND o.state <> 'open') r
      JOIN hub."case" c ON c.number = r.case_number
     WHERE c.dataset = asked_dataset"""
ORDER_BEFORE = "ORDER BY c.number DESC LIMIT 100"
ORDER_NOW = "ORDER BY c.number DESC, r.id DESC LIMIT 100"

# The look-up: whether a case about the number is open, and D where its row is beyond mending.
TRUST_BEFORE = "'trust_level', c.trust_level, 'mark', c.mark,"
TRUST_NOW = """'trust_level', CASE WHEN EXISTS (
                     SELECT FROM hub.case_row b
                      WHERE b.number_digest = a.number_digest AND b.state = 'beyond_mending') THEN 'D'
                     ELSE c.trust_level END,
                 'in_case', EXISTS (SELECT FROM hub.case_row b
                                     WHERE b.number_digest = a.number_digest AND b.state = 'open'),
                 'mark', c.mark,"""

RIGHTS = (
    """REVOKE ALL ON FUNCTION hub.open_dispute, hub.close_dispute, hub.raise_case, hub.settle_case FROM PUBLIC""",
    "GRANT EXECUTE ON FUNCTION hub.open_dispute TO hub_api",
    "GRANT EXECUTE ON FUNCTION hub.close_dispute, hub.settle_case TO hub_page",
    "GRANT EXECUTE ON FUNCTION hub.raise_case TO hub_page, hub_api",
    "GRANT SELECT, INSERT, UPDATE ON hub.case_row TO hub_load",
    "GRANT SELECT, INSERT ON hub.case_step TO hub_load",
    "GRANT INSERT, SELECT (id) ON hub.case_step TO hub_api",
    """GRANT SELECT (number, kind, cause, dataset, department, against, rule_id, register, attribute, opened_batch,
       opened_at, due_on, state, ending, assigned_to, stopped_at, stopped_days, escalated_to, escalated_at, reminders,
       rows, rows_open, reopened, closed_batch, closed_at) ON hub."case" TO hub_page""",
    """GRANT UPDATE (assigned_to, stopped_at, stopped_days, due_on, escalated_to, escalated_at, reminders)
       ON hub."case" TO hub_page""",
    """GRANT SELECT (case_number, id, opened_batch, row_number, state, closed_batch, closed_at)
       ON hub.case_row TO hub_page""",
    "GRANT SELECT, INSERT ON hub.case_step, hub.case_evidence TO hub_page",
)
TRIGGERS = (
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.case_step
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.case_step
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
)
FUNCTION = sa.text(
    """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p
     WHERE p.pronamespace = 'hub'::regnamespace AND p.proname = :name
    """
)
NEW_COLUMNS = (
    *("against", "ending", "assigned_to", "escalated_to"),
    *("stopped_at", "escalated_at", "stopped_days", "reminders", "rows", "rows_open", "reopened"),
)


def upgrade() -> None:
    """Make rows, steps and evidence, fold what was there, and let everybody find it."""
    op.execute('LOCK TABLE hub."case"')
    _add_columns()
    _case_row()
    _case_step()
    _case_evidence()
    for statement in (*GATHER, *FOLD):
        op.execute(statement)
    _close_case_table()
    for statement in ("DROP FUNCTION hub.open_dispute, hub.close_dispute", OPEN_DISPUTE, CLOSE_DISPUTE):
        op.execute(statement)
    for statement in (RAISE_CASE, SETTLE_CASE, *RIGHTS, *TRIGGERS):
        op.execute(statement)
    for name in ("subject_versions", "subject_values"):
        _alter(name, {VANISHED_BEFORE: VANISHED_NOW})
    _alter("subject_cases", {CASES_BEFORE: CASES_NOW, ORDER_BEFORE: ORDER_NOW})
    _alter("find_certificates", {TRUST_BEFORE: TRUST_NOW})


def downgrade() -> None:
    """A case for each subject again; steps, evidence, and what only people raised go."""
    _alter("find_certificates", {TRUST_NOW: TRUST_BEFORE})
    _alter("subject_cases", {CASES_NOW: CASES_BEFORE, ORDER_NOW: ORDER_BEFORE})
    for name in ("subject_versions", "subject_values"):
        _alter(name, {VANISHED_NOW: VANISHED_BEFORE})
    op.execute("DROP FUNCTION hub.settle_case, hub.raise_case, hub.open_dispute, hub.close_dispute")
    op.execute('LOCK TABLE hub."case"')
    for name in ("case_evidence", "case_step"):
        op.drop_table(name, schema="hub")
    for statement in SPREAD:
        op.execute(statement)
    op.drop_table("case_row", schema="hub")
    _open_case_table()
    for statement in SPREAD_BACK:
        op.execute(statement)
    op.execute("""DELETE FROM hub."case" WHERE subject_digest IS NULL""")
    _case_table_as_before()
    former = context.script.get_revision("0019").module
    for statement in (former.OPEN_DISPUTE, former.CLOSE_DISPUTE):
        op.execute(statement)
    op.execute("REVOKE ALL ON FUNCTION hub.open_dispute, hub.close_dispute FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION hub.open_dispute TO hub_api")
    op.execute("GRANT EXECUTE ON FUNCTION hub.close_dispute TO hub_page")


def _alter(name: str, changes: Mapping[str, str]) -> None:
    """Replace parts of a function as it stands, whatever else was changed before."""
    text = str(op.get_bind().execute(FUNCTION, {"name": name}).scalar_one())
    for former, present in changes.items():
        if text.count(former) != 1:
            raise LookupError(former)
        text = text.replace(former, present)
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def _add_columns() -> None:
    for name in ("against", "ending", "assigned_to", "escalated_to"):
        op.add_column("case", sa.Column(name, WORD), schema="hub")
    for name in ("stopped_at", "escalated_at"):
        op.add_column("case", sa.Column(name, MOMENT), schema="hub")
    for name in ("stopped_days", "reminders", "reopened"):
        op.add_column("case", sa.Column(name, sa.Integer(), server_default="0", nullable=False), schema="hub")
    for name in ("rows", "rows_open"):
        op.add_column("case", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False), schema="hub")
    op.alter_column("case", "opened_batch", nullable=True, schema="hub")
    op.drop_index("case_open_key", table_name="case", schema="hub")


def _close_case_table() -> None:
    """The subject is no column any more, and one cause has one open case."""
    for name in ("subject_digest", "row_number", "note"):
        op.drop_column("case", name, schema="hub")
    op.drop_constraint(op.f("case_cause_check"), "case", schema="hub")
    for name, check in CASE_CHECKS.items():
        op.create_check_constraint(op.f(f"case_{name}_check"), "case", check, schema="hub")
    op.create_index(
        "case_open_key",
        "case",
        [
            *("dataset", "cause"),
            *(sa.text(f"COALESCE({name}, '')") for name in ("rule_id", "register", "attribute", "against")),
        ],
        unique=True,
        schema="hub",
        postgresql_where=sa.text(f"state = 'open' AND {BY_INTAKE}"),
    )
    op.create_index(op.f("case_dataset_cause_state_idx"), "case", ["dataset", "cause", "state"], schema="hub")
    against = sa.text("against IS NOT NULL")
    op.create_index("case_against_idx", "case", ["against", "number"], schema="hub", postgresql_where=against)
    still_open = sa.text("state = 'open'")
    op.create_index("case_due_idx", "case", ["due_on"], schema="hub", postgresql_where=still_open)


def _open_case_table() -> None:
    for name in ("case_open_key", "case_against_idx", "case_due_idx"):
        op.drop_index(name, table_name="case", schema="hub")
    op.drop_index(op.f("case_dataset_cause_state_idx"), table_name="case", schema="hub")
    for name in CASE_CHECKS:
        op.drop_constraint(op.f(f"case_{name}_check"), "case", schema="hub")
    op.create_check_constraint(op.f("case_cause_check"), "case", CAUSES_BEFORE, schema="hub")
    op.add_column("case", sa.Column("subject_digest", BYTEA()), schema="hub")
    op.add_column("case", sa.Column("row_number", sa.BigInteger()), schema="hub")
    op.add_column("case", sa.Column("note", sa.Text()), schema="hub")


def _case_table_as_before() -> None:
    for name in NEW_COLUMNS:
        op.drop_column("case", name, schema="hub")
    op.execute("""UPDATE hub."case" SET opened_batch = 0 WHERE opened_batch IS NULL""")
    for name in ("subject_digest", "opened_batch"):
        op.alter_column("case", name, nullable=False, schema="hub")
    op.create_index(
        "case_open_key",
        "case",
        ["dataset", "cause", sa.literal_column("COALESCE(rule_id, attribute, '')"), "subject_digest"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.execute("""GRANT SELECT (row_number, note) ON hub."case" TO hub_page""")


def _case_row() -> None:
    op.create_table(
        "case_row",
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_digest", BYTEA(), nullable=False),
        sa.Column("number_digest", BYTEA()),
        sa.Column("opened_batch", sa.BigInteger()),
        sa.Column("row_number", sa.BigInteger()),
        sa.Column("state", WORD, nullable=False),
        sa.Column("closed_batch", sa.BigInteger()),
        sa.Column("closed_at", MOMENT),
        sa.CheckConstraint(ROW_STATES, name=op.f("case_row_state_check")),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("case_row_closed_check")),
        sa.PrimaryKeyConstraint("case_number", "id", name=op.f("case_row_pkey")),
        schema="hub",
    )
    for name, which, unique in (("open_key", "state = 'open'", True), ("closed_idx", "state <> 'open'", False)):
        op.create_index(
            f"case_row_{name}",
            "case_row",
            ["subject_digest", "case_number"],
            unique=unique,
            schema="hub",
            postgresql_where=sa.text(which),
        )
    told = sa.text("number_digest IS NOT NULL AND state IN ('open','beyond_mending')")
    op.create_index("case_row_number_idx", "case_row", ["number_digest"], schema="hub", postgresql_where=told)


def _case_step() -> None:
    op.create_table(
        "case_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *(sa.Column(name, WORD, nullable=False) for name in ("act", "by")),
        *(sa.Column(name, WORD) for name in ("department", "reason")),
        sa.Column("note", BYTEA()),
        sa.Column("batch", sa.BigInteger()),
        sa.Column("rows", sa.BigInteger()),
        sa.CheckConstraint(ACTS, name=op.f("case_step_act_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("case_step_pkey")),
        schema="hub",
    )
    op.create_index(op.f("case_step_case_number_id_idx"), "case_step", ["case_number", "id"], schema="hub")


def _case_evidence() -> None:
    op.create_table(
        "case_evidence",
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", BYTEA(), nullable=False),
        sa.Column("media_type", WORD, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("landed_at", MOMENT, nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("case_evidence_digest_check")),
        sa.PrimaryKeyConstraint("case_number", "digest", name=op.f("case_evidence_pkey")),
        schema="hub",
    )
