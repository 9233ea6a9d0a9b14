"""Watches and notifications, for administrators: what is on its way to clients' systems, and what never arrived."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from certificates.types import CertificateType
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.watches import DeliveryRow, WatchesView
from exchange_api.people.roles import Reach, Role
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from exchange_api.watching.overseeing import Overseeing
from registries.store.watch_deliveries import Delivery, DeliveryState

router = APIRouter(prefix="/people/watches")
_MANAGERS: Final = (Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR)
Reader = Annotated[Session, Depends(require(*_MANAGERS, Role.AUDITOR, reach=Reach.OWN_DEPARTMENT))]
Manager = Annotated[Session, Depends(require(*_MANAGERS, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
SEE_OTHER: Final = 303

_TITLE = Words("订阅与通知", "Watches")
_LEDE = Words(
    "在办事项涉及的证照发生变更时，平台通知订阅的系统；通知中没有个人信息，系统收到后重新核验。",
    "When a certificate in an open case changes, the systems that watch it are told; they ask again for a verdict.",
)
_STATES: Mapping[DeliveryState, Words] = {
    "waiting": Words("待发送", "Waiting"),
    "sent": Words("已送达", "Arrived"),
    "dead": Words("未送达", "Never arrived"),
    "dropped": Words("已取消", "Dropped"),
}
_CHANGES: Mapping[str, Words] = {
    "appeared": Words("已归集", "came"),
    "gone": Words("记录已移除", "gone"),
    "status": Words("状态变更", "status"),
    "validity": Words("有效期变更", "term"),
    "mark": Words("核对标记", "mark"),
    "content": Words("照面内容变更", "content"),
    "checking": Words("核对中", "being checked"),
    "disputed": Words("异议变更", "dispute"),
    "began": Words("开始生效", "began"),
    "expiring": Words("即将到期", "expires soon"),
    "expired": Words("已到期", "expired"),
    "ended": Words("订阅结束", "watch ended"),
}
_FAULTS: Mapping[str, Words] = {
    "unreachable": Words("无法连接，请检查对方服务和固定地址", "no connection: look at the service and its address"),
    "timeout": Words("响应超时，请检查对方服务", "no answer in time: look at the service"),
    "tls": Words("证书不被信任，请更新证书或登记其颁发机构", "certificate not trusted: renew it"),
    "status": Words("对方未受理，请检查对方日志", "not accepted: look at the service's log"),
    "gone": Words("对方声明地址已停用，请更新订阅地址", "the address is no longer in use: watch with another one"),
    "not_allowed": Words("主机不在允许列表，请联系平台管理员", "the host is not allowed: ask the hub's operator"),
}
_NO_FAULT = Words("—", "")


@router.get("")
def watches_page(request: Request, session: Reader, before: str = "", again: int | None = None) -> Response:
    """How notifications stand, and a page of those that never arrived."""
    parts = parts_of(request)
    found = Overseeing(parts.store_page, parts.clock).standing(session, _place(before))
    view = WatchesView(
        counts=tuple((words, found.counts[state]) for state, words in _STATES.items()),
        clients=tuple(found.open_watches.items()),
        late=_rows(found.late, parts.types),
        dead=_rows(found.dead, parts.types),
        older=None if found.older is None else f"{found.older[0]} {found.older[1]}",
        may_resend=not session.roles.isdisjoint(_MANAGERS),
        again=again,
    )
    return render("watches.html", frame_of(request, session, _TITLE, _LEDE), view)


@router.post("/resend")
async def resend(request: Request, session: Manager, _: OurForm) -> Response:
    """Send one dead letter again, or all of the page."""
    form = await read_form(request)
    named = [place for value in form.getlist("event") if (place := _place(str(value))) is not None]
    parts = parts_of(request)
    again = await run_in_threadpool(Overseeing(parts.store_page, parts.clock).resend, session, named)
    return RedirectResponse(f"/people/watches?again={again}", SEE_OTHER)


def _place(value: str) -> tuple[str, int] | None:
    """Client and sequence, as a form or an address names an event; None for anything else."""
    client, _, sequence = value.partition(" ")
    if not client or not (sequence.isascii() and sequence.isdecimal()) or len(sequence) > len(str(2**62)):
        return None
    return client, int(sequence)


def _rows(found: Iterable[Delivery], types: Mapping[str, CertificateType]) -> tuple[DeliveryRow, ...]:
    return tuple(
        DeliveryRow(
            value=f"{one.event.client_id} {one.event.place}",
            client=one.event.client_id,
            sequence=one.event.place,
            noted_at=one.event.noted_at,
            certificate_type=_type_name(one.event.certificate_type, types),
            changed=tuple(_CHANGES[change] for change in one.event.changed),
            host=one.host,
            fault=_FAULTS.get(one.fault or "", _NO_FAULT),
            status=one.status,
            attempts=one.attempts,
            due_at=one.due_at,
        )
        for one in found
    )


def _type_name(code: str, types: Mapping[str, CertificateType]) -> str:
    known = types.get(code)
    return known.name_zh if known else code
