"""A transaction of the store that the steps of one use case share.

    with Transaction(store) as work:
        grants.covering_grants(work.conn, ...)

The steps take the transaction, and only the store's functions look at its connection.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from registries.store.engine import Store


class Transaction:
    """Committed when the block ends, rolled back when it raises; errors as `Store.begin`."""

    def __init__(self, store: Store) -> None:
        self._opened = store.begin()
        self._afterwards: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        self.conn = self._opened.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, at)
        if kind is None:
            for act in self._afterwards:
                act()

    def afterwards(self, act: Callable[[], None]) -> None:
        """Have something done once the transaction is committed; it raises to whoever ends the block."""
        self._afterwards.append(act)
