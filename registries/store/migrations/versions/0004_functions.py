"""Functions that know the pepper, the look-up of certificates, and the triggers that keep the ledger insert-only.

Every function runs with its owner's rights and a fixed search path; who may call it is said in 0005.
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

NAME_FORM = r"""
CREATE FUNCTION hub.name_form(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN upper(regexp_replace(normalize(name, NFKC), '[[:space:]·•・‧]', '', 'g'))
"""

PEPPERED = """
CREATE FUNCTION hub.peppered(kind text, parts text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN sha256((SELECT p.secret FROM hub.pepper p)
              || convert_to(kind || chr(31) || array_to_string(parts, chr(31), chr(30)), 'UTF8'))
"""

KEY_DIGEST = """
CREATE FUNCTION hub.key_digest(dataset text, key text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN array_position(key, NULL) IS NULL THEN hub.peppered('key', dataset || key) END
"""

NUMBER_DIGEST = """
CREATE FUNCTION hub.number_digest(type_code text, number text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN number IS NOT NULL THEN hub.peppered('number', ARRAY[type_code, upper(btrim(number))]) END
"""

# Number and holder are hashed together: "no such number" and "another holder" are the same miss of the same index.
MATCH_DIGEST = """
CREATE FUNCTION hub.match_digest(type_code text, number text, code_type text, code text, name text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hub.peppered('match', ARRAY[type_code, upper(btrim(number)), code_type, upper(btrim(code)), hub.name_form(name)])
"""

CERTIFICATE_DIGEST = """
CREATE FUNCTION hub.certificate_digest(fields text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN hub.peppered('certificate', fields)
"""

FIND_CERTIFICATES = """
CREATE FUNCTION hub.find_certificates(questions jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE ("position" bigint, granted boolean, being_checked boolean, covered boolean, data_as_of timestamptz,
               fresh boolean, score double precision, record jsonb)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $function$
WITH asked AS MATERIALIZED (
    SELECT q.place, q.question,
           q.question->>'certificate_type' AS type_code,
           hub.number_digest(q.question->>'certificate_type', q.question->>'certificate_number') AS number_digest,
           hub.match_digest(q.question->>'certificate_type', q.question->>'certificate_number',
                            q.question->>'holder_code_type', q.question->>'holder_code',
                            q.question->>'holder_name') AS match_digest,
           EXISTS (SELECT FROM hub.grant_right g
                    WHERE g.id = (q.question->>'grant')::bigint
                      AND g.act = 'verification'
                      AND (g.certificate_type IS NULL OR g.certificate_type = q.question->>'certificate_type')
                      AND g.purpose = q.question->>'purpose'
                      AND (g.service_item IS NULL OR g.service_item = q.question->>'service_item')
                      AND g.valid_from <= asked_on
                      AND (g.valid_until IS NULL OR g.valid_until >= asked_on)) AS granted
      FROM jsonb_array_elements(questions) WITH ORDINALITY AS q(question, place)
), source AS MATERIALIZED (
    SELECT d.certificate_type, min(d.data_as_of) AS data_as_of, min(d.score) AS score,
           bool_and(d.data_as_of + d.fresh_for_days * interval '1 day' >= asked_at) AS fresh
      FROM hub.dataset d
     WHERE d.data_as_of IS NOT NULL AND d.certificate_type IN (SELECT a.type_code FROM asked a)
     GROUP BY d.certificate_type
), found AS MATERIALIZED (
    SELECT DISTINCT ON (a.place) a.place, c.*
      FROM asked a
      JOIN hub.certificate_holder h ON h.match_digest = a.match_digest
      JOIN hub.certificate c ON c.id = h.certificate_id
     WHERE a.granted
     ORDER BY a.place, c.mark IS NOT NULL, c.since_batch DESC, c.id
)
SELECT a.place, a.granted,
       EXISTS (SELECT FROM hub.refused_row r WHERE r.number_digest = a.number_digest AND r.until_batch IS NULL),
       s.certificate_type IS NOT NULL,
       CASE WHEN d.name IS NULL THEN s.data_as_of ELSE d.data_as_of END,
       COALESCE(CASE WHEN d.name IS NULL THEN s.fresh
                     ELSE d.data_as_of + d.fresh_for_days * interval '1 day' >= asked_at END, false),
       CASE WHEN d.name IS NULL THEN s.score ELSE d.score END,
       CASE WHEN f.id IS NOT NULL THEN
           jsonb_build_object(
               'type_code', f.type_code, 'number', f.number, 'identifier', f.identifier,
               'issuing_authority_name', f.issuing_authority_name,
               'issuing_authority_code', f.issuing_authority_code,
               'issued_on', f.issued_on, 'valid_from', f.valid_from, 'valid_until', f.valid_until,
               'long_term', f.long_term, 'status', f.status, 'trust_level', f.trust_level, 'mark', f.mark,
               'dataset', f.dataset, 'holders', held.holders,
               'events', (SELECT jsonb_agg(jsonb_build_object('status', e.status, 'since', e.since, 'reason', e.reason)
                                           ORDER BY e.batch)
                            FROM hub.certificate_status_event e WHERE e.certificate_id = f.id),
               'digest_ok', f.digest = hub.certificate_digest(ARRAY[
                   f.dataset, f.type_code, f.number, f.identifier, f.issuing_authority_name, f.issuing_authority_code,
                   f.area_code, f.issued_on::text, f.valid_from::text, f.valid_until::text, f.long_term::text, f.status,
                   f.status_code, f.status_since::text, f.status_reason, f.trust_level, f.version, held.words]))
       END
  FROM asked a
  LEFT JOIN source s ON s.certificate_type = a.type_code
  LEFT JOIN found f ON f.place = a.place
  LEFT JOIN hub.dataset d ON d.name = f.dataset
  LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('name', h.name, 'code', h.code, 'code_type', h.code_type, 'role', h.role)
                       ORDER BY h.ordinal) AS holders,
             string_agg(concat_ws(chr(29), h.name, h.code, h.code_type, h.role), chr(28) ORDER BY h.ordinal) AS words
        FROM hub.certificate_holder h WHERE h.certificate_id = f.id) held ON true
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
        *(PEPPER, NAME_FORM, PEPPERED, KEY_DIGEST, NUMBER_DIGEST, MATCH_DIGEST, CERTIFICATE_DIGEST),
        *(FIND_CERTIFICATES, MASKED, CONFLICT_MASKED, REFUSE_CHANGE),
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
