"""The events in certificates' lives, insert-only: what each source said when, and which move led to it.

>>> certificate_event.c.lawful.nullable
False
"""

import sqlalchemy as sa

from registries.store.tables import Word, metadata

certificate_event = sa.Table(
    "certificate_event",
    metadata,
    sa.Column("certificate_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("move", Word, nullable=False),
    sa.Column("lawful", sa.Boolean, nullable=False),  # a move that law knows leads to it from the last lawful event
    sa.Column("status", Word, nullable=False),
    sa.Column("since", sa.Date),
    sa.Column("reason", sa.Text),
    sa.Column("learnt_on", sa.Date),  # the day of its batch, in China; None: from before events were kept so
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_until", sa.Date),
    sa.Column("long_term", sa.Boolean, nullable=False),
    sa.Column("version", Word),
    sa.Column("authority", sa.Text),  # who issued it or changed it
    sa.Column("principal", sa.Text),  # on behalf of whom
    sa.Column("trust_level", Word),
    sa.Column("renewal_applied_on", sa.Date),
    sa.Index("certificate_event_unlawful_idx", "batch", "certificate_id", postgresql_where=sa.text("NOT lawful")),
)
