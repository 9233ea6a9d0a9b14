"""Makes one annotated workbook in a process of its own, with limited memory and time; `apart` starts it.

Standard input: the length of what comes next (8 bytes), then what the workbook is of (pickled by the parent, who alone
can write here), one byte that says whether there are rows, and these, an Arrow stream. Standard output: the workbook.
"""

import pickle
import resource
import sys
from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa

from quality.workbooks.annotated import annotated
from quality.workbooks.faults import Faults

ROWS = b"1"


def main(memory: int, seconds: int) -> None:
    """Give up what is not needed, and write the workbook."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    write(sys.stdin.buffer, sys.stdout.buffer)


def write(given: BinaryIO, sink: BinaryIO) -> None:
    """The workbook of what is given, piece by piece."""
    size = int.from_bytes(given.read(8), "big")
    dataset, faults, story = pickle.loads(given.read(size))  # noqa: S301 - as above
    rows: Iterable[pa.RecordBatch] = pa.ipc.open_stream(given) if given.read(1) == ROWS else ()
    sink.writelines(annotated(dataset, rows, Faults.from_bytes(faults), story))
    sink.flush()
