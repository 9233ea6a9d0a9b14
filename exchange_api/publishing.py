"""A department's own deliveries: send a file, try it first, see what was refused and why, take the refused rows home.

    upload = publishing.send(session, "market_regulation.enterprises", "企业.csv", file, dry_run=True)
    found = publishing.wait(session, upload.id, seconds=20)
    for row in publishing.refused_rows(session, batch=7): row.number, row.reasons
    download = publishing.download(session, batch=7)

The web process only lands the file, sealed; the intake worker takes it in. Everything is the session's own
department's: for anything else the answer is the same as for what does not exist.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import pyarrow as pa

from exchange_api.errors import NotADelivery, NotFound
from exchange_api.refused_file import RefusedFile
from exchange_api.sessions import Session
from quality.reasons import Reason, reasons_of
from registries.connectors.csv_file import csv_codec
from registries.connectors.formats import SUFFIXES, format_told
from registries.connectors.json_lines import json_codec
from registries.contracts.model import Dataset, FileFormat
from registries.departments import Catalogue
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.masking import mask_column
from registries.store import batches, quarantine, uploads
from registries.store.batches import Batch
from registries.store.engine import Store
from registries.store.uploads import Upload

PAGE = 50
BLOCK = 1 << 20
ROWS_AT_A_TIME = 2_000
POLL_SECONDS = 0.25
LONGEST_FILE_NAME = 120
UPLOADABLE = ("files", "push")
"""Kinds of sources whose department may also send a file."""

DATABASE_ENCODING = "utf-8-sig"
"""For rows that came from no file; spreadsheet programs need the mark to read it as UTF-8."""
OUTCOMES = {"quarantined": "隔离", "held": "挂起"}


@dataclass(frozen=True)
class RefusedRow:
    """A refused row.

    Attributes:
        number: its place in the delivery, from 1.
        outcome: `quarantined` or `held`.
        cells: in the order of the contract's columns; personal ones masked.
    """

    number: int
    outcome: str
    reasons: tuple[Reason, ...]
    cells: tuple[str | None, ...]


@dataclass(frozen=True)
class Download:
    """A file for the browser; `pieces` are read while it is sent."""

    file_name: str
    media_type: str
    pieces: Iterator[bytes]


class Publishing:
    """What a publisher can do; `store_api` keeps uploads, `store_page` reads what became of batches."""

    def __init__(
        self,
        store_api: Store,
        store_page: Store,
        landing: Landing,
        landed_folder: Path,
        contracts: Callable[[], Catalogue],
        clock: Callable[[], datetime],
    ) -> None:
        self._store_api = store_api
        self._store_page = store_page
        self._landing = landing
        self._landed_folder = landed_folder
        self._contracts = contracts
        self._clock = clock

    # --- sending

    def send(self, session: Session, dataset: str, file_name: str, file: BinaryIO, *, dry_run: bool) -> Upload:
        """Land a file and hand it to the intake worker; a dry run takes nothing in.

        Raises:
            NotFound: the dataset is not the department's.
            NotADelivery: no file of a known format, or the dataset comes neither as files nor as pushes.
            registries.landing.UploadTooLarge, registries.landing.LandingFailed
        """
        wanted = self.dataset(session, dataset)
        if wanted.server.kind not in UPLOADABLE or not file_name.lower().endswith(SUFFIXES):
            raise NotADelivery
        digest = _digest(file)
        path = self._landing.land_upload(secrets.token_hex(16), file)
        return self._handed_over(session, dataset, clean_file_name(file_name), str(path), digest, dry_run=dry_run)

    def confirm(self, session: Session, upload_id: int) -> Upload:
        """Take in what a dry run looked at: the same bytes, as a new upload.

        Raises:
            NotFound: there is no such upload of the department whose dry run has ended well.
        """
        tried = self.upload(session, upload_id)
        if not tried.dry_run or tried.state != "checked":
            raise NotFound("可确认的试报", "dry run to confirm")
        return self._handed_over(session, tried.dataset, tried.file_name, tried.path, tried.digest, dry_run=False)

    def upload(self, session: Session, upload_id: int) -> Upload:
        """How far an upload is, and what its dry run found. NotFound for another department's."""
        with self._store_page.begin() as conn:
            found = uploads.upload_of(conn, upload_id)
        if found is None or self._foreign(session, found.dataset):
            raise NotFound("上传", "upload")
        return found

    def wait(self, session: Session, upload_id: int, seconds: float) -> Upload:
        """The upload when the worker has finished it, or as it is after `seconds`."""
        until = time.monotonic() + seconds
        while True:
            found = self.upload(session, upload_id)
            if found.state != "waiting" or time.monotonic() >= until:
                return found
            time.sleep(POLL_SECONDS)

    # --- what became of it

    def dataset(self, session: Session, name: str) -> Dataset:
        """A dataset of the session's department. NotFound for any other."""
        if self._foreign(session, name):
            raise NotFound("数据资源", "dataset")
        return self._contracts().dataset(name)

    def batch(self, session: Session, number: int) -> Batch:
        """A batch of the session's department. NotFound for any other."""
        with self._store_page.begin() as conn:
            found = batches.get(conn, number)
        if found is None or self._foreign(session, found.dataset):
            raise NotFound("批次", "batch")
        return found

    def refused_rows(self, session: Session, batch: int, after: int = 0, limit: int = PAGE) -> list[RefusedRow]:
        """At most `limit` refused rows behind row number `after`, masked.

        Raises:
            NotFound: the batch is not the department's.
            registries.landing.LandedMissing: what was landed has expired or is damaged.
        """
        found = self.batch(session, batch)
        with self._store_page.begin() as conn:
            refused = quarantine.refused_rows(conn, batch, after, limit)
        return self._with_cells(self._contracts().dataset(found.dataset), self._landed(found), refused, masked=True)

    def download(self, session: Session, batch: int) -> Download:
        """All refused rows of a batch, unmasked, in its delivery's format and encoding. Errors as `refused_rows`."""
        found = self.batch(session, batch)
        dataset, landed = self._contracts().dataset(found.dataset), self._landed(found)
        file_format, encoding = self._told(dataset, landed)
        kind = RefusedFile.like(file_format)
        columns = [column.source for column in dataset.columns]
        lines = (_line(row) for row in self._all_rows(dataset, landed))
        pieces = kind.pieces(columns, lines, encoding=encoding, sheet=dataset.server.sheet)
        return Download(f"{dataset.table_name}_batch_{batch}_refused{kind.suffix}", kind.media_type, pieces)

    # --- how

    def _foreign(self, session: Session, dataset: str) -> bool:
        return dataset not in self._contracts() or self._contracts().dataset(dataset).department != session.department

    def _handed_over(
        self, session: Session, dataset: str, file_name: str, path: str, digest: str, *, dry_run: bool
    ) -> Upload:
        with self._store_api.begin() as conn:
            number = uploads.add_upload(
                conn, dataset, session.account_id, file_name, path, digest, dry_run=dry_run, now=self._clock()
            )
        return self.upload(session, number)

    def _landed(self, batch: Batch) -> Landed:
        """Where the batch's rows are; the seal of those files tells whether they are whole."""
        kept = batch.landed
        if kept is None:
            raise NotFound("落地数据", "landed data")
        original = kept["original"]
        return Landed(
            batch.number,
            batch.landed_digest or "",
            kept["rows"],
            kept["chunks"],
            self._landed_folder / original if original else None,
            self._landed_folder / kept["parquet"],
        )

    def _all_rows(self, dataset: Dataset, landed: Landed) -> Iterator[RefusedRow]:
        after = 0
        while True:
            with self._store_page.begin() as conn:
                refused = quarantine.refused_rows(conn, landed.batch, after, ROWS_AT_A_TIME)
            yield from self._with_cells(dataset, landed, refused, masked=False)
            if len(refused) < ROWS_AT_A_TIME:
                return
            after = refused[-1].row_number

    def _with_cells(
        self, dataset: Dataset, landed: Landed, refused: Sequence[quarantine.RefusedRow], *, masked: bool
    ) -> list[RefusedRow]:
        """The rows with their cells, read from what was landed."""
        table = self._landing.rows(landed, [row.row_number for row in refused])
        columns = [_cells(table, column.name) for column in dataset.columns]
        if masked:
            columns = [mask_column(cells, column) for cells, column in zip(columns, dataset.columns, strict=True)]
        texts = zip(*(cells.to_pylist() for cells in columns), strict=True)
        return [
            RefusedRow(row.row_number, row.outcome, reasons_of(dataset, row.rule_ids), cells)
            for row, cells in zip(refused, texts, strict=True)
        ]

    def _told(self, dataset: Dataset, landed: Landed) -> tuple[FileFormat, str]:
        """The delivery's format and encoding."""
        if landed.original_path is None:
            return "csv", DATABASE_ENCODING
        name = landed.original_path.name
        with self._original(landed) as file:
            file_format = format_told(file, name)
        codec_of = {"csv": csv_codec, "json_lines": json_codec}.get(file_format)
        return file_format, codec_of(dataset, name, lambda: self._original(landed)) if codec_of else DATABASE_ENCODING

    def _original(self, landed: Landed) -> BinaryIO:
        original = self._landing.original(landed)
        if original is None:
            raise LandedMissing(str(landed.batch))
        return original


def _cells(table: pa.Table, column: str) -> pa.Array:
    """A landed column; empty cells where the contract got it only after the batch had landed."""
    return table.column(column).combine_chunks() if column in table.column_names else pa.nulls(len(table), pa.string())


def _digest(file: BinaryIO) -> str:
    """SHA-256 of a file's bytes, in hex; leaves it at its start."""
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def clean_file_name(name: str) -> str:
    """A file's own name without its folders and without what no name should hold."""
    own = PurePosixPath(name.replace("\\", "/")).name
    return "".join(character for character in own if character.isprintable())[-LONGEST_FILE_NAME:]


def _line(row: RefusedRow) -> list[str | None]:
    reasons_zh = "; ".join(reason.zh for reason in row.reasons)
    reasons_en = "; ".join(reason.en for reason in row.reasons)
    return [*row.cells, str(row.number), OUTCOMES[row.outcome], reasons_zh, reasons_en]
