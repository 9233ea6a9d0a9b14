"""Commands about subjects whose number was corrected: subject join, separate, list."""

from typing import Annotated

import typer

from mianzheng.errors import MianzhengError
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.contracts.model import Register
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.operators.folders import Contracts
from registries.store import subject_comparing, subjects
from registries.store.engine import Store
from registries.store.subjects import Why

app = typer.Typer(help="主体合并 / subjects whose number was corrected.", no_args_is_help=True, rich_markup_mode=None)
COMMAND_LINE = "command line"
Reason = Annotated[str, typer.Option(help="理由,不写号码 / why; no numbers")]


@app.command()
def join(
    former: Annotated[str, typer.Argument(help="原号码 / former key, or the number of a proposal with --proposal")],
    present: Annotated[str, typer.Argument(help="现号码 / present key")] = "",
    register: Annotated[str, typer.Option(help="基础库 / register")] = "population",
    reason: Reason = "",
    case: Annotated[str | None, typer.Option(help="工单或文号 / case")] = None,
    proposal: Annotated[bool, typer.Option("--proposal", help="确认一条建议 / confirm a proposal")] = False,
    as_json: Json = False,
) -> None:
    """把原号码与现号码合并为同一主体 / join a former and a present key.

    Example: `mianzheng subject join 110105194912310021 11010519491231002X --reason 户籍档案更正`
    """
    why = Why(reason, COMMAND_LINE, clock(), case)
    with explained():
        home = hub_home()
        catalogue = Contracts(home).catalogue()
        with Store(home.store_url(Role.PAGE)) as store, store.begin() as conn:
            if proposal:
                join_id = subjects.join_proposed(conn, _number(former), why)
            else:
                join_id = subjects.join(conn, _register(catalogue, register), former, present, why)
        _compare_again(home, catalogue)
    if as_json:
        print_json({"join": join_id})
    else:
        console.print(f"已合并,编号 {join_id}  joined")


@app.command()
def separate(
    join_id: Annotated[int, typer.Argument(help="合并的编号 / the join's number")],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """拆分一条合并 / end a join: two subjects again.

    Example: `mianzheng subject separate 3 --reason 误合并`
    """
    with explained():
        home = hub_home()
        with Store(home.store_url(Role.PAGE)) as store, store.begin() as conn:
            subjects.separate(conn, join_id, Why(reason, COMMAND_LINE, clock()))
        _compare_again(home, Contracts(home).catalogue())
    if as_json:
        print_json({"separated": join_id})
    else:
        console.print(f"已拆分,编号 {join_id}  separated")


@app.command("list")
def show(
    limit: Annotated[int, typer.Option(help="最多几条 / at most", min=1, max=1000)] = 50, as_json: Json = False
) -> None:
    """合并记录与待确认的建议,号码已遮蔽 / joins and proposals, masked.

    Example: `mianzheng subject list --json`
    """
    with explained(), Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as conn:
        joins, proposals = subjects.list_joins(conn, limit=limit), subjects.list_proposals(conn, limit)
    if as_json:
        print_json({"joins": joins, "proposals": proposals})
        return
    for one in proposals:
        console.print(f"建议 proposal {one.id}: {one.former_key} → {one.present_key}  {one.dataset} #{one.batch}")
    for each in joins:
        ended = f"  已拆分 separated: {each.separation_reason}" if each.separated_at else ""
        console.print(f"{each.id}: {each.former_key} → {each.present_key}  {each.reason}{ended}", markup=False)
    console.print(f"{len(joins)} 条合并,{len(proposals)} 条建议  joins, proposals")


def _compare_again(home: HubHome, catalogue: Catalogue) -> None:
    """Conflicts are those of the subjects as they are joined now."""
    with Store(home.store_url(Role.LOAD)) as store, store.begin() as conn:
        subject_comparing.compare_joined(conn, catalogue)


def _register(catalogue: Catalogue, name: str) -> Register:
    known = {one.id: one for one in catalogue.registers if one.merged}
    if name not in known:
        names = ", ".join(sorted(known))
        raise MianzhengError(f"没有基础库 {name}。可选: {names}。", f"there is no register {name}; choose of {names}.")
    return known[name]


def _number(text: str) -> int:
    if not text.isdecimal():
        raise MianzhengError("建议的编号应为数字。请见 subject list。", "a proposal has a number: see subject list.")
    return int(text)
