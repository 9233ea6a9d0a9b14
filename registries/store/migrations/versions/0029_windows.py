"""Decisions of held batches, objections from windows, and paper-era certificates completed with their holder.

What changes a certificate's look-up is a function that compares what was typed with the digest kept at filing: pages
can apply nothing that two people did not type alike, and no completion replaces a number that the source gives.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)

# What a question is looked up by, of a completion: as the intake makes it of a row.
HOLDER_MATCH = """
CREATE FUNCTION hub.holder_match(given jsonb) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN hub.digest(hub.digest_key('match'), ARRAY[
    given ->> 'certificate_type', upper(btrim(given ->> 'certificate_number')), given ->> 'holder_code_type',
    upper(btrim(given ->> 'holder_code')), hub.name_form(given ->> 'holder_name')])
"""

# A certificate's digest over what stands in the look-up: the words that `hub.find_certificates` compares it with.
CERTIFICATE_DIGEST = """
CREATE FUNCTION hub.certificate_digest(wanted bigint) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $function$
SELECT hub.digest((SELECT hub.digest_key('certificate')), ARRAY[
           c.dataset, c.type_code, c.number, c.identifier, c.issuing_authority_name, c.issuing_authority_code,
           c.area_code, c.issued_on::text, c.valid_from::text, c.valid_until::text, c.long_term::text, c.status,
           c.status_code, c.status_since::text, c.status_reason, c.trust_level, c.version,
           held.words || COALESCE(chr(27) || things.words, '')
           || CASE WHEN COALESCE(c.principal, c.renewal_applied_on::text) IS NULL THEN ''
                   ELSE chr(26) || concat_ws(chr(29), COALESCE(c.principal, ''),
                                             COALESCE(c.renewal_applied_on::text, '')) END])
  FROM hub.certificate c
 CROSS JOIN LATERAL (
       SELECT string_agg(concat_ws(chr(29), o.name, o.code, o.code_type, o.role), chr(28) ORDER BY o.ordinal) AS words
         FROM hub.certificate_holder o WHERE o.certificate_id = c.id) held
 CROSS JOIN LATERAL (
       SELECT string_agg(concat_ws(chr(29), o.kind, o.number, o.name), chr(28) ORDER BY o.ordinal) AS words
         FROM hub.certificate_object o WHERE o.certificate_id = c.id) things
 WHERE c.id = wanted
$function$
"""

# Only under a grant, only of a certificate at trust level D whose holder has no number, and the name has to be the
# holder's: who files learns no more than a verification says.
FILE_COMPLETION = """
CREATE FUNCTION hub.file_completion(given jsonb, asked_on date, at_time timestamptz)
RETURNS TABLE (outcome text, completion_id bigint, dataset text, provider text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    wanted_type text := given ->> 'certificate_type';
    of_department text := given ->> 'department';
    asker text := given ->> 'asker';
    wanted record;
    made bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM hub.grant_right g
                    WHERE hub.asker_stands(asker, of_department)
                      AND hub.grant_covers(g, asked_on, of_department, asker, 'verification', wanted_type, NULL,
                                           ARRAY[]::text[], g.purpose, g.service_item)) THEN
        RETURN QUERY SELECT 'not_granted', NULL::bigint, NULL::text, NULL::text;
        RETURN;
    END IF;
    SELECT c.id, c.dataset, d.department, h.ordinal INTO wanted
      FROM hub.dataset d
      JOIN hub.certificate c ON c.dataset = d.name AND c.number = upper(btrim(given ->> 'certificate_number'))
      JOIN hub.certificate_holder h ON h.certificate_id = c.id
     WHERE d.certificate_type = wanted_type AND c.type_code = wanted_type AND c.trust_level = 'D'
       AND btrim(h.code) = ''
       AND (btrim(h.name) = '' OR hub.name_form(h.name) = hub.name_form(given ->> 'holder_name'))
     ORDER BY c.id, h.ordinal LIMIT 1;
    IF wanted.id IS NULL THEN
        RETURN QUERY SELECT 'nothing_to_complete', NULL::bigint, NULL::text, NULL::text;
        RETURN;
    END IF;
    INSERT INTO hub.completion (reference, certificate_id, ordinal, dataset, certificate_type, provider, department,
                                filed_by, match_digest, subject_digest, holder, scan_digest, scan_media_type, scan_size,
                                scan_path, state, filed_at, due_on)
    VALUES (given ->> 'reference', wanted.id, wanted.ordinal, wanted.dataset, wanted_type, wanted.department,
            of_department, given ->> 'login', hub.holder_match(given),
            hub.subject_digest(given ->> 'subject_kind', upper(btrim(given ->> 'holder_code'))),
            decode(given ->> 'sealed', 'base64'), decode(given ->> 'scan_digest', 'hex'), given ->> 'scan_media_type',
            (given ->> 'scan_size')::integer, given ->> 'scan_path', 'filed', at_time, (given ->> 'due_on')::date)
    ON CONFLICT (certificate_id, ordinal) WHERE state IN ('filed','seconded','in_force') DO NOTHING
    RETURNING id INTO made;
    RETURN QUERY SELECT CASE WHEN made IS NULL THEN 'under_way' ELSE 'filed' END, made, wanted.dataset,
                        wanted.department;
