"""Time stamps over the ledger's checkpoints: insert-only, as they are.

>>> time_stamp.c.token.nullable
False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from registries.store.ledger_tables import checkpoint
from registries.store.tables import Moment, metadata

time_stamp = sa.Table(
    "time_stamp",
    metadata,
    sa.Column("size", sa.BigInteger, sa.ForeignKey(checkpoint.c.size), primary_key=True, autoincrement=False),
    sa.Column("token", BYTEA, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("row_digest", BYTEA, nullable=False),
)
