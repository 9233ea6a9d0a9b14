"""A table that no contract describes: a spreadsheet or CSV file with one known column, and whatever else it has.

    table = read_table("名单.xlsx", content, "证照编号")
    table.headers, table.rows[0]

Read by the readers of deliveries, with their bounds and their process for workbooks: first to learn which columns there
are, then as a dataset of just these, all of them text.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from registries.connectors.csv_file import csv_codec
from registries.connectors.faults import SourceChangedShape
from registries.connectors.formats import format_told, reader_of
from registries.connectors.rows import Opened
from registries.contracts.model import Column, Dataset, FileFormat, Server, Sharing, Sla

UNTIL_TOLD: Final = "utf-8-sig"
NO_COLUMN: Final = "免证:"
"""A header that no file can have: those that begin so are the hub's own, and are passed over."""


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Attributes:
        headers: in the file's order (the known one first where a title stands above them); none of the hub's own.
        rows: cells in that order, "" where one is empty; without rows that have no value.
        encoding: of a CSV file, so that what is sent back has the same.
    """

    file_format: FileFormat
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str = UNTIL_TOLD


def read_table(name: str, content: bytes, known: str, most_rows: int) -> Table:
    """Read at most one row more than `most_rows`: who gets that many knows that there are too many.

    Raises:
        SourceFault: it is no such file, is damaged, or lacks the known column (SourceChangedShape, `missing`).
    """
    kind = format_told(io.BytesIO(content), name)
    headers = _headers(name, content, kind, known)
    rows: list[tuple[str, ...]] = []
    for cells in _cells(name, content, kind, headers):
        rows.append(cells)
        if len(rows) > most_rows:
            break
    codec = csv_codec(_described(headers), name, _opened(content)) if kind == "csv" else UNTIL_TOLD
    return Table(kind, headers, tuple(rows), codec)


def _headers(name: str, content: bytes, kind: FileFormat, known: str) -> tuple[str, ...]:
    """All columns, told by the reader that misses them.

    One that knows none of them says which there are, in their order, if they stand in the first row; otherwise one that
    knows the one column looks for it further down, and says which others there are.
    """
    everything = _others(name, content, kind, NO_COLUMN).unknown
    if known in everything:
        return everything
    found = _others(name, content, kind, known)
    if found.missing or found.double:
        raise found
    return (known, *found.unknown)


def _others(name: str, content: bytes, kind: FileFormat, known: str) -> SourceChangedShape:
    try:
        next(reader_of(kind)(_described([known]), name, _opened(content)), None)
    except SourceChangedShape as shape:
        return shape
    return SourceChangedShape(name)


def _cells(name: str, content: bytes, kind: FileFormat, headers: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for batch in reader_of(kind)(_described(headers), name, _opened(content)):
        columns = [column.to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            texts = tuple(cell or "" for cell in cells)
            if any(text.strip() for text in texts):
                yield texts


def _described(headers: Sequence[str]) -> Dataset:
    """The file as a dataset; only its columns and its server's kind mean anything to readers of files."""
    columns = tuple(Column(f"column_{place}", one, source_name=one) for place, one in enumerate(headers))
    return Dataset(
        name="any.table",
        department="any",
        contract_id="",
        contract_version="",
        title_zh="",
        title_en="",
        columns=columns,
        key=(columns[0].name,),
        rules=(),
        server=Server("any", "files"),
        sla=Sla(1, 1, ""),
        sharing=Sharing("不予共享"),
    )


def _opened(content: bytes) -> Opened:
    return lambda: contextlib.closing(io.BytesIO(content))
