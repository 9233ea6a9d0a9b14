"""Reads as of a day and as known at a moment: joins as they were, one subject's versions masked, who looked at whom.

Who looks writes it down first: the functions that read take the number of an entry of `subject_access` which the same
transaction made for the same subject.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
WORDS = postgresql.ARRAY(WORD)

# Former keys with the latest one, as subject_alias had them then: the ends of the chains of joins in force.
SUBJECT_ALIASES_AT = """
CREATE FUNCTION hub.subject_aliases_at(at_time timestamptz)
RETURNS TABLE (subject_kind text, alias text, subject_key text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
WITH RECURSIVE step AS (
    SELECT j.subject_kind, j.former_key, j.present_key FROM hub.subject_join j
     WHERE j.joined_at <= at_time AND (j.separated_at IS NULL OR j.separated_at > at_time)
), chain AS (
    SELECT s.subject_kind, s.former_key AS alias, s.present_key AS subject_key FROM step s
    UNION
    SELECT c.subject_kind, c.alias, s.present_key
      FROM chain c JOIN step s ON s.subject_kind = c.subject_kind AND s.former_key = c.subject_key
)
SELECT c.subject_kind, c.alias, c.subject_key FROM chain c
 WHERE NOT EXISTS (SELECT FROM step s WHERE s.subject_kind = c.subject_kind AND s.former_key = c.subject_key)
$function$
"""

# All keys of the subject that has this one, the present one first.
SUBJECT_KEYS_AT = """
CREATE FUNCTION hub.subject_keys_at(wanted_kind text, wanted_key text, at_time timestamptz) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
WITH known AS MATERIALIZED (
    SELECT a.alias, a.subject_key FROM hub.subject_aliases_at(COALESCE(at_time, 'infinity')) a
     WHERE a.subject_kind = wanted_kind
), present AS (
    SELECT COALESCE((SELECT k.subject_key FROM known k WHERE k.alias = wanted_key), wanted_key) AS key
)
SELECT (SELECT p.key FROM present p) || ARRAY(SELECT k.alias FROM known k, present p
                                               WHERE k.subject_key = p.key ORDER BY k.alias)
$function$
"""

OPEN_SUBJECT_ACCESS = """
CREATE FUNCTION hub.open_subject_access(wanted_kind text, wanted_key text, of_register text, who text, why text,
                                        shows_values boolean, at_time timestamptz)
RETURNS TABLE (access_id bigint, subject_digest bytea)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
INSERT INTO hub.subject_access (subject_kind, subject_digest, register, by_whom, reason, values_shown, at)
VALUES (wanted_kind, hub.subject_digest(wanted_kind, wanted_key), of_register, who, why, shows_values, at_time)
RETURNING id, subject_digest
$function$
"""

APPEND_ACCESS_ENTRY = """
CREATE FUNCTION hub.append_access_entry(wanted bigint, entry_leaf bytea, entry_digest bytea, body bytea,
                                        body_digest bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    made bigint;
    at_time timestamptz;
BEGIN
    SELECT a.at INTO at_time FROM hub.subject_access a WHERE a.id = wanted AND a.xmin = pg_current_xact_id()::xid;
    IF at_time IS NULL THEN
        RAISE EXCEPTION 'no such access' USING ERRCODE = 'HB016';
    END IF;
    INSERT INTO hub.ledger_entry (kind, issuer, jti, leaf, made_at, row_digest)
    VALUES ('access', 'subjects', 'access:' || wanted, entry_leaf, at_time, entry_digest) RETURNING id INTO made;
    INSERT INTO hub.ledger_body (entry_id, payload, request_digest, row_digest) VALUES (made, body, '', body_digest);
    INSERT INTO hub.ledger_waiting (entry_id) VALUES (made);
    INSERT INTO hub.ledger_asked (entry_id, subject_digest)
    SELECT made, a.subject_digest FROM hub.subject_access a WHERE a.id = wanted;
    RETURN made;
END
$function$
"""

# What is written down in this transaction, for this subject, and nothing else, may be read.
ACCESSED_KEYS = """
CREATE FUNCTION hub.accessed_keys(wanted bigint, wanted_key text, known_at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    kind text;
BEGIN
    SELECT a.subject_kind INTO kind FROM hub.subject_access a
     WHERE a.id = wanted AND a.xmin = pg_current_xact_id()::xid
       AND a.subject_digest = hub.subject_digest(a.subject_kind, wanted_key);
    IF kind IS NULL THEN
        RAISE EXCEPTION 'this access was not written down' USING ERRCODE = 'HB016';
    END IF;
    RETURN hub.subject_keys_at(kind, wanted_key, known_at);
END
$function$
"""

SUBJECT_KEYS_MASKED = """
CREATE FUNCTION hub.subject_keys_masked(access bigint, wanted_key text, known_at timestamptz) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
SELECT array_agg(hub.masked(k.key) ORDER BY k.place)
  FROM unnest(hub.accessed_keys(access, wanted_key, known_at)) WITH ORDINALITY AS k(key, place)
$function$
"""

# Every version of the subject's rows in one dataset. Names come from the contracts' mirror, quoted by format(); values
# only as parameters. `same` is equal where values are equal, whichever dataset has them, but for this subject alone.
SUBJECT_VERSIONS = """
CREATE FUNCTION hub.subject_versions(access bigint, asked_dataset text, wanted_key text, known_at timestamptz,
                                     on_day date)
RETURNS TABLE (subject text, former boolean, shown jsonb, same jsonb, row_key text, key_digest bytea,
               since_batch bigint, until_batch bigint, mark text, known boolean, valid boolean, belongs boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
AS $function$
DECLARE
    shape hub.shown_dataset;
    keys text[] := hub.accessed_keys(access, wanted_key, known_at);
    upto bigint;
    relation text := replace(asked_dataset, '.', '__');
    taken text;
    texts text;
    key_texts text;
    key_order text;
    condition text;
    starts text := 'NULL';
    ends text := 'NULL';
    matches text;
BEGIN
    SELECT * INTO shape FROM hub.shown_dataset d WHERE d.dataset = asked_dataset;
    IF shape.dataset IS NULL THEN
        RETURN;
    END IF;
    SELECT max(b.number) INTO upto FROM hub.batch b
     WHERE b.dataset = asked_dataset AND (known_at IS NULL OR b.taken_over_at <= known_at)
       AND b.taken_over_at IS NOT NULL;
    SELECT string_agg(format('%I', c), ', '), string_agg(format('v.%I::text', c), ', ' ORDER BY place)
      INTO taken, texts FROM unnest(shape.columns) WITH ORDINALITY AS u(c, place);
    SELECT string_agg(format('v.%I::text', c), ', ' ORDER BY place), string_agg(format('v.%I', c), ', ' ORDER BY place)
      INTO key_texts, key_order FROM unnest(shape.key_columns) WITH ORDINALITY AS u(c, place);
    SELECT COALESCE(string_agg(format('v.%I::text IS NOT DISTINCT FROM %L', c, value), ' AND '), 'true')
      INTO condition FROM unnest(shape.where_columns, shape.where_values) AS u(c, value);
    IF shape.valid_from IS NOT NULL THEN
        starts := format('v.%I::text', shape.valid_from);
    END IF;
    IF shape.valid_until IS NOT NULL THEN
        ends := format('v.%I::text', shape.valid_until);
    END IF;
    -- a cast would keep PostgreSQL from using the key's index
    matches := format(CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attname = shape.subject_column
                                           AND a.attrelid = to_regclass(format('data.%I', relation))
                                           AND a.atttypid = 'text'::regtype)
                           THEN '%I = ANY ($1)' ELSE '%I::text = ANY ($1)' END, shape.subject_column);
    RETURN QUERY EXECUTE format($query$
        SELECT hub.masked(v.%1$I::text), v.%1$I::text <> $1[1],
               (SELECT jsonb_object_agg(u.name, CASE WHEN u.name = ANY ($3) THEN u.value
                                                 WHEN u.value ~ '^[ -~]{1,2}$' THEN '*'  -- a code: half is all of it
                                                 ELSE hub.masked(u.value) END)
                  FROM unnest($2, ARRAY[%2$s]) AS u(name, value)),
               (SELECT jsonb_object_agg(u.name, CASE WHEN u.value IS NOT NULL THEN encode(hub.digest(
                           (SELECT hub.digest_key('same')), ARRAY[$1[1], u.value]), 'base64') END)
                  FROM unnest($2, ARRAY[%2$s]) AS u(name, value)),
               encode(hub.digest((SELECT hub.digest_key('same')), ARRAY[$4, %3$s]), 'base64'), w.digest,
               v.since_batch, v.until_batch,
               CASE WHEN $6 IS NULL THEN v.mark
                    WHEN EXISTS (SELECT FROM hub."case" c
                                  WHERE c.dataset = $4 AND c.cause = 'vanished' AND c.opened_batch <= $5
                                    AND (c.closed_batch IS NULL OR c.closed_batch > $5)
                                    AND c.subject_digest = w.digest) THEN 'vanished' END,
               CASE WHEN $6 IS NULL THEN v.until_batch IS NULL
                    ELSE COALESCE(v.since_batch <= $5 AND (v.until_batch IS NULL OR v.until_batch > $5), false) END,
               COALESCE(w.starts <= $7, true) AND COALESCE(w.ends >= $7, true), %11$s
          FROM (SELECT %4$s, since_batch, NULL::bigint AS until_batch, mark FROM data.%5$I WHERE %6$s
                UNION ALL
                SELECT %4$s, since_batch, until_batch, NULL FROM data.%7$I WHERE %6$s) v
         CROSS JOIN LATERAL (
               SELECT hub.digest((SELECT hub.digest_key('key')), ARRAY[$4, %3$s]) AS digest,
                      CASE WHEN pg_input_is_valid(%8$s, 'date') THEN (%8$s)::date END AS starts,
                      CASE WHEN %9$s = ANY ($8) THEN NULL
                           WHEN pg_input_is_valid(%9$s, 'date') THEN (%9$s)::date END AS ends) w
         ORDER BY v.since_batch, v.until_batch, %10$s
        $query$, shape.subject_column, texts, key_texts, taken, relation, matches, relation || '_history', starts, ends,
        key_order, condition)
    USING keys, shape.columns, shape.open_columns, asked_dataset, upto, known_at, on_day, shape.long_term;
END
$function$
"""

SUBJECT_REFUSED = """
CREATE FUNCTION hub.subject_refused(access bigint, asked_dataset text, wanted_key text, known_at timestamptz)
RETURNS TABLE (batch bigint, row_number bigint, outcome text, until_batch bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    keys text[] := hub.accessed_keys(access, wanted_key, known_at);
BEGIN
    RETURN QUERY
    WITH digests AS MATERIALIZED (
        SELECT v.key_digest FROM hub.subject_versions(access, asked_dataset, wanted_key, NULL, NULL) v
        UNION
        SELECT hub.digest(hub.digest_key('key'), ARRAY[asked_dataset, k.key])
          FROM hub.shown_dataset d CROSS JOIN unnest(keys) AS k(key)
         WHERE d.dataset = asked_dataset AND d.key_columns = ARRAY[d.subject_column])
    SELECT r.batch, r.row_number, r.outcome, r.until_batch FROM hub.refused_row r
     WHERE r.dataset = asked_dataset AND r.key_digest IN (SELECT d.key_digest FROM digests d)
       AND CASE WHEN known_at IS NULL THEN r.until_batch IS NULL
                ELSE EXISTS (SELECT FROM hub.batch b WHERE b.number = r.batch AND b.taken_over_at <= known_at)
                     AND NOT EXISTS (SELECT FROM hub.batch b
                                      WHERE b.number = r.until_batch AND b.taken_over_at <= known_at) END
     ORDER BY r.batch DESC, r.row_number LIMIT 100;
END
$function$
"""

SUBJECT_CASES = """
CREATE FUNCTION hub.subject_cases(access bigint, of_register text, asked_dataset text, wanted_key text)
RETURNS TABLE (number bigint, kind text, cause text, rule_id text, attribute text, state text, opened_batch bigint,
               opened_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    keys text[] := hub.accessed_keys(access, wanted_key, NULL);
BEGIN
    RETURN QUERY
    WITH digests AS MATERIALIZED (
        SELECT v.key_digest FROM hub.subject_versions(access, asked_dataset, wanted_key, NULL, NULL) v
        UNION
        SELECT hub.digest(hub.digest_key('key'), ARRAY['register_' || of_register, k.key]) FROM unnest(keys) AS k(key))
    SELECT c.number, c.kind, c.cause, c.rule_id, c.attribute, c.state, c.opened_batch, c.opened_at
      FROM hub."case" c
     WHERE c.dataset = asked_dataset AND c.subject_digest IN (SELECT d.key_digest FROM digests d)
     ORDER BY c.number DESC LIMIT 100;
END
$function$
"""

FUNCTIONS = {
    "subject_aliases_at(timestamptz)": SUBJECT_ALIASES_AT,
    "subject_keys_at(text, text, timestamptz)": SUBJECT_KEYS_AT,
    "open_subject_access(text, text, text, text, text, boolean, timestamptz)": OPEN_SUBJECT_ACCESS,
    "append_access_entry(bigint, bytea, bytea, bytea, bytea)": APPEND_ACCESS_ENTRY,
    "accessed_keys(bigint, text, timestamptz)": ACCESSED_KEYS,
    "subject_keys_masked(bigint, text, timestamptz)": SUBJECT_KEYS_MASKED,
    "subject_versions(bigint, text, text, timestamptz, date)": SUBJECT_VERSIONS,
    "subject_refused(bigint, text, text, timestamptz)": SUBJECT_REFUSED,
    "subject_cases(bigint, text, text, text)": SUBJECT_CASES,
}

RIGHTS = (
    *(f"REVOKE ALL ON FUNCTION hub.{name} FROM PUBLIC" for name in FUNCTIONS),
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hub.shown_dataset TO hub_load",
    "GRANT EXECUTE ON FUNCTION hub.subject_aliases_at, hub.subject_keys_at TO hub_load",
    """GRANT EXECUTE ON FUNCTION hub.open_subject_access, hub.append_access_entry, hub.subject_keys_masked,
       hub.subject_versions, hub.subject_refused, hub.subject_cases TO hub_load, hub_page""",
)


def upgrade() -> None:
    """Make the tables and the functions, and give out the rights."""
    op.create_table(
        "shown_dataset",
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("register", WORD, nullable=False),
        sa.Column("subject_column", WORD, nullable=False),
        sa.Column("key_columns", WORDS, nullable=False),
        sa.Column("columns", WORDS, nullable=False),
        sa.Column("open_columns", WORDS, nullable=False),
        sa.Column("where_columns", WORDS, nullable=False),
        sa.Column("where_values", WORDS, nullable=False),
        sa.Column("valid_from", WORD, nullable=True),
        sa.Column("valid_until", WORD, nullable=True),
        sa.Column("long_term", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("dataset", name=op.f("shown_dataset_pkey")),
        schema="hub",
    )
    op.create_table(
        "subject_access",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("subject_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("register", WORD, nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("values_shown", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("subject_access_pkey")),
        schema="hub",
    )
    op.create_index(op.f("subject_access_subject_digest_idx"), "subject_access", ["subject_digest"], schema="hub")
    for statement in (*FUNCTIONS.values(), *RIGHTS):
        op.execute(statement)


def downgrade() -> None:
    """Take them away again; who looked at whom stays in the ledger."""
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION hub.{name}")
    op.drop_table("subject_access", schema="hub")
    op.drop_table("shown_dataset", schema="hub")
