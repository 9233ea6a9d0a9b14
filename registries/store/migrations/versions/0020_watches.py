"""Watches: what a client is told of, and what was told.

Watches are opened by a function that demands the question and its grant, and finds for itself what is watched; no role
but the loader's reads of which certificate a watch is. The feed's places are given out without gaps for each client.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.TIMESTAMP(timezone=True)

# Where a certificate stands in its time: before it, in it, soon past it, past it. Only valid ones run out.
PHASE = """
CREATE FUNCTION hub.watch_phase(status text, valid_from date, valid_until date, long_term boolean,
                                expiry_days smallint, today date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN status IS DISTINCT FROM 'valid' THEN 'none'
            WHEN valid_from > today THEN 'early'
            WHEN long_term OR valid_until IS NULL THEN 'within'
            WHEN valid_until < today THEN 'past'
            WHEN valid_until - expiry_days <= today THEN 'soon'
            ELSE 'within' END
"""

# A watch for each question that its grant covers, on what the question finds now or, where there is nothing, on the
# day when it comes. The same client's watch on the same for the same case is the same watch, as it was told last.
OPEN = """
CREATE FUNCTION hub.open_watches(wanted jsonb, asked_at timestamptz, asked_on date)
RETURNS TABLE ("position" bigint, watch_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $function$
DECLARE
    one record;
    known text;
BEGIN
    FOR one IN
        SELECT e.place, w.*, q.*, f.record,
               hub.digest(hub.digest_key('number'), ARRAY[q.certificate_type, upper(btrim(q.certificate_number))])
                   AS number_digest,
               hub.digest(hub.digest_key('match'),
                          ARRAY[q.certificate_type, upper(btrim(q.certificate_number)), q.holder_code_type,
                                upper(btrim(q.holder_code)), hub.name_form(q.holder_name)]) AS match_digest
          FROM jsonb_array_elements(wanted) WITH ORDINALITY AS e(watch, place)
         CROSS JOIN LATERAL jsonb_to_record(e.watch) AS w(
             id text, client_id text, case_number text, webhook text, host text, expiry_days smallint, until date)
         CROSS JOIN LATERAL jsonb_to_record(e.watch -> 'question') AS q(
             "grant" bigint, certificate_type text, certificate_number text, holder_code_type text, holder_code text,
             holder_name text, purpose text, service_item text)
          JOIN hub.find_certificates((SELECT jsonb_agg(g.watch -> 'question' ORDER BY g.place)
                                        FROM jsonb_array_elements(wanted) WITH ORDINALITY AS g(watch, place)),
                                     asked_at, asked_on) AS f ON f."position" = e.place
         WHERE f.granted
         ORDER BY e.place
    LOOP
        SELECT w.id INTO known FROM hub.watch_subject s JOIN hub.watch w ON w.id = s.watch_id
         WHERE s.match_digest = one.match_digest AND w.client_id = one.client_id
           AND w.case_number = one.case_number AND w.state = 'open'
         LIMIT 1;
        IF known IS NOT NULL THEN
            UPDATE hub.watch w SET grant_id = one."grant", purpose = one.purpose, service_item = one.service_item,
                   webhook = one.webhook, host = one.host, expiry_days = one.expiry_days, until = one.until
             WHERE w.id = known;
        ELSE
            known := one.id;
            INSERT INTO hub.watch (id, client_id, grant_id, certificate_type, purpose, service_item, case_number,
                                   webhook, host, expiry_days, until, state, opened_at)
            VALUES (one.id, one.client_id, one."grant", one.certificate_type, one.purpose, one.service_item,
                    one.case_number, one.webhook, one.host, one.expiry_days, one.until, 'open', asked_at);
            INSERT INTO hub.watch_subject (watch_id, certificate_id, match_digest, number_digest, seen_digest,
                                           seen_status, seen_mark, seen_from, seen_until, seen_long_term, seen_phase,
                                           seen_checking, seen_disputed)
            SELECT one.id, c.id, one.match_digest, one.number_digest, c.digest, c.status, c.mark, c.valid_from,
                   c.valid_until, c.long_term,
                   hub.watch_phase(c.status, c.valid_from, c.valid_until, c.long_term, one.expiry_days, asked_on),
                   EXISTS (SELECT FROM hub.refused_row r
                            WHERE r.number_digest = one.number_digest AND r.until_batch IS NULL),
                   EXISTS (SELECT FROM hub.dispute p WHERE p.match_digest = one.match_digest AND p.state = 'open')
              FROM (VALUES (0)) AS always(there)
              LEFT JOIN hub.certificate c
                     ON c.dataset = one.record ->> 'dataset' AND c.number = one.record ->> 'number';
        END IF;
        RETURN QUERY SELECT one.place, known;
    END LOOP;
END
$function$
"""

# Of whom it was is forgotten at once; what waits to be posted is not posted any more.
END = """
CREATE FUNCTION hub.end_watch(wanted text, of_client text, because text, at_time timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE hub.watch w SET state = 'ended', ended_at = at_time, ended_because = because
     WHERE w.id = wanted AND w.client_id = of_client AND w.state = 'open';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM hub.watch_subject s WHERE s.watch_id = wanted;
    UPDATE hub.watch_delivery d
       SET state = 'dropped', finished_at = at_time, lease = NULL, lease_until = NULL
     WHERE d.watch_id = wanted AND d.state = 'waiting';
    RETURN true;
END
$function$
"""

RIGHTS = (
    "REVOKE ALL ON FUNCTION hub.watch_phase, hub.open_watches, hub.end_watch FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION hub.open_watches, hub.end_watch TO hub_api",
    "GRANT EXECUTE ON FUNCTION hub.watch_phase, hub.grant_covers, hub.in_area TO hub_load",
    "GRANT SELECT ON hub.watch, hub.watch_event, hub.watch_feed, hub.watch_delivery TO hub_api, hub_page",
    """GRANT UPDATE (state, attempts, due_at, lease, lease_until, fault, status, finished_at)
       ON hub.watch_delivery TO hub_api, hub_page""",
    """GRANT SELECT, INSERT, UPDATE, DELETE
       ON hub.watch, hub.watch_subject, hub.watch_feed, hub.watch_event, hub.watch_delivery TO hub_load""",
    "GRANT SELECT ON hub.client, hub.grant_right TO hub_load",
    "GRANT SELECT (id, department, state) ON hub.client TO hub_page",
    "GRANT SELECT (match_digest, state) ON hub.dispute TO hub_load",
)
NAMES = ("watch_delivery", "watch_event", "watch_feed", "watch_subject", "watch")


def upgrade() -> None:
    """Make the tables and the functions, and give out the rights."""
    _watches()
    _events()
    for statement in (PHASE, OPEN, END, *RIGHTS):
        op.execute(statement)


def downgrade() -> None:
    """Nobody is told of anything any more."""
    op.execute("DROP FUNCTION hub.end_watch")
    op.execute("DROP FUNCTION hub.open_watches")
    op.execute("DROP FUNCTION hub.watch_phase")
    for name in NAMES:
        op.drop_table(name, schema="hub")
    op.execute("REVOKE SELECT ON hub.client, hub.grant_right FROM hub_load")
    op.execute("REVOKE SELECT (id, department, state) ON hub.client FROM hub_page")
    op.execute("REVOKE SELECT (match_digest, state) ON hub.dispute FROM hub_load")
    op.execute("REVOKE EXECUTE ON FUNCTION hub.grant_covers, hub.in_area FROM hub_load")


def _watches() -> None:
    op.create_table(
        "watch",
        sa.Column("id", WORD, nullable=False),
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("certificate_type", WORD, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("service_item", sa.Text(), nullable=False),
        sa.Column("case_number", WORD, nullable=False),
        sa.Column("webhook", sa.Text(), nullable=True),
        sa.Column("host", WORD, nullable=True),
        sa.Column("expiry_days", sa.SmallInteger(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_because", WORD, nullable=True),
        sa.CheckConstraint("state IN ('open','ended')", name=op.f("watch_state_check")),
        sa.CheckConstraint(
            "ended_because IN ('client','operator','until','grant')", name=op.f("watch_ended_because_check")
        ),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("watch_ended_check")),
        sa.CheckConstraint("(webhook IS NULL) = (host IS NULL)", name=op.f("watch_host_check")),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("watch_client_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("watch_pkey")),
        schema="hub",
    )
    op.create_index(op.f("watch_client_id_id_idx"), "watch", ["client_id", "id"], schema="hub")
    op.create_index(
        "watch_open_idx", "watch", ["certificate_type"], schema="hub", postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "watch_subject",
        sa.Column("watch_id", WORD, nullable=False),
        sa.Column("certificate_id", sa.BigInteger(), nullable=True),
        sa.Column("match_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("number_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("seen_digest", postgresql.BYTEA(), nullable=True),
        sa.Column("seen_status", WORD, nullable=True),
        sa.Column("seen_mark", WORD, nullable=True),
        sa.Column("seen_from", sa.Date(), nullable=True),
        sa.Column("seen_until", sa.Date(), nullable=True),
        sa.Column("seen_long_term", sa.Boolean(), nullable=True),
        sa.Column("seen_phase", WORD, nullable=True),
        sa.Column("seen_checking", sa.Boolean(), nullable=False),
        sa.Column("seen_disputed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["hub.watch.id"], name=op.f("watch_subject_watch_id_fkey")),
        sa.PrimaryKeyConstraint("watch_id", name=op.f("watch_subject_pkey")),
        schema="hub",
    )
    for name in ("certificate_id", "match_digest", "number_digest"):
        op.create_index(op.f(f"watch_subject_{name}_idx"), "watch_subject", [name], schema="hub")


def _events() -> None:
    op.create_table(
        "watch_feed",
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("last_place", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("watch_feed_client_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("watch_feed_pkey")),
        schema="hub",
    )
    op.create_table(
        "watch_event",
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("watch_id", WORD, nullable=False),
        sa.Column("certificate_type", WORD, nullable=False),
        sa.Column("changed", postgresql.ARRAY(WORD), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["hub.client.id"], name=op.f("watch_event_client_id_fkey")),
        sa.ForeignKeyConstraint(["watch_id"], ["hub.watch.id"], name=op.f("watch_event_watch_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", "place", name=op.f("watch_event_pkey")),
        schema="hub",
    )
    for name in ("watch_id", "noted_at"):
        op.create_index(op.f(f"watch_event_{name}_idx"), "watch_event", [name], schema="hub")
    _deliveries()


def _deliveries() -> None:
    op.create_table(
        "watch_delivery",
        sa.Column("client_id", WORD, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("watch_id", WORD, nullable=False),
        sa.Column("host", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease", WORD, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("fault", WORD, nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting','sent','dead','dropped')", name=op.f("watch_delivery_state_check")),
        sa.CheckConstraint("(lease IS NULL) = (lease_until IS NULL)", name=op.f("watch_delivery_lease_check")),
        sa.CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name=op.f("watch_delivery_finished_check")),
        sa.ForeignKeyConstraint(
            ["client_id", "place"],
            ["hub.watch_event.client_id", "hub.watch_event.place"],
            name=op.f("watch_delivery_client_id_place_fkey"),
        ),
        sa.ForeignKeyConstraint(["watch_id"], ["hub.watch.id"], name=op.f("watch_delivery_watch_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", "place", name=op.f("watch_delivery_pkey")),
        schema="hub",
    )
    waiting, dead = sa.text("state = 'waiting'"), sa.text("state = 'dead'")
    for name, columns, which in (
        ("watch_delivery_due_idx", ["due_at"], waiting),
        ("watch_delivery_waiting_idx", ["watch_id", "place"], waiting),
        ("watch_delivery_dead_idx", ["finished_at"], dead),
    ):
        op.create_index(name, "watch_delivery", columns, schema="hub", postgresql_where=which)
