"""The publisher's pages: own datasets and batches, sending a file after a dry run, refused rows and why."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from exchange_api.errors import ExchangeApiError, NotADelivery
from exchange_api.pages.batch_views import batch_row, dataset_title
from exchange_api.pages.desk_views import desk_view
from exchange_api.pages.frames import frame_of
from exchange_api.pages.publisher_views import batch_view, column_rows, is_uploadable, published
from exchange_api.pages.rendering import render
from exchange_api.pages.upload_views import upload_view
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.publisher import BatchRow, DatasetView, PublisherView
from exchange_api.parts import HubParts
from exchange_api.people.roles import Reach, Role
from exchange_api.publishing import PAGE as ROWS_A_PAGE
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.transactions import Transaction
from registries.errors import RegistriesError
from registries.store import batches, pages, quarantine
from registries.store.batches import Batch

router = APIRouter(prefix="/publisher")
by_name = APIRouter(prefix="/publisher")
"""A dataset's own page: its name would take the place of every other page of the publisher's, so it comes last."""
Publisher = Annotated[Session, Depends(require(Role.PUBLISHER, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
BATCHES_A_PAGE = 20
SEE_OTHER, UNPROCESSABLE = 303, 422
PUBLISHING = Crumb(Words("数据报送", "Publishing"), "/publisher")


@router.get("")
def publisher_page(request: Request, session: Publisher, before: int | None = None) -> Response:
    """The department's datasets, and its batches with their sums."""
    parts = parts_of(request)
    with Transaction(parts.store_page) as work:
        found = batches.list_batches(work.conn, session.department, None, before, BATCHES_A_PAGE)
        datasets = tuple(
            published(
                parts.catalogue.dataset(line.name), line, batches.last_done(work.conn, line.name), parts.catalogue
            )
            for line in pages.datasets(work.conn, session.department)
            if line.name in parts.catalogue
        )
    desk = parts.publisher_desk
    head = desk_view(desk.standing(session), desk.cases(session), desk.replies(session), parts.catalogue)
    view = PublisherView(datasets, _rows(found, parts), _older(found), head)
    return render("publisher.html", frame_of(request, session, PUBLISHING.words), view)


@router.get("/uploads/{upload_id}")
def upload_page(request: Request, upload_id: int, session: Publisher) -> Response:
    """How far an upload is: the page, or for htmx only the part that changes."""
    parts = parts_of(request)
    upload = parts.publishing.upload(session, upload_id)
    annotated = parts.workbooks.offers_upload(session, upload)
    view = upload_view(upload, parts.catalogue.dataset(upload.dataset), parts.catalogue, annotated=annotated)
    crumbs = (PUBLISHING, Crumb(dataset_title(parts.catalogue, upload.dataset), f"/publisher/{upload.dataset}"))
    frame = frame_of(request, session, Words("报送进度", "How the file goes"), crumbs=crumbs)
    part_only = request.headers.get("hx-request") == "true"
    return render("upload_progress.html" if part_only else "upload.html", frame, view)


@router.post("/uploads/{upload_id}/confirm")
def confirm(request: Request, upload_id: int, session: Publisher, _: OurForm) -> Response:
    """Take in what the dry run looked at."""
    upload = parts_of(request).publishing.confirm(session, upload_id)
    return RedirectResponse(f"/publisher/uploads/{upload.id}", SEE_OTHER)


@router.get("/batches/{number}")
def batch_page(request: Request, number: int, session: Publisher, after: int = 0) -> Response:
    """Where every row of a batch went, and why some were refused."""
    parts = parts_of(request)
    batch = parts.publishing.batch(session, number)
    with Transaction(parts.store_page) as work:
        reasons = quarantine.reasons_of(work.conn, number)
    rows = parts.publishing.refused_rows(session, number, after) if batch.counts else []
    dataset = parts.catalogue.dataset(batch.dataset)
    view = batch_view(batch, dataset, parts.catalogue, reasons, rows, page=ROWS_A_PAGE, after=after)
    view = replace(view, annotated=parts.workbooks.offers_batch(session, batch))
    crumbs = (PUBLISHING, Crumb(dataset_title(parts.catalogue, dataset.name), f"/publisher/{dataset.name}"))
    title = Words(f"第 {number} 批", f"Batch {number}")
    return render("batch.html", frame_of(request, session, title, crumbs=crumbs), view)


@router.get("/batches/{number}/refused")
def refused_file(request: Request, number: int, session: Publisher) -> Response:
    """All refused rows of a batch with their reasons, in the format and encoding that the department's file had."""
    download = parts_of(request).publishing.download(session, number)
    headers = {"Content-Disposition": f'attachment; filename="{download.file_name}"'}
    return StreamingResponse(download.pieces, headers=headers, media_type=download.media_type)


@by_name.get("/{name}")
def dataset_page(request: Request, name: str, session: Publisher, before: int | None = None) -> Response:
    """One dataset: send a file, its columns, its batches."""
    return _dataset_page(request, session, name, before, None)


@by_name.post("/{name}")
async def send(request: Request, name: str, session: Publisher, _: OurForm) -> Response:
    """Take a file and try it; nothing is taken in before the publisher confirms."""
    file = (await read_form(request)).get("file")
    return await run_in_threadpool(_send, request, session, name, file)


def _send(request: Request, session: Session, name: str, file: object) -> Response:
    publishing = parts_of(request).publishing
    publishing.dataset(session, name)
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise NotADelivery
        upload = publishing.send(session, name, file.filename, file.file, dry_run=True)
    except (ExchangeApiError, RegistriesError) as refused:
        return _dataset_page(request, session, name, None, Words(refused.zh, refused.en))
    return RedirectResponse(f"/publisher/uploads/{upload.id}", SEE_OTHER)


def _dataset_page(request: Request, session: Session, name: str, before: int | None, fault: Words | None) -> Response:
    parts = parts_of(request)
    dataset = parts.publishing.dataset(session, name)
    with Transaction(parts.store_page) as work:
        found = batches.list_batches(work.conn, None, name, before, BATCHES_A_PAGE)
    title = Words(dataset.title_zh, dataset.title_en)
    rows, older = _rows(found, parts), _older(found)
    uploadable = is_uploadable(dataset)
    view = DatasetView(
        name,
        title,
        uploadable,
        dataset.delivery == "snapshot",
        dataset.encoding,
        column_rows(dataset),
        rows,
        older,
        fault,
    )
    frame = frame_of(request, session, title, crumbs=(PUBLISHING,))
    return render("dataset.html", frame, view, UNPROCESSABLE if fault else 200)


def _rows(found: Sequence[Batch], parts: HubParts) -> tuple[BatchRow, ...]:
    return tuple(batch_row(batch, parts.catalogue) for batch in found)


def _older(found: Sequence[Batch]) -> int | None:
    return found[-1].number if len(found) == BATCHES_A_PAGE else None
