"""Commands of alerts: alerts look, send, list, resend."""

from typing import Annotated

import typer

from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.home import Role
from registries.store import alert_deliveries
from registries.store.engine import Store

app = typer.Typer(
    help="提醒 / alerts: who hears of held batches, cases and deadlines, and what never arrived.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def look(as_json: Json = False) -> None:
    """立即汇总新的提醒(运行中每半分钟一次)/ note what is new now; a running hub does so every half minute."""
    from mianzheng.alert_pass import look_once

    with explained(), Store(hub_home().store_url(Role.LOAD)) as store:
        begun = look_once(hub_home(), store, clock())
    if as_json:
        print_json({"begun": begun})
        return
    say(f"{begun:,} 条新提醒", "alerts begun")


@app.command()
def send(
    stay: Annotated[bool, typer.Option("--stay", help="持续运行 / go on for ever")] = False, as_json: Json = False
) -> None:
    """发送到期的提醒 / send the alerts that are due, as HUB_HOME/alerts.json says."""
    from mianzheng.alert_loop import send_for_ever, send_once

    with explained():
        if stay:
            send_for_ever(hub_home(), clock)
        found = send_once(hub_home(), clock)
    if as_json:
        print_json(found._asdict())
        return
    say(f"送达 {found.sent:,},稍后重试 {found.again:,},放弃 {found.dead:,}", "sent, again later, given up")


@app.command("list")
def listed(as_json: Json = False) -> None:
    """未送达的提醒 / alerts that never arrived, and how many are on their way."""
    with explained(), Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as conn:
        dead, counts = alert_deliveries.dead_letters(conn), alert_deliveries.counts(conn)
    if as_json:
        print_json({"counts": counts, "dead": dead})
        return
    console.print("  ".join(f"{name} {count:,}" for name, count in counts.items()), markup=False)
    for one in dead:
        why = f"{one.fault or ''} {one.status or ''}".strip()
        told = f"{one.alert.id:>8}  {one.channel:<8} {one.alert.kind:<12} {one.alert.dataset:<48} {why}"
        console.print(told, markup=False)


@app.command()
def resend(as_json: Json = False) -> None:
    """重新发送未送达的提醒 / send again what never arrived."""
    with explained(), Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as conn:
        again = alert_deliveries.resend(conn, clock())
    if as_json:
        print_json({"again": again})
        return
    say(f"{again:,} 条将重新发送", "will be sent again")
