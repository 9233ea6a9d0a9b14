"""Matching and querying: functions that give only what a grant reaches; the look-up demands the same of its askers.

Each function takes act, department, asker, grant, fields, purpose and service item, and asks `hub.grant_covers` itself,
so that hub_api can't read what no grant reaches, whatever it is told to do. Who asks has to be a client or an account
in order. Names are tables' and columns' of the contracts' mirror, quoted by format(); values are parameters only.
"""

import sqlalchemy as sa
from alembic import context, op
from psycopg import sql

from registries.store import name_forms

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")

ASKER_STANDS = """
CREATE FUNCTION hub.asker_stands(asker text, of_department text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
SELECT CASE WHEN starts_with(asker, 'client:')
            THEN EXISTS (SELECT FROM hub.client c
                          WHERE c.id = substr(asker, 8) AND c.department = of_department AND c.state = 'active')
            WHEN asker ~ '^officer:[0-9]{1,18}$'
            THEN EXISTS (SELECT FROM hub.account a
                          WHERE a.id = substr(asker, 9)::bigint AND a.department = of_department AND a.state = 'open')
            ELSE false END
$function$
"""

# All keys of a subject, the present one first.
SUBJECT_CODES = """
CREATE FUNCTION hub.subject_codes(kind text, code text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
WITH present AS (SELECT COALESCE((SELECT a.subject_key FROM hub.subject_alias a
                                   WHERE a.subject_kind = kind AND a.alias = code), code) AS key)
SELECT (SELECT p.key FROM present p) || ARRAY(SELECT a.alias FROM hub.subject_alias a, present p
                                               WHERE a.subject_kind = kind AND a.subject_key = p.key ORDER BY a.alias)
$function$
"""

# What registers record as other names of those whose name was asked for by one of them: of nobody else.
OTHER_NAMES = """
CREATE FUNCTION hub.other_names(places bigint[], kinds text[], codes text[], forms text[])
RETURNS TABLE (place bigint, form text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $function$
DECLARE
    held text;
BEGIN
    SELECT string_agg(format($part$
           SELECT k.place, k.form, v.%I::text AS name, v.%I::text AS former
             FROM unnest($1, $2, $3, $4) AS k(place, kind, code, form)
             JOIN data.%I v ON %s = k.code
            WHERE k.kind = %L AND %s$part$,
           n.column_name, f.column_name, replace(f.dataset, '.', '__'), hub.subject_column(f.dataset), f.subject_kind,
           hub.belongs(f.dataset)), ' UNION ALL ')
      INTO held
      FROM hub.shown_field f
      JOIN hub.shown_field n ON n.source = f.source AND n.dataset = f.dataset AND n.field = 'name'
     WHERE f.source = f.register AND f.field = 'former_names' AND f.subject_kind = ANY (kinds);
    IF held IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH held AS MATERIALIZED (%s),
        known AS MATERIALIZED (
            SELECT h.place, h.form AS asked, hub.name_form(h.name) AS form FROM held h
            UNION
            SELECT h.place, h.form, hub.name_form(p.part)
              FROM held h CROSS JOIN LATERAL regexp_split_to_table(normalize(h.former, NFKC), %L) AS p(part))
        SELECT DISTINCT k.place, k.form FROM known k
         WHERE k.form <> k.asked AND k.form <> ''
           AND EXISTS (SELECT FROM known o WHERE o.place = k.place AND o.form = k.asked)
        $query$, held, '{parts}')
    USING places, kinds, codes, forms;
END
$function$
"""

# The mirror's names as SQL, to be put into a statement: the subject of a row as text (without a cast where it is text,
# so that its index is used), and what makes a row belong to its register.
SUBJECT_COLUMN = """
CREATE FUNCTION hub.subject_column(of_dataset text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
SELECT format(CASE WHEN EXISTS (SELECT FROM pg_attribute a
                                 WHERE a.attname = d.subject_column AND a.atttypid = 'text'::regtype
                                   AND a.attrelid = to_regclass(format('data.%I', replace(d.dataset, '.', '__'))))
                   THEN 'v.%I' ELSE 'v.%I::text' END, d.subject_column)
  FROM hub.shown_dataset d WHERE d.dataset = of_dataset
$function$
"""
BELONGS = """
CREATE FUNCTION hub.belongs(of_dataset text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
SELECT COALESCE(string_agg(format('v.%I::text IS NOT DISTINCT FROM %L', u.c, u.value), ' AND '), 'true')
  FROM hub.shown_dataset d CROSS JOIN LATERAL unnest(d.where_columns, d.where_values) AS u(c, value)
 WHERE d.dataset = of_dataset
$function$
"""

