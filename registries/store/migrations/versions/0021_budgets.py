"""Budgets, misses, and the inspector's desk.

Nobody reads or writes these tables but by functions: hub_api can spend and be stopped, and can lift nothing.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)

# What is left of each budget that has a limit, as this statement's snapshot sees it. Of grants the limit stands with
# the grant, of all others in budget_limit: their own, or that for all.
BUDGETS_LEFT = """
CREATE FUNCTION hub.budgets_left(scopes text[], ids text[], counts bigint[], at_time timestamptz)
RETURNS TABLE (scope text, id text, wanted bigint, hour_left bigint, day_left bigint, per_hour bigint, per_day bigint,
               stopped boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
SELECT w.scope, w.id, w.wanted, l.per_hour - s.hour_count, l.per_day - s.day_count, l.per_hour, l.per_day,
       w.scope IN ('client', 'officer') AND EXISTS (
           SELECT FROM hub.asker_stopped a WHERE a.asker = w.scope || ':' || w.id AND a.lifted_at IS NULL)
  FROM unnest(scopes, ids, counts) AS w(scope, id, wanted)
 CROSS JOIN LATERAL (
       SELECT b.per_hour, b.per_day FROM (
           SELECT o.per_hour, o.per_day, o.id FROM hub.budget_limit o WHERE o.scope = w.scope AND o.id IN (w.id, '*')
            ORDER BY o.id = '*' LIMIT 1) b
       UNION ALL
       SELECT g.per_hour, g.per_day FROM hub.grant_right g
        WHERE g.id = CASE w.scope WHEN 'grant' THEN w.id::bigint END) l
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(c.hour_count) FILTER (WHERE c.hour >= date_trunc('hour', at_time)), 0)::bigint AS hour_count,
              COALESCE(sum(c.day_count), 0)::bigint AS day_count
         FROM hub.budget_spent c
        WHERE c.scope = w.scope AND c.id = w.id AND c.day >= (at_time AT TIME ZONE 'Asia/Shanghai')::date) s
 WHERE l.per_hour IS NOT NULL OR l.per_day IS NOT NULL OR w.scope IN ('client', 'officer')
