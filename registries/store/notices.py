"""Waking whoever waits for work: PostgreSQL's NOTIFY, listened to on a connection of its own.

for came in listen(store, "hub_upload", timeout=5.0):
    work_off()
"""

from collections.abc import Iterator

from psycopg import sql

from registries.store.engine import Store, driver


def listen(store: Store, channel: str, timeout: float) -> Iterator[bool]:
    """Yield True when something may be waiting, False each time `timeout` seconds passed without a word; ends never.

    The first yield is True: something may have come while nobody listened.
    """
    with store.autocommit() as conn:
        connection = driver(conn)
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield True
        while True:
            yield any(connection.notifies(timeout=timeout, stop_after=1))
