"""Commands about how often may be asked: budgets list, budgets set."""

from typing import Annotated

import typer

from mianzheng.errors import MianzhengError
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import Role
from registries.store import budgets, inspections
from registries.store.budgets import SCOPES, Key, Limit
from registries.store.engine import Store
from registries.store.inspections import Act

app = typer.Typer(help="查询限额 / how often may be asked.", no_args_is_help=True, rich_markup_mode=None)
OPERATOR = "operator"
PerHour = Annotated[int | None, typer.Option(help="每小时;不填为不限 / per hour; without limit if left out", min=0)]
PerDay = Annotated[int | None, typer.Option(help="每日;不填为不限 / per day; without limit if left out", min=0)]
Misses = Annotated[
    int | None, typer.Option(help="十分钟内查无结果多少次即停止 / misses in ten minutes that end it", min=1, max=1000)
]


@app.command("list")
def list_limits(as_json: Json = False) -> None:
    """列出限额(授权自带的限额见授权) / list limits; those of grants stand with the grants.

    Example: `mianzheng budgets list --json`
    """
    with explained(), Store(hub_home().store_url(Role.OWNER)) as store, store.begin() as conn:
        found = budgets.limits(conn)
    if as_json:
        print_json([{**key._asdict(), **_told(limit)} for key, limit in found.items()])
        return
    for key, limit in found.items():
        hour, day, misses = ("—" if one is None else one for one in _told(limit).values())
        console.print(f"{key.scope:<10} {key.id:<34} {hour:>9} /h {day:>9} /d  {misses:>4} misses", markup=False)


@app.command("set")
def set_limit(
    scope: Annotated[str, typer.Argument(help=" | ".join(SCOPES))],
    number: Annotated[str, typer.Argument(help="编号;* 为其余全部 / client id, account, department/purpose, or *")],
    reason: Annotated[str, typer.Option(help="理由 / why")],
    per_hour: PerHour = None,
    per_day: PerDay = None,
    misses: Misses = None,
    as_json: Json = False,
) -> None:
    """改一项限额,记入存证日志 / change a limit; it stands in the ledger.

    Example: `mianzheng budgets set client approval-1 --per-hour 200000 --reason 全市集中换证`
    """
    with explained(), Store(hub_home().store_url(Role.OWNER)) as store, store.begin() as conn:
        known = next((one for one in SCOPES if one == scope), None)
        if known is None:
            raise MianzhengError(
                "没有这类限额。请从帮助所列中选择", "there is no such scope; choose from the help's list"
            )
        key, limit, now = Key(known, number), Limit(per_hour, per_day, misses), clock()
        budgets.set_limit(conn, key, limit, OPERATOR)
        told = {"act": "limit", **key._asdict(), **_told(limit)}
        inspections.write_down(conn, f"limit:{scope}:{number}:{now.timestamp()}", told, Act(OPERATOR, reason, now))
    if as_json:
        print_json({**key._asdict(), **_told(limit)})
    else:
        console.print(f"{scope} {number}: {per_hour} /h {per_day} /d", markup=False)


def _told(limit: Limit) -> dict[str, int | None]:
    return {"per_hour": limit.per_hour, "per_day": limit.per_day, "misses": limit.misses}
