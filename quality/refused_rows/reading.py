"""Refused rows with their cells, read from what was landed: for pages, downloads and replies to deliveries.

    refused = RefusedRows(store, landing)
    for row in refused.some(dataset, landed, after=0, limit=50, masked=True): row.number, row.reasons
    given_back = refused.given_back(dataset, landed)      # all of them, in the delivery's format and encoding

The store holds positions and rules only; cells come from the sealed files, and are gone when these are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa

from quality.reasons import Reason, reasons_of
from quality.refused_rows.formats import RefusedFile
from registries.connectors.csv_file import csv_codec
from registries.connectors.formats import format_told
from registries.connectors.json_lines import json_codec
from registries.contracts.model import Dataset, FileFormat
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.masking import mask_column
from registries.store import quarantine
from registries.store.batches import Batch
from registries.store.dashboard_reads import FoundRow
from registries.store.engine import Store

ROWS_AT_A_TIME: Final = 2_000
DATABASE_ENCODING: Final = "utf-8-sig"
"""For rows that came from no file; spreadsheet programs need the mark to read it as UTF-8."""

_OUTCOMES: Final = {"quarantined": "隔离", "held": "挂起"}


@dataclass(frozen=True)
class RefusedRow:
    """A refused row.

    Attributes:
        number: its place in the delivery, from 1.
        outcome: `quarantined` or `held`.
        cells: in the order of the contract's columns; personal ones masked, where that was asked for.
    """

    number: int
    outcome: str
    reasons: tuple[Reason, ...]
    cells: tuple[str | None, ...]


@dataclass(frozen=True)
class GivenBack:
    """All refused rows of a batch as a file; `pieces` are made while they are read."""

    kind: RefusedFile
    pieces: Iterator[bytes]


class RefusedRows:
    """Reads refused rows; `store` as any role that may see positions, `landing` holds the cells."""

    def __init__(self, store: Store, landing: Landing) -> None:
        self._store = store
        self._landing = landing

    def some(self, dataset: Dataset, landed: Landed, after: int, limit: int, *, masked: bool) -> list[RefusedRow]:
        """At most `limit` rows behind row number `after`.

        Raises:
            registries.landing_faults.LandedMissing: what was landed has expired or is damaged.
        """
        with self._store.begin() as conn:
            refused = quarantine.refused_rows(conn, landed.batch, after, limit)
        return self._with_cells(dataset, landed, refused, masked=masked)

    def these(self, dataset: Dataset, landed: Landed, chosen: Sequence[FoundRow]) -> list[RefusedRow]:
        """Rows that rules found, accepted ones too, masked. Errors as `some`."""
        return self._with_cells(dataset, landed, chosen, masked=True)

    def given_back(self, dataset: Dataset, landed: Landed) -> GivenBack:
        """All of them, unmasked, in the delivery's format and encoding. Errors as `some`, while it is read too."""
        file_format, encoding = self.told(dataset, landed)
        kind = RefusedFile.like(file_format)
        columns = [column.source for column in dataset.columns]
        lines = (line_of(row) for row in self._all(dataset, landed))
        return GivenBack(kind, kind.pieces(columns, lines, encoding=encoding, sheet=dataset.server.sheet))

    def told(self, dataset: Dataset, landed: Landed) -> tuple[FileFormat, str]:
        """The delivery's format and encoding."""
        if landed.original_path is None:
            return "csv", DATABASE_ENCODING
        name = landed.original_path.name
        with self._original(landed) as file:
            file_format = format_told(file, name)
        codec_of = {"csv": csv_codec, "json_lines": json_codec}.get(file_format)
        return file_format, codec_of(dataset, name, lambda: self._original(landed)) if codec_of else DATABASE_ENCODING

    def _all(self, dataset: Dataset, landed: Landed) -> Iterator[RefusedRow]:
        after = 0
        while True:
            rows = self.some(dataset, landed, after, ROWS_AT_A_TIME, masked=False)
            yield from rows
            if len(rows) < ROWS_AT_A_TIME:
                return
            after = rows[-1].number

    def _with_cells(
        self, dataset: Dataset, landed: Landed, refused: Sequence[quarantine.RefusedRow | FoundRow], *, masked: bool
    ) -> list[RefusedRow]:
        table = self._landing.rows(landed, [row.row_number for row in refused])
        columns = [_cells(table, column.name) for column in dataset.columns]
        if masked:
            columns = [mask_column(cells, column) for cells, column in zip(columns, dataset.columns, strict=True)]
        texts = zip(*(cells.to_pylist() for cells in columns), strict=True)
        return [
            RefusedRow(row.row_number, row.outcome, reasons_of(dataset, row.rule_ids), cells)
            for row, cells in zip(refused, texts, strict=True)
        ]

    def _original(self, landed: Landed) -> BinaryIO:
        original = self._landing.original(landed)
        if original is None:
            raise LandedMissing(str(landed.batch))
        return original


def landed_of(batch: Batch, folder: Path) -> Landed | None:
    """Where a batch's rows are, as its record says; None where nothing landed. The seal tells whether they are whole.

    Args:
        batch: whose rows.
        folder: of the landed files: the record holds no paths, as HUB_HOME may move.
    """
    kept = batch.landed
    if kept is None:
        return None
    original = folder / kept["original"] if kept["original"] else None
    digest = batch.landed_digest or ""
    return Landed(batch.number, digest, kept["rows"], kept["chunks"], original, folder / kept["parquet"])


def _cells(table: pa.Table, column: str) -> pa.Array:
    """A landed column; empty cells where the contract got it only after the batch had landed."""
    return table.column(column).combine_chunks() if column in table.column_names else pa.nulls(len(table), pa.string())


def line_of(row: RefusedRow) -> list[str | None]:
    """A refused row as its file has it: its own cells, then those of REASON_HEADERS."""
    reasons_zh = "; ".join(reason.zh for reason in row.reasons)
    reasons_en = "; ".join(reason.en for reason in row.reasons)
    return [*row.cells, str(row.number), _OUTCOMES[row.outcome], reasons_zh, reasons_en]
