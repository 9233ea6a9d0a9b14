"""Functions that know the pepper, the look-up of certificates, and the triggers that keep the ledger insert-only.

What runs with its owner's rights has a fixed search path; who may call what is said in 0005.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# 244 random bits, made inside PostgreSQL so that no other process ever saw them; no extension is needed.
PEPPER = """
INSERT INTO hub.pepper (one, secret)
VALUES (true, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
"""

# The bodies that begin with RETURN are resolved when they are made: no search path can turn their names elsewhere, and
# without a SET of their own they are inlined into the queries that use them.
NAME_FORM = r"""
CREATE FUNCTION hub.name_form(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN upper(regexp_replace(normalize(name, NFKC), '[[:space:]·•・‧]', '', 'g'))
"""

# A key for one kind of digest: who holds it can compute that digest, and learns nothing of the pepper.
DIGEST_KEY = """
CREATE FUNCTION hub.digest_key(kind text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN sha256((SELECT p.secret FROM hub.pepper p) || convert_to(kind, 'UTF8'))
"""

DIGEST = """
CREATE FUNCTION hub.digest(key bytea, parts text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(key || convert_to(array_to_string(parts, chr(31), chr(30)), 'UTF8'))
"""

# Number and holder are hashed together: "no such number" and "another holder" are the same miss of the same index.
# Every table is reached by an index, whatever the statistics say: the plan is the same for a hit and for a miss.
FIND_CERTIFICATES = """
CREATE FUNCTION hub.find_certificates(questions jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE ("position" bigint, granted boolean, being_checked boolean, covered boolean, data_as_of timestamptz,
               fresh boolean, score double precision, record jsonb)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $function$
WITH wanted AS MATERIALIZED (
    SELECT q.place, w.*, upper(btrim(w.certificate_number)) AS number
      FROM jsonb_array_elements(questions) WITH ORDINALITY AS q(question, place)
     CROSS JOIN LATERAL jsonb_to_record(q.question) AS w(
         "grant" bigint, certificate_type text, certificate_number text, holder_code_type text, holder_code text,
         holder_name text, purpose text, service_item text)
), asked AS MATERIALIZED (
    SELECT w.place, w.certificate_type,
           hub.digest((SELECT hub.digest_key('number')), ARRAY[w.certificate_type, w.number]) AS number_digest,
           hub.digest((SELECT hub.digest_key('match')),
                      ARRAY[w.certificate_type, w.number, w.holder_code_type, upper(btrim(w.holder_code)),
                            hub.name_form(w.holder_name)]) AS match_digest,
           EXISTS (SELECT FROM hub.grant_right g
                    WHERE g.id = w."grant"
                      AND g.act = 'verification'
                      AND (g.certificate_type IS NULL OR g.certificate_type = w.certificate_type)
                      AND g.purpose = w.purpose
                      AND (g.service_item IS NULL OR g.service_item = w.service_item)
                      AND g.valid_from <= asked_on
                      AND (g.valid_until IS NULL OR g.valid_until >= asked_on)) AS granted
      FROM wanted w
), source AS MATERIALIZED (
    SELECT d.certificate_type, min(d.data_as_of) AS data_as_of, min(d.score) AS score,
           bool_and(d.data_as_of + d.fresh_for_days * interval '1 day' >= asked_at) AS fresh
      FROM hub.dataset d
     WHERE d.data_as_of IS NOT NULL AND d.certificate_type IN (SELECT a.certificate_type FROM asked a)
     GROUP BY d.certificate_type
)
SELECT a.place, a.granted,
       EXISTS (SELECT FROM hub.refused_row r WHERE r.number_digest = a.number_digest AND r.until_batch IS NULL),
       s.certificate_type IS NOT NULL,
       CASE WHEN f.id IS NULL THEN s.data_as_of ELSE f.data_as_of END,
       COALESCE(CASE WHEN f.id IS NULL THEN s.fresh
                     ELSE f.data_as_of + f.fresh_for_days * interval '1 day' >= asked_at END, false),
       CASE WHEN f.id IS NULL THEN s.score ELSE f.score END,
       f.record
  FROM asked a
  LEFT JOIN source s ON s.certificate_type = a.certificate_type
  LEFT JOIN LATERAL (
      SELECT c.id, d.data_as_of, d.fresh_for_days, d.score,
             jsonb_build_object(
                 'type_code', c.type_code, 'number', c.number, 'identifier', c.identifier,
                 'issuing_authority_name', c.issuing_authority_name,
                 'issuing_authority_code', c.issuing_authority_code,
                 'issued_on', c.issued_on, 'valid_from', c.valid_from, 'valid_until', c.valid_until,
                 'long_term', c.long_term, 'status', c.status, 'trust_level', c.trust_level, 'mark', c.mark,
                 'dataset', c.dataset, 'holders', held.holders,
                 'events', (SELECT jsonb_agg(jsonb_build_object('status', e.status, 'since', e.since,
                                                                'reason', e.reason) ORDER BY e.batch)
                              FROM hub.certificate_status_event e WHERE e.certificate_id = c.id),
                 'digest_ok', c.digest = hub.digest((SELECT hub.digest_key('certificate')), ARRAY[
                     c.dataset, c.type_code, c.number, c.identifier, c.issuing_authority_name,
                     c.issuing_authority_code, c.area_code, c.issued_on::text, c.valid_from::text,
                     c.valid_until::text, c.long_term::text, c.status, c.status_code, c.status_since::text,
                     c.status_reason, c.trust_level, c.version, held.words])) AS record
        FROM hub.certificate_holder h
        JOIN hub.certificate c ON c.id = h.certificate_id
        JOIN hub.dataset d ON d.name = c.dataset
       CROSS JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object('name', o.name, 'code', o.code, 'code_type', o.code_type,
                                               'role', o.role) ORDER BY o.ordinal) AS holders,
                  string_agg(concat_ws(chr(29), o.name, o.code, o.code_type, o.role), chr(28)
                             ORDER BY o.ordinal) AS words
             FROM hub.certificate_holder o WHERE o.certificate_id = c.id) held
       WHERE a.granted AND h.match_digest = a.match_digest
       ORDER BY c.mark IS NOT NULL, c.since_batch DESC, c.id
       LIMIT 1) f ON true
 ORDER BY a.place
$function$
"""

MASKED = """
CREATE FUNCTION hub.masked(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN length(value) >= 15 THEN left(value, 4) || repeat('*', length(value) - 8) || right(value, 4)
            WHEN length(value) > 2 THEN left(value, 1) || repeat('*', length(value) - 2) || right(value, 1)
            ELSE left(value, 1) || '*' END
"""

CONFLICT_MASKED = """
CREATE VIEW hub.conflict_masked AS
SELECT register, CASE WHEN public THEN subject_key ELSE hub.masked(subject_key) END AS subject_key,
       attribute, dataset, authority,
       CASE WHEN public THEN value ELSE hub.masked(value) END AS value,
       CASE WHEN public THEN authority_value ELSE hub.masked(authority_value) END AS authority_value
  FROM hub.conflict
"""

REFUSE_CHANGE = """
CREATE FUNCTION hub.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'ledger_body'
       AND (SELECT relowner FROM pg_class WHERE oid = TG_RELID) = current_user::regrole THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the ledger is insert-only' USING ERRCODE = 'insufficient_privilege';
END
$function$
"""

LEDGER = ("ledger_entry", "ledger_body", "ledger_sequence", "ledger_node", "checkpoint")


def upgrade() -> None:
    """Make the functions, the view and the triggers."""
    for statement in (
        *(PEPPER, NAME_FORM, DIGEST_KEY, DIGEST, FIND_CERTIFICATES),
        *(MASKED, CONFLICT_MASKED, REFUSE_CHANGE),
    ):
        op.execute(statement)
    for table in LEDGER:
        op.execute(
            f"CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.{table}"
            " FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()"
        )
