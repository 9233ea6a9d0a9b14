"""Workbooks for publishers: templates made from contracts, deliveries with their faults marked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from exchange_api.people.roles import Reach, Role
from exchange_api.publishing import Download
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require

router = APIRouter(prefix="/publisher")
Publisher = Annotated[Session, Depends(require(Role.PUBLISHER, reach=Reach.OWN_DEPARTMENT))]


@router.get("/uploads/{upload_id}/annotated")
def upload_annotated(request: Request, upload_id: int, session: Publisher) -> Response:
    """A file as its dry run saw it: red where rows would be refused, and why."""
    return _sent(parts_of(request).workbooks.of_upload(session, upload_id))


@router.get("/batches/{number}/annotated")
def batch_annotated(request: Request, number: int, session: Publisher) -> Response:
    """A batch as it was judged."""
    return _sent(parts_of(request).workbooks.of_batch(session, number))


@router.get("/{name}/template")
def dataset_template(request: Request, name: str, session: Publisher) -> Response:
    """The empty workbook of a dataset, made from its contract."""
    return _sent(parts_of(request).workbooks.template(session, name))


def _sent(download: Download) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{download.file_name}"'}
    return StreamingResponse(download.pieces, headers=headers, media_type=download.media_type)
