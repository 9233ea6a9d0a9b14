"""Accounts for administrators, of their own department or of all; and what was done to accounts and clients."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from exchange_api.errors import ExchangeApiError, kind_of
from exchange_api.pages.frames import frame_of
from exchange_api.pages.people_views import account_row, act_row, options, role_choices
from exchange_api.pages.rendering import render
from exchange_api.pages.sign_in_page import text_of
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.pages.views.people import AccountsView, ActsView, OneAccountView
from exchange_api.parts import HubParts
from exchange_api.people.accounts import PAGE, First, NewAccount, bounds
from exchange_api.people.errors import PeopleError
from exchange_api.people.roles import Reach, Role, roles_of
from exchange_api.people.signed_in import Session
from exchange_api.sign_in import check_csrf, confirm, parts_of, read_form, require

router = APIRouter(prefix="/people")
_MANAGERS = (Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR)
Reader = Annotated[Session, Depends(require(*_MANAGERS, Role.AUDITOR, reach=Reach.OWN_DEPARTMENT))]
Manager = Annotated[Session, Depends(confirm(*_MANAGERS, reach=Reach.OWN_DEPARTMENT))]
OurForm = Annotated[None, Depends(check_csrf)]
SEE_OTHER = 303
LONGEST_TEXT = 60
ACCOUNTS = Crumb(Words("账号管理", "Accounts"), "/people/accounts")
ACTS = Crumb(Words("管理记录", "Administration log"), "/people/acts")
Change = Literal["roles", "close", "reopen", "password", "second-factor", "sign-out", "link", "unlink"]


@router.get("/accounts")
def accounts_page(
    request: Request, session: Reader, after: str = "", text: Annotated[str, Query(max_length=LONGEST_TEXT)] = ""
) -> Response:
    """The accounts that this person reaches, by login."""
    return _accounts(request, session, after, text)


@router.post("/accounts")
async def add_account(request: Request, session: Manager, _: OurForm) -> Response:
    """Add an account; its first password is shown once."""
    return await run_in_threadpool(_add, request, session, await read_form(request))


@router.get("/accounts/{account_id}")
def account_page(request: Request, session: Manager, account_id: int) -> Response:
    """One account, and what can be done with it."""
    return _account(request, session, account_id)


@router.post("/accounts/{account_id}/{change}")
async def change_account(request: Request, session: Manager, account_id: int, change: Change, _: OurForm) -> Response:
    """Change one account."""
    form = await read_form(request)
    return await run_in_threadpool(_change, request, session, account_id, change, form)


@router.get("/acts")
def acts_page(request: Request, session: Reader, before: int | None = None) -> Response:
    """What was done to accounts and clients, the latest first; each is in the ledger, too."""
    parts = parts_of(request)
    found = parts.people.acts(session, before)
    names = department_names(parts)
    view = ActsView(tuple(act_row(one, names) for one in found), found[-1].id if len(found) == PAGE else None)
    return render("people_acts.html", frame_of(request, session, ACTS.words), view)


def department_names(parts: HubParts) -> Mapping[str, str]:
    """Departments' ids and names."""
    return {one.id: one.name_zh for one in parts.catalogue.departments}


def _add(request: Request, session: Session, form: FormData) -> Response:
    given = {name: text_of(form, name).strip() for name in ("login", "name", "department")}
    new = NewAccount(**given, roles=_ticked(form))
    try:
        first = parts_of(request).people.add(session, new)
    except PeopleError as refused:
        return _accounts(request, session, refused=refused, given=given, ticked=new.roles)
    return _accounts(request, session, first=first)


def _change(request: Request, session: Session, account_id: int, change: Change, form: FormData) -> Response:
    try:
        first = _CHANGES[change](parts_of(request), session, account_id, form)
    except PeopleError as refused:
        return _account(request, session, account_id, refused)
    if first is not None:
        return _account(request, session, account_id, first=first)
    return RedirectResponse(f"/people/accounts/{account_id}", SEE_OTHER)


def _roles(parts: HubParts, session: Session, account_id: int, form: FormData) -> None:
    parts.people.give_roles(session, account_id, _ticked(form))


def _link(parts: HubParts, session: Session, account_id: int, form: FormData) -> None:
    provider = parts.foreign.providers.get(text_of(form, "provider"))
    issuer = provider.issuer if provider else ""
    parts.people.link(session, account_id, issuer, text_of(form, "subject").strip() if issuer else "")


_CHANGES: dict[str, Callable[[HubParts, Session, int, FormData], First | None]] = {
    "roles": _roles,
    "link": _link,
    "close": lambda parts, session, account_id, _: parts.people.close(session, account_id),
    "reopen": lambda parts, session, account_id, _: parts.people.reopen(session, account_id),
    "password": lambda parts, session, account_id, _: parts.people.reset_password(session, account_id),
    "second-factor": lambda parts, session, account_id, _: parts.people.reset_second_factor(session, account_id),
    "sign-out": lambda parts, session, account_id, _: parts.people.sign_out(session, account_id),
    "unlink": lambda parts, session, account_id, _: parts.people.unlink(session, account_id),
}


def _ticked(form: FormData) -> frozenset[str]:
    return frozenset(value for value in form.getlist("roles") if isinstance(value, str))


def _accounts(
    request: Request,
    session: Session,
    after: str = "",
    text: str = "",
    *,
    refused: ExchangeApiError | None = None,
    first: First | None = None,
    given: dict[str, str] | None = None,
    ticked: frozenset[str] = frozenset(),
) -> Response:
    parts = parts_of(request)
    found, names = parts.people.page(session, after, text.strip()), department_names(parts)
    mine = bounds(session)
    view = AccountsView(
        rows=tuple(account_row(one, names) for one in found),
        older=found[-1].login if len(found) == PAGE else None,
        text=text,
        departments=options(names, sorted({*names, session.department}) if mine is None else [mine]),
        roles=role_choices(session, ticked),
        may_change=not session.roles.isdisjoint(_MANAGERS),
        given={"login": "", "name": "", "department": session.department, **(given or {})},
        fault=Words(refused.zh, refused.en) if refused else None,
        first=(first.login, first.password) if first else None,
    )
    status = int(kind_of(refused).status) if refused else 200
    return render("accounts.html", frame_of(request, session, ACCOUNTS.words), view, status)


def _account(
    request: Request,
    session: Session,
    account_id: int,
    refused: ExchangeApiError | None = None,
    first: First | None = None,
) -> Response:
    parts = parts_of(request)
    account, issuers = parts.people.one(session, account_id)
    view = OneAccountView(
        row=account_row(account, department_names(parts)),
        roles=role_choices(session, roles_of(account.roles)),
        issuers=issuers,
        providers=tuple(Option(one.id, f"{one.name_zh} {one.name_en}") for one in parts.foreign.providers.values()),
        state=account.state,
        oneself=account.id == session.account_id,
        fault=Words(refused.zh, refused.en) if refused else None,
        first=(first.login, first.password) if first else None,
    )
    status = int(kind_of(refused).status) if refused else 200
    title = Words(f"账号 {account.login}", "Account")
    return render("account_managed.html", frame_of(request, session, title, crumbs=(ACCOUNTS,)), view, status)
