"""The formats of files: one file each, chosen by the contract, or for uploads by what the file itself says.

Each is a function that turns an opened file into batches of text columns, named as the contract's, of at most
ROWS rows.

    >>> import io
    >>> format_told(io.BytesIO(b'{"name": "x"}'), "shops.jsonl")
    'json_lines'
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import pyarrow as pa

from registries.connectors.rows import Opened
from registries.contracts.model import Dataset, FileFormat

Reader = Callable[[Dataset, str, Opened], Iterator[pa.RecordBatch]]
"""Dataset, the file's name for faults, and the file -> its rows. SourceFault for what is wrong."""

SUFFIXES: Final = (".csv", ".xlsx", ".jsonl", ".ndjson", ".parquet")
"""How the names of files that may be uploaded end."""

_ZIP, _OLD_OFFICE, _PARQUET, _BOM = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"\xef\xbb\xbf"
_FIRST: Final = 4 << 10
_NO_TABLE: Final = (
    b"<",
    b"%PDF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\xff\xfe",
    b"\xfe\xff",
)


def reader_of(file_format: FileFormat) -> Reader:
    """What reads files of a format; its library is imported now."""
    match file_format:
        case "csv":
            from registries.connectors.csv_file import csv_rows

            return csv_rows
        case "json_lines":
            from registries.connectors.json_lines import json_rows

            return json_rows
        case "parquet":
            from registries.connectors.parquet_file import parquet_rows

            return parquet_rows
        case "xlsx":
            from registries.connectors.workbook import workbook_rows

            return workbook_rows


def format_told(file: BinaryIO, name: str) -> FileFormat:
    """What a file's first bytes say it is; its name decides what they leave open.

    Text under a workbook's name is read as the text it is; anything else under it is a workbook that can't be read.
    """
    first = file.read(_FIRST)
    if first.startswith((_ZIP, _OLD_OFFICE)):
        return "xlsx"
    if name.lower().endswith(".xlsx") and not _is_text(first):
        return "xlsx"
    if first.startswith(_PARQUET):
        return "parquet"
    lines = name.lower().endswith((".jsonl", ".ndjson"))
    braced = first.removeprefix(_BOM).lstrip().startswith(b"{") and not name.lower().endswith(".csv")
    return "json_lines" if lines or braced else "csv"


def _is_text(first: bytes) -> bool:
    """Whether a file begins as a table in text does: no web page, no picture, nothing binary, and not nothing."""
    begins = first.removeprefix(_BOM).lstrip()
    return bool(begins) and not begins.startswith(_NO_TABLE) and b"\0" not in first
