"""What a backup needs of the store: one snapshot for several readers; and what a restored one needs before it serves.

with restored.snapshot(store) as (conn, name): ...      # pg_dump --snapshot=name sees just what conn sees
restored.settle(conn, "/old/landed/", "/new/landed/")
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from registries.store.engine import Store

_SCHEMAS = sa.text("SELECT count(*) FROM pg_namespace WHERE nspname = 'hub'")
_MOVED = (
    "UPDATE hub.batch SET landed = CAST(replace(CAST(landed AS text), :before, :now) AS jsonb)",
    "UPDATE hub.upload SET path = replace(path, :before, :now)",
    "UPDATE hub.push SET path = replace(path, :before, :now)",
)


@contextmanager
def snapshot(store: Store) -> Iterator[tuple[sa.Connection, str]]:
    """A connection that sees one moment until the block ends, and the name by which others see the same."""
    with store.connect() as conn:
        conn.execution_options(isolation_level="REPEATABLE READ")
        yield conn, str(conn.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one())


def is_empty(conn: sa.Connection) -> bool:
    """Whether no hub was ever set up in this database."""
    return not conn.execute(_SCHEMAS).scalar_one()


def settle(conn: sa.Connection, before: str, now: str) -> None:
    """Sign everybody out, and name landed files by the folder in which they are now."""
    conn.execute(sa.text("DELETE FROM hub.session"))
    if before != now:
        for statement in _MOVED:
            conn.execute(sa.text(statement), {"before": before, "now": now})
