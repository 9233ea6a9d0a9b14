"""Tables of what deliveries are answered with: replies to files in drop folders, and trials of what systems push.

They share one metadata with `tables`, which the migrations must equal (`schema.drift`).

    >>> delivery_reply.c.state.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from registries.store.tables import Moment, Word, client, metadata

delivery_reply = sa.Table(  # a receipt, and the refused rows, that go back to where a file came from; no values of rows
    "delivery_reply",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("identity", Word, nullable=False),  # of the delivery: SHA-256, in hex
    sa.Column("batch", sa.BigInteger),
    sa.Column("outcome", JSONB),  # of a fault its code and words, of a trial what it found; a batch tells its own
    sa.Column("state", Word, nullable=False),
    sa.Column("written", ARRAY(sa.Text), nullable=False),  # names of the files, wherever they are
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("hindrance", Word),  # why the last attempt to reach the place failed: a word
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("written_at", Moment),
    sa.UniqueConstraint("batch"),
    sa.CheckConstraint("kind IN ('batch','fault','trial')", name="kind"),
    sa.CheckConstraint("state IN ('waiting','written','kept','expired')", name="state"),
    sa.CheckConstraint("(kind = 'trial') = (batch IS NULL)", name="batch"),
    sa.CheckConstraint("(kind = 'batch') = (outcome IS NULL)", name="outcome"),
    sa.Index("delivery_reply_trial_idx", "dataset", "identity", unique=True, postgresql_where=sa.text("batch IS NULL")),
    sa.Index("delivery_reply_waiting_idx", "next_at", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index(None, "dataset", "id"),
)

push_trial = sa.Table(  # pushes that are only to be tried: they have no place in an order
    "push_trial",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), nullable=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("body_digest", BYTEA, nullable=False),
    sa.Column("jti", Word, nullable=False),
    sa.Column("request_digest", BYTEA, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("outcome", JSONB),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.UniqueConstraint("client_id", "jti"),
    sa.CheckConstraint("octet_length(body_digest) = 32", name="body_digest"),
    sa.CheckConstraint("state IN ('waiting','checked','refused')", name="state"),
    sa.CheckConstraint("(state = 'waiting') = (outcome IS NULL)", name="outcome"),
    sa.Index("push_trial_waiting_idx", "id", postgresql_where=sa.text("state = 'waiting'")),
)
