"""The steward's page that explains a subject: which department, dataset, batch, file, row and rule decided each value.

A key is personal data: it is sent in a form's body and stands in no address. Each look is written down in the ledger.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from certificates.china_time import CHINA
from exchange_api.pages.explain_views import Places, explained_view
from exchange_api.pages.frames import frame_of
from exchange_api.pages.life_views import life_views
from exchange_api.pages.rendering import render
from exchange_api.pages.views.explained import ExplainedView, ExplainView
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.pages.views.lives import LifeView
from exchange_api.parts import HubParts
from exchange_api.people.roles import Role
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.transactions import Transaction
from registries.contracts.model import Register
from registries.landed_search import locate
from registries.store import certificate_lives, subject_versions
from registries.store.explaining import explain
from registries.store.explanations import Explanation
from registries.store.points_in_time import Moment
from registries.store.subject_versions import Access, Looking

router = APIRouter(prefix="/steward/explain")
Steward = Annotated[Session, Depends(require(Role.STEWARD))]
OurForm = Annotated[None, Depends(check_csrf)]
TITLE = Words("数据溯源", "Provenance")
QUALITY = Crumb(Words("数据质量", "Quality"), "/steward")
UNPROCESSABLE = 422
LONGEST: Final = {"register": 64, "subject": 128, "as_of": 10, "known_at": 25, "reason": 500}
FAULTS: Final = {
    "register": Words("请选择基础库", "choose a register"),
    "subject": Words("请填写主体标识", "enter the subject's key"),
    "reason": Words("请写明查看理由，不写号码", "say why you look; no numbers"),
    "moment": Words("日期或时间无法识别，请重新选择", "the day or the time can't be read; choose again"),
}


@router.get("")
def form_page(request: Request, session: Steward) -> Response:
    """The form."""
    return _page(request, session, {})


@router.post("")
async def explained_page(request: Request, session: Steward, _: OurForm) -> Response:
    """The explanation of the subject that was typed in."""
    form = await read_form(request)
    sent = {name: form.get(name) for name in LONGEST}
    given = {name: value.strip()[: LONGEST[name]] if isinstance(value, str) else "" for name, value in sent.items()}
    return await run_in_threadpool(_explained, request, session, given)


def _explained(request: Request, session: Session, given: Mapping[str, str]) -> Response:
    parts = parts_of(request)
    registers = {one.id: one for one in parts.catalogue.registers if parts.catalogue.of_register(one.id)}
    moment = _moment(given)
    missing = next((name for name in ("register", "subject", "reason") if not given[name]), None)
    if missing is not None or given["register"] not in registers or moment is None:
        wrong = missing or ("register" if given["register"] not in registers else "moment")
        return _page(request, session, given, fault=FAULTS[wrong])
    found, lives = _look(parts, session, registers[given["register"]], given, moment)
    return _page(request, session, given, found=found, lives=lives)


def _look(
    parts: HubParts, session: Session, register: Register, given: Mapping[str, str], moment: Moment
) -> tuple[ExplainedView, tuple[LifeView, ...]]:
    looking = Looking(session.login, given["reason"], parts.clock())
    with Transaction(parts.store_page) as work:
        access = subject_versions.open_access(work.conn, register, given["subject"], looking)
        found = explain(work.conn, parts.catalogue, register, access, moment)
        of_certificates = certificate_lives.of_certificates(parts.catalogue, register)
        lives = certificate_lives.read(work.conn, access, moment) if of_certificates else []
    today = (moment.known_at or looking.now).astimezone(CHINA).date()
    shown = life_views(lives, parts.types, parts.catalogue, day=moment.as_of, today=today)
    return explained_view(found, _places(parts, found, access), parts.catalogue, access.number), shown


def _places(parts: HubParts, found: Explanation, access: Access) -> Places:
    """Where rows under the key that was typed in stand in what was landed, by dataset and batch."""
    said = [one for decision in found.decisions for one in (decision.said, *decision.others) if one is not None]
    places = {}
    for name, batch in {(one.dataset, one.batch) for one in said}:
        dataset = parts.catalogue.dataset(name)
        if dataset.register is not None:
            wanted = {dataset.register.subject_key: {access.key}}
            kept = found.batches[batch].landed
            places[name, batch] = locate(parts.landing, parts.home.landed, batch, kept, dataset, wanted)
    return places


def _moment(given: Mapping[str, str]) -> Moment | None:
    """The day and the time as the browser's fields send them, China's time; None if they can't be read."""
    try:
        day = date.fromisoformat(given["as_of"]) if given["as_of"] else None
        time = datetime.fromisoformat(given["known_at"]) if given["known_at"] else None
    except ValueError:
        return None
    return Moment(day, time if time is None or time.tzinfo is not None else time.replace(tzinfo=CHINA))


def _page(
    request: Request,
    session: Session,
    given: Mapping[str, str],
    *,
    fault: Words | None = None,
    found: ExplainedView | None = None,
    lives: tuple[LifeView, ...] = (),
) -> Response:
    catalogue = parts_of(request).catalogue
    fed = [one for one in catalogue.registers if catalogue.of_register(one.id)]
    options = tuple(Option(one.id, f"{one.title_zh} {one.title_en}") for one in fed)
    lede = Words(
        "每个值由哪个部门、数据资源、批次、落地文件、行和规则决定，谁另有说法；每次查看均记入存证日志。",
        "Who decided each value, and who said otherwise; each look is in the ledger.",
    )
    frame = frame_of(request, session, TITLE, lede, crumbs=(QUALITY,))
    view = ExplainView(options, given, fault, found, lives)
    return render("explain.html", frame, view, UNPROCESSABLE if fault else 200)
