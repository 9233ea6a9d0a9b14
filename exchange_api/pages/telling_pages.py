"""Pages about one subject's own matters: who asked about it, for itself; and one of its values in clear, for a steward.

A key is personal data: it is sent in a form's body and stands in no address.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from exchange_api.errors import NotFound
from exchange_api.inspection.desk import searchable
from exchange_api.inspection.telling import DOCUMENTS, Telling
from exchange_api.inspection.unmasking import Unmasked, Unmasking
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.frames import frame_of
from exchange_api.pages.inspection_names import names_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.pages.views.telling import ClearRow, TellingView, UnmaskView
from exchange_api.parts import HubParts
from exchange_api.people.roles import Role
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require
from registries.inspection_faults import InspectionRefused
from registries.masking import mask_text
from registries.store.tellings import Told

router = APIRouter()
Clerk = Annotated[Session, Depends(require(Role.WINDOW_OFFICER, Role.APPROVING_OFFICER))]
Steward = Annotated[Session, Depends(confirm(Role.STEWARD))]
OurForm = Annotated[None, Depends(check_csrf)]
TELLING = Words("谁查询过我", "Who asked about me")
UNMASK = Words("查看明文", "Show in clear")
QUALITY = Crumb(Words("数据质量", "Quality"), "/steward")
UNPROCESSABLE = 422
LONGEST = {"register": 64, "subject": 64, "document": 40, "attribute": 130, "reason": 500}


@router.get("/officer/asked-about")
def telling_page(request: Request, session: Clerk) -> Response:
    """The form for a citizen who stands at the counter."""
    return _telling_page(request, session, {})


@router.post("/officer/asked-about")
async def tell(request: Request, session: Clerk, _: OurForm) -> Response:
    """What may be told, to print."""
    given = await _given(request)
    return await run_in_threadpool(_tell, request, session, given)


@router.get("/steward/unmask")
def unmask_page(request: Request, session: Steward) -> Response:
    """The form to see one value in clear."""
    return _unmask_page(request, session, {})


@router.post("/steward/unmask")
async def unmask(request: Request, session: Steward, _: OurForm) -> Response:
    """One attribute of one subject in clear."""
    given = await _given(request)
    return await run_in_threadpool(_unmask, request, session, given)


def _tell(request: Request, session: Session, given: Mapping[str, str]) -> Response:
    parts = parts_of(request)
    registers = {one.id: one for one in searchable(parts.catalogue.registers)}
    register = registers.get(given["register"])
    if register is None:
        raise NotFound("基础库", "register")
    try:
        telling = Telling(parts.store_page, parts.clock)
        told = telling.tell(session, register, given["subject"], given["document"])
    except InspectionRefused as refused:
        return _telling_page(request, session, given, refused=refused)
    masked = mask_text(given["subject"], register.key.semantic)
    return _telling_page(request, session, given, told=told, masked=masked)


def _telling_page(
    request: Request,
    session: Session,
    given: Mapping[str, str],
    *,
    told: Told | None = None,
    masked: str = "",
    refused: InspectionRefused | None = None,
) -> Response:
    parts = parts_of(request)
    subjects = searchable(parts.catalogue.registers)
    registers = tuple(Option(one.id, f"{one.title_zh} {one.title_en}") for one in subjects)
    view = TellingView(
        registers, DOCUMENTS, names_of(parts), {} if told else given, _fault(refused), told, masked, parts.clock()
    )
    lede = Words(
        "当事人出示有效证件后，当场打印查询记录；依法不予告知的除外，并写明依据。",
        "For a person whose document was shown; what the law withholds is named by that law.",
    )
    return render(
        "asked_about.html", frame_of(request, session, TELLING, lede), view, UNPROCESSABLE if refused else 200
    )


def _unmask(request: Request, session: Session, given: Mapping[str, str]) -> Response:
    parts = parts_of(request)
    name, _, attribute = given["attribute"].partition(".")
    register = {one.id: one for one in searchable(parts.catalogue.registers)}.get(name)
    if register is None:
        raise NotFound("基础库", "register")
    try:
        unmasking = Unmasking(parts.store_page, parts.clock, parts.catalogue)
        shown = unmasking.show(session, register, given["subject"], attribute, given["reason"])
    except InspectionRefused as refused:
        return _unmask_page(request, session, given, refused=refused)
    titles = {one.name: Words(one.title_zh, one.name) for one in register.attributes}
    return _unmask_page(request, session, {}, shown=shown, attribute=titles[attribute])


def _unmask_page(
    request: Request,
    session: Session,
    given: Mapping[str, str],
    *,
    shown: Unmasked | None = None,
    attribute: Words | None = None,
    refused: InspectionRefused | None = None,
) -> Response:
    parts = parts_of(request)
    rows = None if shown is None else tuple(_rows(shown, parts))
    access = None if shown is None else shown.access
    view = UnmaskView(tuple(_attributes(parts)), given, _fault(refused), rows, attribute, access)
    lede = Words(
        "只显示一个数据项的明文；须写明理由，限次，每次均记入存证日志，监督检查人员可见。",
        "One attribute in clear: with a reason, counted, in the ledger, and seen by inspectors.",
    )
    frame = frame_of(request, session, UNMASK, lede, crumbs=(QUALITY,))
    return render("unmask.html", frame, view, UNPROCESSABLE if refused else 200)


def _attributes(parts: HubParts) -> Iterator[Option]:
    for register in searchable(parts.catalogue.registers):
        for one in register.attributes:
            yield Option(f"{register.id}.{one.name}", f"{register.title_zh} · {one.title_zh} {one.name}")


def _rows(shown: Unmasked, parts: HubParts) -> Iterator[ClearRow]:
    for decision in shown.decisions:
        for said in (decision.said, *decision.others):
            if said is not None:
                department = parts.catalogue.department(said.department).name_zh
                title = dataset_title(parts.catalogue, said.dataset)
                yield ClearRow(department, title, said.value, said is decision.said, said.agrees, said.batch)


def _fault(refused: InspectionRefused | None) -> Words | None:
    return None if refused is None else Words(refused.zh, refused.en)


async def _given(request: Request) -> dict[str, str]:
    form = await read_form(request)
    sent = {name: form.get(name) for name in LONGEST}
    return {name: value.strip()[: LONGEST[name]] if isinstance(value, str) else "" for name, value in sent.items()}
