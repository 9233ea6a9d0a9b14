"""Case checks, materials received, and disputes.

Everything about a subject is found by functions that demand act, grant, fields and purpose and look the grant up
themselves; what they give is yes, no or unknown. Disputed certificates are told of by the look-up: the definition that
stands in the database is altered where it names the rows that are being checked, whatever else was changed before.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)

# One condition on one value: NULL where the row does not say. Not one CASE in SQL: a plan for known values would work
# its branches out beforehand, with the errors of those that are not taken.
CASE_CONDITION = """
CREATE FUNCTION hub.case_condition(value text, operation text, given text[], on_day date) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF operation = 'present' THEN
        RETURN COALESCE(btrim(value), '') <> '';
    ELSIF operation = 'same' THEN
        RETURN hub.name_form(value) = hub.name_form(given[1]);
    ELSIF operation = 'equals' THEN
        RETURN value = given[1];
    ELSIF operation = 'one_of' THEN
        RETURN value = ANY (given);
    ELSIF operation IN ('at_least', 'at_most')
          AND pg_input_is_valid(value, 'numeric') AND pg_input_is_valid(given[1], 'numeric') THEN
        RETURN CASE operation WHEN 'at_least' THEN value::numeric >= given[1]::numeric
                              ELSE value::numeric <= given[1]::numeric END;
    ELSIF operation IN ('at_least', 'at_most') THEN
        RETURN CASE operation WHEN 'at_least' THEN value COLLATE "C" >= given[1]
                              ELSE value COLLATE "C" <= given[1] END;
    ELSIF operation = 'not_before_today' AND pg_input_is_valid(value, 'date') THEN
        RETURN value::date >= on_day;
    ELSIF operation = 'age_at_least' AND pg_input_is_valid(value, 'date')
          AND pg_input_is_valid(given[1], 'integer') THEN
        RETURN value::date + make_interval(years => given[1]::integer) <= on_day;
    END IF;
    RETURN NULL;
