"""Commands about the ledger: check, accept-loss."""

from dataclasses import asdict
from typing import Annotated

import typer

from certificates.keys import KeyPurpose
from mianzheng.hub_keys import open_keys
from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import Role
from registries.ledger_loss import accept_loss
from registries.ledger_memory import LedgerMemory
from registries.store import ledger
from registries.store.engine import Store

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
        keys = open_keys(hub_home(), clock()).public_keys(KeyPurpose.CHECKPOINT)
        report = ledger.check(connection, list(keys.values()))
    if as_json:
        print_json(asdict(report))
    else:
        for index, what in report.faults:
            console.print(f"#{index}: {what}")
        console.print(f"{report.size:,} 条存证,{len(report.faults)} 处异常  entries, faults")
    raise typer.Exit(1 if report.faults else 0)


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
