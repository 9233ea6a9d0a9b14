"""Around the counter: what was scanned, what was answered today, and spreadsheets that come back with verdicts."""

from collections import Counter
from datetime import datetime, time
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from certificates.china_time import CHINA
from certificates.errors import CertificatesError
from exchange_api.counter.codes import Desk, Pictures, Scanned, read_code
from exchange_api.counter.errors import SheetNotRead
from exchange_api.counter.sheets import MEMBERS, MOST_ROWS, GivenBack, Sheets, read_sheet, template
from exchange_api.errors import ExchangeApiError
from exchange_api.pages import words
from exchange_api.pages.frames import frame_of
from exchange_api.pages.officer_pages import form_page
from exchange_api.pages.question_form import FIELDS, blank_form, prefilled
from exchange_api.pages.receipt_views import receipt_row
from exchange_api.pages.rendering import render
from exchange_api.pages.scan_words import scan_notice
from exchange_api.pages.views.counter import Count, SheetView, TodayView
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.officer import ReceiptRow
from exchange_api.parts import HubParts
from exchange_api.people.roles import Reach, Role
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from quality.refused_rows.csv_text import refused_csv

SCAN_PLACE, SHEET_PLACE = "/officer/scan", "/officer/sheet"
MOST_PICTURE = 8 * 1024 * 1024
"""Bytes: what a telephone's camera makes of a page."""

MOST_TODAY = 1_000
UNPROCESSABLE = 422
router = APIRouter(prefix="/officer")
Officer = Annotated[Session, Depends(require(Role.WINDOW_OFFICER, Role.APPROVING_OFFICER, reach=Reach.OWN))]
OurForm = Annotated[None, Depends(check_csrf)]
_TODAY_LEDE = Words(
    "本人今天的全部核验，新的在前；不列证照编号和持证主体。", "Your own answers of today, the newest first."
)
_SHEET = Words("批量核验", "Verify a spreadsheet")
_SHEET_LEDE = Words(
    "上传证照清单，当场取回：原样附上每一行的核验结论和回执编号。文件不留存。",
    "Send a list of certificates and get it back with a verdict and a receipt for every row. The file is not kept.",
)
_NO_FILE = Words("请选择文件。", "Choose a file.")
_DAY_COLUMNS = ("时间", "结论", "证照类型", "办件编号", "存证序号", "回执")


# --- what was scanned


@router.post("/scan")
async def scan(request: Request, session: Officer, _: OurForm) -> Response:
    """What texts or a picture fill in: as JSON to the page's script, as the filled-in form to a browser without."""
    form = await read_form(request)
    texts = [text for text in form.getlist("text") if isinstance(text, str)]
    picture = form.get("picture")
    content = await picture.read() if isinstance(picture, UploadFile) else b""
    return await run_in_threadpool(_scanned, request, session, texts, content)


def _scanned(request: Request, session: Session, texts: list[str], picture: bytes) -> Response:
    parts = parts_of(request)
    scripted = request.headers.get("accept", "").startswith("application/json")
    try:
        found = read_code([*texts, *(_pictures(request).read(picture) if picture else ())], desk_of(parts))
    except (ExchangeApiError, CertificatesError) as refused:
        if scripted:
            raise
        form = prefilled(parts, session, {}, None, Words(refused.zh, refused.en))
        return form_page(request, session, form, UNPROCESSABLE)
    notice = scan_notice(found)
    if scripted:
        return JSONResponse(_told(found, notice))
    return form_page(request, session, prefilled(parts, session, found.fields, notice))


def desk_of(parts: HubParts) -> Desk:
    """What scanned receipts are held against: this hub's keys, now."""
    parts.keys.refresh()
    return Desk(parts.keys.jwks(), parts.clock())


def _told(found: Scanned, notice: Words) -> dict[str, object]:
    counted = {"have": found.have, "of": found.of} if found.kind == "parts" else {}
    return {"kind": found.kind, "fields": dict(found.fields), "zh": notice.zh, "en": notice.en, **counted}


