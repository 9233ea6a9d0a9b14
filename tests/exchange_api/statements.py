"""Counts what the store is asked for an answer, and not what is asked beside it: the ledger is tended when it is time.

with statements(served) as counted:
    asking.ask(served, NUMBER)
assert sum("hub.find_certificates" in statement for statement in counted) == 1
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tests.exchange_api.conftest import Served

_OF_AN_ANSWER = ("hub.find_certificates", "INSERT INTO hub.ledger_entry")


@contextmanager
def statements(served: Served) -> Iterator[Counter[str]]:
    """Statements of the transactions of the API's own store in which something is looked up or written down."""
    counted: Counter[str] = Counter()
    begun: dict[int, Counter[str]] = {}

    def note(conn: sa.Connection, _cursor: object, statement: str, *_more: object) -> None:
        begun.setdefault(id(conn), Counter())[statement] += 1

    def ended(conn: sa.Connection) -> None:
        done = begun.pop(id(conn), Counter())
        if any(name in statement for statement in done for name in _OF_AN_ANSWER):
            counted.update(done)

    heard = [("before_cursor_execute", note), ("commit", ended), ("rollback", ended)]
    for engine in served.engines:
        for event, listener in heard:
            sa.event.listen(engine, event, listener)
    try:
        yield counted
    finally:
        for engine in served.engines:
            for event, listener in heard:
                sa.event.remove(engine, event, listener)
