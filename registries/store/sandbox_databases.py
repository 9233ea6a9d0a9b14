"""Databases of departments' sandboxes: made and dropped by who owns the hub's.

sandbox_databases.create(store_owner, "try_health")     # where the server is the operator's; who asks may create some
sandbox_databases.drop(store_owner, "try_health")       # whoever is connected to it is not any more
"""

import sqlalchemy as sa
from psycopg import sql

from registries.store.engine import Store, driver

_KNOWN = sa.text("SELECT count(*) FROM pg_database WHERE datname = :name")


def create(store_owner: Store, name: str) -> None:
    """Make a database; one that is there stays. StoreError: the owner may not (`ALTER ROLE ... CREATEDB`)."""
    with store_owner.autocommit() as conn:
        if not conn.execute(_KNOWN, {"name": name}).scalar_one():
            driver(conn).execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop(store_owner: Store, name: str) -> None:
    """Drop a database; nothing where there is none. StoreError: it is somebody else's."""
    with store_owner.autocommit() as conn:
        driver(conn).execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
