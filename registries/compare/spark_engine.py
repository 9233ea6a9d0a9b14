"""Spark as the engine that checks and compares; the only file that knows it. Chosen by HUB_ENGINE=spark.

    with SparkEngine("local[2]", home.spill / "spark") as engine:
        for judged in engine.each(judge, chunks): ...
        rows = engine.answer(questions.shared(engine.table(narrow_rows), "key"))

Chunks are judged by Spark's Python workers, each as a job of its own, so that answers come in the chunks' order and
only a bounded number of them is here. Questions are Ibis expressions, as on DuckDB. What the work is, and what it
answers, passes through sockets that ask for a secret; what Spark says of itself is not listened to.
"""

import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from registries.compare.engines import AHEAD, Item, Outcome, in_order
from registries.compare.faults import EngineFailed
from registries.compare.spark_settings import is_local, spark_settings
from registries.compare.spark_work import Worker, opened, packed

if TYPE_CHECKING:
    import ibis  # type: ignore[import-untyped] # it ships none

_SPARKS: Final = (Py4JError, PySparkException, OSError, EOFError)
"""What pyspark raises, also when Java has ended."""
_STOP_SECONDS: Final = 20


@dataclass(frozen=True)
class _Running:
    """A Spark that runs: one per process, as pyspark has it."""

    context: Any
    session: Any
    backend: "ibis.BaseBackend"
    pool: ThreadPoolExecutor
    java: "subprocess.Popen[bytes]"


class SparkEngine:
    """Starts Spark when it is first asked; a process has one of them at a time.

    Args:
        master: `local[2]`, or a cluster's address.
        folder: for what Spark must write to a disk.
    """

    at_hand: ClassVar[bool] = False

    def __init__(self, master: str, folder: Path) -> None:
        self._master = master
        self._folder = folder
        self._running: _Running | None = None
        self._on_interrupt = signal.getsignal(signal.SIGINT)
        self._views = 0
        self._unused: list[str] = []

    def each(self, work: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome]:
        """As the protocol says; `work` and items are pickled, and so is what comes back.

        Raises:
            EngineFailed: Spark failed, or `work` did, with an error that is not one of the rooms'.
        """
        running, worker = self._started(), Worker.of(work)

        def asked(item: Item) -> bytes:
            with self._own_errors():
                found: list[bytes] = running.context.parallelize([packed(item)], 1).mapPartitions(worker).collect()
                return found[0]

        ahead = AHEAD * running.context.defaultParallelism
        yield from map(opened, in_order(running.pool, asked, items, ahead))

    def table(self, rows: pa.Table) -> "ibis.Table":
        """Handed to Spark; it forgets them some time after nobody asks about them any more."""
        running = self._started()
        with self._own_errors():
            while self._unused:
                running.session.catalog.dropTempView(self._unused.pop())
            self._views += 1
            name = f"rows_{self._views}"
            running.session.createDataFrame(rows).createOrReplaceTempView(name)
            table = running.backend.table(name)
        weakref.finalize(table.op(), self._unused.append, name)
        return table

    def answer(self, wanted: "ibis.Table") -> pa.Table:
        """In columns; Ibis's own way leads over pandas, where numbers beside NULL lose digits."""
        backend = self._started().backend
        with self._own_errors():
            found = backend.raw_sql(backend.compile(wanted)).toArrow()
        return found.cast(wanted.schema().to_pyarrow())

    def close(self) -> None:
        """Stop Spark, and the Java that pyspark would leave behind."""
        running, self._running = self._running, None
        if running is None:
            return
        with contextlib.suppress(*_SPARKS):
            running.context.cancelAllJobs()
        running.pool.shutdown(cancel_futures=True)
        for stop in (running.session.stop, running.context.stop):  # the first gives up half-way if Java is gone
            with contextlib.suppress(*_SPARKS):
                stop()
        _end(running.java)
        if threading.current_thread() is threading.main_thread():  # pyspark leaves a handler that asks a stopped Spark
            signal.signal(signal.SIGINT, self._on_interrupt)
        shutil.rmtree(self._mine, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _own_errors(self) -> Iterator[None]:
        """Of what Spark raises only the kind: its texts hold what it was working on."""
        try:
            yield
        except _SPARKS as error:
            raise EngineFailed(type(error).__name__) from None
        except pickle.PicklingError:
            raise EngineFailed("PicklingError") from None

    def _started(self) -> _Running:
        if self._running is not None and self._running.java.poll() is not None:
            self.close()  # Java has ended by itself
        if self._running is None:
            with self._own_errors():
                self._running = self._start()
        return self._running

    def _start(self) -> _Running:
        import ibis

        self._prepare_folder()
        self._on_interrupt = signal.getsignal(signal.SIGINT)
        conf = SparkConf(loadDefaults=False).setAll(list(spark_settings(self._master, self._mine).items()))
        gateway = launch_gateway(conf, {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL})
        context = SparkContext(conf=conf, gateway=gateway)
        if is_local(self._master):
            context.pythonExec = sys.executable
        session = SparkSession(context)
        pool = ThreadPoolExecutor(context.defaultParallelism, thread_name_prefix="spark")
        return _Running(context, session, ibis.pyspark.connect(session), pool, gateway.proc)

    @property
    def _mine(self) -> Path:
        return self._folder / str(os.getpid())

    def _prepare_folder(self) -> None:
        """An empty one for this process; those of processes that were killed are removed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in self._folder.iterdir():
            if other == self._mine or not Path("/proc", other.name).exists():
                shutil.rmtree(other, ignore_errors=True)
        self._mine.mkdir(mode=0o700)


def _end(java: "subprocess.Popen[bytes]") -> None:
    """Java ends when nobody holds its standard input any more; pyspark then knows none, and may start another."""
    gateway = SparkContext._gateway  # noqa: SLF001 - pyspark has no public way to let go of Java
    if gateway is not None:
        with contextlib.suppress(*_SPARKS):
            gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - as above
    if java.stdin is not None:
        java.stdin.close()
    try:
        java.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        java.kill()
        java.wait()
