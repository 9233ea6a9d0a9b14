"""An annotated workbook made beside the process that gives it: a hundred thousand rows cost seconds of a processor.

    pieces = made_apart(dataset, connector.chunks(), faults, story)

Rows are read here and streamed over, so that keys of sealed files stay here; the other process has the rows, the
contract and what was found, no environment, and limits of memory and time. Who stops reading ends it. Few are made at a
time; whoever is not served at once may wait.
"""

import contextlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import pyarrow as pa

from quality.workbooks.errors import WorkbookNotMade, WorkbooksBusy
from quality.workbooks.faults import Faults
from quality.workbooks.making_process import ROWS
from quality.workbooks.summary import Story
from registries.contracts.model import Dataset

MEMORY: Final = 2 << 30
SECONDS: Final = 240
"""What making one workbook may take: bytes of address space; processor time, and twice that on the clock."""

AT_A_TIME: Final = 4
"""Workbooks that one of the hub's processes has made at the same time; one of 100,000 rows takes up to 512 MiB."""

_PLACES: Final = threading.BoundedSemaphore(AT_A_TIME)
_PIECE: Final = 1 << 16
_ROOT: Final = str(Path(__file__).resolve().parents[2])
_START: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from quality.workbooks.making_process import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)


def made_apart(
    dataset: Dataset,
    batches: Iterable[pa.RecordBatch],
    faults: Faults,
    story: Story,
    memory: int = MEMORY,
    seconds: int = SECONDS,
    *,
    patience: float | None = None,
) -> Iterator[bytes]:
    """As `annotated.annotated`, in a process of its own.

    Args:
        dataset: as there, as the next three.
        batches: of its rows.
        faults: what was found in them.
        story: what the summary tells.
        memory: bytes of address space.
        seconds: of a processor.
        patience: seconds to wait for others to be made; None: as long as it takes.

    Raises:
        WorkbooksBusy: they were not made in that time.
        WorkbookNotMade: it would take more than `memory` or `seconds`.
        registries.errors.RegistriesError: as the rows are read.
    """
    told = pickle.dumps((dataset, faults.to_bytes(), story))
    with _place(patience), _process(memory, seconds) as process:
        feeding = _Feeding(process, told, batches)
        feeding.start()
        while piece := _pipe(process.stdout).read(_PIECE):
            yield piece
        feeding.join()
        if feeding.fault is not None:
            raise feeding.fault
        if process.wait():
            raise WorkbookNotMade


@contextlib.contextmanager
def _place(patience: float | None) -> Iterator[None]:
    if not _PLACES.acquire(timeout=patience):
        raise WorkbooksBusy
    try:
        yield
    finally:
        _PLACES.release()


@contextlib.contextmanager
def _process(memory: int, seconds: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The process, without this one's environment; ended in any case, and in time."""
    command = [sys.executable, "-I", "-c", _START, _ROOT, str(memory), str(seconds)]
    pipe = subprocess.PIPE
    quiet = subprocess.DEVNULL  # what a library prints of a fault may quote a cell
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, env={})
    watch = threading.Timer(2 * seconds, process.kill)
    watch.start()
    try:
        yield process
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        _pipe(process.stdout).close()


class _Feeding(threading.Thread):
    """Streams the rows over while the workbook is read; `fault`: what stopped the rows."""

    def __init__(self, process: "subprocess.Popen[bytes]", told: bytes, batches: Iterable[pa.RecordBatch]) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._told = told
        self._batches = batches
        self.fault: Exception | None = None

    def run(self) -> None:
        """The parent's part of the pipe; an error of the rows ends the process, and is told by the reader."""
        try:
            self._feed(_pipe(self._process.stdin))
        except BrokenPipeError:
            return  # it has ended; why, is said by its exit
        except Exception as fault:  # noqa: BLE001 - of the rows, whatever it is; raised where they are wanted
            self.fault = fault
            self._process.kill()
        finally:
            with contextlib.suppress(BrokenPipeError):
                _pipe(self._process.stdin).close()

    def _feed(self, sink: IO[bytes]) -> None:
        sink.write(len(self._told).to_bytes(8, "big"))
        sink.write(self._told)
        sink.flush()
        coming = iter(self._batches)
        first = next(coming, None)
        if first is None:
            return
        sink.write(ROWS)
        with pa.ipc.new_stream(sink, first.schema) as stream:
            stream.write_batch(first)
            for batch in coming:
                stream.write_batch(batch)


def _pipe(found: IO[bytes] | None) -> IO[bytes]:
    assert found is not None, "Popen was asked for it"  # noqa: S101 - for the type checker
    return found
