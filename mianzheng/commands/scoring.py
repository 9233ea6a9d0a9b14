"""Commands about kept scores: quality, quality verify, close, months."""

from dataclasses import asdict
from datetime import date
from itertools import groupby

import typer

from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.home import Role
from registries.store import scores
from registries.store.engine import Store

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def quality(context: typer.Context, as_json: Json = False) -> None:
    """数据质量得分,带分母;封存与核对 / every rule's score over how many rows; months, and whether they hold."""
    if context.invoked_subcommand is not None:
        return
    with explained(), Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as connection:
        found = scores.current_scores(connection, None)
    if as_json:
        print_json([asdict(score) for score in found])
        return
    for name, lines in groupby(found, key=lambda score: score.dataset):
        console.print(f"\n{name}", markup=False)
        for one in lines:
            percent = f"{100 * (1 - one.failed / one.checked):.2f} %" if one.checked else "no data"
            counts = f"{one.checked - one.failed:>11,} / {one.checked:<11,}"
            console.print(f"  {percent:>9} {counts} {one.level} 级  {one.dimension:<13} {one.rule_id}", markup=False)


@app.command()
def verify(as_json: Json = False) -> None:
    """核对得分与存证日志,指出被改动的批次、规则和月份 / hold kept scores and months against the ledger.

    Exit code 1 where anything was changed. The ledger itself is checked by `mianzheng ledger check`.
    """
    from quality.monthly import month_faults
    from quality.score_check import WHAT, score_faults

    with (
        explained(),
        waiting(console, "核对得分", "comparing scores with the ledger", wanted=not as_json),
        Store(hub_home().store_url(Role.OWNER)) as store,
        store.begin() as connection,
    ):
        found, months = list(score_faults(connection)), list(month_faults(connection))
    if as_json:
        print_json({"scores": [asdict(one) for one in found], "months": [asdict(one) for one in months]})
    else:
        for one in found:
            zh, en = WHAT[one.what]
            which = f"{one.dataset} 第 {one.batch} 批 batch {one.batch} {one.rule_id or ''}"
            console.print(f"{which}: {zh} {en}", markup=False)
            if one.was or one.now:
                console.print(f"  存证 ledger: {one.was}\n  现在 now:    {one.now}", markup=False)
        for changed in months:
            console.print(f"{changed.month} {changed.line}: {MONTH_WORDS[changed.what]}", markup=False)
        console.print(f"{len(found)} 处得分异常 scores, {len(months)} 处月度异常 months")
    raise typer.Exit(1 if found or months else 0)


MONTH_WORDS = {
    "entry_missing": "存证日志没有这个月 the ledger knows nothing of this month",
    "month_missing": "月度记录被删除 the month was taken away",
    "changed": "被改动 changed",
    "added": "后来添加 added afterwards",
    "taken_away": "被删除 taken away",
}


@app.command()
def close(as_json: Json = False) -> None:
    """封存已结束的月份(服务每小时自动进行)/ close the months that are over, as the worker does every hour."""
    from quality.monthly import close_months

    with explained(), Store(hub_home().store_url(Role.LOAD)) as store:
        closed = close_months(store, clock())
    if as_json:
        print_json([_name(month) for month in closed])
        return
    for month in closed:
        say(f"已封存 {_name(month)}", "closed")
    if not closed:
        say("没有待封存的月份", "no month to close")


@app.command()
def months(as_json: Json = False) -> None:
    """列出已封存的月份 / the months that are closed."""
    from registries.store import monthly

    with explained(), Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as connection:
        found = [_name(month) for month in monthly.months(connection)]
    if as_json:
        print_json(found)
        return
    for name in found:
        console.print(name)


def _name(month: date) -> str:
    return f"{month:%Y-%m}"
