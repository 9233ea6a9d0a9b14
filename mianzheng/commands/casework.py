"""Commands of cases: cases list, show, figures, assign, stop, resume, remind, escalate."""

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from exchange_api.casework.escalating import TO_AUTHORITY_AFTER, escalate_overdue
from exchange_api.casework.reasons import STOP
from mianzheng.case_desk import OPERATOR, working_on_cases
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.home import Role
from registries.store.cases import Case
from registries.store.engine import Store
from registries.working_days import working_days

app = typer.Typer(
    help="工单 / cases: what has to be mended or verified, by whom, until when.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Number = Annotated[int, typer.Argument(help="工单编号 / a case's number", min=1)]
Department = Annotated[str | None, typer.Option(help="部门编号 / a department")]


@app.command("list")
def listed(
    department: Department = None,
    dataset: Annotated[str | None, typer.Option(help="数据资源 / a dataset")] = None,
    state: Annotated[Literal["open", "closed"], typer.Option(help="状态 / which ones")] = "open",
    card: Annotated[Literal["yellow", "red"] | None, typer.Option(help="黄牌或红牌 / with this card")] = None,
    limit: Annotated[int, typer.Option(help="最多几件 / at most so many", min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """工单列表 / cases, latest first.

    Example: `mianzheng cases list --card red`
    """
    with explained(), working_on_cases(hub_home(), clock) as desk:
        found = desk.listed(department, dataset=dataset, state=state, card=card, limit=limit)
        cards = [desk.card(case) for case in found]
    if as_json:
        print_json([asdict(case) | {"card": one} for case, one in zip(found, cards, strict=True)])
        return
    for case, one in zip(found, cards, strict=True):
        console.print(f"{_line(case)}  {one or ''}", markup=False)


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """一件工单及其过程 / one case, with its steps."""
    with explained(), working_on_cases(hub_home(), clock) as desk:
        told = desk.told(OPERATOR, number)
    if as_json:
        steps = [{"at": one.step.at, "act": one.step.act, "by": one.step.by, "reason": one.step.reason,
                  "rows": one.step.rows, "batch": one.step.batch} for one in told.steps]  # fmt: skip
        print_json(asdict(told.case) | {"card": told.card, "row_states": told.row_states, "steps": steps})
        return
    console.print(_line(told.case), markup=False)
    for one in told.steps:
        rows = "" if one.step.rows is None else f"{one.step.rows:,}"
        console.print(
            f"  {one.step.at:%Y-%m-%d %H:%M}  {one.step.act:<20} {one.step.by:<16} {one.step.reason or '':<20} {rows}",
            markup=False,
        )


@app.command()
def figures(department: Department = None, as_json: Json = False) -> None:
    """各部门工单统计 / cases counted by department."""
    with explained(), working_on_cases(hub_home(), clock) as desk:
        found = desk.figures(department)
    if as_json:
        print_json(found)
        return
    for one in found:
        console.print(
            f"{one.department:<32} 办理中 open {one.open:>6,}  红牌 red {one.overdue:>6,}"
            f"  按期 in time {one.in_time:>6,}  超期 late {one.late:>6,}",
            markup=False,
        )


@app.command()
def assign(
    number: Number, login: Annotated[str, typer.Argument(help="登录名;空为不指派 / a login; empty: nobody")] = ""
) -> None:
    """指派承办人 / give a case to a person of its department."""
    with explained(), working_on_cases(hub_home(), clock) as desk:
        desk.assign(OPERATOR, number, login)
    say(f"工单 {number} 已指派", "assigned")


@app.command()
def stop(
    number: Number, reason: Annotated[str, typer.Option(help=f"理由 / why: {', '.join(STOP)}")], note: str = ""
) -> None:
    """停表 / stop a case's clock."""
    with explained(), working_on_cases(hub_home(), clock) as desk:
        desk.stop(OPERATOR, number, reason, note)
    say(f"工单 {number} 已停表", "its clock stands")


@app.command()
def resume(number: Number) -> None:
    """恢复计时,期限顺延 / let a case's clock run again; its last day moves."""
    with explained(), working_on_cases(hub_home(), clock) as desk:
        desk.resume(OPERATOR, number)
        due = desk.told(OPERATOR, number).case.due_on
    say(f"工单 {number} 恢复计时，期限 {due}", f"its clock runs; due on {due}")


@app.command()
def remind(number: Number) -> None:
    """登记一次催办 / count a reminder; its letter is printed at the page."""
    with explained(), working_on_cases(hub_home(), clock) as desk:
        desk.remind(OPERATOR, number)
    say(f"工单 {number} 已催办，催办函见 /steward/cases/{number}/letter", "reminded; the letter is at that page")


@app.command()
def escalate(
    after: Annotated[
        int, typer.Option(help="超期几个工作日后报主管部门 / working days late before the authority hears", min=0)
    ] = TO_AUTHORITY_AFTER,
) -> None:
    """超期工单升级督办,定时任务也会自动办理 / hand overdue cases up; the worker does so by itself, too."""
    home = hub_home()
    with explained(), Store(home.store_url(Role.LOAD)) as store:
        count = escalate_overdue(store, clock(), working_days(home), after)
    say(f"升级督办 {count} 件", f"{count} cases went up")


def _line(case: Case) -> str:
    what = case.rule_id or case.attribute or case.cause
    return (
        f"{case.number:>8}  {case.state:<6} {case.due_on}  {case.department:<28} {case.dataset:<40} {what:<28}"
        f" {case.rows_settled:,}/{case.rows:,}"
    )
