"""Verdicts tell of conflicts about the holder's name; stewards raise cases on rows that stand; scans expire, too.

What a conflict is about is a subject of a register and no certificate's number: the look-up finds its open cases by the
holder's code. A row that somebody names is found, digested and masked by one function, so that no key leaves the
database. Sealed files that speak for something go by a rule of their own, with the record that all others have.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

FUNCTION = sa.text(
    """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p
     WHERE p.pronamespace = 'hub'::regnamespace AND p.proname = 'find_certificates'
    """
)
# Where no conflict about a name is open, nothing is hashed; otherwise once for each register that has one.
IN_CASE = "WHERE b.number_digest = a.number_digest AND b.state = 'open'),"
IN_CASE_OR_CONFLICT = """WHERE b.number_digest = a.number_digest AND b.state = 'open')
                     OR EXISTS (SELECT FROM (SELECT DISTINCT k.register FROM hub."case" k
                                              WHERE k.state = 'open' AND k.cause = 'conflict'
                                                AND k.attribute = 'name' OFFSET 0) n
                                  JOIN hub.case_row b
                                    ON b.subject_digest = hub.digest((SELECT hub.digest_key('key')),
                                                                     ARRAY['register_' || n.register, h.code])
                                   AND b.state = 'open'
                                  JOIN hub."case" k ON k.number = b.case_number AND k.cause = 'conflict'
                                   AND k.attribute = 'name'),"""

# A steward's case about rows that stand, named by values of columns; they come back masked, and their keys never.
RAISE_ON_ROWS = """
CREATE FUNCTION hub.raise_on_rows(given jsonb, at_time timestamptz, due date)
RETURNS TABLE (number bigint, is_new boolean, due_on date, shown jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "DateStyle" = 'ISO, YMD'
AS $function$
DECLARE
    home regclass := to_regclass(format('data.%I', replace(given ->> 'dataset', '.', '__')));
    key_columns text;
    conditions text;
    keys jsonb;
    rows_shown jsonb;
    certificate text;
BEGIN
    IF home IS NULL OR given ->> 'cause' IS DISTINCT FROM 'steward'
       OR NOT EXISTS (SELECT FROM hub.dataset d WHERE d.name = given ->> 'dataset') THEN
        RETURN;
    END IF;
    SELECT string_agg(format('t.%I::text', a.attname), ', ' ORDER BY array_position(i.indkey::smallint[], a.attnum))
      INTO key_columns
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = home AND i.indisprimary;
    SELECT string_agg(format('t.%I = CAST(%L AS %s)', a.attname, w.value, format_type(a.atttypid, a.atttypmod)),
                      ' AND ')
      INTO conditions
      FROM jsonb_each_text(given -> 'where') w
      JOIN pg_attribute a ON a.attrelid = home AND a.attname = w.key AND a.attnum > 0 AND NOT a.attisdropped;
    IF conditions IS NULL OR (SELECT count(*) FROM jsonb_each_text(given -> 'where')) <>
        (SELECT count(*) FROM jsonb_each_text(given -> 'where') w JOIN pg_attribute a
             ON a.attrelid = home AND a.attname = w.key AND a.attnum > 0 AND NOT a.attisdropped) THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE format($query$
            SELECT jsonb_agg(jsonb_build_array(%s)), jsonb_agg(
                       (SELECT jsonb_object_agg(c.key, CASE WHEN f.is_open THEN c.value ELSE hub.masked(c.value) END)
                          FROM jsonb_each_text(to_jsonb(t) - 'since_batch') c
                          LEFT JOIN hub.shown_field f
                            ON f.source = %L AND f.dataset = %L AND f.field = c.key)),
                   min(to_jsonb(t) ->> %L)
              FROM (SELECT * FROM %s t WHERE %s LIMIT 100) t$query$,
            key_columns, given ->> 'dataset', given ->> 'dataset', given ->> 'number_column', home, conditions)
           INTO keys, rows_shown, certificate;
    EXCEPTION WHEN data_exception THEN  -- what was typed is no value of its column
        RETURN;
    END;
    IF keys IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT c.number, c.is_new, c.due_on, rows_shown
                   FROM hub.raise_case(given || jsonb_build_object('keys', keys, 'certificate_number', certificate),
                                       at_time, due) c;
END
$function$
"""
FILES = {  # what the loader's housekeeping reads, to know which scans are needed no more
    "case_evidence": "case_number, path",
    "dispute": "id, closed_at",
    "dispute_evidence": "dispute_id, path",
    "objection": "id, case_number, filed_at",
    "objection_evidence": "objection_id, path",
    "completion": "scan_path",
}
RIGHTS = (
    "REVOKE ALL ON FUNCTION hub.raise_on_rows(jsonb, timestamptz, date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.raise_on_rows(jsonb, timestamptz, date) TO hub_page",
    *(f"GRANT SELECT ({columns}) ON hub.{table} TO hub_load" for table, columns in FILES.items()),
)
WHAT = "what IN ('landed','history','bodies','uploads','replies','evidence')"
WHAT_BEFORE = "what IN ('landed','history','bodies','uploads','replies')"


def upgrade() -> None:
    """Let the look-up tell of conflicts, stewards name rows, and scans expire."""
    _alter_look_up({IN_CASE: IN_CASE_OR_CONFLICT})
    for statement in (RAISE_ON_ROWS, *RIGHTS):
        op.execute(statement)
    _what(WHAT)


def downgrade() -> None:
    """As it was; the record of scans that expired goes."""
    op.execute("DELETE FROM hub.expiry WHERE what = 'evidence'")
    _what(WHAT_BEFORE)
    for table, columns in FILES.items():
        op.execute(f"REVOKE SELECT ({columns}) ON hub.{table} FROM hub_load")  # noqa: S608 - names of this file
    op.execute("DROP FUNCTION hub.raise_on_rows(jsonb, timestamptz, date)")
    _alter_look_up({IN_CASE_OR_CONFLICT: IN_CASE})


def _what(check: str) -> None:
    op.drop_constraint(op.f("expiry_what_check"), "expiry", schema="hub")
    op.create_check_constraint(op.f("expiry_what_check"), "expiry", check, schema="hub")


def _alter_look_up(changes: Mapping[str, str]) -> None:
    """Replace parts of the look-up as it stands, whatever else was changed before."""
    text = str(op.get_bind().execute(FUNCTION).scalar_one())
    for former, present in changes.items():
        if text.count(former) != 1:
            raise LookupError(former)
        text = text.replace(former, present)
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))
