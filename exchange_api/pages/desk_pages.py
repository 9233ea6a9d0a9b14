"""The publisher's desk beyond datasets and batches: replies to files, changes of contracts and whom they break."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from exchange_api.contract_changes import LARGEST, Changed
from exchange_api.pages.desk_views import change_card, reply_rows
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.desk import ChangesView, RepliesView
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.people.roles import Reach, Role
from exchange_api.publisher_desk import REPLIES_A_PAGE
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require

router = APIRouter(prefix="/publisher")
Publisher = Annotated[Session, Depends(require(Role.PUBLISHER, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
UNPROCESSABLE = 422
_PUBLISHING = Crumb(Words("数据报送", "Publishing"), "/publisher")
_NO_FILE = Words("请选择一个 *.odcs.yaml 文件。", "Choose a file *.odcs.yaml.")


@router.get("/replies")
def replies_page(request: Request, session: Publisher, before: int | None = None) -> Response:
    """Receipts of what came through the department's drop folders."""
    parts = parts_of(request)
    found = parts.publisher_desk.replies(session, before)
    older = found[-1].id if len(found) == REPLIES_A_PAGE else None
    view = RepliesView(reply_rows(found, parts.catalogue), older)
    lede = Words(
        "投递目录（SFTP、共享目录）中的每个文件都有一份回执；未接收的行按原格式返回。",
        "Every file in a drop folder gets a receipt; refused rows come back as they came.",
    )
    frame = frame_of(request, session, Words("投递答复", "Replies to files"), lede, crumbs=(_PUBLISHING,))
    return render("replies.html", frame, view)


@router.get("/replies/{number}/{which}")
def reply_file(request: Request, number: int, which: Literal["receipt", "refused"], session: Publisher) -> Response:
    """A file of a reply that could not be written where its delivery came from."""
    download = parts_of(request).publisher_desk.reply_file(session, number, which)
    headers = {"Content-Disposition": f'attachment; filename="reply_{number}_{which}"'}
    return StreamingResponse(download.pieces, headers=headers, media_type=download.media_type)


@router.get("/changes")
def changes_page(request: Request, session: Publisher) -> Response:
    """What changed in the department's contracts, and whom it broke."""
    return _changes_page(request, session, None)


@router.post("/changes")
async def try_change(request: Request, session: Publisher, _: OurForm) -> Response:
    """What a draft would change, and whom it would break; nothing is kept."""
    file = (await read_form(request)).get("contract")
    if not isinstance(file, UploadFile) or not file.filename:
        return await run_in_threadpool(_changes_page, request, session, None, (_NO_FILE,))
    content = await file.read(LARGEST + 1)
    found = await run_in_threadpool(parts_of(request).contract_changes.proposed, session, file.filename, content)
    faults = tuple(Words(fault.zh, fault.en) for fault in found.faults)
    return await run_in_threadpool(_changes_page, request, session, None if faults else found, faults)


def _changes_page(
    request: Request, session: Session, draft: Changed | None, faults: tuple[Words, ...] = ()
) -> Response:
    parts = parts_of(request)
    accepted = tuple(change_card(each, parts.catalogue) for each in parts.contract_changes.accepted(session))
    view = ChangesView(None if draft is None else change_card(draft, parts.catalogue), accepted, faults)
    lede = Words(
        "契约改动前先看影响：哪些事项、哪些授权正在使用相关数据项。",
        "See whom a change breaks before you make it: the service items and grants that use the column.",
    )
    frame = frame_of(request, session, Words("契约变更", "Contract changes"), lede, crumbs=(_PUBLISHING,))
    return render("contract_changes.html", frame, view, UNPROCESSABLE if faults else 200)
