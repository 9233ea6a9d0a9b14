"""The rows of a landed file: all in order, one chunk at a time from any thread, or those of given numbers.

    with opened(...) as file:
        for first_row, rows in groups(file): ...

Every function here takes the file open, already unsealed. A row's number is its place in the delivery, from 1; a chunk
is a row group of the Parquet, and `RecordBatch`es are of text columns only.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


def size(file: BinaryIO) -> tuple[int, int]:
    """How many rows and chunks there are."""
    metadata = _parquet(file).metadata
    return metadata.num_rows, metadata.num_row_groups


def groups(file: BinaryIO) -> list[tuple[int, int]]:
    """Of every chunk the number of its first row, and how many rows it has."""
    return _groups(_parquet(file))


def group(file: BinaryIO, index: int, columns: Sequence[str] | None = None) -> pa.RecordBatch:
    """One chunk, by the thread that asks alone; only the named columns are read (None: all), in the order named.

    Raises:
        IndexError: There is no such chunk.
        KeyError: There is no such column.
    """
    parquet = _parquet(file)
    if not 0 <= index < parquet.num_row_groups:
        raise IndexError("chunk out of range")
    names = list(columns) if columns is not None else None
    table = parquet.read_row_group(index, columns=names, use_threads=False)
    return _one_batch(table if names is None else table.select(names))


def coded_group(file: BinaryIO, index: int) -> pa.RecordBatch:
    """One chunk, in which columns that stand there as dictionaries stay such. Errors as `group`."""
    return _one_batch(_coded(file, index))


def of_group(file: BinaryIO, index: int, places: NDArray[np.int64]) -> pa.RecordBatch:
    """The rows at some places, from 0, of one chunk, in the order asked for. Errors as `group`.

    Columns that stand there as dictionaries are read as such: that spares the texts of all other rows.
    """
    rows = _coded(file, index).take(pa.array(places))
    return _one_batch(rows.cast(pa.schema([(name, pa.string()) for name in rows.column_names])))


def _coded(file: BinaryIO, index: int) -> pa.Table:
    metadata = _parquet(file).metadata
    if not 0 <= index < metadata.num_row_groups:
        raise IndexError("chunk out of range")
    columns = map(metadata.row_group(index).column, range(metadata.num_columns))
    repeating = [column.path_in_schema for column in columns if "RLE_DICTIONARY" in column.encodings]
    parquet = pq.ParquetFile(pa.PythonFile(file, mode="r"), metadata=metadata, read_dictionary=repeating)
    return parquet.read_row_group(index, use_threads=False)


def batches(file: BinaryIO) -> Iterator[tuple[int, pa.RecordBatch]]:
    """All chunks in order, each with the number of its first row."""
    parquet = _parquet(file)
    for index, (first, _rows) in enumerate(_groups(parquet)):
        yield first, _one_batch(parquet.read_row_group(index))


def picked(file: BinaryIO, numbers: Sequence[int]) -> pa.Table:
    """The rows of these numbers, in the order asked for; only their chunks are read.

    Raises:
        IndexError: There is no row of a number.
    """
    parquet = _parquet(file)
    wanted = np.asarray(numbers, dtype=np.int64)
    if len(wanted) and not 1 <= wanted.min() <= wanted.max() <= parquet.metadata.num_rows:
        raise IndexError("row number out of range")
    found, order = [parquet.schema_arrow.empty_table()], [np.empty(0, np.int64)]
    for index, (first, rows) in enumerate(_groups(parquet)):
        here = np.flatnonzero((wanted >= first) & (wanted < first + rows))
        if len(here):
            found.append(parquet.read_row_group(index).take(pa.array(wanted[here] - first)))
            order.append(here)
    return pa.concat_tables(found).take(pa.array(np.argsort(np.concatenate(order))))


def _parquet(file: BinaryIO) -> pq.ParquetFile:
    return pq.ParquetFile(pa.PythonFile(file, mode="r"))


def _groups(parquet: pq.ParquetFile) -> list[tuple[int, int]]:
    sizes = [parquet.metadata.row_group(index).num_rows for index in range(parquet.num_row_groups)]
    firsts = np.concatenate([[1], 1 + np.cumsum(sizes, dtype=np.int64)])
    return [(int(first), rows) for first, rows in zip(firsts, sizes, strict=False)]


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
