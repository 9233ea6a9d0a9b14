"""Commands of watches: watches allow, hosts, forbid, list, deliveries, resend, end, look, post."""

from pathlib import Path
from typing import Annotated

import typer

from mianzheng.errors import MianzhengError
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.home import Role
from registries.store import watch_deliveries, watches
from registries.store.engine import Store
from registries.store.watch_deliveries import DeliveryState
from registries.webhook_hosts import WebhookHosts, pinned

app = typer.Typer(
    help="订阅与通知 / watches: who is told when a certificate changes, and where events are posted.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
HostName = Annotated[str, typer.Argument(help="主机,可带端口 / a host, or host:port")]
ClientId = Annotated[str, typer.Option(help="客户端编号 / a client")]


@app.command()
def allow(
    host: HostName,
    address: Annotated[
        list[str] | None,
        typer.Option(help="写明地址;省略则解析一次并固定 / its addresses; without, it is resolved once and pinned"),
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(help="限哪些客户端使用 / whose webhooks it may be; without, any client's")
    ] = None,
    authority: Annotated[
        Path | None, typer.Option(help="私有证书颁发机构 PEM / a private authority's certificate", exists=True)
    ] = None,
    as_json: Json = False,
) -> None:
    """允许向一台主机发送通知,地址固定 / let events be posted to a host, at pinned addresses only.

    Example: `mianzheng watches allow approval.example --client approval-1`
    """
    with explained():
        pem = None if authority is None else authority.read_text("utf-8")
        entry = pinned(host, address or (), clients=client or (), authority=pem)
        WebhookHosts(hub_home().path).allow(entry)
    if as_json:
        print_json(entry)
        return
    say(f"{entry.name} 固定于 {'、'.join(entry.addresses)}", f"pinned to {', '.join(entry.addresses)}")


@app.command()
def hosts(as_json: Json = False) -> None:
    """允许的主机 / the hosts to which events may be posted."""
    with explained():
        found = WebhookHosts(hub_home().path).all()
    if as_json:
        print_json(found)
        return
    for one in found:
        clients = ", ".join(one.clients) if one.clients else "*"
        console.print(f"{one.name:<40} {', '.join(one.addresses):<40} {clients}", markup=False)


@app.command()
def forbid(host: HostName) -> None:
    """不再向一台主机发送 / post nothing more to a host."""
    with explained():
        name = host if ":" in host else f"{host}:443"
        if not WebhookHosts(hub_home().path).forbid(name):
            raise MianzhengError(f"列表中没有 {name}。", f"{name} is not on the list.")
    say(f"{name} 已移出列表", "taken off the list; what waits for it becomes a dead letter")


@app.command("list")
def listed(client: ClientId, as_json: Json = False) -> None:
    """一个客户端的订阅 / a client's watches."""
    with explained(), Store(hub_home().store_url(Role.API)) as store, store.begin() as conn:
        found = watches.list_watches(conn, client, limit=watches.MOST_LISTED)
    if as_json:
        print_json(found)
        return
    for one in found:
        console.print(f"{one.id}  {one.state:<6} {one.until}  {one.certificate_type}  {one.case_number}", markup=False)


@app.command()
def deliveries(
    state: Annotated[DeliveryState, typer.Option(help="状态 / which ones")] = "dead", as_json: Json = False
) -> None:
    """通知的发送情况,默认为未送达的 / events on their way; without a state, those that never arrived."""
    with explained(), Store(hub_home().store_url(Role.API)) as store, store.begin() as conn:
        found = watch_deliveries.list_deliveries(conn, state, limit=watches.MOST_LISTED)
        counts = watch_deliveries.counts(conn)
    if as_json:
        print_json({"counts": counts, "deliveries": found})
        return
    console.print("  ".join(f"{name} {count:,}" for name, count in counts.items()), markup=False)
    for one in found:
        why = f"{one.fault or ''} {one.status or ''}".strip()
        console.print(f"{one.event.client_id:<30} {one.event.place:>8}  {one.host:<40} {why}", markup=False)


@app.command()
def resend(
    client: ClientId,
    sequence: Annotated[list[int] | None, typer.Option(help="序号;省略则全部 / which; without, all of them")] = None,
    as_json: Json = False,
) -> None:
    """重新发送未送达的通知 / post again what never arrived.

    Example: `mianzheng watches resend --client approval-1`
    """
    with explained(), Store(hub_home().store_url(Role.API)) as store, store.begin() as conn:
        wanted = [(client, one) for one in sequence or ()]
        if not wanted:
            dead = watch_deliveries.list_deliveries(conn, "dead", client_id=client, limit=watches.MOST_LISTED)
            wanted = [(one.event.client_id, one.event.place) for one in dead]
        again = watch_deliveries.resend(conn, wanted, clock())
    if as_json:
        print_json({"again": again})
        return
    say(f"{again:,} 条将重新发送", "will be posted again")


@app.command()
def end(
    watch: Annotated[str, typer.Argument(help="订阅编号 / a watch")], client: ClientId, as_json: Json = False
) -> None:
    """结束一个订阅 / end a watch."""
    with explained(), Store(hub_home().store_url(Role.API)) as store, store.begin() as conn:
        if not watches.end_watch(conn, watch, client, clock(), "operator"):
            raise MianzhengError("该客户端没有这个未结束的订阅。", "That client has no such open watch.")
    if as_json:
        print_json({"ended": watch})
        return
    say("已结束", "ended; of whom it was is forgotten")


@app.command()
def look(as_json: Json = False) -> None:
    """立即比对全部订阅(运行中每分钟一次)/ look at all watches now; a running hub does so every minute."""
    from mianzheng.watch_pass import look_once

    with explained(), Store(hub_home().store_url(Role.LOAD)) as store:
        told = look_once(store, clock())
    if as_json:
        print_json({"told": told})
        return
    say(f"{told:,} 条变更", "events")


@app.command()
def post(
    stay: Annotated[bool, typer.Option("--stay", help="持续运行 / go on for ever")] = False, as_json: Json = False
) -> None:
    """发送到期的通知 / post the events that are due."""
    from mianzheng.posting_loop import post_for_ever, post_once

    with explained():
        if stay:
            post_for_ever(hub_home(), clock)
        found = post_once(hub_home(), clock)
    if as_json:
        print_json(found._asdict())
        return
    say(f"送达 {found.sent:,},稍后重试 {found.again:,},放弃 {found.dead:,}", "sent, again later, given up")
