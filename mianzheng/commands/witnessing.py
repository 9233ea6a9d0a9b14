"""The command `witness`: cosign the checkpoints of ledgers at other offices, and say which ones."""

from typing import Annotated

import typer

from certificates.cosignatures import parse_verifier, verifier
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from mianzheng.witness_home import open_witness

app = typer.Typer(
    help="见证其他单位的存证日志 / cosign the checkpoints of ledgers at other offices.", rich_markup_mode=None
)
Origin = Annotated[str, typer.Argument(help="日志名称 / the ledger's name, the first line of its checkpoints")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    name: Annotated[str | None, typer.Option(help="见证方名称,首次必填 / the witness's name, needed once")] = None,
    host: Annotated[str, typer.Option(help="监听地址 / where it listens")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / TCP port")] = 8490,
) -> None:
    """运行见证服务(C2SP tlog-witness)/ run the witness; Ctrl-C stops it.

    Example: `HUB_HOME=/srv/witness mianzheng witness --name office.example/w1`
    """
    if context.invoked_subcommand is not None:
        return
    from exchange_api.server import ends_by_signal, make_server
    from exchange_api.witness_service import create_witness_app

    with explained():
        witness = open_witness(hub_home(), clock, name)
        console.print(f"见证方 {verifier(witness.own.name, witness.own.key)}", markup=False)
        with ends_by_signal():
            make_server(create_witness_app(witness), host, port).run()


@app.command()
def trust(log: Annotated[str, typer.Argument(help="日志公钥 / the ledger's verifier key, name+id+key")]) -> None:
    """登记要见证的日志 / know a ledger by its key; more than once where it rotates.

    Example: `mianzheng witness trust "$(mianzheng ledger verifier)"`
    """
    with explained():
        open_witness(hub_home(), clock).book.trust(parse_verifier(log))


@app.command()
def forget(
    origin: Origin, reason: Annotated[str, typer.Option(help="理由 / why; kept beside the last checkpoint")]
) -> None:
    """日志运营方确认损失后重新开始见证 / begin anew with a ledger whose operator accepted a loss."""
    with explained():
        open_witness(hub_home(), clock).book.forget(origin, reason, clock())


@app.command()
def logs(as_json: Json = False) -> None:
    """所见证的日志 / the ledgers that are known, and the last size cosigned of each."""
    with explained():
        known = open_witness(hub_home(), clock).book.logs()
    if as_json:
        print_json(known)
        return
    for log in known:
        console.print(f"{log.get('size', 0):>12,}  {log['origin']}", markup=False)
