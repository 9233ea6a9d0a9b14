"""Refused rows in the format in which their delivery came, with why beside them: to be mended and sent again.

kind = RefusedFile.like("xlsx")
kind.media_type, b"".join(kind.pieces(columns, rows, encoding="utf-8-sig", sheet="未接收的行"))
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from quality.refused_rows.csv_text import REASON_HEADERS, refused_csv
from quality.refused_rows.workbook import refused_xlsx
from registries.contracts.model import FileFormat

ROWS_AT_A_TIME: Final = 2_000
SHEET: Final = "未接收的行"
"""A workbook's sheet, where the contract does not name one."""

Rows = Iterable[Sequence[str | None]]
Pieces = Callable[[Sequence[str], Rows, str, str], Iterator[bytes]]


@dataclass(frozen=True)
class RefusedFile:
    """How refused rows are written in one format.

    Attributes:
        suffix: of the file's name.
        media_type: as registered, or as spreadsheets' makers say.
        written: headers, rows, encoding and sheet -> the file, piece by piece.
    """

    suffix: str
    media_type: str
    written: Pieces

    @classmethod
    def like(cls, file_format: FileFormat) -> Self:
        """The format in which a delivery came."""
        return cls(*_FORMATS[file_format])

    def pieces(self, columns: Sequence[str], rows: Rows, *, encoding: str, sheet: str | None) -> Iterator[bytes]:
        """The file: the department's columns, then REASON_HEADERS.

        Args:
            columns: the department's own.
            rows: cells in the order of all of them.
            encoding: of text formats: `utf-8`, `utf-8-sig` or `gb18030`.
            sheet: of workbooks.
        """
        return self.written([*columns, *REASON_HEADERS], rows, encoding, sheet or SHEET)


def _csv(headers: Sequence[str], rows: Rows, encoding: str, _sheet: str) -> Iterator[bytes]:
    return refused_csv(headers, rows, encoding)


def _xlsx(headers: Sequence[str], rows: Rows, _encoding: str, sheet: str) -> Iterator[bytes]:
    return refused_xlsx(headers, len(REASON_HEADERS), rows, sheet)


def _json_lines(headers: Sequence[str], rows: Rows, encoding: str, _sheet: str) -> Iterator[bytes]:
    codec = encoding.removesuffix("-sig")  # a mark has no place in JSON
    for row in rows:
        yield f"{json.dumps(dict(zip(headers, row, strict=True)), ensure_ascii=False)}\n".encode(codec)


def _parquet(headers: Sequence[str], rows: Rows, _encoding: str, _sheet: str) -> Iterator[bytes]:
    schema = pa.schema([(name, pa.string()) for name in headers])
    sink = io.BytesIO()
    waiting = iter(rows)
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        while some := list(islice(waiting, ROWS_AT_A_TIME)):
            columns = [pa.array(cells, pa.string()) for cells in zip(*some, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    yield sink.getvalue()


_FORMATS: Final[dict[FileFormat, tuple[str, str, Pieces]]] = {
    "csv": (".csv", "text/csv", _csv),
    "json_lines": (".jsonl", "application/x-ndjson", _json_lines),
    "parquet": (".parquet", "application/vnd.apache.parquet", _parquet),
    "xlsx": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}
