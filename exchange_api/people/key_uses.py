"""When clients' keys were used last, to the minute: noted in memory while questions are answered, written beside it.

with KeyUses(store) as uses:
    uses.note("<thumbprint>", now)      # costs a look into a dictionary; a minute of uses is one row's update

Nothing of it runs in a transaction that answers, and a store that is down loses a minute's knowledge, no answer.
"""

import threading
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from exchange_api.transactions import Transaction
from registries.errors import RegistriesError
from registries.store import clients
from registries.store.engine import Store

WRITTEN_AFTER_SECONDS = 1.0


class KeyUses:
    """What this process has noted and not written down yet; other processes do the same to the same rows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # who closes waits for the timer, whose store is open until then
        self._written: dict[str, datetime] = {}
        self._pending: dict[str, datetime] = {}
        self._timer: threading.Timer | None = None

    def note(self, thumbprint: str, now: datetime) -> None:
        """Remember that a key was used, if its last use is a minute old or unknown here."""
        before = self._written.get(thumbprint)
        if before is not None and now - before < clients.USES_APART:
            return
        with self._lock:
            self._written[thumbprint] = self._pending[thumbprint] = now
            if self._timer is None:
                self._timer = threading.Timer(WRITTEN_AFTER_SECONDS, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Write down what is pending."""
        with self._writing:
            with self._lock:
                pending, self._pending, self._timer = self._pending, {}, None
            if pending:
                with suppress(RegistriesError), Transaction(self._store) as work:
                    clients.note_key_uses(work.conn, pending, max(pending.values()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        timer = self._timer
        if timer is not None:
            timer.cancel()
        self.write()
