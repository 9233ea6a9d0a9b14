"""Status lists: which place in which list a credential has, what state its certificate is in, and what was published.

Places are given by a function that demands the question and its grant, and states are told by place alone: no role
reads which certificate a place belongs to. What was published is insert-only: a list of the past can be given again.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)

# A place for a certificate that the question finds under its grant and that is valid beyond doubt; the same credential
# gets the same place. Candidates are the caller's random numbers; one caller comes after the other.
TAKE_PLACE = """
CREATE FUNCTION hub.take_status_place(question jsonb, asked_at timestamptz, asked_on date, wanted text,
                                      candidates integer[], room integer)
RETURNS TABLE (list integer, place integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    known jsonb := (SELECT f.record FROM hub.find_certificates(jsonb_build_array(question), asked_at, asked_on) f
                     WHERE f.granted);
    of_certificate bigint;
    of_list integer;
    free integer;
BEGIN
    RETURN QUERY SELECT p.list, p.place FROM hub.status_place p WHERE p.credential = wanted;
    IF FOUND OR known ->> 'status' IS DISTINCT FROM 'valid' OR known ->> 'mark' IS NOT NULL
       OR NOT (known ->> 'digest_ok')::boolean THEN
        RETURN;
    END IF;
    SELECT c.id INTO STRICT of_certificate FROM hub.certificate c
     WHERE c.dataset = known ->> 'dataset' AND c.number = known ->> 'number';
    PERFORM pg_advisory_xact_lock(6013);
    SELECT max(l.id) INTO of_list FROM hub.status_list l WHERE l.taken < room;
    IF of_list IS NULL THEN
        INSERT INTO hub.status_list (taken, made_at) VALUES (0, asked_at) RETURNING id INTO of_list;
    END IF;
    SELECT c.candidate INTO STRICT free FROM unnest(candidates) WITH ORDINALITY AS c(candidate, turn)
     WHERE NOT EXISTS (SELECT FROM hub.status_place p WHERE p.list = of_list AND p.place = c.candidate)
     ORDER BY c.turn LIMIT 1;
    INSERT INTO hub.status_place (list, place, certificate_id, credential)
    VALUES (of_list, free, of_certificate, wanted);
    UPDATE hub.status_list SET taken = taken + 1 WHERE id = of_list;
    RETURN QUERY SELECT of_list, free;
END
$function$
"""

# What the hub knows of each place's certificate: no name, no number. A certificate that is gone is in doubt.
STATES = """
CREATE FUNCTION hub.status_states(of_list integer)
RETURNS TABLE (place integer, status text, doubtful boolean, events jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
AS $function$
SELECT p.place, c.status, c.id IS NULL OR c.mark IS NOT NULL OR NOT COALESCE({intact}, false),
       (SELECT jsonb_agg(jsonb_build_object('status', e.status, 'since', e.since, 'learnt_on', e.learnt_on,
                                            'lawful', e.lawful) ORDER BY e.batch)
          FROM hub.certificate_event e WHERE e.certificate_id = c.id)
  FROM hub.status_place p
  LEFT JOIN hub.certificate c ON c.id = p.certificate_id
 CROSS JOIN (VALUES (0)) AS h(ordinal)
{parts}
 WHERE p.list = of_list
$function$
"""

RIGHTS = (
    "REVOKE ALL ON FUNCTION hub.take_status_place, hub.status_states FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.take_status_place, hub.status_states TO hub_api",
    "GRANT SELECT ON hub.status_list TO hub_api",
    "GRANT SELECT, INSERT ON hub.status_version TO hub_api",
)
INSERT_ONLY = (
    """CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON hub.status_version
       FOR EACH ROW EXECUTE FUNCTION hub.refuse_change()""",
    """CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.status_version
       FOR EACH STATEMENT EXECUTE FUNCTION hub.refuse_change()""",
)


def upgrade() -> None:
    """Make the tables and the functions, and give out the rights."""
    _tables()
    for statement in (TAKE_PLACE, _states(), *RIGHTS, *INSERT_ONLY):
        op.execute(statement)


def downgrade() -> None:
    """Take it all back."""
    op.execute("DROP FUNCTION hub.status_states")
    op.execute("DROP FUNCTION hub.take_status_place")
    for name in ("status_version", "status_place", "status_list"):
        op.drop_table(name, schema="hub")


def _states() -> str:
    """The integrity of a certificate's row is computed as the look-up does it, not by a second copy of its words."""
    look_up = str(context.script.get_revision("0012").module.find_certificates())
    intact = _between(look_up, "'digest_ok', ", ") AS record")
    parts = _between(look_up, "JOIN hub.dataset d ON d.name = c.dataset\n", "       WHERE a.granted")
    return STATES.format(intact=intact, parts=parts)


def _between(text: str, before: str, after: str) -> str:
    if text.count(before) != 1 or text.count(after) != 1:
        raise LookupError(before)
    return text.split(before)[1].split(after, maxsplit=1)[0]


def _tables() -> None:
    op.create_table(
        "status_list",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("status_list_pkey")),
        schema="hub",
    )
    op.create_table(
        "status_place",
        sa.Column("list", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate_id", sa.BigInteger(), nullable=False),
        sa.Column("credential", WORD, nullable=False),
        sa.PrimaryKeyConstraint("list", "place", name=op.f("status_place_pkey")),
        sa.ForeignKeyConstraint(["list"], ["hub.status_list.id"], name=op.f("status_place_list_fkey")),
        sa.UniqueConstraint("credential", name=op.f("status_place_credential_key")),
        schema="hub",
    )
    op.create_table(
        "status_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list", sa.Integer(), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("kid", WORD, nullable=False),
        sa.Column("states", BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("status_version_pkey")),
        sa.ForeignKeyConstraint(["list"], ["hub.status_list.id"], name=op.f("status_version_list_fkey")),
        schema="hub",
    )
    op.create_index(op.f("status_version_list_from_at_idx"), "status_version", ["list", "from_at"], schema="hub")