$function$
"""

# All or nothing: if everything that is wanted fits it is written down and no row comes back; otherwise nothing is, and
# what is left comes back. Where much is left, each transaction counts in a slot of its own, and nobody waits. Where
# little is left, the budget's row 0 is locked first and all slots are counted again: exact, as long as no more is under
# way in other transactions than `margin`. Rows are locked in one order everywhere.
TAKE_BUDGETS = """
CREATE FUNCTION hub.take_budgets(scopes text[], ids text[], counts bigint[], at_time timestamptz)
RETURNS TABLE (scope text, id text, hour_left bigint, day_left bigint, stopped boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    margin CONSTANT bigint := 4096;
    slots CONSTANT integer := 32;
    own integer := 0;
    too_little boolean;
    near text[];
BEGIN
    SELECT COALESCE(bool_or(b.stopped OR b.wanted > LEAST(b.hour_left, b.day_left)), false),
           array_agg(b.scope || ' ' || b.id)
               FILTER (WHERE b.hour_left - b.wanted < GREATEST(margin, b.per_hour / 10)
                          OR b.day_left - b.wanted < GREATEST(margin, b.per_day / 10))
      INTO too_little, near FROM hub.budgets_left(scopes, ids, counts, at_time) b;
    IF NOT too_little AND near IS NOT NULL THEN
        INSERT INTO hub.budget_spent AS s (scope, id, slot, hour, hour_count, day, day_count)
        SELECT w.scope, w.id, 0, '-infinity', 0, '-infinity', 0 FROM unnest(scopes, ids) AS w(scope, id)
         WHERE w.scope || ' ' || w.id = ANY (near)
           AND NOT EXISTS (SELECT FROM hub.budget_spent o WHERE o.scope = w.scope AND o.id = w.id AND o.slot = 0)
         ORDER BY w.scope, w.id
        ON CONFLICT DO NOTHING;
        PERFORM FROM hub.budget_spent s JOIN unnest(scopes, ids) AS w(scope, id) ON s.scope = w.scope AND s.id = w.id
          WHERE s.slot = 0 AND w.scope || ' ' || w.id = ANY (near)
          ORDER BY s.scope, s.id FOR UPDATE OF s;
        SELECT COALESCE(bool_or(b.stopped OR b.wanted > LEAST(b.hour_left, b.day_left)), false)
          INTO too_little FROM hub.budgets_left(scopes, ids, counts, at_time) b;
    END IF;
    IF too_little THEN
        RETURN QUERY SELECT b.scope, b.id, b.hour_left, b.day_left, b.stopped
                       FROM hub.budgets_left(scopes, ids, counts, at_time) b;
        RETURN;
    END IF;
    FOR slot IN 1..slots LOOP
        IF pg_try_advisory_xact_lock(6053, slot) THEN
            own := slot;
            EXIT;
        END IF;
    END LOOP;
    INSERT INTO hub.budget_spent AS s (scope, id, slot, hour, hour_count, day, day_count)
    SELECT b.scope, b.id, CASE WHEN b.scope || ' ' || b.id = ANY (near) THEN 0 ELSE own END,
           date_trunc('hour', at_time), b.wanted, (at_time AT TIME ZONE 'Asia/Shanghai')::date, b.wanted
      FROM hub.budgets_left(scopes, ids, counts, at_time) b
     WHERE b.wanted > 0 AND (b.per_hour IS NOT NULL OR b.per_day IS NOT NULL)
     ORDER BY 1, 2
    ON CONFLICT ON CONSTRAINT budget_spent_pkey DO UPDATE
       SET hour = GREATEST(s.hour, excluded.hour),
           hour_count = CASE WHEN s.hour >= excluded.hour THEN s.hour_count ELSE 0 END + excluded.hour_count,
           day = GREATEST(s.day, excluded.day),
           day_count = CASE WHEN s.day >= excluded.day THEN s.day_count ELSE 0 END + excluded.day_count;
END
$function$
"""

# The window slides: what an asker missed in the last ten minutes counts. Who reaches the limit is stopped in the same
# transaction, and comes back with how many of these misses may still be told; so does who was stopped meanwhile.
NOTE_MISSES = """
CREATE FUNCTION hub.note_misses(askers text[], counts integer[], at_time timestamptz)
RETURNS TABLE (asker text, room integer, stop_id bigint, misses integer, first_miss_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    reached record;
    made bigint;
    could_ask boolean;
BEGIN
    FOR reached IN
        WITH noted AS (
            INSERT INTO hub.asker_misses AS m (asker, moments)
            SELECT w.asker, array_fill(at_time, ARRAY[LEAST(w.count, 1001)])
              FROM unnest(askers, counts) AS w(asker, count) ORDER BY w.asker
            ON CONFLICT ON CONSTRAINT asker_misses_pkey DO UPDATE
               SET moments = ARRAY(SELECT t FROM unnest(m.moments) AS t WHERE t > at_time - interval '10 minutes'
                                    ORDER BY t DESC LIMIT 1001) || excluded.moments
            RETURNING m.asker, m.moments
        ), counted AS (
            SELECT n.asker, cardinality(n.moments) AS misses, w.count,
                   (SELECT min(t) FROM unnest(n.moments) AS t) AS first_at,
                   COALESCE((SELECT b.misses FROM hub.budget_limit b
                              WHERE b.scope = split_part(n.asker, ':', 1)
                                AND b.id IN (substr(n.asker, strpos(n.asker, ':') + 1), '*') AND b.misses IS NOT NULL
                              ORDER BY b.id = '*' LIMIT 1), 50) AS most
              FROM noted n JOIN unnest(askers, counts) AS w(asker, count) ON w.asker = n.asker)
        SELECT c.asker, c.misses, c.first_at, c.most, c.count FROM counted c ORDER BY c.asker
    LOOP
        IF EXISTS (SELECT FROM hub.asker_stopped a WHERE a.asker = reached.asker AND a.lifted_at IS NULL) THEN
            RETURN QUERY SELECT reached.asker, 0, NULL::bigint, reached.misses, reached.first_at;
            CONTINUE;
        END IF;
        CONTINUE WHEN reached.misses < reached.most;
        could_ask := false;
        IF starts_with(reached.asker, 'client:') THEN
            UPDATE hub.client c SET state = 'suspended', suspended_because = 'inspection'
             WHERE c.id = substr(reached.asker, 8) AND c.state = 'active' RETURNING true INTO could_ask;
        END IF;
        IF starts_with(reached.asker, 'officer:') THEN
            DELETE FROM hub.session s WHERE s.account_id = substr(reached.asker, 9)::bigint;
            UPDATE hub.account a SET state = 'locked', locked_because = 'inspection'
             WHERE a.id = substr(reached.asker, 9)::bigint AND a.state = 'open' RETURNING true INTO could_ask;
        END IF;
        INSERT INTO hub.asker_stopped (asker, misses, first_miss_at, stopped_at, was_open)
        VALUES (reached.asker, reached.misses, reached.first_at, at_time, COALESCE(could_ask, false))
        RETURNING id INTO made;
        UPDATE hub.asker_misses m SET moments = '{}' WHERE m.asker = reached.asker;  -- who is let in begins anew
        RETURN QUERY SELECT reached.asker,
                            GREATEST(0, reached.most - (reached.misses - LEAST(reached.count, 1001))), made,
                            reached.misses, reached.first_at;
    END LOOP;
END
$function$
"""

# What one asker may still do, for whoever tells it so.
BUDGETS_OF = """
CREATE FUNCTION hub.budgets_of(scopes text[], ids text[], at_time timestamptz)
RETURNS TABLE (scope text, id text, per_hour bigint, hour_left bigint, per_day bigint, day_left bigint, stopped boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
SELECT b.scope, b.id, b.per_hour, b.hour_left, b.per_day, b.day_left, b.stopped
  FROM hub.budgets_left(scopes, ids, array_fill(0::bigint, ARRAY[cardinality(scopes)]), at_time) b
$function$
"""

STOPPED = """
CREATE FUNCTION hub.count_stopped() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (SELECT count(*) FROM hub.asker_stopped a WHERE a.lifted_at IS NULL)
"""

FUNCTIONS = {
    "budgets_left(text[], text[], bigint[], timestamptz)": BUDGETS_LEFT,
    "take_budgets(text[], text[], bigint[], timestamptz)": TAKE_BUDGETS,
    "note_misses(text[], integer[], timestamptz)": NOTE_MISSES,
    "budgets_of(text[], text[], timestamptz)": BUDGETS_OF,
    "count_stopped()": STOPPED,
}

# An officer types numbers from papers, and gives a sheet of a thousand now and then; a system asks all day.
DEFAULTS = """
INSERT INTO hub.budget_limit (scope, id, per_hour, per_day, misses, set_by)
VALUES ('client', '*', 100000, 1000000, 50, 'default'),
       ('officer', '*', 2000, 5000, 50, 'default'),
       ('unmasking', '*', 10, 30, NULL, 'default'),
       ('telling', '*', 20, 60, NULL, 'default')
"""

RIGHTS = (
    *(f"REVOKE ALL ON FUNCTION hub.{name} FROM PUBLIC" for name in FUNCTIONS),
    "GRANT EXECUTE ON FUNCTION hub.take_budgets, hub.note_misses TO hub_api",
    "GRANT EXECUTE ON FUNCTION hub.budgets_of, hub.count_stopped TO hub_api, hub_page",
)


# --- the inspector's desk

DEMAND_INSPECTOR = """
CREATE FUNCTION hub.demand_inspector(inspector bigint, acts boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM hub.account a
                    WHERE a.id = inspector AND a.state = 'open'
                      AND ('inspector' = ANY (a.roles) OR (NOT acts AND 'auditor' = ANY (a.roles)))) THEN
        RAISE EXCEPTION 'not an inspector' USING ERRCODE = 'HB061';
    END IF;
END
$function$
"""

# Answers have places in the order of their commits, so that following the places misses none. A body that was erased is
# not followed any more; what no hub wrote is passed over. What was followed goes when the answer's body has gone.
CATCH_UP = """
CREATE FUNCTION hub.catch_up_inspection(most bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    place bigint;
    upto bigint;
BEGIN
    SELECT p.next INTO place FROM hub.inspection_place p FOR UPDATE SKIP LOCKED;
    DELETE FROM hub.inspected_answer i
     WHERE i.at < now() - interval '3 years'
       AND NOT EXISTS (SELECT FROM hub.ledger_body b WHERE b.entry_id = i.entry_id);
    SELECT max(s.index) INTO upto FROM hub.ledger_sequence s WHERE s.index >= place AND s.index < place + most;
    IF upto IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO hub.inspected_answer
           (entry_id, at, asker, department, act, purpose, service_item, case_number, code, questions, misses)
    WITH answer AS MATERIALIZED (
        SELECT e.id, e.made_at, e.issuer, split_part(encode(b.payload, 'escape'), '.', 2) AS text
          FROM hub.ledger_sequence s
          JOIN hub.ledger_entry e ON e.id = s.entry_id
          JOIN hub.ledger_body b ON b.entry_id = e.id
         WHERE s.index BETWEEN place AND upto AND e.kind = 'answer'
    ), read AS MATERIALIZED (
        SELECT a.id, a.made_at, a.issuer,
               convert_from(decode(translate(a.text, '-_', '+/') || repeat('=', (4 - length(a.text) % 4) % 4),
                                   'base64'), 'UTF8')::jsonb AS payload
          FROM answer a WHERE a.text ~ '^[A-Za-z0-9_-]+$' AND length(a.text) % 4 <> 1)
    SELECT r.id, r.made_at, r.issuer, COALESCE(m.value -> 'asked' ->> 'department', ''), m.key,
           m.value -> 'asked' ->> 'purpose', m.value -> 'asked' ->> 'service_item', m.value -> 'asked' ->> 'case',
           m.value ->> 'code',
           COALESCE((m.value ->> 'size')::integer, 1),
           CASE WHEN m.value ? 'tally' THEN COALESCE((m.value -> 'tally' ->> 'no_match')::integer, 0)
                ELSE (m.value ->> 'code' = 'no_match')::integer END
      FROM read r CROSS JOIN LATERAL jsonb_each(r.payload) AS m
     WHERE jsonb_typeof(m.value) = 'object' AND m.value ? 'asked'
    ON CONFLICT DO NOTHING;
    UPDATE hub.inspection_place SET next = upto + 1;
    RETURN upto + 1 - place;
END
$function$
"""

ASKER_NAME = """
CREATE FUNCTION hub.asker_name(asker text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN starts_with(asker, 'officer:')
            THEN (SELECT a.login || ' ' || a.name FROM hub.account a WHERE a.id = substr(asker, 9)::bigint)
            ELSE (SELECT c.id || ' ' || c.name FROM hub.client c WHERE c.id = substr(asker, 8)) END
"""

# A case number that no system gives: without digits, too short, one character throughout, counting up, or a test.
NO_CASE = r"""
CREATE FUNCTION hub.is_no_case(case_number text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN COALESCE(case_number, '') !~ '[0-9]'
    OR length(regexp_replace(case_number, '[^[:alnum:]]', '', 'g')) < 4
    OR regexp_replace(case_number, '[^[:alnum:]]', '', 'g') ~ '^(.)\1*$'
    OR regexp_replace(case_number, '[^0-9]', '', 'g') ~ '^0*(1234|12345|123456|1234567|12345678|123456789)$'
    OR case_number ~* '(^|[^a-z])(test|none|null|tmp)([^a-z]|$)|测试'
"""

CASELESS = """
CREATE FUNCTION hub.inspect_caseless(inspector bigint, since timestamptz, upto timestamptz, most bigint)
RETURNS TABLE (asker text, asker_name text, department text, service_item text, case_number text, questions bigint,
               first_at timestamptz, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT i.asker, hub.asker_name(i.asker), i.department, i.service_item, i.case_number, sum(i.questions)::bigint,
           min(i.at), max(i.at)
      FROM hub.inspected_answer i
     WHERE i.at >= since AND i.at < upto AND hub.is_no_case(i.case_number)
     GROUP BY i.asker, i.department, i.service_item, i.case_number ORDER BY sum(i.questions) DESC, i.asker LIMIT most;
END
$function$
"""

CROWDED = """
CREATE FUNCTION hub.inspect_crowded(inspector bigint, since timestamptz, upto timestamptz, at_least bigint, most bigint)
RETURNS TABLE (department text, case_number text, service_item text, subjects bigint, askers bigint, questions bigint,
               last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT i.department, i.case_number, min(i.service_item), count(DISTINCT a.subject_digest), count(DISTINCT i.asker),
           count(*), max(i.at)
      FROM hub.inspected_answer i JOIN hub.ledger_asked a ON a.entry_id = i.entry_id
     WHERE i.at >= since AND i.at < upto AND NOT hub.is_no_case(i.case_number)
     GROUP BY i.department, i.case_number HAVING count(DISTINCT a.subject_digest) >= at_least
     ORDER BY count(DISTINCT a.subject_digest) DESC, i.department, i.case_number LIMIT most;
END
$function$
"""

AFTER_HOURS = """
CREATE FUNCTION hub.inspect_after_hours(inspector bigint, since timestamptz, upto timestamptz, free_days date[],
                                        opens time, closes time, most bigint)
RETURNS TABLE (asker text, asker_name text, department text, questions bigint, days bigint, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT i.asker, hub.asker_name(i.asker), i.department, sum(i.questions)::bigint, count(DISTINCT l.at::date),
           max(i.at)
      FROM hub.inspected_answer i CROSS JOIN LATERAL (SELECT i.at AT TIME ZONE 'Asia/Shanghai' AS at) l
     WHERE i.at >= since AND i.at < upto AND starts_with(i.asker, 'officer:')
       AND (l.at::time < opens OR l.at::time >= closes OR l.at::date = ANY (free_days))
     GROUP BY i.asker, i.department ORDER BY sum(i.questions) DESC, i.asker LIMIT most;
END
$function$
"""

# `entry` stands for the subject: the desk shows no number and no digest.
REPEATED = """
CREATE FUNCTION hub.inspect_repeated(inspector bigint, since timestamptz, upto timestamptz, at_least bigint,
                                     most bigint)
RETURNS TABLE (asker text, asker_name text, department text, entry bigint, questions bigint, cases bigint,
               first_at timestamptz, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT i.asker, hub.asker_name(i.asker), i.department, max(i.entry_id), count(*), count(DISTINCT i.case_number),
           min(i.at), max(i.at)
      FROM hub.inspected_answer i JOIN hub.ledger_asked a ON a.entry_id = i.entry_id
     WHERE i.at >= since AND i.at < upto
     GROUP BY i.asker, i.department, a.subject_digest HAVING count(*) >= at_least
     ORDER BY count(*) DESC, i.asker LIMIT most;
END
$function$
"""

# How far an officer lies above the median of those who do the same item in the same department, in robust standard
# deviations: 1.4826 times the median deviation, and never less than counts vary by chance (their root).
OUTLIERS = """
CREATE FUNCTION hub.inspect_outliers(inspector bigint, since timestamptz, upto timestamptz, of_misses boolean,
                                     peers_least bigint, score_least double precision, most bigint)
RETURNS TABLE (asker text, asker_name text, department text, service_item text, amount bigint, median double precision,
               peers bigint, score double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    WITH counted AS (
        SELECT i.department, i.service_item, i.asker,
               sum(CASE WHEN of_misses THEN i.misses ELSE i.questions END)::bigint AS amount
          FROM hub.inspected_answer i
         WHERE i.at >= since AND i.at < upto AND starts_with(i.asker, 'officer:')
         GROUP BY i.department, i.service_item, i.asker
    ), middle AS (
        SELECT c.department, c.service_item, count(*) AS peers,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY c.amount) AS median
          FROM counted c GROUP BY c.department, c.service_item HAVING count(*) >= peers_least
    ), spread AS (
        SELECT m.department, m.service_item, m.peers, m.median,
               GREATEST(1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(c.amount - m.median)),
                        sqrt(m.median), 1) AS deviation
          FROM middle m JOIN counted c ON c.department = m.department
                                      AND c.service_item IS NOT DISTINCT FROM m.service_item
         GROUP BY m.department, m.service_item, m.peers, m.median)
    SELECT c.asker, hub.asker_name(c.asker), c.department, c.service_item, c.amount, s.median, s.peers,
           (c.amount - s.median) / s.deviation
      FROM counted c JOIN spread s ON s.department = c.department
                                  AND s.service_item IS NOT DISTINCT FROM c.service_item
     WHERE (c.amount - s.median) / s.deviation >= score_least
     ORDER BY (c.amount - s.median) / s.deviation DESC, c.asker LIMIT most;
END
$function$
"""

# Which answers stand behind a finding; `alike`: those of the same asker about the same subject as that entry.
ANSWERS = """
CREATE FUNCTION hub.inspect_answers(inspector bigint, since timestamptz, upto timestamptz, of_asker text,
                                    of_department text, of_item text, of_case text, alike bigint, before bigint,
                                    most bigint)
RETURNS TABLE (entry_id bigint, at timestamptz, asker text, asker_name text, department text, act text, purpose text,
               service_item text, case_number text, code text, questions integer, misses integer, index bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT i.entry_id, i.at, i.asker, hub.asker_name(i.asker), i.department, i.act, i.purpose, i.service_item,
           i.case_number, i.code, i.questions, i.misses, s.index
      FROM hub.inspected_answer i LEFT JOIN hub.ledger_sequence s ON s.entry_id = i.entry_id
     WHERE i.at >= since AND i.at < upto AND (before IS NULL OR i.entry_id < before)
       AND (of_asker IS NULL OR i.asker = of_asker) AND (of_department IS NULL OR i.department = of_department)
       AND (of_item IS NULL OR i.service_item = of_item) AND (of_case IS NULL OR i.case_number = of_case)
       AND (alike IS NULL OR (
            i.asker = (SELECT e.issuer FROM hub.ledger_entry e WHERE e.id = alike)
            AND EXISTS (SELECT FROM hub.ledger_asked a JOIN hub.ledger_asked b ON b.subject_digest = a.subject_digest
                         WHERE a.entry_id = i.entry_id AND b.entry_id = alike)))
     ORDER BY i.entry_id DESC LIMIT most;
END
$function$
"""

RECEIPT = """
CREATE FUNCTION hub.inspect_receipt(inspector bigint, wanted bigint)
RETURNS TABLE (asker text, asker_name text, at timestamptz, payload bytea, index bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT i.asker, hub.asker_name(i.asker), i.at, b.payload, s.index
      FROM hub.inspected_answer i JOIN hub.ledger_body b ON b.entry_id = i.entry_id
      LEFT JOIN hub.ledger_sequence s ON s.entry_id = i.entry_id
     WHERE i.entry_id = wanted;
END
$function$
"""

STOPS = """
CREATE FUNCTION hub.inspect_stops(inspector bigint, most bigint)
RETURNS TABLE (id bigint, asker text, asker_name text, department text, misses integer, first_miss_at timestamptz,
               stopped_at timestamptz, lifted_at timestamptz, lifted_by text, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT s.id, s.asker, hub.asker_name(s.asker),
           CASE WHEN starts_with(s.asker, 'officer:')
                THEN (SELECT a.department FROM hub.account a WHERE a.id = substr(s.asker, 9)::bigint)
                ELSE (SELECT c.department FROM hub.client c WHERE c.id = substr(s.asker, 8)) END,
           s.misses, s.first_miss_at, s.stopped_at, s.lifted_at, s.lifted_by, s.reason
      FROM hub.asker_stopped s ORDER BY s.lifted_at IS NOT NULL, s.id DESC LIMIT most;
END
$function$
"""

LIFT = """
CREATE FUNCTION hub.lift_stop(inspector bigint, wanted bigint, why text, at_time timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    found hub.asker_stopped;
BEGIN
    PERFORM hub.demand_inspector(inspector, true);
    SELECT * INTO found FROM hub.asker_stopped s WHERE s.id = wanted AND s.lifted_at IS NULL FOR UPDATE;
    IF found.id IS NULL THEN
        RAISE EXCEPTION 'nobody is stopped by that' USING ERRCODE = 'HB062';
    END IF;
    IF found.asker = 'officer:' || inspector THEN
        RAISE EXCEPTION 'nobody lets himself in' USING ERRCODE = 'HB063';
    END IF;
    UPDATE hub.asker_stopped s
       SET lifted_at = at_time, reason = why,
           lifted_by = (SELECT a.login FROM hub.account a WHERE a.id = inspector)
     WHERE s.id = wanted;
    IF found.was_open AND starts_with(found.asker, 'client:') THEN
        UPDATE hub.client c SET state = 'active', suspended_because = NULL
         WHERE c.id = substr(found.asker, 8) AND c.state = 'suspended' AND c.suspended_because = 'inspection';
    ELSIF found.was_open THEN
        UPDATE hub.account a SET state = 'open', locked_because = NULL
         WHERE a.id = substr(found.asker, 9)::bigint AND a.state = 'locked' AND a.locked_because = 'inspection';
    END IF;
    RETURN found.asker;
END
$function$
"""

ACCESSES = """
CREATE FUNCTION hub.inspect_accesses(inspector bigint, since timestamptz, upto timestamptz, most bigint)
RETURNS TABLE (id bigint, at timestamptz, by_whom text, register text, reason text, values_shown boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT a.id, a.at, a.by_whom, a.register, a.reason, a.values_shown FROM hub.subject_access a
     WHERE a.at >= since AND a.at < upto ORDER BY a.values_shown DESC, a.id DESC LIMIT most;
END
$function$
"""

# --- searching by subject: one asks, another approves within a day, and there is one look within a day of that

ASK_SEARCH = """
CREATE FUNCTION hub.ask_search(inspector bigint, kind text, wanted_key text, why text, at_time timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    made bigint;
BEGIN
    PERFORM hub.demand_inspector(inspector, true);
    INSERT INTO hub.inspection_search (subject_kind, subject_digests, shown, reason, asked_by, asked_at)
    SELECT kind, array_agg(hub.subject_digest(kind, k.key)), hub.masked(wanted_key), why, inspector, at_time
      FROM unnest(hub.subject_keys_at(kind, wanted_key, NULL)) AS k(key)
    RETURNING id INTO made;
    RETURN made;
END
$function$
"""

DECIDE_SEARCH = """
CREATE FUNCTION hub.decide_search(inspector bigint, wanted bigint, agree boolean, at_time timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    found hub.inspection_search;
BEGIN
    PERFORM hub.demand_inspector(inspector, true);
    SELECT * INTO found FROM hub.inspection_search s WHERE s.id = wanted AND s.decided_at IS NULL
       AND s.asked_at > at_time - interval '1 day' FOR UPDATE;
    IF found.id IS NULL THEN
        RAISE EXCEPTION 'no such search waits' USING ERRCODE = 'HB064';
    END IF;
    IF found.asked_by = inspector THEN
        RAISE EXCEPTION 'another person has to decide' USING ERRCODE = 'HB065';
    END IF;
    UPDATE hub.inspection_search s SET decided_by = inspector, decided_at = at_time, approved = agree
     WHERE s.id = wanted;
END
$function$
"""

LOOK_SEARCH = """
CREATE FUNCTION hub.look_search(inspector bigint, wanted bigint, at_time timestamptz)
RETURNS TABLE (entry_id bigint, at timestamptz, asker text, asker_name text, department text, act text, purpose text,
               service_item text, case_number text, code text, certificate_type text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    digests bytea[];
BEGIN
    PERFORM hub.demand_inspector(inspector, true);
    UPDATE hub.inspection_search s SET looked_at = at_time
     WHERE s.id = wanted AND s.asked_by = inspector AND s.approved AND s.looked_at IS NULL
       AND s.decided_at > at_time - interval '1 day'
    RETURNING s.subject_digests INTO digests;
    IF digests IS NULL THEN
        RAISE EXCEPTION 'no look is open' USING ERRCODE = 'HB066';
    END IF;
    RETURN QUERY
    SELECT e.id, e.made_at, e.issuer, hub.asker_name(e.issuer), i.department, COALESCE(i.act, e.kind), i.purpose,
           i.service_item, i.case_number, i.code, a.certificate_type
      FROM hub.ledger_asked a JOIN hub.ledger_entry e ON e.id = a.entry_id
      LEFT JOIN hub.inspected_answer i ON i.entry_id = e.id
     WHERE a.subject_digest = ANY (digests) ORDER BY e.id DESC LIMIT 1000;
END
$function$
"""

SEARCHES = """
CREATE FUNCTION hub.inspect_searches(inspector bigint, at_time timestamptz, most bigint)
RETURNS TABLE (id bigint, subject_kind text, shown text, reason text, asked_by text, asked_at timestamptz,
               decided_by text, decided_at timestamptz, approved boolean, looked_at timestamptz, own boolean,
               expired boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM hub.demand_inspector(inspector, false);
    RETURN QUERY
    SELECT s.id, s.subject_kind, s.shown, s.reason, hub.asker_name('officer:' || s.asked_by), s.asked_at,
           CASE WHEN s.decided_by IS NOT NULL THEN hub.asker_name('officer:' || s.decided_by) END, s.decided_at,
           s.approved, s.looked_at, s.asked_by = inspector,
           s.looked_at IS NULL AND COALESCE(s.decided_at, s.asked_at) <= at_time - interval '1 day'
      FROM hub.inspection_search s ORDER BY s.id DESC LIMIT most;
END
$function$
"""

# --- what a subject is told, and what is shown unmasked

# Only of a subject whose access this transaction wrote down. Of what a law withholds the law alone comes back.
ASKED_ABOUT = """
CREATE FUNCTION hub.asked_about(access bigint, wanted_key text)
RETURNS TABLE (at timestamptz, act text, department text, certificate_type text, purpose text, service_item text,
               case_number text, code text, withheld text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
    keys text[] := hub.accessed_keys(access, wanted_key, NULL);
    digests bytea[];
BEGIN
    SELECT array_agg(hub.subject_digest(a.subject_kind, k.key)) INTO digests
      FROM hub.subject_access a CROSS JOIN unnest(keys) AS k(key) WHERE a.id = access;
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT e.id, e.made_at, e.kind, i.act, i.department, a.certificate_type, i.purpose, i.service_item,
               i.case_number, i.code,
               (SELECT g.withheld_because FROM hub.grant_right g
                 WHERE g.withheld_because IS NOT NULL AND g.department = i.department AND g.purpose = i.purpose
                   AND (g.certificate_type IS NULL OR g.certificate_type IS NOT DISTINCT FROM a.certificate_type)
                   AND (g.service_item IS NULL OR g.service_item IS NOT DISTINCT FROM i.service_item)
                 ORDER BY g.id LIMIT 1) AS law
          FROM hub.ledger_asked a
          JOIN hub.ledger_entry e ON e.id = a.entry_id
          JOIN hub.ledger_body b ON b.entry_id = e.id
          LEFT JOIN hub.inspected_answer i ON i.entry_id = e.id
         WHERE a.subject_digest = ANY (digests) AND e.jti <> 'access:' || access)
    SELECT * FROM (
        SELECT s.made_at, COALESCE(s.act, s.kind), s.department, s.certificate_type, s.purpose, s.service_item,
               s.case_number, s.code, NULL::text
          FROM asked s WHERE s.law IS NULL
        UNION ALL
        SELECT h.looked_at, 'inspection', NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM hub.inspection_search h WHERE h.looked_at IS NOT NULL AND h.subject_digests && digests
        UNION ALL
        SELECT DISTINCT NULL::timestamptz, NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.law
          FROM asked s WHERE s.law IS NOT NULL) AS told
     ORDER BY 1 DESC NULLS LAST;
END
$function$
"""

# As before; and who sees values through a page has a budget for that, which the page can't raise.
OPEN_COUNTED_ACCESS = """
CREATE OR REPLACE FUNCTION hub.open_subject_access(wanted_kind text, wanted_key text, of_register text, who text,
                                                   why text, shows_values boolean, at_time timestamptz)
RETURNS TABLE (access_id bigint, subject_digest bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF shows_values AND session_user = 'hub_page' AND EXISTS (
        SELECT FROM hub.take_budgets(ARRAY['unmasking'], ARRAY[who], ARRAY[1::bigint], at_time)) THEN
        RAISE EXCEPTION 'the budget is spent' USING ERRCODE = 'HB067';
    END IF;
    RETURN QUERY
    INSERT INTO hub.subject_access AS s (subject_kind, subject_digest, register, by_whom, reason, values_shown, at)
    VALUES (wanted_kind, hub.subject_digest(wanted_kind, wanted_key), of_register, who, why, shows_values, at_time)
    RETURNING s.id, s.subject_digest;
END
$function$
"""

OPEN_TELLING = """
CREATE FUNCTION hub.take_telling(account_id bigint, at_time timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF EXISTS (SELECT FROM hub.take_budgets(ARRAY['telling'], ARRAY[account_id::text], ARRAY[1::bigint], at_time)) THEN
        RAISE EXCEPTION 'the budget is spent' USING ERRCODE = 'HB067';
    END IF;
END
$function$
"""


def subject_values() -> str:
    """`hub.subject_versions` with some columns in clear, for an access that was written down as showing values."""
    text = str(context.script.get_revision("0009").module.SUBJECT_VERSIONS)
    for before, after in (
        ("hub.subject_versions(access bigint, asked_dataset text, wanted_key text, known_at timestamptz,",
         "hub.subject_values(access bigint, asked_dataset text, wanted_key text, clear text[], known_at timestamptz,"),
        ("BEGIN\n", """BEGIN
    IF NOT EXISTS (SELECT FROM hub.subject_access a WHERE a.id = access AND a.values_shown) THEN
        RAISE EXCEPTION 'this access shows no values' USING ERRCODE = 'HB016';
    END IF;
"""),
        ("shape.columns, shape.open_columns,", "shape.columns, shape.open_columns || clear,"),
    ):  # fmt: skip
        if text.count(before) != 1:
            raise LookupError(before)
        text = text.replace(before, after)
    return text


INSPECTION = {
    "demand_inspector(bigint, boolean)": DEMAND_INSPECTOR,
    "catch_up_inspection(bigint)": CATCH_UP,
    "asker_name(text)": ASKER_NAME,
    "is_no_case(text)": NO_CASE,
    "inspect_caseless(bigint, timestamptz, timestamptz, bigint)": CASELESS,
    "inspect_crowded(bigint, timestamptz, timestamptz, bigint, bigint)": CROWDED,
    "inspect_after_hours(bigint, timestamptz, timestamptz, date[], time, time, bigint)": AFTER_HOURS,
    "inspect_repeated(bigint, timestamptz, timestamptz, bigint, bigint)": REPEATED,
    "inspect_outliers(bigint, timestamptz, timestamptz, boolean, bigint, double precision, bigint)": OUTLIERS,
    "inspect_answers(bigint, timestamptz, timestamptz, text, text, text, text, bigint, bigint, bigint)": ANSWERS,
    "inspect_receipt(bigint, bigint)": RECEIPT,
    "inspect_stops(bigint, bigint)": STOPS,
    "lift_stop(bigint, bigint, text, timestamptz)": LIFT,
    "inspect_accesses(bigint, timestamptz, timestamptz, bigint)": ACCESSES,
    "ask_search(bigint, text, text, text, timestamptz)": ASK_SEARCH,
    "decide_search(bigint, bigint, boolean, timestamptz)": DECIDE_SEARCH,
    "look_search(bigint, bigint, timestamptz)": LOOK_SEARCH,
    "inspect_searches(bigint, timestamptz, bigint)": SEARCHES,
    "asked_about(bigint, text)": ASKED_ABOUT,
    "take_telling(bigint, timestamptz)": OPEN_TELLING,
}
VALUES = "subject_values(bigint, text, text, text[], timestamptz, date)"
_INTERNAL = ("demand_inspector", "asker_name", "is_no_case")
_DESK = ", ".join(f"hub.{name.partition('(')[0]}" for name in INSPECTION if not name.startswith(_INTERNAL))

INSPECTION_RIGHTS = (
    *(f"REVOKE ALL ON FUNCTION hub.{name} FROM PUBLIC" for name in (*INSPECTION, VALUES)),
    f"GRANT EXECUTE ON FUNCTION {_DESK}, hub.subject_values TO hub_page",
    "GRANT EXECUTE ON FUNCTION hub.catch_up_inspection TO hub_load",
    "INSERT INTO hub.inspection_place (one, next) VALUES (true, 0)",
)


def upgrade() -> None:
    """Make the tables and the functions, and give out the rights."""
    _budgets()
    _misses()
    _inspection()
    functions = (*FUNCTIONS.values(), *INSPECTION.values(), subject_values(), OPEN_COUNTED_ACCESS)
    for statement in (*functions, DEFAULTS, *RIGHTS, *INSPECTION_RIGHTS):
        op.execute(statement)


def downgrade() -> None:
    """Take them away again; what was stopped stays closed, and stands in the ledger."""
    before = str(context.script.get_revision("0009").module.OPEN_SUBJECT_ACCESS)
    op.execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    for name in (VALUES, *reversed(INSPECTION), *reversed(FUNCTIONS)):
        op.execute(f"DROP FUNCTION hub.{name}")
    tables = ("inspection_search", "inspection_place", "inspected_answer")
    for table in (*tables, "asker_stopped", "asker_misses", "budget_spent", "budget_limit"):
        op.drop_table(table, schema="hub")


def _budgets() -> None:
    op.create_table(
        "budget_limit",
        sa.Column("scope", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("per_hour", sa.BigInteger(), nullable=True),
        sa.Column("per_day", sa.BigInteger(), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "id", name=op.f("budget_limit_pkey")),
        sa.CheckConstraint(
            "scope IN ('client','officer','purpose','unmasking','telling')", name=op.f("budget_limit_scope_check")
        ),
        sa.CheckConstraint("per_hour >= 0 AND per_day >= 0", name=op.f("budget_limit_counts_check")),
        sa.CheckConstraint("misses BETWEEN 1 AND 1000", name=op.f("budget_limit_misses_check")),
        schema="hub",
    )
    op.create_table(
        "budget_spent",
        sa.Column("scope", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("hour_count", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("day_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "id", "slot", name=op.f("budget_spent_pkey")),
        schema="hub",
        postgresql_with={"fillfactor": "50"},
    )


def _misses() -> None:
    op.create_table(
        "asker_misses",
        sa.Column("asker", WORD, nullable=False),
        sa.Column("moments", postgresql.ARRAY(MOMENT), nullable=False),
        sa.PrimaryKeyConstraint("asker", name=op.f("asker_misses_pkey")),
        schema="hub",
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "asker_stopped",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("asker", WORD, nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("first_miss_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=False),
        sa.Column("was_open", sa.Boolean(), nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("asker_stopped_pkey")),
        sa.CheckConstraint(
            "num_nulls(lifted_at, lifted_by, reason) IN (0, 3)", name=op.f("asker_stopped_lifted_check")
        ),
        schema="hub",
    )
    op.create_index(
        "asker_stopped_in_force_key",
        "asker_stopped",
        ["asker"],
        unique=True,
        schema="hub",
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _inspection() -> None:
    op.create_table(
        "inspected_answer",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("asker", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("act", WORD, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("service_item", sa.Text(), nullable=True),
        sa.Column("case_number", WORD, nullable=True),
        sa.Column("code", WORD, nullable=True),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("inspected_answer_pkey")),
        schema="hub",
    )
    op.create_index(op.f("inspected_answer_at_idx"), "inspected_answer", ["at"], schema="hub")
    op.create_index(op.f("inspected_answer_asker_at_idx"), "inspected_answer", ["asker", "at"], schema="hub")
    op.create_table(
        "inspection_place",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("inspection_place_pkey")),
        sa.CheckConstraint("one", name=op.f("inspection_place_one_check")),
        schema="hub",
    )
    op.create_table(
        "inspection_search",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", WORD, nullable=False),
        sa.Column("subject_digests", postgresql.ARRAY(postgresql.BYTEA()), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("inspection_search_pkey")),
        sa.CheckConstraint("asked_by <> decided_by", name=op.f("inspection_search_two_check")),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_at, approved) IN (0, 3)", name=op.f("inspection_search_decided_check")
        ),
        sa.CheckConstraint("looked_at IS NULL OR approved", name=op.f("inspection_search_looked_check")),
        schema="hub",
    )
