"""CSV files, streamed in batches of text.

    for batch in csv_rows(dataset, "enterprises_20260131.csv", opened): ...

Encoding and quotation marks are checked before anything is parsed (csv_scan), then pyarrow streams. A row number
is a row's place among the rows, from 1, without the header: a cell of several lines does not move it.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import csv

from registries.connectors.csv_scan import header_of, scan
from registries.connectors.faults import NotCsv, RaggedRow, RowTooLong
from registries.connectors.rows import OUR_COLUMNS, Opened, check_names, sliced, sources
from registries.contracts.model import Dataset

_BLOCK: Final = 8 << 20


def csv_rows(dataset: Dataset, name: str, opened: Opened) -> Iterator[pa.RecordBatch]:
    """Batches of text columns named as the contract's, in the file's order; SourceFault for what is wrong."""
    codec = csv_codec(dataset, name, opened)
    headers = _headers(dataset, name, opened, codec)
    with opened() as file:
        yield from _parsed(dataset, name, file, codec, headers)


def csv_codec(dataset: Dataset, name: str, opened: Opened) -> str:
    """`utf-8`, `utf-8-sig` or `gb18030`: so that what is sent back has the same."""
    with opened() as file:
        return scan(file, name, dataset.encoding, [*sources(dataset), OUR_COLUMNS])


def _headers(dataset: Dataset, name: str, opened: Opened, codec: str) -> list[str]:
    with opened() as file:
        headers = header_of(file, codec)
    if not headers:
        raise NotCsv(name, "文件是空的", "the file is empty")
    check_names(dataset, name, headers)
    return headers


def _parsed(
    dataset: Dataset, name: str, file: BinaryIO, codec: str, headers: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    rows, ragged = 0, _Ragged(name)
    names = [column.name for column in dataset.columns]
    try:
        for batch in _reader(file, codec, headers, sources(dataset), ragged):
            ragged.stop_if_any()
            rows += batch.num_rows
            yield from sliced(batch.rename_columns(names))
    except pa.ArrowInvalid:  # its text quotes the row
        ragged.stop_if_any()
        raise RowTooLong(name, rows) from None
    ragged.stop_if_any()


class _Ragged:
    """Collects rows of the wrong length as pyarrow meets them; its own error would quote them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: RaggedRow | None = None

    def __call__(self, row: csv.InvalidRow) -> str:
        if self._first is None:
            self._first = RaggedRow(self._name, row.number - 1, row.expected_columns, row.actual_columns)
        return "skip"

    def stop_if_any(self) -> None:
        if self._first is not None:
            raise self._first


def _reader(
    file: BinaryIO, codec: str, headers: Sequence[str], wanted: Sequence[str], ragged: _Ragged
) -> Iterator[pa.RecordBatch]:
    yield from csv.open_csv(
        file,
        read_options=csv.ReadOptions(
            encoding="utf-8" if codec == "utf-8-sig" else codec,
            block_size=_BLOCK,
            use_threads=False,  # otherwise a ragged row does not know its number
            column_names=list(headers),
            skip_rows_after_names=1,  # the header itself, read before, whose cells may have blanks around them
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=ragged),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=list(wanted),
            null_values=[],
            strings_can_be_null=False,
        ),
    )
