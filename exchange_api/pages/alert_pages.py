"""Alerts: the bell's figure, somebody's list, how to be told, and what never arrived."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from exchange_api.alerting.desk import AlertDesk, Standing
from exchange_api.alerting.errors import WishRefused
from exchange_api.alerting.words import CHANNELS, FAULTS, KINDS, Telling
from exchange_api.pages.frames import department_name, frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.alerts import AlertRow, AlertsView, KindChoice, LostRow
from exchange_api.pages.views.frame import Words
from exchange_api.people.roles import Reach, Role
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from registries.store.alert_deliveries import Delivery, Wishes
from registries.store.alerts import Alert, AlertKind
from registries.webhook_hosts import WebhookHosts

router = APIRouter(prefix="/alerts")
Anybody = Annotated[Session, Depends(require(reach=Reach.OWN))]
_MANAGERS: Final = (Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR)
Manager = Annotated[Session, Depends(require(*_MANAGERS, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
SEE_OTHER: Final = 303
_LARGEST: Final = 2**62
_TITLE = Words("提醒", "Alerts")
_LEDE = Words(
    "批次挂起、退回的行、工单到期和升级督办，都会在此提醒。",
    "Held batches, refused rows, cases that are due and escalations are told of here.",
)
_TONES: Mapping[AlertKind, str] = {"yellow": "gold", "red": "red", "overdue": "red", "escalated": "red", "held": "gold"}
_SAVED = Words("提醒方式已保存", "Saved.")
_UNKNOWN = ("—", "")


@router.get("")
def alerts_page(request: Request, session: Anybody, before: str = "", done: str = "") -> Response:
    """What this person was told of, and how it wants to be told."""
    return _page(request, session, before, done=_SAVED if done == "saved" else None)


@router.get("/unread")
def unread(request: Request, session: Anybody) -> JSONResponse:
    """The bell's figure."""
    parts = parts_of(request)
    found = AlertDesk(parts.store_page, parts.clock).unread(session)
    return JSONResponse({"unread": found}, headers={"Cache-Control": "no-store"})


@router.post("/read")
async def read(request: Request, session: Anybody, _: OurForm) -> Response:
    """Everything up to the newest that was shown was read."""
    form, parts = await read_form(request), parts_of(request)
    up_to = _number(str(form.get("up_to", ""))) or 0
    await run_in_threadpool(AlertDesk(parts.store_page, parts.clock).read, session, up_to)
    return RedirectResponse("/alerts", SEE_OTHER)


@router.post("/wishes")
async def wish(request: Request, session: Anybody, _: OurForm) -> Response:
    """Keep how this person wants to be told, or say what is wrong with it."""
    form = await read_form(request)
    return await run_in_threadpool(_kept, request, session, form)


@router.post("/resend")
async def resend(request: Request, session: Manager, _: OurForm) -> Response:
    """Send again what never arrived."""
    parts = parts_of(request)
    await run_in_threadpool(AlertDesk(parts.store_page, parts.clock).resend, session)
    return RedirectResponse("/alerts", SEE_OTHER)


def _kept(request: Request, session: Session, form: FormData) -> Response:
    parts = parts_of(request)
    try:
        AlertDesk(parts.store_page, parts.clock).wish(session, _wishes(form), WebhookHosts(parts.home.path))
    except WishRefused as refused:
        fault = Words(refused.zh, refused.en)
        return _page(request, session, "", fault=fault, status=refused.kind.status)
    return RedirectResponse("/alerts?done=saved", SEE_OTHER)


def _wishes(form: FormData) -> Wishes:
    def told(name: str) -> str | None:
        return str(form.get(name, "")).strip() or None

    return Wishes(
        told("mail"),
        told("webhook"),
        _time(told("quiet_from")),
        _time(told("quiet_until")),
        tuple(str(value) for value in form.getlist("muted")),
    )


def _page(
    request: Request,
    session: Session,
    before: str,
    *,
    fault: Words | None = None,
    done: Words | None = None,
    status: int = 200,
) -> Response:
    parts = parts_of(request)
    found = AlertDesk(parts.store_page, parts.clock).standing(session, _number(before))
    view = _view(request, found, fault, done)
    return render("alerts.html", frame_of(request, session, _TITLE, _LEDE), view, status=status)


def _view(request: Request, found: Standing, fault: Words | None, done: Words | None) -> AlertsView:
    wishes = found.wishes
    return AlertsView(
        rows=tuple(_row(request, one) for one in found.alerts),
        unread=found.unread,
        newest=found.alerts[0].id if found.alerts else 0,
        older=found.older,
        mail=wishes.mail or "",
        webhook=wishes.webhook or "",
        quiet_from=wishes.quiet_from.isoformat("minutes") if wishes.quiet_from else "",
        quiet_until=wishes.quiet_until.isoformat("minutes") if wishes.quiet_until else "",
        kinds=tuple(KindChoice(kind, _name(kind), kind in wishes.muted) for kind in KINDS),
        lost=None if found.dead is None else tuple(_lost(one) for one in found.dead),
        fault=fault,
        done=done,
    )


def _row(request: Request, one: Alert) -> AlertRow:
    catalogue = parts_of(request).catalogue
    title = catalogue.dataset(one.dataset).title_zh if one.dataset in catalogue else one.dataset
    department = department_name(request, one.department)
    telling = Telling(one.kind, department, title, one.dataset, one.count, one.reference)
    return AlertRow(
        Words(telling.zh, telling.en),
        _name(one.kind),
        _TONES.get(one.kind, "blue"),
        telling.link,
        one.first_at,
        one.last_at,
        one.read_at is None,
    )


def _lost(one: Delivery) -> LostRow:
    fault = Words(*FAULTS.get(one.fault or "", _UNKNOWN))
    return LostRow(
        _name(one.alert.kind), one.alert.dataset, Words(*CHANNELS[one.channel]), fault, one.status, one.attempts
    )


def _name(kind: AlertKind) -> Words:
    return Words(KINDS[kind].name_zh, KINDS[kind].name_en)


def _time(text: str | None) -> time | None:
    try:
        return None if text is None else time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(_LARGEST)):
        return None
    return int(text)
