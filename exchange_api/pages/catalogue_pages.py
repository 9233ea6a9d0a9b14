"""The catalogue's pages (目录), for everybody who is signed in: departments, registers and datasets; no row of data."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from certificates.china_time import CHINA
from exchange_api.catalogue import NOTHING_YET, standings
from exchange_api.errors import NotFound
from exchange_api.pages.catalogue_views import catalogue_dataset_view, catalogue_register_view, catalogue_view
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require

router = APIRouter(prefix="/catalogue")
CATALOGUE = Crumb(Words("目录", "Catalogue"), "/catalogue")
LONGEST_TEXT = 60
SignedIn = Annotated[Session, Depends(require())]


@router.get("")
def catalogue_page(
    request: Request, session: SignedIn, text: Annotated[str, Query(max_length=LONGEST_TEXT)] = ""
) -> Response:
    """Departments, registers and datasets, narrowed by a text."""
    parts = parts_of(request)
    today = parts.clock().astimezone(CHINA).date()
    standing = standings(parts.store_page)
    view = catalogue_view(parts.catalogue, standing, parts.contracts.number(), text, today)
    return render("catalogue.html", frame_of(request, session, CATALOGUE.words), view)


@router.get("/datasets/{name}")
def dataset_page(request: Request, name: str, session: SignedIn) -> Response:
    """One dataset: items, rules, sharing, service level, scores."""
    parts = parts_of(request)
    catalogue = parts.catalogue
    if name not in catalogue:
        raise NotFound("数据资源", "dataset")
    dataset = catalogue.dataset(name)
    stands = standings(parts.store_page, name).get(name, NOTHING_YET)
    view = catalogue_dataset_view(dataset, catalogue, stands)
    lede = Words(dataset.description_zh, dataset.description_en) if dataset.description_zh else None
    title = Words(dataset.title_zh, dataset.title_en)
    return render("catalogue_dataset.html", frame_of(request, session, title, lede, crumbs=(CATALOGUE,)), view)


@router.get("/registers/{register_id}")
def register_page(request: Request, register_id: str, session: SignedIn) -> Response:
    """One register: attributes, and who decides each of them."""
    parts = parts_of(request)
    catalogue = parts.catalogue
    register = next((each for each in catalogue.registers if each.id == register_id), None)
    if register is None:
        raise NotFound("基础库", "register")
    view = catalogue_register_view(register, catalogue, standings(parts.store_page))
    lede = Words(register.description_zh, register.description_en) if register.description_zh else None
    title = Words(register.title_zh, register.title_en)
    return render("catalogue_register.html", frame_of(request, session, title, lede, crumbs=(CATALOGUE,)), view)
