"""Parquet files: any column types, streamed in batches of text.

    for batch in parquet_rows(dataset, "persons_20260131.parquet", opened): ...

    dates               2026-01-31
    timestamps          2026-01-31 08:05:00, fractions only where there are any; with a zone: 2026-01-31 08:05:00+08:00,
                        in the zone that the file names, so that no day is ever shifted in silence
    decimals            exactly, with their own scale
    floating point      see number_text
    booleans            true, false

Texts are read as references to the distinct ones, so that a small file can't become a large memory.
"""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from registries.connectors.file_faults import CellTooLong, OtherFormat
from registries.connectors.number_text import number_texts, plain
from registries.connectors.remote_faults import UnreadableColumn
from registries.connectors.rows import ROWS, Opened, check_names, sources
from registries.contracts.model import Column, Dataset

Array = Any  # pyarrow ships no types

LONGEST_CELL: Final = 1 << 20
"""Bytes of one value."""

_BUFFER: Final = 1 << 20
_BATCH_BYTES: Final = 64 << 20
_NUMERIC: Final = ("integer", "number")
_TEXT_TYPES: Final = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
)


def parquet_rows(dataset: Dataset, name: str, opened: Opened) -> Iterator[pa.RecordBatch]:
    """Batches of text columns named as the contract's, in the file's order.

    Raises:
        OtherFormat: it is no Parquet file, or a damaged one.
        SourceChangedShape: columns are missing, unknown or double.
        UnreadableColumn: a column's type has no form as text.
        CellTooLong: a value has more than LONGEST_CELL bytes.
    """
    with opened() as file:
        try:
            parquet = _opened(pa.PythonFile(file, mode="r"))
            check_names(dataset, name, parquet.schema_arrow.names)
            yield from _batches(dataset, name, parquet)
        except (pa.ArrowException, OSError) as error:  # the first may quote a value
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise OtherFormat(name, "Parquet", "无法解析或已损坏", "it can't be parsed, or is damaged") from None


def _opened(file: pa.NativeFile) -> pq.ParquetFile:
    schema = pq.ParquetFile(file).schema_arrow
    texts = [field.name for field in schema if _is_text(field.type)]
    return pq.ParquetFile(
        file, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER, coerce_int96_timestamp_unit="us"
    )


def _batches(dataset: Dataset, name: str, parquet: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    first = 1
    for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), columns=sources(dataset), use_threads=False):
        _check_cells(name, first, batch)
        for part in _parts(batch):
            columns = [_text(name, part.column(column.source), column) for column in dataset.columns]
            yield pa.RecordBatch.from_arrays(columns, [column.name for column in dataset.columns])
        first += batch.num_rows


def _rows_at_once(metadata: pq.FileMetaData) -> int:
    """As many as fit into a batch by what the file says of its row groups; texts that differ can be large, too."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    row = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=0)
    return max(1, min(ROWS, int(_BATCH_BYTES / max(row, 1))))


def _check_cells(name: str, first: int, batch: pa.RecordBatch) -> None:
    for field, values in zip(batch.schema, batch.columns, strict=True):
        distinct = values.dictionary if pa.types.is_dictionary(field.type) else values
        if not _is_text(distinct.type):
            continue
        if (pc.max(pc.binary_length(distinct)).as_py() or 0) > LONGEST_CELL:
            raise CellTooLong(name, first, field.name, LONGEST_CELL)
        texts = distinct.cast(pa.large_string())
        texts.validate(full=True)
        if pc.any(pc.match_substring(texts, "\0")).as_py():
            raise UnreadableColumn(name, field.name, "binary")


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch, in parts whose texts fit into memory once each is written out."""
    size = sum(_written_out(values) for values in batch.columns)
    rows = max(1, min(batch.num_rows, batch.num_rows * _BATCH_BYTES // max(size, 1)))
    for first in range(0, batch.num_rows, rows):
        yield batch.slice(first, rows)


def _written_out(values: Array) -> int:
    """Bytes of a column's texts."""
    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    lengths = pc.binary_length(values.dictionary.cast(pa.large_binary()))
    return int(pc.sum(lengths.cast(pa.int64()).take(values.indices)).as_py() or 0)


def _text(name: str, values: Array, column: Column) -> Array:
    kind = values.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        return values.cast(pa.string())
    if pa.types.is_floating(kind):
        return number_texts(values, numeric=column.logical_type in _NUMERIC)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return _time_text(values.cast(pa.string()))
    if pa.types.is_decimal(kind):
        return _plain_texts(values.cast(pa.string()))
    if _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind):
        return values.cast(pa.string())
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string())
    raise UnreadableColumn(name, column.source, str(kind))


def _time_text(texts: Array) -> Array:
    """Without a fraction of zeros, and with a colon in the offset of a zone."""
    texts = pc.replace_substring_regex(texts, r"\.0+([+-]|Z|$)", r"\1")
    texts = pc.replace_substring_regex(texts, r"(\.[0-9]*[1-9])0+([+-]|Z|$)", r"\1\2")
    return pc.replace_substring_regex(texts, r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2")


def _plain_texts(texts: Array) -> Array:
    """A scale below zero is written with an exponent; there are few of those."""
    if not pc.any(pc.match_substring(texts, "E")).as_py():
        return texts
    distinct = texts.dictionary_encode()
    return pa.array([plain(one) for one in distinct.dictionary.to_pylist()], pa.string()).take(distinct.indices)


def _is_text(kind: pa.DataType) -> bool:
    return any(check(kind) for check in _TEXT_TYPES)
