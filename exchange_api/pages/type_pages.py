"""The catalogue of certificate types (电子证照通用目录), for everybody who is signed in: all, and each in full."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from exchange_api.errors import NotFound
from exchange_api.pages.catalogue_pages import CATALOGUE, SignedIn
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.type_views import type_view, types_view
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.sign_in import parts_of

router = APIRouter(prefix="/catalogue/certificate-types")
TYPES = Crumb(Words("证照类型", "Certificate types"), "/catalogue/certificate-types")


@router.get("")
def types_page(request: Request, session: SignedIn) -> Response:
    """All types; those whose official code is not known are marked."""
    parts = parts_of(request)
    lede = Words(
        "没有查得官方代码的类型用“示例代码”标明，装入国家目录后替换。",
        "Where the official code is not known the code is ours, and says so.",
    )
    frame = frame_of(request, session, TYPES.words, lede, crumbs=(CATALOGUE,))
    return render("certificate_types.html", frame, types_view(parts.types, parts.catalogue))


@router.get("/{code}")
def type_page(request: Request, code: str, session: SignedIn) -> Response:
    """One type: who issues it and for whom, how long it counts, what it shows, how its sources tell its states."""
    parts = parts_of(request)
    kind = parts.types.get(code)
    if kind is None:
        raise NotFound("证照类型", "certificate type")
    frame = frame_of(request, session, Words(kind.name_zh, kind.name_en), crumbs=(CATALOGUE, TYPES))
    return render("certificate_type.html", frame, type_view(kind, parts.catalogue))
