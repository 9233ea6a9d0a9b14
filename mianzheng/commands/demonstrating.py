"""Commands that show something made up: demonstrate year."""

from typing import TYPE_CHECKING

import typer

from mianzheng.settings import Settings
from mianzheng.terminal import Json, Quiet, clock, explained, print_json, say

if TYPE_CHECKING:
    from mianzheng.demonstrated_year import MonthTaken

app = typer.Typer(help="演示 / demonstrations, in a folder of their own.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def demonstrations() -> None:
    """演示 / demonstrations, in a folder of their own."""


@app.command("year")
def year(quiet: Quiet = False, as_json: Json = False) -> None:
    """归集示例城市的一年:十二个月、工单、漂移、迟报 / take a scripted year of the sample city into an empty hub.

    Example: `HUB_HOME=./year mianzheng demonstrate year && HUB_HOME=./year mianzheng up`
    """
    from mianzheng.demonstrated_year import demonstrate_year, first_delivery
    from mianzheng.scripted_year import CHINA
    from registries.working_days import shipped

    first = first_delivery(clock().astimezone(CHINA).date())
    if first.year not in shipped().years and not as_json:
        say(f"{first.year} 年没有工作日历,按周一至周五计", "no calendar of that year: Monday to Friday count")
    taken: list[MonthTaken] = []

    def told(month: "MonthTaken") -> None:
        taken.append(month)
        if not quiet and not as_json:
            say(
                f"{month.month} {month.batches} 批,挂起 {month.held},退回 {month.refused:,} 行",
                f"{month.batches} batches, {month.held} held, {month.refused:,} rows refused",
            )

    with explained():
        demonstrate_year(Settings(), first, told)
    if as_json:
        print_json(taken)
    else:
        say("十二个月已归集,请运行 mianzheng up 查看", "twelve months were taken in; run `mianzheng up` and look")
