"""Rows of a source written down as Parquet while more of them come: the writer has a thread of its own.

    rows = write_rows(connector.chunks(), sink, progress)

What is written does not depend on how the source's driver cut its batches: row groups have GROUP_ROWS rows. Columns
whose values repeat are kept as dictionaries; LZ4 costs half the time of zstd at 1.7 times its size, and statistics
would be of no use, as rows are found by number only.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import RawIOBase
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

GROUP_ROWS: Final = 200_000
"""Rows of a row group, the last one's excepted: as many as are judged at once."""

GROUP_BYTES: Final = 64 << 20
"""A group of rows so long that it holds more ends with the batch at hand: memory holds three groups."""

_NOTHING: Final = pa.schema([])


def write_rows(
    batches: Iterable[pa.RecordBatch], sink: RawIOBase, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Write all rows; how many there were.

    Args:
        batches: of one schema; what they raise passes through, and the file is then not whole.
        sink: left open.
        progress: is told the number of rows so far after each batch.

    Raises:
        OSError: the sink can't be written.
    """
    told = _Told(progress)
    with contextlib.ExitStack() as ending, ThreadPoolExecutor(1, "landing") as thread:
        writer: pq.ParquetWriter | None = None
        writing: Future[None] | None = None
        for group in _groups(told.counted(batches)):
            if writer is None:
                writer = ending.enter_context(_writer(sink, group))
            if writing is not None:
                writing.result()
            writing = thread.submit(_write, writer, group)
        if writing is not None:
            writing.result()
        if writer is None:
            ending.enter_context(_writer(sink, _NOTHING.empty_table()))
    return told.rows


class _Told:
    """Counts rows as they pass."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self._progress = progress
        self.rows = 0

    def counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            self._progress(self.rows)
            yield batch


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of GROUP_ROWS, without copying; one without rows if there are none but their names."""
    waiting: pa.Table | None = None
    given = False
    for batch in batches:
        more = pa.Table.from_batches([batch])
        waiting = more if waiting is None else pa.concat_tables([waiting, more])
        while waiting.num_rows >= GROUP_ROWS or waiting.nbytes > GROUP_BYTES:
            yield waiting.slice(0, GROUP_ROWS)
            waiting, given = waiting.slice(GROUP_ROWS), True
    if waiting is not None and (waiting.num_rows or not given):
        yield waiting


def _writer(sink: RawIOBase, first: pa.Table) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Closed also when the source fails: it must not write later, into a closed file."""
    return pq.ParquetWriter(
        sink, first.schema, compression="lz4", use_dictionary=_repeating(first), write_statistics=False
    )


def _write(writer: pq.ParquetWriter, group: pa.Table) -> None:
    if group.num_rows:
        writer.write_table(group, row_group_size=group.num_rows)


def _repeating(table: pa.Table) -> list[str]:
    """The columns in which values stand twice on average."""
    return [
        name
        for name, column in zip(table.schema.names, table.columns, strict=True)
        if 2 * pc.count_distinct(column).as_py() <= len(column) - column.null_count
    ]