END
$function$
"""

# A second person of the same department types the same again; after three that differ nobody's typing counts.
SECOND_COMPLETION = """
CREATE FUNCTION hub.second_completion(given jsonb)
RETURNS TABLE (outcome text, completion_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    known hub.completion;
BEGIN
    SELECT * INTO known FROM hub.completion c
     WHERE c.reference = given ->> 'reference' AND c.department = given ->> 'department' FOR UPDATE;
    IF known.id IS NULL OR known.state <> 'filed' THEN
        RETURN QUERY SELECT 'gone', NULL::bigint;
    ELSIF known.filed_by = given ->> 'login' THEN
        RETURN QUERY SELECT 'same_person', known.id;
    ELSIF known.match_digest = hub.holder_match(given) THEN
        UPDATE hub.completion c SET state = 'seconded', seconded_by = given ->> 'login' WHERE c.id = known.id;
        RETURN QUERY SELECT 'seconded', known.id;
    ELSIF known.differed >= 2 THEN
        UPDATE hub.completion c SET differed = c.differed + 1, state = 'refused', refusal = 'keyed_differently'
         WHERE c.id = known.id;
        RETURN QUERY SELECT 'refused', known.id;
    ELSE
        UPDATE hub.completion c SET differed = c.differed + 1 WHERE c.id = known.id;
        RETURN QUERY SELECT 'differs', known.id;
    END IF;
END
$function$
"""

# By the issuer's department. The holder's number is written only where the source still has none.
DECIDE_COMPLETION = """
CREATE FUNCTION hub.decide_completion(given jsonb)
RETURNS TABLE (outcome text, completion_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    known hub.completion;
BEGIN
    SELECT * INTO known FROM hub.completion c
     WHERE c.reference = given ->> 'reference' AND c.provider = given ->> 'department' FOR UPDATE;
    IF known.id IS NULL OR known.state <> 'seconded' THEN
        RETURN QUERY SELECT 'gone', NULL::bigint;
        RETURN;
    ELSIF given ->> 'login' IN (known.filed_by, known.seconded_by) THEN
        RETURN QUERY SELECT 'same_person', known.id;
        RETURN;
    ELSIF given ->> 'refusal' IS NOT NULL THEN
        UPDATE hub.completion c SET state = 'refused', refusal = given ->> 'refusal', decided_by = given ->> 'login'
         WHERE c.id = known.id;
        RETURN QUERY SELECT 'refused', known.id;
        RETURN;
    ELSIF known.match_digest <> hub.holder_match(given) THEN
        RAISE EXCEPTION 'not what was filed' USING ERRCODE = 'HB029';
    END IF;
    PERFORM FROM hub.certificate c WHERE c.id = known.certificate_id FOR UPDATE;
    UPDATE hub.certificate_holder h
       SET code = upper(btrim(given ->> 'holder_code')), code_type = given ->> 'holder_code_type',
           name = CASE WHEN btrim(h.name) = '' THEN given ->> 'holder_name' ELSE h.name END,
           match_digest = known.match_digest
     WHERE h.certificate_id = known.certificate_id AND h.ordinal = known.ordinal AND btrim(h.code) = ''
       AND (btrim(h.name) = '' OR hub.name_form(h.name) = hub.name_form(given ->> 'holder_name'));
    IF NOT FOUND THEN
        UPDATE hub.completion c SET state = 'replaced', decided_by = given ->> 'login' WHERE c.id = known.id;
        RETURN QUERY SELECT 'replaced', known.id;
        RETURN;
    END IF;
    UPDATE hub.certificate c SET trust_level = 'C' WHERE c.id = known.certificate_id;
    UPDATE hub.certificate c SET digest = hub.certificate_digest(c.id) WHERE c.id = known.certificate_id;
    UPDATE hub.completion c SET state = 'in_force', decided_by = given ->> 'login' WHERE c.id = known.id;
    RETURN QUERY SELECT 'in_force', known.id;
END
$function$
"""

# An issuer that finds its confirmation was wrong takes it back: the source's own row is served again, as it was.
END_COMPLETION = """
CREATE FUNCTION hub.end_completion(given jsonb)
RETURNS TABLE (outcome text, completion_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    known hub.completion;
BEGIN
    SELECT * INTO known FROM hub.completion c
     WHERE c.reference = given ->> 'reference'
       AND (c.provider = given ->> 'department' AND c.state = 'in_force'
            OR c.department = given ->> 'department' AND c.state IN ('filed','seconded')) FOR UPDATE;
    IF known.id IS NULL THEN
        RETURN QUERY SELECT 'gone', NULL::bigint;
        RETURN;
    ELSIF known.state <> 'in_force' THEN
        UPDATE hub.completion c SET state = 'withdrawn' WHERE c.id = known.id;
        RETURN QUERY SELECT 'withdrawn', known.id;
        RETURN;
    END IF;
    UPDATE hub.certificate_holder h SET code = '', match_digest = hub.digest(hub.digest_key('match'), ARRAY[
               known.certificate_type, upper(btrim(c.number)), h.code_type, '', hub.name_form(h.name)])
      FROM hub.certificate c
     WHERE c.id = h.certificate_id AND h.certificate_id = known.certificate_id AND h.ordinal = known.ordinal
       AND h.match_digest = known.match_digest;
    UPDATE hub.certificate c SET trust_level = 'D' WHERE c.id = known.certificate_id AND c.trust_level = 'C';
    UPDATE hub.certificate c SET digest = hub.certificate_digest(c.id) WHERE c.id = known.certificate_id;
    UPDATE hub.completion c SET state = 'ended' WHERE c.id = known.id;
    RETURN QUERY SELECT 'ended', known.id;
END
$function$
"""

# The row that an objection is about, by a digest: whether there is such a row is told to nobody.
FILE_OBJECTION = """
CREATE FUNCTION hub.file_objection(given jsonb, at_time timestamptz) RETURNS TABLE (id bigint, subject_digest bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
INSERT INTO hub.objection (slip, dataset, attribute, provider, department, filed_by, channel, subject_digest, statement,
                           filed_at, due_on)
VALUES (given ->> 'slip', given ->> 'dataset', given ->> 'attribute', given ->> 'provider', given ->> 'department',
        given ->> 'login', given ->> 'channel',
        hub.digest(hub.digest_key('key'), ARRAY[given ->> 'dataset', given ->> 'subject_key']),
        decode(given ->> 'statement', 'base64'), at_time, (given ->> 'due_on')::date)
RETURNING id, subject_digest
$function$
"""

FUNCTIONS = (
    *(HOLDER_MATCH, CERTIFICATE_DIGEST, FILE_COMPLETION, SECOND_COMPLETION, DECIDE_COMPLETION),
    *(END_COMPLETION, FILE_OBJECTION),
)
PAGE_NAMES = """hub.file_completion, hub.second_completion, hub.decide_completion, hub.end_completion,
                hub.file_objection"""
RIGHTS = (
    f"REVOKE ALL ON FUNCTION hub.holder_match, hub.certificate_digest, {PAGE_NAMES} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {PAGE_NAMES} TO hub_page",
    "GRANT EXECUTE ON FUNCTION hub.certificate_digest TO hub_load",
    "GRANT SELECT, INSERT, DELETE ON hub.held_batch TO hub_load",
    "GRANT SELECT ON hub.held_batch TO hub_page",
    "GRANT SELECT, INSERT, UPDATE ON hub.held_decision TO hub_load",
    "GRANT SELECT, INSERT ON hub.held_decision TO hub_page",
    """GRANT SELECT (id, slip, dataset, attribute, provider, department, filed_by, channel, statement, case_number,
       filed_at, due_on), UPDATE (case_number) ON hub.objection TO hub_page""",
    "GRANT SELECT, INSERT ON hub.objection_evidence TO hub_page",
    """GRANT SELECT (id, reference, certificate_id, ordinal, dataset, certificate_type, provider, department, filed_by,
       seconded_by, decided_by, holder, scan_digest, scan_media_type, scan_size, scan_path, state, refusal, differed,
       case_number, filed_at, due_on, ended_batch), UPDATE (case_number) ON hub.completion TO hub_page""",
    "GRANT SELECT, INSERT ON hub.completion_step TO hub_page, hub_load",
    """GRANT SELECT (id, certificate_id, ordinal, dataset, provider, match_digest, state, case_number),
       UPDATE (state, ended_batch) ON hub.completion TO hub_load""",
)

REASONS = (
    "'checked_with_source','planned_change','rule_does_not_fit','urgent','incomplete_export','wrong_file',"
    "'faulty_values','no_explanation','not_wanted'"
)
STATES = "'filed','seconded','in_force','refused','withdrawn','replaced','ended'"
REFUSALS = "'scan_unreadable','other_holder','not_issued','paper_invalid','already_numbered','keyed_differently'"


def upgrade() -> None:
    """Make tables and functions, and give out the rights."""
    _held()
    _objections()
    _completions()
    for statement in (*FUNCTIONS, *RIGHTS):
        op.execute(statement)


def downgrade() -> None:
    """Take it all back; completed certificates keep their holder until their row comes again."""
    op.execute(f"DROP FUNCTION {PAGE_NAMES}, hub.holder_match, hub.certificate_digest")
    names = ("completion_step", "completion", "objection_evidence", "objection", "held_decision", "held_batch")
    for name in names:
        op.drop_table(name, schema="hub")


def _identity() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _words(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, WORD, nullable=null) for name in names]


def _big(name: str, *, null: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _bytes(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, BYTEA(), nullable=null) for name in names]


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=null)


def _checks(table: str, checks: Mapping[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(check, name=op.f(f"{table}_{name}_check")) for name, check in checks.items()]


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"{table}_{'_'.join(columns)}_idx"), table, list(columns), schema="hub")


def _held() -> None:
    op.create_table(
        "held_batch",
        _big("batch", null=False),
        *_words("dataset"),
        sa.Column("rules", ARRAY(WORD), nullable=False),
        _big("pulled_before", null=False),
        sa.PrimaryKeyConstraint("batch", name=op.f("held_batch_pkey")),
        schema="hub",
    )
    op.create_table(
        "held_decision",
        _identity(),
        _big("batch", null=False),
        *_words("dataset", "act", "reason"),
        *_bytes("note", null=True),
        *_words("decided_by"),
        _moment("decided_at"),
        *_words("state"),
        sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("outcome", JSONB()),
        _big("released_batch"),
        _moment("finished_at", null=True),
        *_checks(
            "held_decision",
            {
                "act": "act IN ('release','return')",
                "reason": f"reason IN ({REASONS})",
                "state": "state IN ('waiting','done','refused')",
                "finished": "(state = 'waiting') = (finished_at IS NULL)",
            },
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("held_decision_pkey")),
        schema="hub",
    )
    for name, columns, unique, where in (
        ("held_decision_in_force_key", ["batch"], True, "state <> 'refused'"),
        ("held_decision_waiting_idx", ["id"], False, "state = 'waiting'"),
    ):
        op.create_index(name, "held_decision", columns, unique=unique, schema="hub", postgresql_where=sa.text(where))
    _index("held_decision", "released_batch")


def _objections() -> None:
    op.create_table(
        "objection",
        _identity(),
        *_words("slip", "dataset", "attribute", "provider", "department", "filed_by", "channel"),
        *_bytes("subject_digest", "statement"),
        _big("case_number"),
        _moment("filed_at"),
        sa.Column("due_on", sa.Date(), nullable=False),
        *_checks("objection", {"channel": "channel IN ('window','hotline')"}),
        sa.PrimaryKeyConstraint("id", name=op.f("objection_pkey")),
        sa.UniqueConstraint("slip", name=op.f("objection_slip_key")),
        schema="hub",
    )
    for columns in (("department", "id"), ("provider", "id"), ("subject_digest",), ("case_number",)):
        _index("objection", *columns)
    op.create_table(
        "objection_evidence",
        _big("objection_id", null=False),
        *_bytes("digest"),
        *_words("media_type"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        *_checks("objection_evidence", {"digest": "octet_length(digest) = 32"}),
        sa.ForeignKeyConstraint(
            ["objection_id"], ["hub.objection.id"], name=op.f("objection_evidence_objection_id_fkey")
        ),
        sa.PrimaryKeyConstraint("objection_id", "digest", name=op.f("objection_evidence_pkey")),
        schema="hub",
    )


def _completions() -> None:
    op.create_table(
        "completion",
        _identity(),
        *_words("reference"),
        _big("certificate_id", null=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        *_words("dataset", "certificate_type", "provider", "department", "filed_by"),
        *_words("seconded_by", "decided_by", null=True),
        *_bytes("match_digest", "subject_digest", "holder", "scan_digest"),
        *_words("scan_media_type"),
        sa.Column("scan_size", sa.Integer(), nullable=False),
        sa.Column("scan_path", sa.Text(), nullable=False),
        *_words("state"),
        *_words("refusal", null=True),
        sa.Column("differed", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
        _big("case_number"),
        _moment("filed_at"),
        sa.Column("due_on", sa.Date(), nullable=False),
        _big("ended_batch"),
        *_checks(
            "completion",
            {
                "state": f"state IN ({STATES})",
                "refusal": f"refusal IN ({REFUSALS})",
                "refused": "(state = 'refused') = (refusal IS NOT NULL)",
                "two_people": "filed_by <> seconded_by",
            },
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("completion_pkey")),
        sa.UniqueConstraint("reference", name=op.f("completion_reference_key")),
        schema="hub",
    )
    for columns in (("department", "id"), ("provider", "id"), ("subject_digest",)):
        _index("completion", *columns)
    _completion_states()
    op.create_table(
        "completion_step",
        _identity(),
        sa.Column("completion_id", sa.BigInteger(), nullable=False),
        _moment("at"),
        *_words("act", "by", "department"),
        *_words("reason", null=True),
        _big("batch"),
        *_checks("completion_step", {"act": f"act IN ({STATES},'keyed_differently','scan_opened','kept')"}),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["hub.completion.id"], name=op.f("completion_step_completion_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("completion_step_pkey")),
        schema="hub",
    )
    _index("completion_step", "completion_id")


def _completion_states() -> None:
    op.create_index(
        "completion_open_key",
        "completion",
        ["certificate_id", "ordinal"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("state IN ('filed','seconded','in_force')"),
    )
    op.create_index(
        "completion_in_force_idx",
        "completion",
        ["dataset"],
        schema="hub",
        postgresql_where=sa.text("state = 'in_force'"),
    )