# What registers say of subjects, field by field, where a grant covers the field and the name is the subject's. In a
# register the first dataset by precedence that has a value decides, as in its view. Nobody but the owner's functions
# calls this one. Another name, and a number that nobody has, are the same: nothing is found, by the same statement.
FIELD_VALUES = """
CREATE FUNCTION hub.field_values(asks jsonb, wanted_act text, asked_at timestamptz, asked_on date)
RETURNS TABLE (place bigint, field text, granted boolean, in_clear boolean, served boolean, covered boolean,
               found boolean, value text, claimed text, is_name boolean, is_open boolean, dataset text,
               data_as_of timestamptz, fresh boolean, score double precision, mark text, in_doubt boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $function$
DECLARE
    held text;
BEGIN
    SELECT string_agg(format($part$
           SELECT k.place, %1$L::text AS dataset, k.slot, v.since_batch, v.mark, ARRAY[%9$s] COLLATE "C" AS row_key,
                  (SELECT jsonb_object_agg(u.name, u.value) FROM unnest(%2$L::text[], ARRAY[%3$s]) AS u(name, value))
                      AS said,
                  %4$s AND EXISTS (SELECT FROM hub.refused_row r
                                    WHERE r.dataset = %1$L AND r.until_batch IS NULL
                                      AND r.key_digest = hub.digest((SELECT hub.digest_key('key')),
                                                                    ARRAY[%1$L, k.code])) AS refused
             FROM keys k JOIN data.%5$I v ON %6$s = k.code
            WHERE k.source = ANY (%7$L::text[]) AND %8$s$part$,
           s.dataset, s.names, s.texts, (d.key_columns = ARRAY[d.subject_column])::text, replace(s.dataset, '.', '__'),
           hub.subject_column(s.dataset), s.sources, hub.belongs(s.dataset),
           (SELECT string_agg(format('v.%I::text', u.c), ', ' ORDER BY u.place)
              FROM unnest(d.key_columns) WITH ORDINALITY AS u(c, place))), ' UNION ALL ')
      INTO held
      FROM (SELECT f.dataset, array_agg(DISTINCT f.column_name) AS names,
                   string_agg(DISTINCT format('v.%I::text', f.column_name), ', '
                              ORDER BY format('v.%I::text', f.column_name)) AS texts,
                   array_agg(DISTINCT q.source) AS sources
              FROM (SELECT DISTINCT a.ask ->> 'source' AS source FROM jsonb_array_elements(asks) AS a(ask)) q
              JOIN hub.shown_field o ON o.source = q.source
              JOIN hub.shown_field f ON f.dataset = o.dataset AND f.source IN (o.source, o.register)
                                     OR f.source = o.dataset AND f.field = '*area'
                                     OR f.source = o.register AND f.field IN ('name', 'former_names')
             GROUP BY f.dataset) s
      JOIN hub.shown_dataset d ON d.dataset = s.dataset;
    RETURN QUERY EXECUTE format($query$
    WITH asked AS MATERIALIZED (
        SELECT e.place, w.*, hub.name_form(w.name) AS form, hub.subject_codes(w.subject_kind, w.code) AS codes,
               (SELECT min(o.register) FROM hub.shown_field o
                 WHERE o.source = w.source AND o.subject_kind = w.subject_kind) AS register
          FROM jsonb_array_elements($1) WITH ORDINALITY AS e(ask, place)
         CROSS JOIN LATERAL jsonb_to_record(e.ask) AS w(
             department text, asker text, purpose text, service_item text, source text, subject_kind text, code text,
             name text, fields jsonb)
    ), standing AS MATERIALIZED (
        SELECT d.asker, d.department FROM (SELECT DISTINCT a.asker, a.department FROM asked a OFFSET 0) d
         WHERE hub.asker_stands(d.asker, d.department)
    ), fields AS MATERIALIZED (
        SELECT a.place, a.source, f.field, f.claimed, g.id IS NOT NULL AS granted, g.in_clear, g.area_code
          FROM asked a
         CROSS JOIN LATERAL jsonb_to_recordset(a.fields) AS f(field text, "grant" bigint, claimed text)
          LEFT JOIN hub.grant_right g
            ON g.id = f."grant"
           AND hub.grant_covers(g, $4, a.department, a.asker, $2, NULL, a.source, ARRAY[f.field], a.purpose,
                                a.service_item)
           AND EXISTS (SELECT FROM standing s WHERE s.asker = a.asker AND s.department = a.department)
    ), keys AS MATERIALIZED (
        SELECT a.place, a.source, c.code, c.slot
          FROM asked a CROSS JOIN LATERAL unnest(a.codes) WITH ORDINALITY AS c(code, slot)
         WHERE a.register IS NOT NULL AND EXISTS (SELECT FROM fields f WHERE f.place = a.place AND f.granted)
    ), held AS MATERIALIZED (%1$s
    ), best AS MATERIALIZED (
        SELECT DISTINCT ON (h.place, h.dataset) h.* FROM held h
         ORDER BY h.place, h.dataset, h.slot > 1, h.since_batch DESC, h.row_key
    ), subject AS MATERIALIZED (
        SELECT a.place, a.register
          FROM asked a
         WHERE EXISTS (SELECT FROM best b
                         JOIN hub.shown_field n ON n.source = a.register AND n.dataset = b.dataset
                         LEFT JOIN LATERAL regexp_split_to_table(
                             CASE n.field WHEN 'name' THEN b.said ->> n.column_name
                                          ELSE normalize(b.said ->> n.column_name, NFKC) END,
                             CASE n.field WHEN 'name' THEN '$^' ELSE %2$L END) AS p(part) ON true
                        WHERE b.place = a.place AND n.field IN ('name', 'former_names')
                          AND hub.name_form(p.part) = a.form)
            OR EXISTS (SELECT FROM best b WHERE b.place = a.place)
               AND NOT EXISTS (SELECT FROM hub.shown_field n WHERE n.source = a.register AND n.field = 'name')
    ), stand AS MATERIALIZED (
        SELECT f.source, f.field, count(*) > 0 AS served, min(d.data_as_of) AS data_as_of, min(d.score) AS score,
               count(d.data_as_of) > 0 AS covered,
               COALESCE(bool_and(d.data_as_of + d.fresh_for_days * interval '1 day' >= $3), false) AS fresh
          FROM (SELECT DISTINCT source, field FROM fields) f
          JOIN hub.shown_field s ON s.source = f.source AND s.field = f.field
          JOIN hub.dataset d ON d.name = s.dataset
         GROUP BY f.source, f.field
    )
    SELECT f.place, f.field, f.granted, COALESCE(f.in_clear, false), COALESCE(t.served, false),
           COALESCE(t.covered, false), u.place IS NOT NULL, v.value, f.claimed, COALESCE(v.is_name, false),
           COALESCE(v.is_open, false), v.dataset,
           CASE WHEN v.dataset IS NULL THEN t.data_as_of ELSE d.data_as_of END,
           CASE WHEN v.dataset IS NULL THEN COALESCE(t.fresh, false)
                ELSE COALESCE(d.data_as_of + d.fresh_for_days * interval '1 day' >= $3, false) END,
           CASE WHEN v.dataset IS NULL THEN t.score ELSE d.score END,
           v.mark, COALESCE(v.in_doubt, false)
      FROM fields f
      LEFT JOIN stand t ON t.source = f.source AND t.field = f.field
      LEFT JOIN subject u ON u.place = f.place
      LEFT JOIN LATERAL (
          SELECT s.dataset, b.said ->> s.column_name AS value, s.is_name, s.is_open, b.mark,
                 b.refused OR EXISTS (SELECT FROM hub.conflict c CROSS JOIN LATERAL unnest(
                                          (SELECT a.codes FROM asked a WHERE a.place = f.place)) AS k(code)
                                       WHERE c.register = u.register AND c.subject_key = k.code
                                         AND c.attribute = f.field) AS in_doubt
            FROM hub.shown_field s
            JOIN best b ON b.place = f.place AND b.dataset = s.dataset
            LEFT JOIN hub.shown_field ar ON ar.source = s.dataset AND ar.dataset = s.dataset AND ar.field = '*area'
           WHERE f.granted AND u.place IS NOT NULL AND s.source = f.source AND s.field = f.field
             AND hub.in_area(b.said ->> ar.column_name, f.area_code)
           ORDER BY b.said ->> s.column_name IS NULL, s.precedence, s.dataset
           LIMIT 1) v ON true
      LEFT JOIN hub.dataset d ON d.name = v.dataset
     ORDER BY f.place, f.field
    $query$, COALESCE(held, 'SELECT NULL::bigint AS place, NULL::text AS dataset, NULL::bigint AS slot,
                             NULL::bigint AS since_batch, NULL::text AS mark, NULL::text[] AS row_key,
                             NULL::jsonb AS said, NULL::boolean AS refused WHERE false'), '{parts}')
    USING asks, wanted_act, asked_at, asked_on;
END
$function$
"""

