"""A department's systems: registered, given keys with proof, suspended, revoked; when each key was used last."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from exchange_api.errors import ExchangeApiError, kind_of
from exchange_api.pages.frames import frame_of
from exchange_api.pages.people_pages import department_names
from exchange_api.pages.people_views import client_row, key_rows
from exchange_api.pages.rendering import render
from exchange_api.pages.sign_in_page import text_of
from exchange_api.pages.views.frame import Crumb, Words
from exchange_api.pages.views.people import ClientsView, ClientView
from exchange_api.people.clients import BY_DEPARTMENT, PAGE
from exchange_api.people.errors import PeopleError
from exchange_api.people.roles import Reach, Role
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require

router = APIRouter(prefix="/people/clients")
_MANAGERS = (Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR)
Reader = Annotated[Session, Depends(require(*_MANAGERS, Role.AUDITOR, reach=Reach.OWN_DEPARTMENT))]
Manager = Annotated[Session, Depends(confirm(*_MANAGERS, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
SEE_OTHER = 303
CLIENTS = Crumb(Words("系统客户端", "Client systems"), "/people/clients")
_LEDE = Words(
    "系统以自己的密钥签名提问；公钥按值登记并证明持有，平台不保存任何共享口令。",
    "Systems sign what they ask. Public keys are registered by value, with proof; no secret is shared.",
)


@router.get("")
def clients_page(request: Request, session: Reader, after: str = "") -> Response:
    """The clients that this person reaches."""
    return _clients(request, session, after)


@router.post("")
async def register_client(request: Request, session: Manager, _: OurForm) -> Response:
    """Register a client of one's own department."""
    return await run_in_threadpool(_register, request, session, await read_form(request))


@router.get("/{client_id}")
def client_page(request: Request, session: Manager, client_id: str) -> Response:
    """One client, its keys, and a fresh challenge for a new one."""
    return _client(request, session, client_id)


@router.post("/{client_id}/keys")
async def add_key(request: Request, session: Manager, client_id: str, _: OurForm) -> Response:
    """Add a key with proof; the one that it replaces is revoked."""
    return await run_in_threadpool(_add_key, request, session, client_id, await read_form(request))


@router.post("/{client_id}/keys/{thumbprint}/revoke")
def revoke_key(request: Request, session: Manager, client_id: str, thumbprint: str, _: OurForm) -> Response:
    """Revoke a key for good."""
    parts_of(request).clients.revoke_key(session, client_id, thumbprint)
    return RedirectResponse(f"/people/clients/{client_id}", SEE_OTHER)


@router.post("/{client_id}/{change}")
def change_client(
    request: Request, session: Manager, client_id: str, change: Literal["suspend", "resume", "revoke"], _: OurForm
) -> Response:
    """Suspend a client, let it ask again, or revoke it with all its keys."""
    try:
        getattr(parts_of(request).clients, change)(session, client_id)
    except PeopleError as refused:
        return _client(request, session, client_id, refused)
    return RedirectResponse(f"/people/clients/{client_id}", SEE_OTHER)


def _register(request: Request, session: Session, form: FormData) -> Response:
    given = {name: text_of(form, name).strip() for name in ("client_id", "name")}
    try:
        parts_of(request).clients.register(session, given["client_id"], given["name"])
    except PeopleError as refused:
        return _clients(request, session, given=given, refused=refused)
    return RedirectResponse(f"/people/clients/{given['client_id']}", SEE_OTHER)


def _add_key(request: Request, session: Session, client_id: str, form: FormData) -> Response:
    jwk, proof, replaces = (text_of(form, name).strip() for name in ("jwk", "proof", "replaces"))
    try:
        parts_of(request).clients.add_key(session, client_id, jwk, proof, replaces=replaces)
    except PeopleError as refused:
        return _client(request, session, client_id, refused)
    return RedirectResponse(f"/people/clients/{client_id}", SEE_OTHER)


def _clients(
    request: Request,
    session: Session,
    after: str = "",
    *,
    given: dict[str, str] | None = None,
    refused: ExchangeApiError | None = None,
) -> Response:
    parts = parts_of(request)
    found, names = parts.clients.page(session, after), department_names(parts)
    view = ClientsView(
        rows=tuple(client_row(one, names) for one in found),
        older=found[-1].id if len(found) == PAGE else None,
        may_change=not session.roles.isdisjoint(_MANAGERS),
        given=given or {"client_id": "", "name": ""},
        fault=Words(refused.zh, refused.en) if refused else None,
    )
    status = int(kind_of(refused).status) if refused else 200
    return render("clients.html", frame_of(request, session, CLIENTS.words, _LEDE), view, status)


def _client(request: Request, session: Session, client_id: str, refused: ExchangeApiError | None = None) -> Response:
    parts = parts_of(request)
    found = parts.clients.one(session, client_id)
    view = ClientView(
        row=client_row(found, department_names(parts)),
        state=found.state,
        liftable=found.suspended_because == BY_DEPARTMENT,
        keys=key_rows(found),
        audience=parts.clients.audience,
        challenge=parts.clients.challenge(session, client_id),
        may_change=found.state != "revoked",
        fault=Words(refused.zh, refused.en) if refused else None,
    )
    status = int(kind_of(refused).status) if refused else 200
    title = Words(f"系统客户端 {found.id}", "Client system")
    return render("client.html", frame_of(request, session, title, crumbs=(CLIENTS,)), view, status)
