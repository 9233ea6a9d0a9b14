"""Tables of watches: who is told of what, the events of each client's feed, and what is posted to its systems.

Of whom a watch is stands in `watch_subject` alone, as digests that only the store can compute, and goes when it ends.

    >>> watch_subject.c.match_digest.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from registries.store.tables import Moment, Word, client, metadata

watch = sa.Table(
    "watch",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), nullable=False),
    sa.Column("grant_id", sa.BigInteger, nullable=False),
    sa.Column("certificate_type", Word, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("service_item", sa.Text, nullable=False),
    sa.Column("case_number", Word, nullable=False),
    sa.Column("webhook", sa.Text),
    sa.Column("host", Word),  # of the webhook, with its port: what the operator allows and what rests after failures
    sa.Column("expiry_days", sa.SmallInteger),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ended_because", Word),
    sa.CheckConstraint("state IN ('open','ended')", name="state"),
    sa.CheckConstraint("ended_because IN ('client','operator','until','grant')", name="ended_because"),
    sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
    sa.CheckConstraint("(webhook IS NULL) = (host IS NULL)", name="host"),
    sa.Index(None, "client_id", "id"),
    sa.Index("watch_open_idx", "certificate_type", postgresql_where=sa.text("state = 'open'")),
)

watch_subject = sa.Table(  # which certificate, and what the client was last told of it
    "watch_subject",
    metadata,
    sa.Column("watch_id", Word, sa.ForeignKey(watch.c.id), primary_key=True),
    sa.Column("certificate_id", sa.BigInteger),  # without a foreign key: one that goes is told of
    sa.Column("match_digest", BYTEA, nullable=False),
    sa.Column("number_digest", BYTEA, nullable=False),
    sa.Column("seen_digest", BYTEA),  # None: there was no certificate
    sa.Column("seen_status", Word),
    sa.Column("seen_mark", Word),
    sa.Column("seen_from", sa.Date),
    sa.Column("seen_until", sa.Date),
    sa.Column("seen_long_term", sa.Boolean),
    sa.Column("seen_phase", Word),
    sa.Column("seen_checking", sa.Boolean, nullable=False),
    sa.Column("seen_disputed", sa.Boolean, nullable=False),
    sa.Index(None, "certificate_id"),
    sa.Index(None, "match_digest"),
    sa.Index(None, "number_digest"),
)

watch_feed = sa.Table(  # the last place that was given out in each client's feed
    "watch_feed",
    metadata,
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), primary_key=True),
    sa.Column("last_place", sa.BigInteger, nullable=False),
)

watch_event = sa.Table(
    "watch_event",
    metadata,
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("watch_id", Word, sa.ForeignKey(watch.c.id), nullable=False, index=True),
    sa.Column("certificate_type", Word, nullable=False),
    sa.Column("changed", ARRAY(Word), nullable=False),
    sa.Column("noted_at", Moment, nullable=False, index=True),
)

watch_delivery = sa.Table(  # an event on its way to a client's own system
    "watch_delivery",
    metadata,
    sa.Column("client_id", Word, primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("watch_id", Word, sa.ForeignKey(watch.c.id), nullable=False),
    sa.Column("host", Word, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("lease", Word),
    sa.Column("lease_until", Moment),
    sa.Column("fault", Word),  # a code: why it did not arrive last time
    sa.Column("status", sa.SmallInteger),  # what the other side answered last
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.ForeignKeyConstraint(["client_id", "place"], [watch_event.c.client_id, watch_event.c.place]),
    sa.CheckConstraint("state IN ('waiting','sent','dead','dropped')", name="state"),
    sa.CheckConstraint("(lease IS NULL) = (lease_until IS NULL)", name="lease"),
    sa.CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished"),
    sa.Index("watch_delivery_due_idx", "due_at", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("watch_delivery_waiting_idx", "watch_id", "place", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("watch_delivery_dead_idx", "finished_at", postgresql_where=sa.text("state = 'dead'")),
)
