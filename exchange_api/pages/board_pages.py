"""Dashboards (看板): one page, one CSV and one workbook for each, all of a state in its address; rows, masked.

GET /steward/boards                    all of them
GET /steward/boards/scores?by=dataset&department=health&since=2026-01      .csv and .xlsx beside it
GET /steward/boards/rows?dataset=health.birth_certificates&rule=holder-known&after=50
GET /steward/boards/rows/health.birth_certificates/17/204                  one row that rules found
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from certificates.china_time import CHINA
from exchange_api.errors import NotFound
from exchange_api.pages.boards import found_rows
from exchange_api.pages.boards.asked import BOARDS, Asked
from exchange_api.pages.boards.every import EVERY, tabs
from exchange_api.pages.boards.files import CSV_TYPE, XLSX_TYPE, as_csv, as_xlsx
from exchange_api.pages.boards.setting import Setting
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.board import Board, BoardsView, BoardView
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.people.roles import Role
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require
from exchange_api.transactions import Transaction
from quality.refused_rows.reading import RefusedRows, landed_of
from registries.contracts.model import Dataset
from registries.store import batches, dashboard_reads
from registries.store.dashboard_reads import FoundRow
from registries.working_days import working_days

router = APIRouter(prefix="/steward")
_READERS = (Role.STEWARD, Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR, Role.AUDITOR)
Reader = Annotated[Session, Depends(require(*_READERS))]
Steward = Annotated[Session, Depends(require(Role.STEWARD))]
Question = Annotated[Asked, Depends(Asked)]
HERE = Crumb(Words("看板", "Dashboards"), BOARDS)
A_PAGE = 50


@router.get("/boards")
def boards_page(request: Request, session: Reader) -> Response:
    """All dashboards, and what each tells."""
    lede = Words(
        "质量、时效、工单、冲突、归集和使用，一屏一图一表；每个状态都是一个可发送的链接。",
        "One picture and one table each; every state is a link.",
    )
    return render("boards.html", frame_of(request, session, HERE.words, lede), BoardsView(tabs()))


@router.get("/boards/rows")
def rows_page(request: Request, session: Steward, asked: Question) -> Response:
    """The rows that a rule found in a dataset's latest batch, masked."""
    dataset = _dataset(request, asked.dataset)
    with Transaction(parts_of(request).store_page) as work:
        standing = {line.dataset: line.batch for line in dashboard_reads.standings(work.conn)}
        batch = standing.get(dataset.name) or 0
        found = dashboard_reads.found_rows(work.conn, batch, asked.rule, asked.after, A_PAGE)
    rows = _with_cells(request, dataset, batch, found)
    view = found_rows.rows_board(dataset, batch, rows, asked, _setting(request), A_PAGE)
    return _page(request, session, view)


@router.get("/boards/{name}.csv")
def board_csv(request: Request, name: str, session: Reader, asked: Question) -> Response:  # noqa: ARG001 - who may read it
    """A dashboard's table as CSV."""
    return _file(as_csv(_board(request, name, asked)), CSV_TYPE, f"{name}.csv")


@router.get("/boards/{name}.xlsx")
def board_xlsx(request: Request, name: str, session: Reader, asked: Question) -> Response:  # noqa: ARG001 - who may read it
    """A dashboard's table as a workbook."""
    return _file(as_xlsx(_board(request, name, asked)), XLSX_TYPE, f"{name}.xlsx")


@router.get("/boards/{name}")
def board_page(request: Request, name: str, session: Reader, asked: Question) -> Response:
    """A dashboard."""
    return _page(request, session, _board(request, name, asked))


@router.get("/boards/rows/{name}/{batch}/{number}")
def row_page(request: Request, name: str, batch: int, number: int, session: Steward) -> Response:
    """One row that rules found, masked, with everything that they say."""
    dataset = _dataset(request, name)
    with Transaction(parts_of(request).store_page) as work:
        found = dashboard_reads.found_row(work.conn, batch, number)
    rows = [] if found is None else _with_cells(request, dataset, batch, [found])
    if not rows:
        raise NotFound("数据行", "row")
    view = found_rows.row_view(dataset, batch, rows[0], tabs("scores"))
    title = Words(f"第 {batch} 批第 {number} 行", f"Batch {batch}, row {number}")
    crumbs = (HERE, Crumb(Words(dataset.title_zh, dataset.title_en), f"{BOARDS}/scores?by=rule&dataset={name}"))
    return render("board_row.html", frame_of(request, session, title, crumbs=crumbs), view)


def _page(request: Request, session: Session, board: Board) -> Response:
    steps = tuple(Crumb(words, href) for words, href in board.steps)
    frame = frame_of(request, session, board.title, board.lede, crumbs=(HERE, *steps))
    return render("board.html", frame, BoardView(board, tabs(board.name)))


def _board(request: Request, name: str, asked: Asked) -> Board:
    made = EVERY.get(name)
    if made is None:
        raise NotFound("看板", "dashboard")
    with Transaction(parts_of(request).store_page) as work:
        return made.make(work.conn, asked, _setting(request))


def _setting(request: Request) -> Setting:
    parts = parts_of(request)
    today = parts.clock().astimezone(CHINA).date()
    return Setting(parts.catalogue, parts.types, working_days(parts.home), today)


def _dataset(request: Request, name: str) -> Dataset:
    catalogue = parts_of(request).catalogue
    if name not in catalogue:
        raise NotFound("数据资源", "dataset")
    return catalogue.dataset(name)


def _with_cells(request: Request, dataset: Dataset, number: int, found: list[FoundRow]) -> list[found_rows.RefusedRow]:
    """The rows with their cells masked; none if the batch is of another dataset or nothing landed."""
    parts = parts_of(request)
    with Transaction(parts.store_page) as work:
        batch = batches.get(work.conn, number)
    landed = landed_of(batch, parts.home.landed) if batch is not None and batch.dataset == dataset.name else None
    if landed is None or not found:
        return []
    return RefusedRows(parts.store_page, parts.landing).these(dataset, landed, found)


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
