"""Several holders, objects, and subjects whose number was corrected: tables, functions, and who may use them.

A join says that a former key and a present one are one subject; it is kept for ever, and can be separated again.
`subject_alias` is what the joins in force come to: every former key with the latest one.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")

# A subject has at most four keys, so that a question about any of them is always four probes of one index.
JOIN_SUBJECTS = """
CREATE FUNCTION hub.join_subjects(wanted_kind text, former text, present text, why text, of_case text, by_whom text,
                                  at_time timestamptz)
RETURNS TABLE (join_id bigint, kind text, former_digest bytea, present_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    latest text;
    made bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(6031);
    IF EXISTS (SELECT FROM hub.subject_alias a WHERE a.subject_kind = wanted_kind AND a.alias = former) THEN
        RAISE EXCEPTION 'this key is joined already' USING ERRCODE = 'HB011';
    END IF;
    SELECT a.subject_key INTO latest FROM hub.subject_alias a WHERE a.subject_kind = wanted_kind AND a.alias = present;
    latest := COALESCE(latest, present);
    IF latest = former THEN
        RAISE EXCEPTION 'these keys would join in a circle' USING ERRCODE = 'HB012';
    END IF;
    IF (SELECT count(*) FROM hub.subject_alias a
         WHERE a.subject_kind = wanted_kind AND a.subject_key IN (latest, former)) > 2 THEN
        RAISE EXCEPTION 'a subject has at most four keys' USING ERRCODE = 'HB013';
    END IF;
    UPDATE hub.subject_alias a SET subject_key = latest WHERE a.subject_kind = wanted_kind AND a.subject_key = former;
    INSERT INTO hub.subject_alias (subject_kind, alias, subject_key) VALUES (wanted_kind, former, latest);
    DELETE FROM hub.subject_proposal p WHERE p.subject_kind = wanted_kind AND p.former_key = former;
    INSERT INTO hub.subject_join (subject_kind, former_key, present_key, reason, case_number, joined_by, joined_at)
    VALUES (wanted_kind, former, present, why, of_case, by_whom, at_time) RETURNING id INTO made;
    RETURN QUERY SELECT made, wanted_kind, hub.subject_digest(wanted_kind, former),
                        hub.subject_digest(wanted_kind, present);
END
$function$
"""

JOIN_PROPOSED = """
CREATE FUNCTION hub.join_proposed(proposal bigint, why text, of_case text, by_whom text, at_time timestamptz)
RETURNS TABLE (join_id bigint, kind text, former_digest bytea, present_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    found hub.subject_proposal;
BEGIN
    SELECT * INTO found FROM hub.subject_proposal p WHERE p.id = proposal;
    IF found.id IS NULL THEN
        RAISE EXCEPTION 'no such proposal' USING ERRCODE = 'HB014';
    END IF;
    RETURN QUERY SELECT * FROM hub.join_subjects(found.subject_kind, found.former_key, found.present_key,
                                                 why, of_case, by_whom, at_time);
END
$function$
"""

# What had been joined to the former key before goes with it; the rest stays with the present one.
SEPARATE_SUBJECTS = """
CREATE FUNCTION hub.separate_subjects(wanted bigint, why text, by_whom text, at_time timestamptz)
RETURNS TABLE (join_id bigint, kind text, former_digest bytea, present_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    found hub.subject_join;
BEGIN
    PERFORM pg_advisory_xact_lock(6031);
    SELECT * INTO found FROM hub.subject_join j WHERE j.id = wanted AND j.separated_at IS NULL;
    IF found.id IS NULL THEN
        RAISE EXCEPTION 'no such join in force' USING ERRCODE = 'HB015';
    END IF;
    UPDATE hub.subject_join j SET separated_by = by_whom, separated_at = at_time, separation_reason = why
     WHERE j.id = wanted;
    WITH RECURSIVE below AS (
        SELECT found.former_key AS key
        UNION
        SELECT j.former_key FROM hub.subject_join j JOIN below b ON b.key = j.present_key
         WHERE j.subject_kind = found.subject_kind AND j.separated_at IS NULL)
    UPDATE hub.subject_alias a SET subject_key = found.former_key
     WHERE a.subject_kind = found.subject_kind AND a.alias IN (SELECT key FROM below);
    DELETE FROM hub.subject_alias a WHERE a.subject_kind = found.subject_kind AND a.alias = found.former_key;
    RETURN QUERY SELECT found.id, found.subject_kind, hub.subject_digest(found.subject_kind, found.former_key),
                        hub.subject_digest(found.subject_kind, found.present_key);
END
$function$
"""

SUBJECT_DIGEST = """
CREATE FUNCTION hub.subject_digest(kind text, subject_key text) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN hub.digest(hub.digest_key('subject'), ARRAY[kind, subject_key])
"""

# The ledger's entry of a join or a separation, by whoever may not append to the ledger otherwise.
APPEND_SUBJECT_ENTRY = """
CREATE FUNCTION hub.append_subject_entry(act text, wanted bigint, entry_leaf bytea, entry_digest bytea, body bytea,
                                         body_digest bytea, at_time timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    made bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM hub.subject_join j
                    WHERE j.id = wanted
                      AND at_time = CASE act WHEN 'join' THEN j.joined_at WHEN 'separate' THEN j.separated_at END) THEN
        RAISE EXCEPTION 'no such join' USING ERRCODE = 'HB015';
    END IF;
    INSERT INTO hub.ledger_entry (kind, issuer, jti, leaf, made_at, row_digest)
    VALUES ('subject', 'subjects', act || ':' || wanted, entry_leaf, at_time, entry_digest) RETURNING id INTO made;
    INSERT INTO hub.ledger_body (entry_id, payload, request_digest, row_digest) VALUES (made, body, '', body_digest);
    INSERT INTO hub.ledger_waiting (entry_id) VALUES (made);
    RETURN made;
END
$function$
"""

JOIN_MASKED = """
CREATE VIEW hub.subject_join_masked AS
SELECT id, subject_kind, hub.masked(former_key) AS former_key, hub.masked(present_key) AS present_key, reason,
       case_number, joined_by, joined_at, separated_by, separated_at, separation_reason
  FROM hub.subject_join
"""

PROPOSAL_MASKED = """
CREATE VIEW hub.subject_proposal_masked AS
SELECT id, subject_kind, hub.masked(former_key) AS former_key, hub.masked(present_key) AS present_key, dataset, batch
  FROM hub.subject_proposal
"""

# As in 0004, with two things more: the keys that are joined with the holder's (always four digests, of dummies where
# there are fewer, so that a join tells nothing by the work that it makes), and objects beside holders.
FIND_CERTIFICATES = """
CREATE OR REPLACE FUNCTION hub.find_certificates(questions jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE ("position" bigint, granted boolean, being_checked boolean, covered boolean, data_as_of timestamptz,
               fresh boolean, score double precision, record jsonb)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $function$
WITH wanted AS MATERIALIZED (
    SELECT q.place, w.*, upper(btrim(w.certificate_number)) AS number, upper(btrim(w.holder_code)) AS code,
           hub.name_form(w.holder_name) AS name
      FROM jsonb_array_elements(questions) WITH ORDINALITY AS q(question, place)
     CROSS JOIN LATERAL jsonb_to_record(q.question) AS w(
         "grant" bigint, certificate_type text, certificate_number text, holder_code_type text, holder_code text,
         holder_name text, subject_kind text, purpose text, service_item text)
), named AS MATERIALIZED (
    SELECT w.*, w.code || CASE WHEN own.subject_key IS NULL THEN ARRAY[]::text[] ELSE ARRAY[own.subject_key] END
                || ARRAY(SELECT a.alias FROM hub.subject_alias a
                          WHERE a.subject_kind = w.subject_kind AND a.subject_key = COALESCE(own.subject_key, w.code)
                            AND a.alias <> w.code) AS codes
      FROM wanted w
      LEFT JOIN hub.subject_alias own ON own.subject_kind = w.subject_kind AND own.alias = w.code
), asked AS MATERIALIZED (
    SELECT w.place, w.certificate_type,
           hub.digest((SELECT hub.digest_key('number')), ARRAY[w.certificate_type, w.number]) AS number_digest,
           ARRAY(SELECT hub.digest((SELECT hub.digest_key('match')),
                                   ARRAY[w.certificate_type, w.number, w.holder_code_type,
                                         COALESCE(w.codes[slot], chr(slot)), w.name])
                   FROM generate_series(1, 4) AS slot) AS match_digests,
           EXISTS (SELECT FROM hub.grant_right g
                    WHERE g.id = w."grant"
                      AND g.act = 'verification'
                      AND (g.certificate_type IS NULL OR g.certificate_type = w.certificate_type)
                      AND g.purpose = w.purpose
                      AND (g.service_item IS NULL OR g.service_item = w.service_item)
                      AND g.valid_from <= asked_on
                      AND (g.valid_until IS NULL OR g.valid_until >= asked_on)) AS granted
      FROM named w
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
                 'dataset', c.dataset, 'holders', held.holders, 'objects', things.objects,
                 'events', (SELECT jsonb_agg(jsonb_build_object('status', e.status, 'since', e.since,
                                                                'reason', e.reason) ORDER BY e.batch)
                              FROM hub.certificate_status_event e WHERE e.certificate_id = c.id),
                 'digest_ok', c.digest = hub.digest((SELECT hub.digest_key('certificate')), ARRAY[
                     c.dataset, c.type_code, c.number, c.identifier, c.issuing_authority_name,
                     c.issuing_authority_code, c.area_code, c.issued_on::text, c.valid_from::text,
                     c.valid_until::text, c.long_term::text, c.status, c.status_code, c.status_since::text,
                     c.status_reason, c.trust_level, c.version,
                     held.words || COALESCE(chr(27) || things.words, '')])) AS record
        FROM hub.certificate_holder h
        JOIN hub.certificate c ON c.id = h.certificate_id
        JOIN hub.dataset d ON d.name = c.dataset
       CROSS JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object('name', o.name, 'code', o.code, 'code_type', o.code_type,
                                               'role', o.role, 'asked', o.ordinal = h.ordinal)
                            ORDER BY o.ordinal) AS holders,
                  string_agg(concat_ws(chr(29), o.name, o.code, o.code_type, o.role), chr(28)
                             ORDER BY o.ordinal) AS words
             FROM hub.certificate_holder o WHERE o.certificate_id = c.id) held
       CROSS JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object('kind', o.kind, 'number', o.number, 'name', o.name)
                            ORDER BY o.ordinal) AS objects,
                  string_agg(concat_ws(chr(29), o.kind, o.number, o.name), chr(28) ORDER BY o.ordinal) AS words
             FROM hub.certificate_object o WHERE o.certificate_id = c.id) things
       WHERE a.granted AND h.match_digest = ANY (a.match_digests)
       ORDER BY c.mark IS NOT NULL, c.since_batch DESC, c.id
       LIMIT 1) f ON true
 ORDER BY a.place
