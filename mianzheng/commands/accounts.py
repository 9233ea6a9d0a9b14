"""Commands about accounts: account add, list, roles, password, codes-off, close, reopen, link."""

from typing import Annotated, Any

import typer

from exchange_api.people.accounts import PAGE, First, NewAccount
from exchange_api.people.providers import configured
from exchange_api.people.roles import ROLES, Role, roles_of
from mianzheng.errors import MianzhengError
from mianzheng.people import OPERATOR, managing, number_of
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.store.accounts import Account

app = typer.Typer(help="账号 / accounts.", no_args_is_help=True, rich_markup_mode=None)
Login = Annotated[str, typer.Argument(help="账号名 / login")]
Roles = Annotated[list[Role], typer.Option("--role", help="角色,可多次 / a role; may be given again")]


@app.command()
def add(
    login: Login,
    role: Roles,
    name: Annotated[str, typer.Option(help="姓名 / the person's name")],
    department: Annotated[str, typer.Option(help="部门编号 / department")],
    as_json: Json = False,
) -> None:
    """新增账号,显示一次性首次口令 / add an account; its first password is shown once.

    Example: `mianzheng account add li --name 李明 --department market_regulation --role department_administrator`
    """
    new = NewAccount(login, name, department, frozenset(one.value for one in role))
    with explained(), managing(hub_home(), clock) as (people, _):
        first = people.add(OPERATOR, new)
    _show_first(first, as_json=as_json)


@app.command("list")
def list_accounts(
    text: Annotated[str, typer.Option(help="账号名或姓名的一部分 / part of login or name")] = "",
    as_json: Json = False,
) -> None:
    """列出账号 / list accounts.

    Example: `mianzheng account list --json`
    """
    found, after = [], ""
    with explained(), managing(hub_home(), clock) as (people, _):
        while page := people.page(OPERATOR, after, text):
            found += page
            after = page[-1].login
            if len(page) < PAGE:
                break
    if as_json:
        print_json([_row(one) for one in found])
        return
    for one in found:
        roles = "、".join(words.zh for role, words in ROLES.items() if role in roles_of(one.roles))
        console.print(f"{one.id:>5}  {one.login:<20} {one.department:<22} {one.state:<7} {roles}", markup=False)


@app.command()
def roles(login: Login, role: Roles, as_json: Json = False) -> None:
    """更改角色 / give an account these roles in place of those it has.

    Example: `mianzheng account roles li --role publisher --role steward`
    """
    wanted = frozenset(one.value for one in role)
    with explained(), managing(hub_home(), clock) as (people, _):
        people.give_roles(OPERATOR, number_of(hub_home(), login), wanted)
    _done(login, "roles", as_json=as_json)


@app.command()
def password(login: Login, as_json: Json = False) -> None:
    """重置口令 / give an account a new first password.

    Example: `mianzheng account password li`
    """
    with explained(), managing(hub_home(), clock) as (people, _):
        first = people.reset_password(OPERATOR, number_of(hub_home(), login))
    _show_first(first, as_json=as_json)


@app.command("codes-off")
def codes_off(login: Login, as_json: Json = False) -> None:
    """解除动态验证码 / take the second factor away from who lost it.

    Example: `mianzheng account codes-off li`
    """
    with explained(), managing(hub_home(), clock) as (people, _):
        people.reset_second_factor(OPERATOR, number_of(hub_home(), login))
    _done(login, "codes-off", as_json=as_json)


@app.command()
def close(login: Login, as_json: Json = False) -> None:
    """停用账号 / close an account.

    Example: `mianzheng account close li`
    """
    with explained(), managing(hub_home(), clock) as (people, _):
        people.close(OPERATOR, number_of(hub_home(), login))
    _done(login, "closed", as_json=as_json)


@app.command()
def reopen(login: Login, as_json: Json = False) -> None:
    """恢复账号 / open a closed account again.

    Example: `mianzheng account reopen li`
    """
    with explained(), managing(hub_home(), clock) as (people, _):
        people.reopen(OPERATOR, number_of(hub_home(), login))
    _done(login, "open", as_json=as_json)


@app.command()
def link(
    login: Login,
    provider: Annotated[str, typer.Option(help="认证服务编号 / provider's id in identity_providers.json")],
    subject: Annotated[str, typer.Option(help="用户标识 sub / the person's subject there")],
    as_json: Json = False,
) -> None:
    """绑定统一身份 / let a person known to a provider sign in to an account.

    Example: `mianzheng account link li --provider gov --subject 8f14e45f`
    """
    with explained(), managing(hub_home(), clock) as (people, _):
        issuer = next((one.issuer for one in configured(hub_home()) if one.id == provider), None)
        if issuer is None:
            raise MianzhengError(
                "identity_providers.json 中没有这个认证服务。", "There is no such provider in identity_providers.json."
            )
        people.link(OPERATOR, number_of(hub_home(), login), issuer, subject)
    _done(login, "linked", as_json=as_json)


def _row(account: Account) -> dict[str, Any]:
    """What a list says of an account: no name, and nothing of its password and codes."""
    return {
        "id": account.id,
        "login": account.login,
        "department": account.department,
        "roles": sorted(roles_of(account.roles)),
        "state": account.state,
        "second_factor": account.code_sealed is not None,
        "last_sign_in_at": account.last_sign_in_at,
    }


def _show_first(first: First, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": first.account_id, "login": first.login, "first_password": first.password})
    else:
        console.print(f"{first.login}: 首次口令 first password: {first.password}", markup=False)
        console.print("只显示这一次,首次登录须更改 / shown once; change it at the first sign-in", markup=False)


def _done(login: str, state: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"login": login, "done": state})
    else:
        console.print(f"{login}: {state}", markup=False)
