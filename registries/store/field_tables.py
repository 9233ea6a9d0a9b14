"""The mirror of which fields can be asked for, of registers and of datasets; shares the metadata of `tables`.

>>> shown_field.c.precedence.nullable
False
"""

import sqlalchemy as sa

from registries.store.tables import Word, metadata

shown_field = sa.Table(
    "shown_field",
    metadata,
    sa.Column("source", Word, primary_key=True),  # a register, or a dataset
    sa.Column("field", Word, primary_key=True),  # the register's attribute, or the dataset's column; *area: the area
    sa.Column("dataset", Word, primary_key=True),
    sa.Column("column_name", Word, nullable=False),
    sa.Column("precedence", sa.Integer, nullable=False),  # who decides in a register: the least
    sa.Column("register", Word, nullable=False),
    sa.Column("subject_kind", Word, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),  # needs no mask
    sa.Column("is_name", sa.Boolean, nullable=False),  # compared as names are
)
