"""The subjects that somebody has to look at again: their keys, with every key that is joined to one of them.

    statements = touched.values_of(dataset, keys, batch, "citizen_number")
    with subject_keys.gathered(conn, "natural_person", statements) as found:
        sa.select(...).where(conflict.c.subject_key.in_(sa.select(found.c.key)))

A temporary table, as large as what changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable, DropTable

from registries.store.engine import analyse
from registries.store.tables import Word, subject_alias

Keys = sa.Select[*tuple[Any, ...]]


@contextmanager
def gathered(conn: sa.Connection, kind: str, statements: Sequence[Keys]) -> Iterator[sa.Table]:
    """A table with one column, `key`: what the statements give, once each, and all that is joined with one of them.

    Args:
        conn: the transaction in which the table is there, until the block ends.
        kind: of subjects, whose joins count.
        statements: of one column each; NULL is no key.
    """
    table = sa.Table("subject_keys", sa.MetaData(), sa.Column("key", Word, primary_key=True), prefixes=["TEMPORARY"])
    conn.execute(CreateTable(table))
    given = sa.union_all(*(_keys(statement) for statement in statements)).subquery()
    _add(conn, table, sa.select(given.c.key).where(given.c.key.is_not(None)).distinct())
    alias = subject_alias.alias()
    of_kind = alias.c.subject_kind == kind
    _add(conn, table, _others(table, sa.select(alias.c.subject_key).where(of_kind, alias.c.alias == table.c.key)))
    _add(conn, table, _others(table, sa.select(alias.c.alias).where(of_kind, alias.c.subject_key == table.c.key)))
    analyse(conn, table)
    yield table
    conn.execute(DropTable(table))


def _keys(statement: Keys) -> Keys:
    (column,) = statement.subquery().c
    return sa.select(sa.cast(column, Word).label("key"))


def _others(table: sa.Table, joined: Keys) -> Keys:
    """What is joined to the table's keys and is not in it yet."""
    found = joined.distinct().subquery()
    (key,) = found.c
    known = table.alias()
    return sa.select(key).where(~sa.exists().where(known.c.key == key))


def _add(conn: sa.Connection, table: sa.Table, keys: Keys) -> None:
    conn.execute(sa.insert(table).from_select(["key"], keys))
