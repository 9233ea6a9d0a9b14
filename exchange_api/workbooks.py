"""The spreadsheet round trip: an empty workbook from the contract, and a delivery back with its faults marked.

    download = workbooks.template(session, "transport.operation_permits")
    download = workbooks.of_upload(session, upload.id)      # after its dry run
    download = workbooks.of_batch(session, batch=7)

Everything is the session's own department's, as in `publishing`. What is made is sent while it is made.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import ClassVar, Final

from exchange_api.errors import ExchangeApiError, Kind, NotFound, Overloaded
from exchange_api.publishing import UPLOADABLE, Download, Publishing
from exchange_api.sessions import Session
from quality.workbooks.errors import WorkbookNotMade, WorkbooksBusy
from quality.workbooks.giving_back import MEDIA_TYPE, SUFFIX, annotated_batch, annotated_upload, is_round_trip
from quality.workbooks.kept import kept
from quality.workbooks.template import template
from registries.landing import Landing
from registries.store.batches import Batch
from registries.store.engine import Store
from registries.store.uploads import Upload

PATIENCE: Final = 5.0
"""Seconds that a request for a workbook waits while others are made."""


class NoWorkbook(ExchangeApiError):
    """Raised when an annotated workbook would take more memory or time than making one may."""

    kind: ClassVar[Kind | None] = Kind(
        "workbook-not-made", HTTPStatus.UNPROCESSABLE_ENTITY, "批注表未能生成", "Workbook not made"
    )

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)


class Workbooks:
    """Gives workbooks to publishers; `store_page` reads what was found in batches."""

    def __init__(self, publishing: Publishing, store_page: Store, landing: Landing) -> None:
        self._publishing = publishing
        self._store_page = store_page
        self._landing = landing

    def template(self, session: Session, name: str) -> Download:
        """The empty workbook of a dataset. NotFound for another department's, or one that takes no files."""
        dataset = self._publishing.dataset(session, name)
        if dataset.server.kind not in UPLOADABLE:
            raise NotFound("模板", "template")
        return _download(f"{dataset.table_name}_template_{dataset.contract_version}", iter([template(dataset)]))

    def of_upload(self, session: Session, upload_id: int) -> Download:
        """An upload as its dry run saw it.

        Raises:
            NotFound: it is another department's, was not tried, is no workbook, or what was found has expired.
            NoWorkbook: it would take too much.
            Overloaded: others are being made.
            registries.errors.RegistriesError: the file has gone, or can't be read any more.
        """
        upload = self._publishing.upload(session, upload_id)
        dataset = self._publishing.dataset(session, upload.dataset)
        faults = kept(self._landing, upload.path) if self.offers_upload(session, upload) else None
        if faults is None:
            raise NotFound("批注表", "annotated workbook")
        name = f"{dataset.table_name}_upload_{upload.id}_annotated"
        return _download(name, _begun(annotated_upload(self._landing, dataset, upload, faults, PATIENCE)))

    def of_batch(self, session: Session, number: int) -> Download:
        """A batch as it was judged. Errors as `of_upload`."""
        batch = self._publishing.batch(session, number)
        dataset = self._publishing.dataset(session, batch.dataset)
        if not self.offers_batch(session, batch):
            raise NotFound("批注表", "annotated workbook")
        landed = self._publishing.landed(batch)
        pieces = annotated_batch(self._store_page, self._landing, dataset, batch, landed, PATIENCE)
        return _download(f"{dataset.table_name}_batch_{batch.number}_annotated", _begun(pieces))

    def offers_upload(self, session: Session, upload: Upload) -> bool:
        """Whether an upload's annotated workbook can be had."""
        if not upload.dry_run or upload.state != "checked" or upload.outcome is None:
            return False
        rows = int((upload.outcome.get("counts") or {}).get("pulled", 0))
        return is_round_trip(self._publishing.dataset(session, upload.dataset), upload.file_name, rows)

    def offers_batch(self, session: Session, batch: Batch) -> bool:
        """Whether a batch's annotated workbook can be had."""
        if batch.counts is None or batch.landed is None:
            return False
        return is_round_trip(self._publishing.dataset(session, batch.dataset), batch.source, batch.counts.pulled)


def _download(name: str, pieces: Iterator[bytes]) -> Download:
    return Download(f"{name}{SUFFIX}", MEDIA_TYPE, pieces)


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first of them made now: what can't be read is said before anything is sent."""
    try:
        first = next(pieces, b"")
    except WorkbookNotMade as fault:
        raise NoWorkbook(fault.zh, fault.en) from None
    except WorkbooksBusy:
        raise Overloaded from None

    def all_of_them() -> Iterator[bytes]:
        yield first
        yield from pieces

    return all_of_them()
