"""`mianzheng up`: bring the hub up, run a cycle, say what to open and what to try, and stay until Ctrl-C.

With `once`: ask the numbers to try, verify their receipts offline, check the ledger, print a summary and end.
"""

import time
from collections.abc import Sequence
from contextlib import suppress

from rich.cells import cell_len, set_cell_size

from mianzheng.progress_display import waiting
from mianzheng.settings import Settings
from mianzheng.supervisor import Running, Stopped, running, start_dagster, stoppable, watch
from mianzheng.terminal import clock, console, print_json, say

PUSHED_WITHIN = 90
"""Seconds that natural resources has for what it pushes."""

DAY = (
    ("/officer", "键入或扫描上面的编号,当场得到结论 type or scan a number above: a verdict at once"),
    ("/officer", "扫描或拍摄已打印的回执,自动填表 scan a printed receipt: the form is filled in"),
    ("/officer/case-check", "一个事项的材料一次核对 all materials of a service item at once"),
    ("/officer/sheet", "整表核验,原表取回 a list comes back with a verdict in every row"),
    ("/officer/today", "今天的全部核验 everything that was answered today"),
)
"""What an officer may try, from morning to evening: a page and what to do there."""


def bring_up(settings: Settings, *, once: bool, quiet: bool, as_json: bool) -> int:
    """Exit code: 0 where everything that was asked for succeeded. `quiet`: no progress, only what came of it."""
    started = time.monotonic()
    tell = (lambda _zh, _en: None) if as_json else say
    code = 1
    progress = not (quiet or as_json)
    with suppress(Stopped), stoppable() as wish, running(settings, tell, progress=progress) as hub:
        from mianzheng.cycle_display import load_everything
        from mianzheng.self_check import self_check

        tell("归集各部门数据", "taking in the departments' data")
        outcomes = load_everything(hub.home, clock, progress=progress, quiet=as_json)
        wish.look()
        hub.city.start_pushing(hub.address)  # what it refers to has been taken in now
        failed = [outcome.dataset for outcome in outcomes if outcome.state == "failed"]
        if once:
            with waiting(console, "等待部门推送", "waiting for what is pushed", wanted=progress):
                pushed = hub.city.all_is_pushed(PUSHED_WITHIN)
            with waiting(console, "自检", "self-check", wanted=progress):
                report = self_check(hub, outcomes, started, all_pushed=pushed)
            if as_json:
                print_json(report.to_json())
            else:
                console.print(report.text(), markup=False)
            code = 0 if report.passed and pushed and not failed else 1
        else:
            code = 0  # whenever Ctrl-C comes from now on, it is how this ends well
            show_doors(hub, time.monotonic() - started)
            start_dagster(hub, settings)
            watch(hub, wish)
    return code


def show_doors(hub: Running, seconds: float) -> None:
    """What to open, who to sign in as, and which numbers to try."""
    console.rule()
    say(f"枢纽已就绪({seconds:.0f} 秒),请打开 {hub.address}", "the hub is ready; open this address")
    if hub.dagster_address:
        say(f"流水线 {hub.dagster_address}", "the pipelines' own pages (up in about 15 s)")
    people = [(one.login, one.password, one.title) for one in hub.demonstration.accounts]
    show_rows("登录账号 accounts", people)
    numbers = [(one.what, one.number, one.holder_name, one.holder_code) for one in hub.demonstration.numbers()]
    show_rows("可试的证照编号 certificate numbers to try", numbers)
    show_rows("柜台一日(officer 登录) a day at the counter, as officer", DAY)
    console.rule()
    say("按 Ctrl-C 停止", "Ctrl-C stops everything")


def show_rows(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns; Chinese characters count as two cells wide."""
    console.print(f"\n{title}", markup=False)
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        console.print("  " + "  ".join(cells), markup=False)