# 查询: a code of one or two characters is shown as a star: half of it is all of it.
QUERY_FIELDS = """
CREATE FUNCTION hub.query_fields(asks jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE (place bigint, field text, granted boolean, served boolean, covered boolean, found boolean,
               value text, masked boolean, dataset text, data_as_of timestamptz, fresh boolean,
               score double precision, mark text, in_doubt boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
SELECT f.place, f.field, f.granted, f.served, f.covered, f.found,
       CASE WHEN f.in_clear OR f.is_open THEN f.value
            WHEN f.value ~ '^[ -~]{1,2}$' THEN '*'
            ELSE hub.masked(f.value) END,
       NOT (f.in_clear OR f.is_open), f.dataset, f.data_as_of, f.fresh, f.score, f.mark, f.in_doubt
  FROM hub.field_values(asks, 'query', asked_at, asked_on) f
$function$
"""

# 比对: never the value. What differs counts as a mismatch only where the hub is sure of what it holds.
MATCH_FIELDS = """
CREATE FUNCTION hub.match_fields(asks jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE (place bigint, field text, granted boolean, served boolean, covered boolean, outcome text,
               dataset text, data_as_of timestamptz, fresh boolean, score double precision, mark text,
               in_doubt boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
SELECT f.place, f.field, f.granted, f.served, f.covered,
       CASE WHEN NOT f.granted OR f.value IS NULL THEN 'unknown'
            WHEN CASE WHEN f.is_name THEN hub.name_form(f.claimed) = hub.name_form(f.value)
                      ELSE hub.value_form(f.claimed) = hub.value_form(f.value) END THEN 'match'
            WHEN f.in_doubt OR f.mark IS NOT NULL OR NOT f.fresh THEN 'unknown'
            ELSE 'mismatch' END,
       f.dataset, f.data_as_of, f.fresh, f.score, f.mark, f.in_doubt
  FROM hub.field_values(asks, 'matching', asked_at, asked_on) f
$function$
"""
VALUE_FORM = """
CREATE FUNCTION hub.value_form(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN upper(regexp_replace(normalize(value, NFKC) COLLATE "C", '[[:space:]]', '', 'g'))
"""

