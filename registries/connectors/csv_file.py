"""CSV files: dropped into a department's folder, or uploaded; streamed in batches of text.

    connector = CsvFile(dataset, "enterprises_20260131.csv", lambda: open(path, "rb"))
    for batch in connector.chunks(): ...

Encoding and quotation marks are checked before anything is parsed (csv_scan), then pyarrow streams. A row number
is a row's place among the rows, from 1, without the header: a cell of several lines does not move it.
"""

import contextlib
import fnmatch
import hashlib
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import csv

from registries.connectors.csv_scan import OUR_COLUMNS, header_of, scan
from registries.connectors.faults import (
    NoDelivery,
    NotCsv,
    RaggedRow,
    RowTooLong,
    SourceChangedShape,
    SourceDown,
    SourceFault,
    StillBeingWritten,
)
from registries.contract_model import Dataset, Delivery

ROWS: Final = 50_000
"""The most rows of a batch."""

_BLOCK: Final = 8 << 20


class CsvFile:
    """One CSV file of a dataset, read as often as needed.

    Args:
        name: what the department calls it: stands in faults and in the batch's record.
        open_file: opens the file for reading from its start.
        state: changes when the file does; a file that can't change has none.
    """

    def __init__(
        self,
        dataset: Dataset,
        name: str,
        open_file: Callable[[], BinaryIO],
        state: Callable[[], object] = lambda: None,
    ) -> None:
        self._dataset = dataset
        self._name = name
        self._open = open_file
        self._state = state
        self._state_at_first = state()

    @property
    def description(self) -> str:
        """The file's name."""
        return self._name

    @property
    def delivery(self) -> Delivery:
        """As the contract says."""
        return self._dataset.delivery

    @property
    def position(self) -> str | None:
        """None: deliveries count in the order in which they come."""
        return None

    def identity(self) -> str:
        """SHA-256 of its bytes, in hex."""
        with self._reading() as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
            return digest.hexdigest()

    def original(self) -> BinaryIO:
        """The bytes as they came."""
        return self._open()

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of text columns named as the contract's, in the file's order; SourceFault for what is wrong."""
        codec = self._codec()
        headers = self._headers(codec)
        with self._reading() as file:
            yield from self._parsed(file, codec, headers)

    def watermark(self) -> None:
        """None: a file is not asked for by watermark."""

    def encoding(self) -> str:
        """`utf-8`, `utf-8-sig` or `gb18030`: so that what is sent back has the same."""
        return self._codec()

    def _codec(self) -> str:
        with self._reading() as file:
            return scan(file, self._name, self._dataset.encoding, self._expected)

    @property
    def _expected(self) -> list[str]:
        return [column.source for column in self._dataset.columns]

    def _headers(self, codec: str) -> list[str]:
        with self._reading() as file:
            headers = header_of(file, codec)
        if not headers:
            raise NotCsv(self._name, "文件是空的", "the file is empty")
        missing = [name for name in self._expected if name not in headers]
        unknown = sorted({name for name in headers if not name.startswith(OUR_COLUMNS)} - set(self._expected))
        double = sorted({name for name in headers if headers.count(name) > 1})
        if missing or unknown or double:
            raise SourceChangedShape(self._name, missing, unknown, double)
        return headers

    def _parsed(self, file: BinaryIO, codec: str, headers: Sequence[str]) -> Iterator[pa.RecordBatch]:
        rows, ragged = 0, _Ragged(self._name)
        names = [column.name for column in self._dataset.columns]
        try:
            for batch in _reader(file, codec, headers, self._expected, ragged):
                ragged.stop_if_any()
                rows += batch.num_rows
                yield from _sliced(batch.rename_columns(names))
        except pa.ArrowInvalid:  # its text quotes the row
            ragged.stop_if_any()
            raise RowTooLong(self._name, rows) from None
        ragged.stop_if_any()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        """The file, open; a file that changed meanwhile is that fault, whatever else it looked like."""
        try:
            with self._open() as file:
                yield file
        except OSError as error:
            raise SourceDown(self._name, error.strerror or "I/O") from None
        except SourceFault:
            self._stop_if_changed()
            raise
        self._stop_if_changed()

    def _stop_if_changed(self) -> None:
        if self._state() != self._state_at_first:
            raise StillBeingWritten(self._name)


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


def _sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for first in range(0, batch.num_rows, ROWS):
        yield batch.slice(first, ROWS)


def newest_drop(dataset: Dataset, folder: Path) -> CsvFile:
    """The newest complete file of the dataset's pattern in a drop folder.

    Only plain files count, and none that ends in `.part`: those are being written.

    Raises:
        SourceDown: The folder can't be read.
        NoDelivery: No such file has arrived.
    """
    server, pattern = dataset.server.name, dataset.server.pattern or ""
    try:
        found = [(path, path.lstat()) for path in folder.iterdir() if _is_delivery(path, pattern)]
    except OSError as error:
        raise SourceDown(server, error.strerror or "I/O") from None
    files = [(status.st_mtime_ns, path.name, path) for path, status in found if stat.S_ISREG(status.st_mode)]
    if not files:
        raise NoDelivery(server, pattern)
    path = max(files)[2]
    return CsvFile(dataset, path.name, lambda: path.open("rb"), lambda: _state(path))


def _is_delivery(path: Path, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path.name, pattern) and path.suffix != ".part"


def _state(path: Path) -> object:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
