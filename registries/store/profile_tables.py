"""What each batch's columns looked like: how many values were missing, and how often each code stood there.

No row can be found here, and no value of a person: see `quality.profiles`, which decides what is counted.

    >>> batch_profile.c["values"].nullable
    True
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from registries.store.tables import Word, metadata

batch_profile = sa.Table(
    "batch_profile",
    metadata,
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("column_name", Word, primary_key=True),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("nulls", sa.BigInteger, nullable=False),
    sa.Column("values", JSONB),  # code -> how often; NULL where values are not counted
    sa.Column("distance", sa.Double),  # from the dataset's own history (Jensen-Shannon, 0 to 1); NULL: too little of it
    sa.Column("bound", sa.Double),  # above which the distance is a drift
    sa.CheckConstraint("nulls BETWEEN 0 AND rows", name="nulls"),
    sa.Index(None, "dataset", "batch"),
)