# A subject's certificates of the types that a grant covers: numbers and what stands on their face, no holder's data.
SUBJECT_CERTIFICATES = """
CREATE FUNCTION hub.subject_certificates(asks jsonb, asked_at timestamptz, asked_on date, most integer)
RETURNS TABLE (place bigint, certificate_type text, granted boolean, covered boolean, data_as_of timestamptz,
               fresh boolean, score double precision, certificates jsonb)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $function$
WITH asked AS MATERIALIZED (
    SELECT e.place, w.*, hub.name_form(w.name) AS form, hub.subject_codes(w.subject_kind, w.code) AS codes
      FROM jsonb_array_elements(asks) WITH ORDINALITY AS e(ask, place)
     CROSS JOIN LATERAL jsonb_to_record(e.ask) AS w(
         department text, asker text, purpose text, service_item text, subject_kind text, code text, code_type text,
         name text, types jsonb)
), standing AS MATERIALIZED (
    SELECT d.asker, d.department FROM (SELECT DISTINCT a.asker, a.department FROM asked a OFFSET 0) d
     WHERE hub.asker_stands(d.asker, d.department)
), others AS MATERIALIZED (
    SELECT o.place, o.form
      FROM (SELECT array_agg(a.place) AS places, array_agg(a.subject_kind) AS kinds, array_agg(c.code) AS codes,
                   array_agg(a.form) AS forms
              FROM asked a CROSS JOIN LATERAL unnest(a.codes) AS c(code)) k
     CROSS JOIN LATERAL hub.other_names(k.places, k.kinds, k.codes, k.forms) o
), types AS MATERIALIZED (
    SELECT a.place, t.certificate_type, g.id IS NOT NULL AS granted, g.area_code
      FROM asked a
     CROSS JOIN LATERAL jsonb_to_recordset(a.types) AS t(certificate_type text, "grant" bigint)
      LEFT JOIN hub.grant_right g
        ON g.id = t."grant"
       AND hub.grant_covers(g, asked_on, a.department, a.asker, 'query', t.certificate_type, NULL,
                            ARRAY[]::text[], a.purpose, a.service_item)
       AND EXISTS (SELECT FROM standing s WHERE s.asker = a.asker AND s.department = a.department)
), source AS MATERIALIZED (
    SELECT d.certificate_type, min(d.data_as_of) AS data_as_of, min(d.score) AS score,
           bool_and(d.data_as_of + d.fresh_for_days * interval '1 day' >= asked_at) AS fresh
      FROM hub.dataset d
     WHERE d.data_as_of IS NOT NULL AND d.certificate_type IN (SELECT t.certificate_type FROM types t)
     GROUP BY d.certificate_type
)
SELECT t.place, t.certificate_type, t.granted, s.certificate_type IS NOT NULL, s.data_as_of,
       COALESCE(s.fresh, false), s.score, COALESCE(f.certificates, '[]'::jsonb)
  FROM types t
  JOIN asked a ON a.place = t.place
  LEFT JOIN source s ON s.certificate_type = t.certificate_type
  LEFT JOIN LATERAL (
      SELECT jsonb_agg(to_jsonb(l) ORDER BY l.issued_on DESC NULLS LAST, l.number) AS certificates
        FROM (SELECT DISTINCT c.number, c.identifier,
                     CASE WHEN c.identifier IS NULL THEN hub.certificate_internal_id(c.dataset, c.number) END
                         AS internal_id,
                     c.issuing_authority_name AS issuing_authority, c.issued_on, c.valid_from, c.valid_until,
                     c.long_term, c.status, c.mark IS NOT NULL AS in_doubt, c.dataset
                FROM hub.certificate_holder h
                JOIN hub.certificate c ON c.id = h.certificate_id
               WHERE h.code = ANY (a.codes) AND h.code_type = a.code_type AND c.type_code = t.certificate_type
                 AND hub.in_area(c.area_code, t.area_code)
                 AND (hub.name_form(h.name) = a.form
                      OR hub.name_form(h.name) IN (SELECT o.form FROM others o WHERE o.place = a.place))
               ORDER BY c.issued_on DESC NULLS LAST, c.number
               LIMIT most) l
       WHERE t.granted) f ON true
 ORDER BY t.place, t.certificate_type
$function$
"""

