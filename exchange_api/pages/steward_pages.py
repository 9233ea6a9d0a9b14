"""The steward's pages: quality by department, dimension, dataset and time, down to masked rows; cases and conflicts."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from exchange_api.errors import NotFound
from exchange_api.pages.frames import frame_of
from exchange_api.pages.publisher_views import column_heads, refused_row_views
from exchange_api.pages.quality_views import dimensions_view, history_view, rules_view
from exchange_api.pages.rendering import render
from exchange_api.pages.steward_views import conflict_rows, register_words, steward_view
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.steward import ConflictsView, StewardDatasetView
from exchange_api.people.roles import Role
from exchange_api.publishing import PAGE as ROWS_A_PAGE
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require
from exchange_api.transactions import Transaction
from quality.refused_rows.reading import RefusedRow
from registries.store import batches, pages, scores
from registries.store.batches import Batch

router = APIRouter(prefix="/steward")
Steward = Annotated[Session, Depends(require(Role.STEWARD))]
A_PAGE = 25
QUALITY = Crumb(Words("数据质量", "Quality"), "/steward")


@router.get("")
def steward_page(request: Request, session: Steward) -> Response:
    """Departments by dimensions, datasets by levels, and where publishers disagree."""
    parts = parts_of(request)
    with Transaction(parts.store_page) as work:
        lines = scores.current_scores(work.conn)
        standing = pages.datasets(work.conn)
        conflicts = pages.count_conflicts(work.conn)
    view = steward_view(lines, standing, conflicts, parts.catalogue, parts.contracts.refusals())
    return render("steward.html", frame_of(request, session, QUALITY.words), view)


@router.get("/datasets/{name}")
def dataset_page(request: Request, name: str, session: Steward, after: int = 0) -> Response:
    """One dataset: its dimensions, its scores over time, its rules, its refused rows masked."""
    parts = parts_of(request)
    if name not in parts.catalogue:
        raise NotFound("数据资源", "dataset")
    dataset = parts.catalogue.dataset(name)
    with Transaction(parts.store_page) as work:
        history = scores.score_history(work.conn, name)
        last = batches.last_done(work.conn, name)
    current = [line for line in history if line.batch == history[-1].batch]
    rows = _refused(request, session, last, after)
    dimensions, over_time = history_view(history)
    view = StewardDatasetView(
        name=name,
        batch=last.number if last else None,
        dimensions=dimensions_view(current),
        history_dimensions=dimensions,
        history=over_time,
        rules=rules_view(current, name, parts.catalogue),
        columns=column_heads(dataset),
        rows=refused_row_views(rows),
        after=rows[-1].number if len(rows) == ROWS_A_PAGE else None,
    )
    title = Words(dataset.title_zh, dataset.title_en)
    return render("steward_dataset.html", frame_of(request, session, title, crumbs=(QUALITY,)), view)


@router.get("/conflicts/{register}")
def conflicts_page(
    request: Request,
    register: str,
    session: Steward,
    after: Annotated[tuple[str, ...], Query(max_length=3)] = (),
) -> Response:
    """Where publishers of a register disagree with the authority, subject by subject."""
    parts = parts_of(request)
    name = register_words(parts.catalogue, register)
    if name is None:
        raise NotFound("基础库", "register")
    subject, attribute, dataset = (*after, "", "", "")[:3]
    with Transaction(parts.store_page) as work:
        found = pages.list_conflicts(work.conn, register, (subject, attribute, dataset), A_PAGE)
    end = (found[-1].subject_key, found[-1].attribute, found[-1].dataset) if len(found) == A_PAGE else None
    view = ConflictsView(conflict_rows(found, parts.catalogue), end)
    title = Words(f"{name.zh}：多源不一致", f"{name.en}: conflicts")
    return render("conflicts.html", frame_of(request, session, title, crumbs=(QUALITY,)), view)


def _refused(request: Request, session: Session, last: Batch | None, after: int) -> list[RefusedRow]:
    """Masked rows of any department: a steward looks with the eyes of the department that can mend them."""
    if last is None or last.counts is None:
        return []
    department = parts_of(request).catalogue.dataset(last.dataset).department
    return parts_of(request).publishing.refused_rows(replace(session, department=department), last.number, after)
