"""Tables of the status lists: the lists, whose certificate a place tells of, and what was published from when on.

No role but the owner reads `status_place`; a function gives places out, another tells states by place alone.

    >>> status_place.c.certificate_id.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from registries.store.tables import Moment, Word, metadata

status_list = sa.Table(
    "status_list",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("taken", sa.Integer, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
)

status_place = sa.Table(  # without a foreign key to the certificate: one that goes leaves its place in doubt
    "status_place",
    metadata,
    sa.Column("list", sa.Integer, sa.ForeignKey(status_list.c.id), primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("certificate_id", sa.BigInteger, nullable=False),
    sa.Column("credential", Word, nullable=False, unique=True),
)

status_version = sa.Table(  # insert-only: one row whenever a list's states, or the key that signs them, changed
    "status_version",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("list", sa.Integer, sa.ForeignKey(status_list.c.id), nullable=False),
    sa.Column("from_at", Moment, nullable=False),
    sa.Column("kid", Word, nullable=False),
    sa.Column("states", BYTEA, nullable=False),
    sa.Index(None, "list", "from_at"),
)