# What the look-up of 0012 says, and what it says now.
FOUND = {
    """holder_name text, subject_kind text, purpose text, service_item text)
), named""": """holder_name text, subject_kind text, purpose text, service_item text, act text, department text,
         asker text)
), standing AS MATERIALIZED (
    SELECT d.asker, d.department FROM (SELECT DISTINCT w.asker, w.department FROM wanted w OFFSET 0) d
     WHERE hub.asker_stands(d.asker, d.department)
), named""",
    "), asked AS MATERIALIZED (": """), others AS MATERIALIZED (
    SELECT n.place, array_agg(hub.digest((SELECT hub.digest_key('match')),
                                         ARRAY[n.certificate_type, n.number, n.holder_code_type, c.code, o.form]))
                        AS digests
      FROM (SELECT array_agg(n.place) AS places, array_agg(n.subject_kind) AS kinds, array_agg(c.code) AS codes,
                   array_agg(n.name) AS forms
              FROM named n CROSS JOIN LATERAL unnest(n.codes) AS c(code)) k
     CROSS JOIN LATERAL hub.other_names(k.places, k.kinds, k.codes, k.forms) o
      JOIN named n ON n.place = o.place
     CROSS JOIN LATERAL unnest(n.codes) AS c(code)
     GROUP BY n.place
), asked AS MATERIALIZED (""",
    """                   FROM generate_series(1, 4) AS slot) AS match_digests,
           EXISTS (SELECT FROM hub.grant_right g
                    WHERE g.id = w."grant"
                      AND g.act = 'verification'
                      AND (g.certificate_type IS NULL OR g.certificate_type = w.certificate_type)
                      AND g.purpose = w.purpose
                      AND (g.service_item IS NULL OR g.service_item = w.service_item)
                      AND g.valid_from <= asked_on
                      AND (g.valid_until IS NULL OR g.valid_until >= asked_on)) AS granted
      FROM named w
""": """                   FROM generate_series(1, 4) AS slot)
           || COALESCE(o.digests, ARRAY[]::bytea[]) AS match_digests,
           g.id IS NOT NULL AS granted, g.area_code
      FROM named w
      LEFT JOIN others o ON o.place = w.place
      LEFT JOIN hub.grant_right g
        ON g.id = w."grant" AND w.act IN ('verification', 'retrieval')
       AND hub.grant_covers(g, asked_on, w.department, w.asker, w.act, w.certificate_type, NULL, ARRAY[]::text[],
                            w.purpose, w.service_item)
       AND EXISTS (SELECT FROM standing s WHERE s.asker = w.asker AND s.department = w.department)
""",
    "       WHERE a.granted AND h.match_digest = ANY (a.match_digests)\n": (
        "       WHERE a.granted AND h.match_digest = ANY (a.match_digests)\n"
        "         AND hub.in_area(c.area_code, a.area_code)\n"
    ),
}

