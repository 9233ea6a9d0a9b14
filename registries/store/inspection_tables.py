"""Tables of the inspector's desk: what was answered, without whose; searches by subject that two persons decide on.

`inspected_answer` follows the ledger (`inspections.catch_up`) and can be made again from it. Both are read and written
by functions only, which demand an inspector's account; they share one metadata with `tables`.

    >>> inspected_answer.c.asker.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from registries.store.tables import Moment, Word, metadata

inspected_answer = sa.Table(
    "inspected_answer",
    metadata,
    sa.Column("entry_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("asker", Word, nullable=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("act", Word, nullable=False),
    sa.Column("purpose", sa.Text),
    sa.Column("service_item", sa.Text),
    sa.Column("case_number", Word),
    sa.Column("code", Word),
    sa.Column("questions", sa.Integer, nullable=False),
    sa.Column("misses", sa.Integer, nullable=False),
    sa.Index(None, "at"),
    sa.Index(None, "asker", "at"),
)

inspection_place = sa.Table(  # up to where the ledger was followed: its next place
    "inspection_place",
    metadata,
    sa.Column("one", sa.Boolean, primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
    sa.CheckConstraint("one", name="one"),
)

inspection_search = sa.Table(  # who asked about one subject: asked for by one person, approved by another, one look
    "inspection_search",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject_kind", Word, nullable=False),
    sa.Column("subject_digests", ARRAY(BYTEA), nullable=False),
    sa.Column("shown", sa.Text, nullable=False),  # the key, masked
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("asked_by", sa.BigInteger, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("decided_by", sa.BigInteger),
    sa.Column("decided_at", Moment),
    sa.Column("approved", sa.Boolean),
    sa.Column("looked_at", Moment),
    sa.CheckConstraint("asked_by <> decided_by", name="two"),
    sa.CheckConstraint("num_nulls(decided_by, decided_at, approved) IN (0, 3)", name="decided"),
    sa.CheckConstraint("looked_at IS NULL OR approved", name="looked"),
)