$function$
"""

RIGHTS = (
    """REVOKE ALL ON FUNCTION hub.join_subjects, hub.join_proposed, hub.separate_subjects, hub.subject_digest,
       hub.append_subject_entry FROM PUBLIC""",
    "REVOKE INSERT, UPDATE ON hub.subject_alias FROM hub_load",
    "GRANT SELECT ON hub.subject_join TO hub_load",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hub.certificate_object, hub.subject_proposal TO hub_load",
    "GRANT DELETE ON hub.certificate_holder TO hub_load",
    "GRANT SELECT ON hub.subject_join_masked, hub.subject_proposal_masked TO hub_page",
    """GRANT EXECUTE ON FUNCTION hub.join_subjects, hub.join_proposed, hub.separate_subjects, hub.append_subject_entry
       TO hub_page""",
)


def upgrade() -> None:
    """Make the tables, the functions and the views, and give out the rights."""
    _certificates()
    _subjects()
    for statement in (
        *(SUBJECT_DIGEST, JOIN_SUBJECTS, JOIN_PROPOSED, SEPARATE_SUBJECTS, APPEND_SUBJECT_ENTRY),
        *(JOIN_MASKED, PROPOSAL_MASKED, FIND_CERTIFICATES, *RIGHTS),
    ):
        op.execute(statement)


def _certificates() -> None:
    op.add_column("certificate", sa.Column("marked_rows", postgresql.BYTEA(), nullable=True), schema="hub")
    op.create_table(
        "certificate_object",
        sa.Column("certificate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("number", WORD, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", "ordinal", name=op.f("certificate_object_pkey")),
        schema="hub",
    )


def _subjects() -> None:
    op.alter_column("subject_alias", "register", new_column_name="subject_kind", schema="hub")
    op.create_index(
        op.f("subject_alias_subject_kind_subject_key_idx"),
        "subject_alias",
        ["subject_kind", "subject_key"],
        schema="hub",
    )
    op.create_table(
        "subject_join",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("former_key", WORD, nullable=False),
        sa.Column("present_key", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("case_number", WORD, nullable=True),
        sa.Column("joined_by", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("separated_by", sa.Text(), nullable=True),
        sa.Column("separated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("separation_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("subject_join_pkey")),
        sa.CheckConstraint("former_key <> present_key", name=op.f("subject_join_keys_check")),
        sa.CheckConstraint(
            "num_nulls(separated_by, separated_at, separation_reason) IN (0, 3)",
            name=op.f("subject_join_separated_check"),
        ),
        schema="hub",
    )
    op.create_index(
        "subject_join_in_force_key",
        "subject_join",
        ["subject_kind", "former_key"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("separated_at IS NULL"),
    )
    op.create_table(
        "subject_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("former_key", WORD, nullable=False),
        sa.Column("present_key", WORD, nullable=False),
        sa.Column("dataset", WORD, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("subject_proposal_pkey")),
        sa.UniqueConstraint(
            "subject_kind",
            "former_key",
            "present_key",
            name=op.f("subject_proposal_subject_kind_former_key_present_key_key"),
        ),
        schema="hub",
    )
