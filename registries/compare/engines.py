"""The engine that checks and compares: this machine's two cores with DuckDB, or Spark; chosen by HUB_ENGINE.

    with LocalEngine() as engine:
        for judged in engine.each(judge, chunks): ...         # in order, a few chunks at a time
        rows = engine.answer(questions.shared(engine.table(narrow_rows), "key"))

Questions are Ibis expressions (`questions`), the same ones on every engine. Nothing is written to a disk: rows that
don't fit into memory are asked part by part.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, Self, TypeVar

import pyarrow as pa

from registries.freed_memory import keep_freed_memory

if TYPE_CHECKING:
    import ibis  # type: ignore[import-untyped] # it ships none

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

THREADS: Final = 2
AHEAD: Final = 2
"""Chunks that are judged or wait to be fetched, per thread: with more of them memory grows, and nothing gets faster."""

_SETTINGS: Final = (
    "SET temp_directory = ''",  # personal data is never spilled unsealed
    "SET memory_limit = '3GB'",
    f"SET threads = {THREADS}",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
)


class Engine(Protocol):
    """What checking and comparing ask of an engine.

    Attributes:
        at_hand: judged rows come back to a process that can hold the image: a lookup spares the joins with it.
    """

    at_hand: ClassVar[bool]

    def each(self, work: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome]:
        """`work` of every item, side by side, answered in the items' order; a bounded number of them is under way."""

    def table(self, rows: pa.Table) -> "ibis.Table":
        """Rows to ask about."""

    def answer(self, wanted: "ibis.Table") -> pa.Table:
        """What an expression comes to."""

    def close(self) -> None:
        """Give back what it holds."""


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[Item], Outcome], items: Iterable[Item], ahead: int
) -> Iterator[Outcome]:
    """`work` of every item in the pool's threads, in the items' order; `ahead` of them are under way or wait."""
    waiting: deque[Future[Outcome]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class LocalEngine:
    """Threads of this process, and DuckDB in memory."""

    at_hand: ClassVar[bool] = True

    def __init__(self) -> None:
        keep_freed_memory()
        self._backend: ibis.BaseBackend | None = None

    def each(self, work: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome]:
        """As the protocol says. Arrow, numpy and the sealing of files let go of Python's lock, so that threads help."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="judge") as pool:
            yield from in_order(pool, work, items, AHEAD * THREADS)

    def table(self, rows: pa.Table) -> "ibis.Table":
        """Read where they are, without a copy."""
        import ibis  # when it is needed: it takes a second or two to import

        return ibis.memtable(rows)

    def answer(self, wanted: "ibis.Table") -> pa.Table:
        """In columns."""
        return self._connected().to_pyarrow(wanted)

    def close(self) -> None:
        """Let go of DuckDB's memory."""
        if self._backend is not None:
            self._backend.disconnect()
            self._backend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _connected(self) -> "ibis.BaseBackend":
        if self._backend is None:
            import ibis

            self._backend = ibis.duckdb.connect()
            for setting in _SETTINGS:
                self._backend.raw_sql(setting)
        return self._backend
