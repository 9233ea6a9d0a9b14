"""Tables behind looking at one subject: what may be shown of each dataset to whom, and who looked at whom.

`shown_dataset` mirrors the contracts, so that the database itself can mask; `subject_access` is written by functions
only, in the transaction that looks. Both share the metadata of `tables`.

    >>> subject_access.c.subject_digest.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from registries.store.tables import Moment, Word, metadata

shown_dataset = sa.Table(
    "shown_dataset",
    metadata,
    sa.Column("dataset", Word, primary_key=True),
    sa.Column("register", Word, nullable=False),
    sa.Column("subject_column", Word, nullable=False),
    sa.Column("key_columns", ARRAY(Word), nullable=False),
    sa.Column("columns", ARRAY(Word), nullable=False),
    sa.Column("open_columns", ARRAY(Word), nullable=False),  # those that need no mask
    sa.Column("where_columns", ARRAY(Word), nullable=False),  # what a row needs to belong to the register
    sa.Column("where_values", ARRAY(Word), nullable=False),
    sa.Column("valid_from", Word),
    sa.Column("valid_until", Word),
    sa.Column("long_term", ARRAY(Word), nullable=False),
)

subject_access = sa.Table(
    "subject_access",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject_kind", Word, nullable=False),
    sa.Column("subject_digest", BYTEA, nullable=False),
    sa.Column("register", Word, nullable=False),
    sa.Column("by_whom", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("values_shown", sa.Boolean, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index(None, "subject_digest"),
)
