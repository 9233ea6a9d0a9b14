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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from exchange_api.errors import NotADelivery, NotFound
from exchange_api.sessions import Session
from quality.refused_rows.reading import RefusedRow, RefusedRows, landed_of
from registries.connectors.formats import SUFFIXES
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.landing import Landed, Landing
from registries.store import batches, uploads
from registries.store.batches import Batch
from registries.store.engine import Store
from registries.store.uploads import Upload

PAGE = 50
BLOCK = 1 << 20
POLL_SECONDS = 0.25
LONGEST_FILE_NAME = 120
UPLOADABLE = ("files", "push")
"""Kinds of sources whose department may also send a file."""


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
        self._refused = RefusedRows(store_page, landing)

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
        dataset = self._contracts().dataset(found.dataset)
        return self._refused.some(dataset, self.landed(found), after, limit, masked=True)

    def download(self, session: Session, batch: int) -> Download:
        """All refused rows of a batch, unmasked, in its delivery's format and encoding. Errors as `refused_rows`."""
        found = self.batch(session, batch)
        dataset = self._contracts().dataset(found.dataset)
        back = self._refused.given_back(dataset, self.landed(found))
        name = f"{dataset.table_name}_batch_{batch}_refused{back.kind.suffix}"
        return Download(name, back.kind.media_type, back.pieces)

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

    def landed(self, batch: Batch) -> Landed:
        """Where a batch's rows are. NotFound where nothing of it landed."""
        landed = landed_of(batch, self._landed_folder)
        if landed is None:
            raise NotFound("落地数据", "landed data")
        return landed


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