def _pictures(request: Request) -> Pictures:
    """One reader for all requests of an application."""
    state = request.app.state
    if not hasattr(state, "pictures"):
        state.pictures = Pictures()
    reader: Pictures = state.pictures
    return reader


# --- today


@router.get("/today")
def today_page(request: Request, session: Officer, verdict: str = "") -> Response:
    """The officer's answers of today, counted by verdict."""
    rows = _todays(parts_of(request), session)
    kept = rows[:MOST_TODAY]
    shown = tuple(row for row in kept if not verdict or row.code == verdict)
    day = parts_of(request).clock().astimezone(CHINA).date().isoformat()
    view = TodayView(day, len(kept), _counts(kept), shown, verdict, cut=len(rows) > MOST_TODAY)
    return render("today.html", frame_of(request, session, Words("今日核验", "Today"), _TODAY_LEDE), view)


@router.get("/today.csv")
def today_file(request: Request, session: Officer) -> Response:
    """The same as a file."""
    rows = _todays(parts_of(request), session)
    cells = [_line(row) for row in rows]
    name = f"today-{parts_of(request).clock().astimezone(CHINA).date().isoformat()}.csv"
    return _given(GivenBack(name, "text/csv", refused_csv(_DAY_COLUMNS, cells, "utf-8-sig")))


def _line(row: ReceiptRow) -> tuple[str, ...]:
    made = row.made_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    place = "" if row.place is None else str(row.place)
    return (made, row.verdict.zh, row.type_name, row.case, place, row.jti)


def _todays(parts: HubParts, session: Session) -> list[ReceiptRow]:
    midnight = datetime.combine(parts.clock().astimezone(CHINA).date(), time(), CHINA)
    return [receipt_row(kept, parts.types) for kept in parts.receipts.since(session, midnight, MOST_TODAY + 1)]


def _counts(rows: list[ReceiptRow]) -> tuple[Count, ...]:
    looks = {row.code: row for row in rows}
    return tuple(
        Count(code, looks[code].tone, looks[code].icon, looks[code].verdict, number)
        for code, number in Counter(row.code for row in rows).most_common()
    )


# --- spreadsheets


@router.get("/sheet")
def sheet_page(request: Request, session: Officer) -> Response:
    """The form."""
    return _sheet_page(request, session, {}, None)


@router.get("/sheet/template.xlsx")
def sheet_template(_: Officer) -> Response:
    """An empty workbook with the columns that mean something."""
    return _given(template())


@router.post("/sheet")
async def verify_sheet(request: Request, session: Officer, _: OurForm) -> Response:
    """The file back with a verdict in every row, or the form with what is wrong."""
    form = await read_form(request)
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "") if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_verified, request, session, _texts(form), name, content)


def _verified(request: Request, session: Session, fields: dict[str, str], name: str, content: bytes) -> Response:
    parts = parts_of(request)
    if not content:
        return _sheet_page(request, session, fields, _NO_FILE)
    try:
        sheet = read_sheet(name, content)
    except SheetNotRead as refused:
        return _sheet_page(request, session, fields, Words(refused.zh, refused.en))
    called = {code: f"{shown.name.zh} {shown.name.en}" for code, shown in words.VERDICTS.items()}
    sheets = Sheets(parts.answering, parts.acts.verification, parts.types, called)
    defaults = {name: text for name, text in fields.items() if name in FIELDS}
    return _given(sheets.verify(session, sheet, defaults, fields.get("jti", "")))


def _sheet_page(request: Request, session: Session, fields: dict[str, str], fault: Words | None) -> Response:
    form = blank_form(parts_of(request), session, fields, whole=True)
    view = SheetView(form, tuple(MEMBERS), MOST_ROWS, fault)
    frame = frame_of(request, session, _SHEET, _SHEET_LEDE)
    return render("sheet.html", frame, view, UNPROCESSABLE if fault else 200)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name in (*FIELDS, "jti") if isinstance(value := form.get(name), str)}


def _given(file: GivenBack) -> Response:
    plain = file.file_name.encode("ascii", "replace").decode().replace("?", "_")
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.file_name)}"
    return StreamingResponse(file.pieces, headers={"Content-Disposition": named}, media_type=file.media_type)
