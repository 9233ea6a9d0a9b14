"""Tables of budgets: how often one may ask, how often was asked in this hour and day, and who guessed too often.

They are written by functions only (`budgets`), and share one metadata with `tables`.

    >>> budget_spent.c.slot.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from registries.store.tables import Moment, Word, metadata

budget_limit = sa.Table(  # id '*': for all of the scope that have none of their own; NULL: without limit
    "budget_limit",
    metadata,
    sa.Column("scope", Word, primary_key=True),
    sa.Column("id", Word, primary_key=True),
    sa.Column("per_hour", sa.BigInteger),
    sa.Column("per_day", sa.BigInteger),
    sa.Column("misses", sa.Integer),  # within ten minutes; NULL: as for all
    sa.Column("set_by", sa.Text, nullable=False),
    sa.CheckConstraint("scope IN ('client','officer','purpose','unmasking','telling')", name="scope"),
    sa.CheckConstraint("per_hour >= 0 AND per_day >= 0", name="counts"),
    sa.CheckConstraint("misses BETWEEN 1 AND 1000", name="misses"),
)

budget_spent = sa.Table(  # slot 0 is for who has to wait; the others are for transactions that need not
    "budget_spent",
    metadata,
    sa.Column("scope", Word, primary_key=True),
    sa.Column("id", Word, primary_key=True),
    sa.Column("slot", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("hour", Moment, nullable=False),
    sa.Column("hour_count", sa.BigInteger, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("day_count", sa.BigInteger, nullable=False),
    postgresql_with={"fillfactor": "50"},  # a row is written again and again, and stays in its page
)

asker_misses = sa.Table(  # when an asker's look-ups of the last ten minutes found nothing
    "asker_misses",
    metadata,
    sa.Column("asker", Word, primary_key=True),
    sa.Column("moments", ARRAY(Moment), nullable=False),
    postgresql_with={"fillfactor": "50"},
)

asker_stopped = sa.Table(  # who was ended by the alarm on misses, and who let it ask again
    "asker_stopped",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("asker", Word, nullable=False),
    sa.Column("misses", sa.Integer, nullable=False),
    sa.Column("first_miss_at", Moment, nullable=False),
    sa.Column("stopped_at", Moment, nullable=False),
    sa.Column("was_open", sa.Boolean, nullable=False),  # whether it could ask before: so much is given back
    sa.Column("lifted_at", Moment),
    sa.Column("lifted_by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.CheckConstraint("num_nulls(lifted_at, lifted_by, reason) IN (0, 3)", name="lifted"),
    sa.Index(
        "asker_stopped_in_force_key",
        "asker",
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    ),
)