FUNCTIONS = {
    "asker_stands(text, text)": ASKER_STANDS,
    "subject_codes(text, text)": SUBJECT_CODES,
    "subject_column(text)": SUBJECT_COLUMN,
    "belongs(text)": BELONGS,
    "value_form(text)": VALUE_FORM,
    "other_names(bigint[], text[], text[], text[])": OTHER_NAMES.replace("{parts}", "[、,;/|]"),
    "field_values(jsonb, text, timestamptz, date)": FIELD_VALUES.replace("{parts}", "[、,;/|]"),
    "query_fields(jsonb, timestamptz, date)": QUERY_FIELDS,
    "match_fields(jsonb, timestamptz, date)": MATCH_FIELDS,
    "subject_certificates(jsonb, timestamptz, date, integer)": SUBJECT_CERTIFICATES,
}
ASKED_BY_API = ("query_fields", "match_fields", "subject_certificates")
RIGHTS = (
    *(f"REVOKE ALL ON FUNCTION hub.{name} FROM PUBLIC" for name in FUNCTIONS),
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hub.shown_field TO hub_load",
    f"GRANT EXECUTE ON FUNCTION {', '.join(f'hub.{name}' for name in ASKED_BY_API)} TO hub_api",
)


def upgrade() -> None:
    """Make the mirror, the index and the functions; the look-up demands what they demand."""
    op.create_table(
        "shown_field",
        *(sa.Column(name, WORD, nullable=False) for name in ("source", "field", "dataset", "column_name")),
        sa.Column("precedence", sa.Integer(), nullable=False),
        *(sa.Column(name, WORD, nullable=False) for name in ("register", "subject_kind")),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_name", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "field", "dataset", name=op.f("shown_field_pkey")),
        schema="hub",
    )
    op.create_index(op.f("certificate_holder_code_idx"), "certificate_holder", ["code"], schema="hub")
    for statement in (*FUNCTIONS.values(), find_certificates(), *RIGHTS):
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """As it was; names take their first form again."""
    op.execute(sa.text(before().replace(":", r"\:")))
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION hub.{name}")
    op.drop_index(op.f("certificate_holder_code_idx"), table_name="certificate_holder", schema="hub")
    op.drop_table("shown_field", schema="hub")
    first = str(context.script.get_revision("0004").module.NAME_FORM)
    lasting = first.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    coming = first.replace("hub.name_form", "hub.name_form_next")
    name_forms.replace_form(op.get_bind(), sql.SQL(coming), sql.SQL(lasting))
    op.execute("COMMENT ON FUNCTION hub.name_form(text) IS NULL")


def before() -> str:
    """The look-up as 0012 made it."""
    return str(context.script.get_revision("0012").module.find_certificates())


def find_certificates() -> str:
    """The look-up, for askers in order, under grants that cover them, in their area, and by recorded names."""
    text = before()
    for former, present in FOUND.items():
        if text.count(former) != 1:
            raise LookupError(former)
        text = text.replace(former, present)
    return text
