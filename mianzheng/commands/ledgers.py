"""Commands about the ledger: check, stamp, accept-loss, verifier, cosign."""

from dataclasses import asdict
from typing import Annotated

import typer

from certificates.cosignatures import LOG
from certificates.cosignatures import verifier as make_verifier
from certificates.keys import KeyPurpose
from mianzheng.errors import MianzhengError
from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.home import Role
from registries.hub_keys import open_keys
from registries.ledger_loss import accept_loss, set_back
from registries.ledger_memory import LedgerMemory
from registries.store import ledger
from registries.store.engine import Store
from registries.time_authority import TimeAuthority, stamp_of_home

app = typer.Typer(help="存证日志 / the ledger.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(as_json: Json = False) -> None:
    """重算存证日志,指出被改动的位置 / replay the ledger and name the index of whatever was touched."""
    with (
        explained(),
        waiting(console, "重算存证日志", "replaying the ledger", wanted=not as_json),
        Store(hub_home().store_url(Role.OWNER)) as store,
        store.begin() as connection,
    ):
        keys = open_keys(hub_home(), clock()).public_keys(KeyPurpose.CHECKPOINT, stolen=True)  # what it signed before
        report = ledger.check(connection, list(keys.values()))
        doubt = set_back(connection, LedgerMemory.of(hub_home()))
    if as_json:
        print_json(asdict(report) | {"set_back": doubt.reason if doubt else None})
    else:
        for index, what in report.faults:
            console.print(f"#{index}: {what}")
        if doubt is not None:
            console.print(f"{doubt.zh}\n{doubt.en}", markup=False)
        console.print(f"{report.size:,} 条存证,{len(report.faults)} 处异常  entries, faults")
    raise typer.Exit(1 if report.faults or doubt is not None else 0)


@app.command()
def stamp(as_json: Json = False) -> None:
    """给存证日志盖可信时间戳(RFC 3161) / have the ledger stamped by the time authority, as the schedule does.

    Needs HUB_TSA_URL and HUB_TSA_CERTIFICATE.
    """
    with explained():
        if TimeAuthority.of(hub_home()) is None:
            raise MianzhengError(
                "没有配置时间戳机构。请设置 HUB_TSA_URL 和 HUB_TSA_CERTIFICATE。",
                "No time authority is configured. Set HUB_TSA_URL and HUB_TSA_CERTIFICATE.",
            )
        stamped = stamp_of_home(hub_home())
    if as_json:
        print_json(None if stamped is None else {"size": stamped.checkpoint.size, "at": stamped.at})
    elif stamped is None:
        say("没有新的存证", "nothing new in the ledger")
    else:
        say(f"前 {stamped.checkpoint.size:,} 条已于 {stamped.at:%Y-%m-%d %H:%M:%S} UTC 前存在", "stamped")


@app.command("accept-loss")
def accept(
    reason: Annotated[str, typer.Option(help="理由,永久记入存证日志 / why; it stays in the ledger for ever")],
    by: Annotated[str, typer.Option(help="经办人 / who accepts")],
    as_json: Json = False,
) -> None:
    """确认存证日志的损失,从现有内容继续签发 / go on from what is there, after a ledger was set back.

    Example: `mianzheng ledger accept-loss --reason "host 3's disk broke, newest backup is of 02:00" --by "运维 王"`
    """
    with explained(), Store(hub_home().store_url(Role.OWNER)) as store:
        loss = accept_loss(store, LedgerMemory.of(hub_home()), reason, by, clock())
    if as_json:
        print_json(asdict(loss))
        return
    console.print(f"已记入存证日志:签发到第 {loss.last_size:,} 条,现有 {loss.size:,} 条 ({loss.why})")
    console.print(f"written down: {loss.last_size:,} entries had been signed, {loss.size:,} are left", style="dim")


@app.command()
def verifier(
    name: Annotated[
        str | None, typer.Option(help="日志名称 / the ledger's name; that of its last checkpoint without")
    ] = None,
) -> None:
    """日志公钥(vkey),交给见证方登记 / the ledger's verifier key, for witnesses and monitors."""
    with explained(), Store(hub_home().store_url(Role.API)) as store, store.begin() as connection:
        kept = ledger.latest_checkpoint(connection)
        origin = name or (kept.note.partition("\n")[0] if kept else "")
        key = open_keys(hub_home(), clock()).active(KeyPurpose.CHECKPOINT)
        typer.echo(str(make_verifier(origin, key, LOG)))


@app.command()
def cosign(
    stay: Annotated[bool, typer.Option("--stay", help="每 30 秒一次 / every 30 seconds")] = False, as_json: Json = False
) -> None:
    """请各见证方见证最新检查点(HUB_HOME/witnesses.json)/ ask every witness to cosign the latest checkpoint."""
    from mianzheng.cosigning_loop import ask_for_ever, ask_once

    with explained():
        if stay:
            ask_for_ever(hub_home(), clock)
        outcomes = ask_once(hub_home(), clock)
    if as_json:
        print_json(outcomes)
        return
    for one in outcomes:
        console.print(f"{one.what:<12} {one.size:>12,}  {one.witness}", markup=False)
