"""What clients are told: each open watch's certificate is held against what the client was told last, set-based.

    watch_changes.note_batch(conn, dataset, batch, now, today)     # hub_load: behind a take-over, by what it touched
    watch_changes.note_all(conn, now, today)                       # every minute: what runs out, ends, or was missed

One pass goes after the other and commits soon (an advisory lock), so that each client's events have places without
gaps, in the order in which they can be read: who reads up to a place has missed none before it. A pass that is done
twice tells nothing twice. Nobody is told anything under a grant that does not cover the question any more.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.store import touched
from registries.store.batches import Batch
from registries.store.tables import certificate, certificate_holder, refused_row
from registries.store.watch_tables import watch, watch_subject

CHANNEL: Final = "hub_watch"
"""Who posts events is woken on it."""

KEPT: Final = timedelta(days=90)
"""How long events can be read again, and ended watches are known."""

_LOCK = 6_020

_UNBIND = sa.text(
    """
    UPDATE hub.watch_subject s SET certificate_id = NULL
     WHERE s.certificate_id IS NOT NULL AND (CAST(:ids AS text[]) IS NULL OR s.watch_id = ANY(CAST(:ids AS text[])))
       AND NOT EXISTS (SELECT FROM hub.certificate c WHERE c.id = s.certificate_id)
    """
)
_BIND = sa.text(
    """
    UPDATE hub.watch_subject s SET certificate_id = found.id
      FROM (SELECT o.watch_id, max(c.id) AS id
              FROM hub.watch_subject o
              JOIN hub.watch w ON w.id = o.watch_id
              JOIN hub.certificate_holder h ON h.match_digest = o.match_digest
              JOIN hub.certificate c ON c.id = h.certificate_id AND c.type_code = w.certificate_type
             WHERE o.certificate_id IS NULL
               AND (CAST(:ids AS text[]) IS NULL OR o.watch_id = ANY(CAST(:ids AS text[])))
             GROUP BY o.watch_id) AS found
     WHERE s.watch_id = found.watch_id
    """
)
_NOTE = sa.text(
    """
    WITH looked AS MATERIALIZED (
        SELECT w.id, w.client_id, w.certificate_type, w.host, s.*, c.digest, c.status, c.mark, c.valid_from,
               c.valid_until, c.long_term,
               hub.watch_phase(c.status, c.valid_from, c.valid_until, c.long_term, w.expiry_days, :today) AS phase,
               EXISTS (SELECT FROM hub.refused_row r
                        WHERE r.number_digest = s.number_digest AND r.until_batch IS NULL) AS checking,
               EXISTS (SELECT FROM hub.dispute p
                        WHERE p.match_digest = s.match_digest AND p.state = 'open') AS disputed,
               CASE WHEN w.until < :today THEN 'until'
                    WHEN g.id IS NULL OR g.ended_at IS NOT NULL OR g.valid_until < :today THEN 'grant' END AS over,
               k.state = 'active' AND (c.id IS NULL OR hub.in_area(c.area_code, g.area_code))
               AND hub.grant_covers(g, :today, k.department, 'client:' || k.id, 'verification', w.certificate_type,
                                    NULL, ARRAY[]::text[], w.purpose, w.service_item) AS covered
          FROM hub.watch w
          JOIN hub.client k ON k.id = w.client_id
          JOIN hub.watch_subject s ON s.watch_id = w.id
          LEFT JOIN hub.grant_right g ON g.id = w.grant_id
          LEFT JOIN hub.certificate c ON c.id = s.certificate_id
         WHERE w.state = 'open' AND (CAST(:ids AS text[]) IS NULL OR w.id = ANY(CAST(:ids AS text[])))
    ), moved AS MATERIALIZED (
        SELECT l.*, CASE
                 WHEN l.over IS NOT NULL THEN ARRAY['ended']
                 WHEN l.digest IS NULL AND l.seen_digest IS NOT NULL THEN ARRAY['gone']
                 WHEN l.digest IS NOT NULL AND l.seen_digest IS NULL THEN ARRAY['appeared']
                 ELSE array_remove(ARRAY[
                     CASE WHEN l.status IS DISTINCT FROM l.seen_status THEN 'status' END,
                     CASE WHEN (l.valid_from, l.valid_until, l.long_term)
                               IS DISTINCT FROM (l.seen_from, l.seen_until, l.seen_long_term) THEN 'validity' END,
                     CASE WHEN l.mark IS DISTINCT FROM l.seen_mark THEN 'mark' END,
                     CASE WHEN l.checking <> l.seen_checking THEN 'checking' END,
                     CASE WHEN l.disputed <> l.seen_disputed THEN 'disputed' END,
                     CASE WHEN l.phase = l.seen_phase THEN NULL
                          WHEN l.phase = 'soon' THEN 'expiring'
                          WHEN l.phase = 'past' AND l.seen_phase <> 'none' THEN 'expired'
                          WHEN l.phase = 'within' AND l.seen_phase = 'early' THEN 'began' END,
                     CASE WHEN l.digest IS DISTINCT FROM l.seen_digest AND l.status IS NOT DISTINCT FROM l.seen_status
                               AND (l.valid_from, l.valid_until, l.long_term)
                                   IS NOT DISTINCT FROM (l.seen_from, l.seen_until, l.seen_long_term)
                          THEN 'content' END], NULL) END AS changed
          FROM looked l
         WHERE l.over IS NOT NULL OR (l.covered
               AND (l.digest, l.status, l.mark, l.phase, l.checking, l.disputed) IS DISTINCT FROM
                   (l.seen_digest, l.seen_status, l.seen_mark, l.seen_phase, l.seen_checking, l.seen_disputed))
    ), placed AS MATERIALIZED (
        SELECT m.*, COALESCE(f.last_place, 0) + row_number() OVER (PARTITION BY m.client_id ORDER BY m.id) AS place
          FROM moved m LEFT JOIN hub.watch_feed f ON f.client_id = m.client_id
         WHERE cardinality(m.changed) > 0
    ), seen AS (
        UPDATE hub.watch_subject s
           SET seen_digest = m.digest, seen_status = m.status, seen_mark = m.mark, seen_from = m.valid_from,
               seen_until = m.valid_until, seen_long_term = m.long_term, seen_phase = m.phase,
               seen_checking = m.checking, seen_disputed = m.disputed
          FROM moved m WHERE m.over IS NULL AND s.watch_id = m.id
    ), forgotten AS (
        DELETE FROM hub.watch_subject s USING moved m WHERE m.over IS NOT NULL AND s.watch_id = m.id
    ), ended AS (
        UPDATE hub.watch w SET state = 'ended', ended_at = :now, ended_because = m.over
          FROM moved m WHERE m.over IS NOT NULL AND w.id = m.id
    ), counted AS (
        INSERT INTO hub.watch_feed AS f (client_id, last_place)
        SELECT p.client_id, max(p.place) FROM placed p GROUP BY p.client_id
        ON CONFLICT (client_id) DO UPDATE SET last_place = EXCLUDED.last_place
    ), told AS (
        INSERT INTO hub.watch_event (client_id, place, watch_id, certificate_type, changed, noted_at)
        SELECT p.client_id, p.place, p.id, p.certificate_type, p.changed, :now FROM placed p
    ), posted AS (
        INSERT INTO hub.watch_delivery (client_id, place, watch_id, host, state, attempts, due_at, made_at)
        SELECT p.client_id, p.place, p.id, p.host, 'waiting', 0, :now, :now FROM placed p WHERE p.host IS NOT NULL
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM placed) AS told, (SELECT count(*) FROM posted) AS posted
    """
)
_PRUNE = (
    sa.text(
        """
        DELETE FROM hub.watch_delivery d USING hub.watch_event e
         WHERE e.client_id = d.client_id AND e.place = d.place AND e.noted_at < :before AND d.state <> 'waiting'
        """
    ),
    sa.text(
        """
        DELETE FROM hub.watch_event e WHERE e.noted_at < :before
           AND NOT EXISTS (SELECT FROM hub.watch_delivery d WHERE d.client_id = e.client_id AND d.place = e.place)
        """
    ),
    sa.text(
        """
        DELETE FROM hub.watch w WHERE w.state = 'ended' AND w.ended_at < :before
           AND NOT EXISTS (SELECT FROM hub.watch_event e WHERE e.watch_id = w.id)
        """
    ),
)


def note_batch(conn: sa.Connection, dataset: Dataset, batch: Batch, now: datetime, today: date) -> int:
    """Tell what a batch of certificates changed, by the rows that it touched; how many events.

    Args:
        conn: of the role hub_load; commit soon.
        dataset: whose batch it is, its stage still there.
        batch: taken over; one that did nothing tells nothing.
        now: for the record.
        today: the day in China.
    """
    mapping = dataset.certificate
    if mapping is None:
        return 0
    of_type = watch.c.certificate_type == mapping.type_code
    if conn.execute(sa.select(watch.c.id).where(watch.c.state == "open", of_type).limit(1)).first() is None:
        return 0
    return _note(conn, _touched_watches(conn, dataset, batch, mapping.type_code, mapping.number), now, today)


def note_all(conn: sa.Connection, now: datetime, today: date) -> int:
    """Hold every open watch against its certificate, end those whose time is over, forget what is old; how many events.

    It is what tells that a certificate runs out, and finds what a pass behind a batch can't have seen: a watch that
    was opened while the batch was taken over.
    """
    told = _note(conn, None, now, today)
    for statement in _PRUNE:
        conn.execute(statement, {"before": now - KEPT})
    return told


def _note(conn: sa.Connection, ids: Sequence[str] | None, now: datetime, today: date) -> int:
    """Of these watches, or of all."""
    if ids is not None and not ids:
        return 0
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    bound = {"ids": None if ids is None else list(ids)}
    conn.execute(_UNBIND, bound)
    conn.execute(_BIND, bound)
    found = conn.execute(_NOTE, {**bound, "now": now, "today": today}).one()
    if found.posted:
        conn.execute(sa.select(sa.func.pg_notify(CHANNEL, str(found.posted))))
    return int(found.told)


def _touched_watches(
    conn: sa.Connection, dataset: Dataset, batch: Batch, type_code: str, number: str
) -> list[str] | None:
    """Watches of certificates that the batch touched, refused, or brought; None where nobody knows what it touched."""
    keys = touched.keys_of(conn, dataset, batch)
    if keys is None:
        wanted = sa.select(watch.c.id).where(watch.c.state == "open", watch.c.certificate_type == type_code)
        return [str(one) for one in conn.execute(wanted).scalars()]
    numbers = sa.union(*touched.values_of(dataset, keys, batch, number)).subquery()
    (value,) = numbers.c
    moved = sa.select(certificate.c.id).where(
        certificate.c.dataset == dataset.name, certificate.c.number.in_(sa.select(value))
    )
    return [str(one) for one in conn.execute(sa.union(*_meant(batch, moved))).scalars()]


def _meant(batch: Batch, moved: sa.Select[*tuple[Any, ...]]) -> list[sa.Select[*tuple[Any, ...]]]:
    """By certificate, by a holder who has one now, and by a number of which the batch refused a row."""
    subject, of = watch_subject, sa.select(watch_subject.c.watch_id)
    holders = sa.select(certificate_holder.c.match_digest).where(certificate_holder.c.certificate_id.in_(moved))
    refused = sa.select(refused_row.c.number_digest).where(refused_row.c.batch == batch.number)
    return [
        of.where(subject.c.certificate_id.in_(moved)),
        of.where(subject.c.certificate_id.is_(None), subject.c.match_digest.in_(holders)),
        of.where(subject.c.number_digest.in_(refused)),
    ]
