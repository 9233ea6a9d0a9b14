"""The life of certificates: each move is an event with who, when, from when, why, and whether law knows the move.

The statements about states become those events, with the dates that a certificate had then. Certificates say on behalf
of whom they were issued and when a renewal was applied for; those without an identifier from their issuer have a number
of the hub's own. A steward sees the life of one certificate, after having written down the look.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOVES = {
    "draft": "correct",
    "valid": "issue",
    "suspended": "suspend",
    "expired": "expire",
    "superseded": "supersede",
    "cancelled": "cancel",
    "revoked_void": "revoke_void",
    "revoked_penalty": "revoke_penalty",
    "transferred": "transfer",
}

INTERNAL_ID = """
CREATE FUNCTION hub.certificate_internal_id(dataset text, number text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN 'MZ-' || upper(encode(substr(hub.digest((SELECT hub.digest_key('internal')), ARRAY[dataset, number]), 1, 10),
                             'hex'))
"""

# What the look-up of 0007 says, and what it says now.
FOUND = {
    """'events', (SELECT jsonb_agg(jsonb_build_object('status', e.status, 'since', e.since,
                                                                'reason', e.reason) ORDER BY e.batch)
                              FROM hub.certificate_status_event e WHERE e.certificate_id = c.id),""": """'events',
                     (SELECT jsonb_agg(jsonb_build_object(
                                 'move', e.move, 'lawful', e.lawful, 'status', e.status, 'since', e.since,
                                 'reason', e.reason, 'learnt_on', e.learnt_on, 'valid_from', e.valid_from,
                                 'valid_until', e.valid_until, 'long_term', e.long_term) ORDER BY e.batch)
                        FROM hub.certificate_event e WHERE e.certificate_id = c.id),
                 'principal', c.principal, 'renewal_applied_on', c.renewal_applied_on,
                 'internal_id', CASE WHEN c.identifier IS NULL
                                     THEN hub.certificate_internal_id(c.dataset, c.number) END,""",
    "held.words || COALESCE(chr(27) || things.words, '')])": """held.words || COALESCE(chr(27) || things.words, '')
                         || CASE WHEN COALESCE(c.principal, c.renewal_applied_on::text) IS NULL THEN ''
                                 ELSE chr(26) || concat_ws(chr(29), COALESCE(c.principal, ''),
                                                           COALESCE(c.renewal_applied_on::text, '')) END])""",
}

# One certificate's life, as far as the hub knew it at a moment; nobody's name, and of reasons only that there is one.
LIFE = """
CREATE FUNCTION hub.certificate_life(access bigint, wanted_key text, known_at timestamptz)
RETURNS TABLE (dataset text, type_code text, internal_id text, issued_on date, batch bigint,
               taken_over_at timestamptz, move text, lawful boolean, status text, since date, has_reason boolean,
               valid_from date, valid_until date, long_term boolean, version text, authority text, principal text,
               trust_level text, renewal_applied_on date, learnt_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    keys text[] := hub.accessed_keys(access, wanted_key, known_at);
BEGIN
    RETURN QUERY
    SELECT c.dataset, c.type_code, CASE WHEN c.identifier IS NULL
                                        THEN hub.certificate_internal_id(c.dataset, c.number) END,
           c.issued_on, e.batch, b.taken_over_at, e.move, e.lawful, e.status, e.since,
           COALESCE(btrim(e.reason), '') <> '', e.valid_from, e.valid_until, e.long_term, e.version, e.authority,
           e.principal, e.trust_level, e.renewal_applied_on, e.learnt_on
      FROM hub.dataset d
      JOIN hub.certificate c ON c.dataset = d.name AND c.number = ANY (keys)
      JOIN hub.certificate_event e ON e.certificate_id = c.id
      LEFT JOIN hub.batch b ON b.number = e.batch
     WHERE d.certificate_type IS NOT NULL AND (known_at IS NULL OR b.taken_over_at <= known_at)
     ORDER BY c.dataset, e.batch;
END
$function$
"""

RIGHTS = (
    "REVOKE ALL ON FUNCTION hub.certificate_internal_id, hub.certificate_life FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.certificate_life TO hub_load, hub_page",
)
CAUSES = "cause IN ('finding','conflict','vanished','erased','move')"
CAUSES_BEFORE = "cause IN ('finding','conflict','vanished','erased')"


def upgrade() -> None:
    """Events instead of statements, with what the hub knows of the dates; the look-up and the rights."""
    op.add_column("certificate", sa.Column("principal", sa.Text(), nullable=True), schema="hub")
    op.add_column("certificate", sa.Column("renewal_applied_on", sa.Date(), nullable=True), schema="hub")
    _rename("certificate_status_event", "certificate_event")
    _add_columns()
    op.create_index(
        "certificate_event_unlawful_idx",
        "certificate_event",
        ["batch", "certificate_id"],
        schema="hub",
        postgresql_where=sa.text("NOT lawful"),
    )
    _allow_causes(CAUSES)
    for statement in (INTERNAL_ID, find_certificates(), LIFE, *RIGHTS):
        op.execute(statement)


def downgrade() -> None:
    """Statements as they were: what was said of moves goes, and so do the cases about them."""
    op.execute("DROP FUNCTION hub.certificate_life")
    op.execute("""DELETE FROM hub."case" WHERE cause = 'move'""")
    _allow_causes(CAUSES_BEFORE)
    op.drop_index("certificate_event_unlawful_idx", table_name="certificate_event", schema="hub")
    for name in reversed(COLUMNS):
        op.drop_column("certificate_event", name, schema="hub")
    _rename("certificate_event", "certificate_status_event")
    op.execute(before())
    op.execute("DROP FUNCTION hub.certificate_internal_id")
    op.drop_column("certificate", "renewal_applied_on", schema="hub")
    op.drop_column("certificate", "principal", schema="hub")


def before() -> str:
    """The look-up as 0007 made it."""
    script = context.script.get_revision("0007")
    return str(script.module.FIND_CERTIFICATES)


def find_certificates() -> str:
    """The look-up with events, and with what certificates say beyond what they said."""
    text = before()
    for former, present in FOUND.items():
        if text.count(former) != 1:
            raise LookupError(former)
        text = text.replace(former, present)
    return text


COLUMNS: dict[str, Any] = {
    "move": WORD,
    "lawful": sa.Boolean(),
    "learnt_on": sa.Date(),
    "valid_from": sa.Date(),
    "valid_until": sa.Date(),
    "long_term": sa.Boolean(),
    "version": WORD,
    "authority": sa.Text(),
    "principal": sa.Text(),
    "trust_level": WORD,
    "renewal_applied_on": sa.Date(),
}

# The latest statement of each certificate was made with the dates that it has; of those before nobody knows.
FILL = """
UPDATE hub.certificate_event e
   SET valid_from = c.valid_from, valid_until = c.valid_until, long_term = c.long_term, version = c.version,
       authority = COALESCE(c.issuing_authority_name, c.issuing_authority_code), trust_level = c.trust_level
  FROM hub.certificate c
 WHERE c.id = e.certificate_id
   AND NOT EXISTS (SELECT FROM hub.certificate_event n WHERE n.certificate_id = e.certificate_id AND n.batch > e.batch)
"""


def _add_columns() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("certificate_event", sa.Column(name, kind, nullable=True), schema="hub")
    event = sa.table("certificate_event", *(sa.column(name) for name in ("status", "move", "lawful")), schema="hub")
    move = sa.case(MOVES, value=event.c.status)
    op.execute(sa.update(event).values(move=move, lawful=sa.true()))
    op.execute(FILL)
    op.execute("UPDATE hub.certificate_event SET long_term = false WHERE long_term IS NULL")
    for name in ("move", "lawful", "long_term"):
        op.alter_column("certificate_event", name, nullable=False, schema="hub")


def _rename(old: str, new: str) -> None:
    op.rename_table(old, new, schema="hub")
    op.execute(f"ALTER INDEX hub.{old}_pkey RENAME TO {new}_pkey")


def _allow_causes(which: str) -> None:
    op.drop_constraint(op.f("case_cause_check"), "case", schema="hub")
    op.create_check_constraint(op.f("case_cause_check"), "case", which, schema="hub")
