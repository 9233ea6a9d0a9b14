"""The case-check on one screen: pick the item, type who and which case, see one list; note what was received."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from certificates.china_time import CHINA
from certificates.compact import parse
from certificates.records import MalformedQuestion
from exchange_api.answers import Answer
from exchange_api.askers import officer, parse_officers_question
from exchange_api.errors import NotFound
from exchange_api.pages.case_check_views import (
    choices,
    facts_of,
    field_names,
    form_of,
    question_of,
    received_jti,
    result_of,
)
from exchange_api.pages.frames import department_name, frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.case import CaseCheckView
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.people.roles import Reach, Role
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.transactions import Transaction
from registries.service_items.model import ServiceItem, item_of
from registries.store import grants

PLACE = "/officer/case-check"
router = APIRouter(prefix=PLACE)
Officer = Annotated[Session, Depends(require(Role.WINDOW_OFFICER, Role.APPROVING_OFFICER, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
HERE = Crumb(Words("一件事核对", "Case check"), PLACE)
UNPROCESSABLE = 422
_LEDE = Words(
    "选定事项，填写申请人和办件编号，一次核对全部材料：免交、待校核、需提交，一目了然。",
    "Pick the item, give applicant and case: all of its materials are checked at once.",
)


@router.get("")
def case_check_page(request: Request, session: Officer, item: str = "") -> Response:
    """The items to pick from, or the form of one."""
    catalogue = parts_of(request).catalogue
    if not item:
        return _page(request, session, CaseCheckView(items=choices(catalogue)))
    found = _item(request, item)
    return _page(request, session, CaseCheckView(form=form_of(found, catalogue, _purposes(request, session, found))))


@router.post("")
async def check(request: Request, session: Officer, _: OurForm) -> Response:
    """Check, and show the list; the same form sent twice gets the same answer."""
    form = await read_form(request)
    return await run_in_threadpool(_check, request, session, form)


@router.post("/received")
async def received(request: Request, session: Officer, _: OurForm) -> Response:
    """Note that a material was received, and show the list again."""
    form = await read_form(request)
    return await run_in_threadpool(_received, request, session, form)


def _check(request: Request, session: Session, form: FormData) -> Response:
    item = _item(request, _text(form, "item"))
    fields = {name: _text(form, name) for name in field_names(item)}
    try:
        answer = _ask(request, session, item, fields)
    except MalformedQuestion as malformed:
        fault = Words(malformed.zh, malformed.en)
        again = form_of(item, parts_of(request).catalogue, _purposes(request, session, item), fields, fault)
        return _page(request, session, CaseCheckView(form=again), UNPROCESSABLE)
    return _result(request, session, item, fields, answer)


def _received(request: Request, session: Session, form: FormData) -> Response:
    item = _item(request, _text(form, "item"))
    fields = {name: _text(form, name) for name in field_names(item)}
    material, how, reason = (_text(form, name) for name in ("material", "form", "reason"))
    asked = question_of(item, fields)
    content = {name: asked[name] for name in ("item", "case", "purpose", "subject")}
    content |= {"material": material, "form": how, **({"reason": reason} if reason else {})}
    parts = parts_of(request)
    jti = received_jti(fields["jti"], material, how, reason)
    inquiry = parse_officers_question(session, content, jti, parts.acts.receiving)
    noted = parts.answering.ask(inquiry).result().content
    done = noted["code"] in {"received", "known"}
    said = Words(f"{noted['material']['zh']}：{noted['zh']}", f"{noted['material']['en']}: {noted['en']}")
    answer = _ask(request, session, item, fields)
    notice = (said, "green" if done else "gold")
    return _result(request, session, item, fields, answer, frozenset({material}) if done else frozenset(), notice)


def _ask(request: Request, session: Session, item: ServiceItem, fields: Mapping[str, str]) -> Answer:
    parts = parts_of(request)
    inquiry = parse_officers_question(session, question_of(item, fields), fields["jti"], parts.acts.case_check)
    return parts.answering.ask(inquiry).result()


def _result(
    request: Request,
    session: Session,
    item: ServiceItem,
    fields: dict[str, str],
    answer: Answer,
    noted: frozenset[str] = frozenset(),
    notice: tuple[Words, str] | None = None,
) -> Response:
    payload: Mapping[str, Any] = parse(answer.receipt).payload
    facts = facts_of(fields, item, department_name(request, session.department), payload["iat"])
    result = result_of(answer.content, fields, fields["jti"], facts, noted, notice)
    return _page(request, session, CaseCheckView(result=result))


def _page(request: Request, session: Session, view: CaseCheckView, status: int = 200) -> Response:
    crumbs = () if view.items else (HERE,)
    title = HERE.words if view.items else Words("核对材料", "Check materials")
    return render("case_check.html", frame_of(request, session, title, _LEDE, crumbs), view, status)


def _item(request: Request, code: str) -> ServiceItem:
    found = item_of(parts_of(request).catalogue, code)
    if found is None:
        raise NotFound("事项", "service item")
    return found


def _purposes(request: Request, session: Session, item: ServiceItem) -> tuple[str, ...]:
    """The purposes for which the officer's department may ask today, those of this item first."""
    parts = parts_of(request)
    today = parts.clock().astimezone(CHINA).date()
    with Transaction(parts.store_api) as work:
        known = grants.list_grants(work.conn, session.department)
    name = officer(session).ledger_name
    usable = [
        one for one in known if one.holds(today) and one.is_for(name) and one.service_item in {None, item.name_zh}
    ]
    return tuple(dict.fromkeys(one.purpose for one in usable))


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