END
$function$
"""

# What rows of a subject say, as yes, no or unknown (NULL); one statement for each dataset that is asked. The columns
# that a grant has to name are those of the conditions, whatever the caller says of them. A row of another name than
# was asked for is none: number and name are known together, or nothing is said.
CASE_FACTS = """
CREATE FUNCTION hub.case_facts(wanted jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE (place integer, granted boolean, data_as_of timestamptz, fresh boolean, found boolean, doubtful boolean,
               answer boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
AS $function$
DECLARE
    shape hub.shown_dataset;
    relation text;
    starts text;
    ends text;
    named text;
    area text;
BEGIN
    FOR shape IN SELECT s.* FROM hub.shown_dataset s
                  WHERE s.dataset IN (SELECT w.dataset FROM jsonb_to_recordset(wanted) AS w(dataset text))
                  ORDER BY s.dataset LOOP
        relation := replace(shape.dataset, '.', '__');
        CONTINUE WHEN to_regclass(format('data.%I', relation)) IS NULL;
        starts := CASE WHEN shape.valid_from IS NULL THEN 'NULL' ELSE format('v.%I::text', shape.valid_from) END;
        ends := CASE WHEN shape.valid_until IS NULL THEN 'NULL' ELSE format('v.%I::text', shape.valid_until) END;
        SELECT COALESCE(max(format('v.%I::text', f.column_name)) FILTER (WHERE f.field = 'name'), 'NULL'),
               COALESCE(max(format('v.%I::text', f.column_name)) FILTER (WHERE f.field = '*area'), 'NULL')
          INTO named, area
          FROM hub.shown_field f
         WHERE f.dataset = shape.dataset
           AND (f.field = 'name' AND f.source = f.register OR f.field = '*area' AND f.source = f.dataset);
        RETURN QUERY EXECUTE format($query$
            WITH asked AS MATERIALIZED (
                SELECT w.*, hub.name_form(w.subject_name) AS form,
                       hub.subject_codes(w.subject_kind, upper(btrim(w.subject_key))) AS codes
                  FROM jsonb_to_recordset($1) AS w(
                           place integer, "grant" bigint, department text, asker text, act text, dataset text,
                           subject_kind text, subject_key text, subject_name text, conditions jsonb, purpose text,
                           service_item text)
                 WHERE w.dataset = $8
            ), standing AS MATERIALIZED (
                SELECT a.asker, a.department FROM asked a GROUP BY a.asker, a.department
                HAVING hub.asker_stands(a.asker, a.department)
            ), others AS MATERIALIZED (
                SELECT o.place, o.form
                  FROM (SELECT array_agg(a.place::bigint) AS places, array_agg(a.subject_kind) AS kinds,
                               array_agg(c.code) AS codes, array_agg(a.form) AS forms
                          FROM asked a CROSS JOIN LATERAL unnest(a.codes) AS c(code)) k
                 CROSS JOIN LATERAL hub.other_names(k.places, k.kinds, k.codes, k.forms) o)
            SELECT w.place, g.id IS NOT NULL, d.data_as_of,
                   COALESCE(d.data_as_of + d.fresh_for_days * interval '1 day' >= $2, false),
                   r.rows > 0, COALESCE(r.marked, false) OR q.refused,
                   CASE WHEN r.met THEN true WHEN r.unknown THEN NULL WHEN r.rows > 0 THEN false END
              FROM asked w
              JOIN hub.dataset d ON d.name = w.dataset
             CROSS JOIN LATERAL (
                   SELECT array_agg(DISTINCT c.c ->> 'column') AS columns,
                          bool_and((c.c ->> 'operation' = 'same') = (w.act = 'matching')) AS proper
                     FROM jsonb_array_elements(w.conditions) AS c(c)) f
              LEFT JOIN hub.grant_right g
                     ON g.id = w."grant" AND w.act IN ('matching', 'query') AND f.proper AND f.columns <@ $4
                    AND hub.grant_covers(g, $3, w.department, w.asker, w.act, NULL, w.dataset, f.columns, w.purpose,
                                         w.service_item)
                    AND EXISTS (SELECT FROM standing s WHERE s.asker = w.asker AND s.department = w.department)
             CROSS JOIN LATERAL (
                   SELECT count(*) AS rows, bool_or(t.mark IS NOT NULL) AS marked, bool_or(t.met) AS met,
                          bool_or(t.met IS NULL) AS unknown
                     FROM (SELECT v.mark,
                                  (SELECT CASE WHEN bool_or(NOT a.a) THEN false WHEN bool_or(a.a IS NULL) THEN NULL
                                               ELSE true END
                                     FROM (SELECT hub.case_condition(
                                                      to_jsonb(v) ->> (c.c ->> 'column'), c.c ->> 'operation',
                                                      ARRAY(SELECT jsonb_array_elements_text(c.c -> 'values')), $3)
                                             FROM jsonb_array_elements(w.conditions) AS c(c)) AS a(a)) AS met
                             FROM data.%1$I v
                            WHERE g.id IS NOT NULL AND %2$s = ANY (w.codes) AND %3$s
                              AND (%6$s IS NULL OR hub.name_form(%6$s) = w.form
                                   OR hub.name_form(%6$s) IN (SELECT o.form FROM others o WHERE o.place = w.place))
                              AND hub.in_area(%7$s, g.area_code)
                              AND COALESCE(CASE WHEN pg_input_is_valid(%4$s, 'date') THEN (%4$s)::date END <= $3, true)
                              AND (COALESCE(%5$s = ANY ($5), false)
                                   OR COALESCE(CASE WHEN pg_input_is_valid(%5$s, 'date') THEN (%5$s)::date END >= $3,
                                               true))) t) r
             CROSS JOIN LATERAL (
                   SELECT g.id IS NOT NULL AND $6 = ARRAY[$7] AND EXISTS (
                              SELECT FROM hub.refused_row b
                               WHERE b.dataset = w.dataset AND b.until_batch IS NULL
                                 AND b.key_digest = ANY (ARRAY(
                                         SELECT hub.digest(hub.digest_key('key'), ARRAY[w.dataset, u.code])
                                           FROM unnest(w.codes) AS u(code)))) AS refused) q
            $query$, relation, hub.subject_column(shape.dataset), hub.belongs(shape.dataset), starts, ends, named, area)
        USING wanted, asked_at, asked_on, shape.columns, shape.long_term, shape.key_columns,
              shape.subject_column, shape.dataset;
    END LOOP;
END
$function$
"""

# The numbers of a holder's certificates of a type that a grant covers: what is asked about next, one by one. The name
# has to be the holder's, so that a code alone opens nothing.
HELD_NUMBERS = """
CREATE FUNCTION hub.held_numbers(wanted jsonb, asked_on date)
RETURNS TABLE (place integer, certificate_type text, certificate_number text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $function$
WITH asked AS MATERIALIZED (
    SELECT w.*, hub.name_form(w.holder_name) AS form,
           hub.subject_codes(w.subject_kind, upper(btrim(w.holder_code))) AS codes
      FROM jsonb_to_recordset(wanted) AS w(
               place integer, "grant" bigint, department text, asker text, certificate_type text,
               holder_code_type text, holder_code text, holder_name text, subject_kind text, purpose text,
               service_item text)
), standing AS MATERIALIZED (
    SELECT a.asker, a.department FROM asked a GROUP BY a.asker, a.department
    HAVING hub.asker_stands(a.asker, a.department)
), others AS MATERIALIZED (
    SELECT o.place, o.form
      FROM (SELECT array_agg(a.place::bigint) AS places, array_agg(a.subject_kind) AS kinds,
                   array_agg(c.code) AS codes, array_agg(a.form) AS forms
              FROM asked a CROSS JOIN LATERAL unnest(a.codes) AS c(code)) k
     CROSS JOIN LATERAL hub.other_names(k.places, k.kinds, k.codes, k.forms) o)
SELECT w.place, w.certificate_type, f.number
  FROM asked w
  JOIN hub.grant_right g
    ON g.id = w."grant"
   AND hub.grant_covers(g, asked_on, w.department, w.asker, 'verification', w.certificate_type, NULL, ARRAY[]::text[],
                        w.purpose, w.service_item)
   AND EXISTS (SELECT FROM standing s WHERE s.asker = w.asker AND s.department = w.department)
 CROSS JOIN LATERAL (
       SELECT c.number
         FROM hub.certificate_holder h
         JOIN hub.certificate c ON c.id = h.certificate_id
        WHERE h.code = ANY (w.codes) AND h.code_type = w.holder_code_type AND c.type_code = w.certificate_type
          AND (hub.name_form(h.name) = w.form
               OR hub.name_form(h.name) IN (SELECT o.form FROM others o WHERE o.place = w.place))
          AND hub.in_area(c.area_code, g.area_code)
        ORDER BY c.status IS NOT DISTINCT FROM 'valid' DESC, c.valid_until DESC NULLS FIRST, c.id DESC
        LIMIT 4) f
$function$
"""

# What was received before: at another step of this case, or in another case of this department; nothing of others'.
RECEIVED_BEFORE = """
CREATE FUNCTION hub.received_before(wanted jsonb)
RETURNS TABLE (place integer, kept_as text, same_case boolean, item text, received_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
SELECT w.place, r.kept_as, r.same_case, r.item, r.received_at
  FROM jsonb_to_recordset(wanted) AS w(
           place integer, department text, subject_kind text, subject_key text, "case" text, kept_as text)
 CROSS JOIN LATERAL (
       SELECT m.kept_as, m.case_digest = hub.digest(hub.digest_key('case'), ARRAY[w."case"]) AS same_case, m.item,
              m.received_at
         FROM hub.material_received m
        WHERE m.subject_digest = hub.subject_digest(w.subject_kind, upper(btrim(w.subject_key)))
          AND m.kept_as = w.kept_as
          AND (m.department = w.department
               OR m.case_digest = hub.digest(hub.digest_key('case'), ARRAY[w."case"]))
        ORDER BY 2 DESC, m.received_at DESC
        LIMIT 1) r
$function$
"""

NOTE_CASE_CHECKS = """
CREATE FUNCTION hub.note_case_checks(checks jsonb, at_time timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
WITH given AS MATERIALIZED (
    SELECT c.place, w.* FROM jsonb_array_elements(checks) WITH ORDINALITY AS c(c, place)
     CROSS JOIN LATERAL jsonb_to_record(c.c) AS w(item text, item_version text, department text, "case" text,
                                                  subject_kind text, subject_key text, materials jsonb)
), numbered AS MATERIALIZED (
    SELECT g.*, nextval(pg_get_serial_sequence('hub.case_check', 'id')) AS id FROM given g
), made AS (
    INSERT INTO hub.case_check (id, item, item_version, department, case_digest, subject_digest, checked_at)
    OVERRIDING SYSTEM VALUE
    SELECT n.id, n.item, n.item_version, n.department, hub.digest(hub.digest_key('case'), ARRAY[n."case"]),
           hub.subject_digest(n.subject_kind, upper(btrim(n.subject_key))), at_time
      FROM numbered n)
INSERT INTO hub.case_material (check_id, material, outcome, reason)
SELECT n.id, m.material, m.outcome, m.reason
  FROM numbered n
 CROSS JOIN LATERAL jsonb_to_recordset(n.materials) AS m(material text, outcome text, reason text)
$function$
"""

# A material is received once in a case. Whether the hub could have answered is what its last check of this case said,
# not what the office says.
NOTE_RECEIVED = """
CREATE FUNCTION hub.note_received(given jsonb, at_time timestamptz)
RETURNS TABLE (outcome text, could_have boolean, hub_reason text, received_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    of_case bytea := hub.digest(hub.digest_key('case'), ARRAY[given ->> 'case']);
    of_subject bytea := hub.subject_digest(given ->> 'subject_kind', upper(btrim(given ->> 'subject_key')));
    said hub.case_material;
    known hub.material_received;
    could boolean;
BEGIN
    SELECT * INTO known FROM hub.material_received r
     WHERE r.case_digest = of_case AND r.item = given ->> 'item' AND r.material = given ->> 'material';
    IF known.id IS NOT NULL THEN
        RETURN QUERY SELECT 'known', known.could_have, known.hub_reason, known.received_at;
        RETURN;
    END IF;
    SELECT m.* INTO said FROM hub.case_check c JOIN hub.case_material m ON m.check_id = c.id
     WHERE c.case_digest = of_case AND c.item = given ->> 'item' AND c.subject_digest = of_subject
       AND m.material = given ->> 'material'
     ORDER BY c.id DESC LIMIT 1;
    could := COALESCE(said.outcome = 'exempt', false);
    IF could AND given ->> 'reason' IS NULL THEN
        RETURN QUERY SELECT 'reason_missing', true, said.reason, NULL::timestamptz;
        RETURN;
    END IF;
    INSERT INTO hub.material_received (item, material, kept_as, department, case_digest, subject_digest, form,
                                       could_have, hub_reason, reason, file_digest, received_at)
    VALUES (given ->> 'item', given ->> 'material', given ->> 'kept_as', given ->> 'department', of_case, of_subject,
            given ->> 'form', could, said.reason, CASE WHEN could THEN given ->> 'reason' END,
            decode(given ->> 'file_digest', 'hex'), at_time);
    RETURN QUERY SELECT 'received', could, said.reason, at_time;
END
$function$
"""

# A dispute goes to whoever publishes the certificate, as a case; a second one joins the case that is open.
OPEN_DISPUTE = """
CREATE FUNCTION hub.open_dispute(given jsonb, department text, asker text, asked_on date, at_time timestamptz, due date)
RETURNS TABLE (granted boolean, reference text, case_number bigint, dataset text, provider text, due_on date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    wanted_number text := upper(btrim(given ->> 'certificate_number'));
    matched bytea := hub.digest(hub.digest_key('match'), ARRAY[
        given ->> 'certificate_type', wanted_number, given ->> 'holder_code_type',
        upper(btrim(given ->> 'holder_code')), hub.name_form(given ->> 'holder_name')]);
    source hub.dataset;
    of_case hub."case";
    made bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM hub.grant_right g
                    WHERE g.id = (given ->> 'grant')::bigint
                      AND hub.asker_stands(open_dispute.asker, open_dispute.department)
                      AND hub.grant_covers(g, asked_on, open_dispute.department, open_dispute.asker, 'verification',
                                           given ->> 'certificate_type', NULL, ARRAY[]::text[], given ->> 'purpose',
                                           given ->> 'service_item')) THEN
        RETURN QUERY SELECT false, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::date;
        RETURN;
    END IF;
    SELECT d.* INTO source FROM hub.dataset d
      LEFT JOIN hub.certificate c ON c.dataset = d.name AND c.number = wanted_number
     WHERE d.certificate_type = given ->> 'certificate_type'
     ORDER BY c.id IS NULL, d.data_as_of DESC NULLS LAST, d.name LIMIT 1;
    IF source.name IS NULL THEN
        RETURN QUERY SELECT true, NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::date;
        RETURN;
    END IF;
    INSERT INTO hub."case" (kind, cause, dataset, department, subject_digest, opened_batch, state, opened_at, due_on)
    VALUES ('verification', 'dispute', source.name, source.department,
            hub.digest(hub.digest_key('key'), ARRAY[source.name, wanted_number]),
            COALESCE((SELECT max(b.number) FROM hub.batch b WHERE b.dataset = source.name), 0), 'open', at_time, due)
    ON CONFLICT DO NOTHING;
    SELECT k.* INTO STRICT of_case FROM hub."case" k
     WHERE k.dataset = source.name AND k.cause = 'dispute' AND k.state = 'open'
       AND k.subject_digest = hub.digest(hub.digest_key('key'), ARRAY[source.name, wanted_number]);
    INSERT INTO hub.dispute (reference, case_number, dataset, provider, certificate_type, match_digest, department,
                             asker, kind, statement, state, opened_at, due_on)
    VALUES (given ->> 'reference', of_case.number, source.name, source.department, given ->> 'certificate_type',
            matched, open_dispute.department, open_dispute.asker, given ->> 'kind',
            decode(given ->> 'statement', 'base64'), 'open', at_time, of_case.due_on)
    RETURNING id INTO made;
    INSERT INTO hub.dispute_evidence (dispute_id, digest, media_type, size)
    SELECT DISTINCT ON (e.digest) made, decode(e.digest, 'hex'), e.media_type, e.size
      FROM jsonb_to_recordset(given -> 'evidence') AS e(digest text, media_type text, size integer);
    RETURN QUERY SELECT true, given ->> 'reference', of_case.number, source.name, source.department, of_case.due_on;
END
$function$
"""

# Evidence that was announced and has not come: the only thing that may be sent for a dispute.
EXPECTED_EVIDENCE = """
CREATE FUNCTION hub.expected_evidence(wanted text, content bytea) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
SELECT e.size FROM hub.dispute d JOIN hub.dispute_evidence e ON e.dispute_id = d.id
 WHERE d.reference = wanted AND d.state = 'open' AND e.digest = content AND e.path IS NULL
$function$
"""
NOTE_EVIDENCE = """
CREATE FUNCTION hub.note_evidence(wanted text, content bytea, kept_at text, at_time timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE hub.dispute_evidence e SET path = kept_at, landed_at = at_time
      FROM hub.dispute d
     WHERE d.id = e.dispute_id AND d.reference = wanted AND d.state = 'open' AND e.digest = content AND e.path IS NULL;
    RETURN FOUND;
END
$function$
"""

# By the provider alone, or the department that filed it (withdrawn); the case closes with its last open dispute.
CLOSE_DISPUTE = """
CREATE FUNCTION hub.close_dispute(wanted text, by_department text, how text, said bytea, at_time timestamptz)
RETURNS TABLE (id bigint, case_number bigint, dataset text, department text, kind text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    found hub.dispute;
BEGIN
    UPDATE hub.dispute d SET state = 'closed', outcome = how, answer = said, closed_at = at_time
     WHERE d.reference = wanted AND d.state = 'open'
       AND by_department = CASE how WHEN 'withdrawn' THEN d.department ELSE d.provider END
    RETURNING d.* INTO found;
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    UPDATE hub."case" k SET state = 'closed', closed_at = at_time, note = how,
           closed_batch = COALESCE((SELECT max(b.number) FROM hub.batch b WHERE b.dataset = found.dataset), 0)
     WHERE k.number = found.case_number AND k.state = 'open'
       AND NOT EXISTS (SELECT FROM hub.dispute d WHERE d.case_number = found.case_number AND d.state = 'open');
    RETURN QUERY SELECT found.id, found.case_number, found.dataset, found.department, found.kind;
END
$function$
"""

# The ledger's entry of a closed dispute, by whoever may not append otherwise.
APPEND_DISPUTE_ENTRY = """
CREATE FUNCTION hub.append_dispute_entry(wanted bigint, entry_leaf bytea, entry_digest bytea, body bytea,
                                         body_digest bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    made bigint;
    at_time timestamptz;
BEGIN
    SELECT d.closed_at INTO at_time FROM hub.dispute d
     WHERE d.id = wanted AND d.xmin = pg_current_xact_id()::xid AND d.state = 'closed';
    IF at_time IS NULL THEN
        RAISE EXCEPTION 'no dispute was closed just now' USING ERRCODE = 'HB019';
    END IF;
    INSERT INTO hub.ledger_entry (kind, issuer, jti, leaf, made_at, row_digest)
    VALUES ('dispute', 'disputes', 'closed:' || wanted, entry_leaf, at_time, entry_digest) RETURNING id INTO made;
    INSERT INTO hub.ledger_body (entry_id, payload, request_digest, row_digest) VALUES (made, body, '', body_digest);
    INSERT INTO hub.ledger_waiting (entry_id) VALUES (made);
    RETURN made;
END
$function$
"""

FUNCTIONS = (
    *(CASE_CONDITION, CASE_FACTS, HELD_NUMBERS, RECEIVED_BEFORE, NOTE_CASE_CHECKS, NOTE_RECEIVED),
    *(OPEN_DISPUTE, EXPECTED_EVIDENCE, NOTE_EVIDENCE, CLOSE_DISPUTE, APPEND_DISPUTE_ENTRY),
)
NAMES = """hub.case_facts, hub.held_numbers, hub.received_before, hub.note_case_checks, hub.note_received,
           hub.open_dispute, hub.expected_evidence, hub.note_evidence"""
PAGE_NAMES = "hub.close_dispute, hub.append_dispute_entry"
RIGHTS = (
    f"REVOKE ALL ON FUNCTION hub.case_condition, {NAMES}, {PAGE_NAMES} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {NAMES} TO hub_api",
    f"GRANT EXECUTE ON FUNCTION {PAGE_NAMES}, hub.expected_evidence TO hub_page",
    "GRANT SELECT (id, item, item_version, department, checked_at) ON hub.case_check TO hub_page",
    "GRANT SELECT ON hub.case_material, hub.dispute_evidence TO hub_page",
    """GRANT SELECT (id, item, material, kept_as, department, form, could_have, hub_reason, reason, received_at)
       ON hub.material_received TO hub_page""",
    """GRANT SELECT (id, reference, case_number, dataset, provider, certificate_type, department, asker, kind,
       statement, state, outcome, answer, opened_at, due_on, closed_at) ON hub.dispute TO hub_page""",
)
CAUSES = "cause IN ('finding','conflict','vanished','erased','move','dispute')"
CAUSES_BEFORE = "cause IN ('finding','conflict','vanished','erased','move')"

# --- the look-up tells of disputes, and knows nothing else of them

FOUND = "being_checked boolean, covered boolean,"
FOUND_NOW = "being_checked boolean, disputed boolean, covered boolean,"
CHECKED = "s.certificate_type IS NOT NULL,"
CHECKED_NOW = """EXISTS (SELECT FROM hub.dispute p WHERE p.match_digest = ANY (a.match_digests) AND p.state = 'open'),
       s.certificate_type IS NOT NULL,"""
FIND = sa.text(
    """
    SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p
     WHERE p.pronamespace = 'hub'::regnamespace AND p.proname = 'find_certificates'
    """
)


def upgrade() -> None:
    """Make tables and functions, tell the look-up of disputes, and give out the rights."""
    _tables()
    _allow_causes(CAUSES)
    for statement in (*FUNCTIONS, *RIGHTS):
        op.execute(statement)
    _alter_look_up({FOUND: FOUND_NOW, CHECKED: CHECKED_NOW})


def downgrade() -> None:
    """Take it all back; cases about disputes go with them."""
    _alter_look_up({FOUND_NOW: FOUND, CHECKED_NOW: CHECKED})
    op.execute(f"DROP FUNCTION {NAMES}, {PAGE_NAMES}")
    op.execute("DROP FUNCTION hub.case_condition")
    op.execute("""DELETE FROM hub."case" WHERE cause = 'dispute'""")
    _allow_causes(CAUSES_BEFORE)
    for name in ("dispute_evidence", "dispute", "material_received", "case_material", "case_check"):
        op.drop_table(name, schema="hub")


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


def _allow_causes(which: str) -> None:
    op.drop_constraint(op.f("case_cause_check"), "case", schema="hub")
    op.create_check_constraint(op.f("case_cause_check"), "case", which, schema="hub")


OUTCOMES = "'exempt','pending','to_submit'"
PAPER_REASONS = (
    """'applicant_wishes','original_by_law','data_disputed','hub_did_not_answer','office_system_down','urgent'"""
)
RECEIVED_CHECKS = {
    "form": "form IN ('paper','file')",
    "reason": f"reason IN ({PAPER_REASONS})",
    "reasoned": "could_have = (reason IS NOT NULL)",
}
DISPUTE_CHECKS = {
    "state": "state IN ('open','closed')",
    "kind": "kind IN ('status','validity','holder','content','missing')",
    "outcome": "outcome IN ('corrected','confirmed','not_ours','withdrawn')",
    "closed": "(state = 'closed') = (outcome IS NOT NULL AND closed_at IS NOT NULL)",
}


def _identity() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, WORD, nullable=False) for name in names]


def _bytes(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, BYTEA(), nullable=False) for name in names]


def _checks(table: str, checks: Mapping[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(check, name=op.f(f"{table}_{name}_check")) for name, check in checks.items()]


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"{table}_{'_'.join(columns)}_idx"), table, list(columns), schema="hub")


def _tables() -> None:
    _case_checks()
    _material_received()
    _dispute()
    _dispute_evidence()


def _case_checks() -> None:
    op.create_table(
        "case_check",
        _identity(),
        *_words("item", "item_version", "department"),
        *_bytes("case_digest", "subject_digest"),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("case_check_pkey")),
        schema="hub",
    )
    _index("case_check", "case_digest", "id")
    _index("case_check", "checked_at")
    op.create_table(
        "case_material",
        sa.Column("check_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_words("material", "outcome", "reason"),
        *_checks("case_material", {"outcome": f"outcome IN ({OUTCOMES})"}),
        sa.ForeignKeyConstraint(["check_id"], ["hub.case_check.id"], name=op.f("case_material_check_id_fkey")),
        sa.PrimaryKeyConstraint("check_id", "material", name=op.f("case_material_pkey")),
        schema="hub",
    )


def _material_received() -> None:
    op.create_table(
        "material_received",
        _identity(),
        *_words("item", "material", "kept_as", "department"),
        *_bytes("case_digest", "subject_digest"),
        *_words("form"),
        sa.Column("could_have", sa.Boolean(), nullable=False),
        sa.Column("hub_reason", WORD),
        sa.Column("reason", WORD),
        sa.Column("file_digest", BYTEA()),
        sa.Column("received_at", MOMENT, nullable=False),
        *_checks("material_received", RECEIVED_CHECKS),
        sa.PrimaryKeyConstraint("id", name=op.f("material_received_pkey")),
        sa.UniqueConstraint("case_digest", "item", "material", name="material_received_once_key"),
        schema="hub",
    )
    _index("material_received", "subject_digest", "kept_as", "received_at")
    _index("material_received", "received_at")


def _dispute() -> None:
    op.create_table(
        "dispute",
        _identity(),
        *_words("reference"),
        sa.Column("case_number", sa.BigInteger(), nullable=False),
        *_words("dataset", "provider", "certificate_type"),
        *_bytes("match_digest"),
        *_words("department", "asker", "kind"),
        *_bytes("statement"),
        *_words("state"),
        sa.Column("outcome", WORD),
        sa.Column("answer", BYTEA()),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("closed_at", MOMENT),
        *_checks("dispute", DISPUTE_CHECKS),
        sa.PrimaryKeyConstraint("id", name=op.f("dispute_pkey")),
        sa.UniqueConstraint("reference", name=op.f("dispute_reference_key")),
        schema="hub",
    )
    for columns in (("provider", "state", "id"), ("department", "id"), ("case_number",)):
        _index("dispute", *columns)
    still_open = sa.text("state = 'open'")
    op.create_index("dispute_open_idx", "dispute", ["match_digest"], schema="hub", postgresql_where=still_open)


def _dispute_evidence() -> None:
    op.create_table(
        "dispute_evidence",
        sa.Column("dispute_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_bytes("digest"),
        *_words("media_type"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text()),
        sa.Column("landed_at", MOMENT),
        *_checks(
            "dispute_evidence",
            {"digest": "octet_length(digest) = 32", "landed": "(path IS NULL) = (landed_at IS NULL)"},
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["hub.dispute.id"], name=op.f("dispute_evidence_dispute_id_fkey")),
        sa.PrimaryKeyConstraint("dispute_id", "digest", name=op.f("dispute_evidence_pkey")),
        schema="hub",
    )
