"""Commands that run things: up, and the processes that `up` starts."""

from typing import Annotated

import typer

from mianzheng.settings import Settings
from mianzheng.terminal import Json, Quiet, clock, explained, hub_home

app = typer.Typer(rich_markup_mode=None)


@app.command()
def up(
    once: Annotated[
        bool, typer.Option("--once", help="跑一个完整周期,自检后退出 / one whole cycle, check it, exit")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """启动枢纽和示例城市;Ctrl-C 全部停止 / start the hub and its sample city; Ctrl-C stops all of it.

    Examples: `mianzheng up`, `HUB_SAMPLE_PEOPLE=2000 mianzheng up --once`
    """
    from mianzheng.bringing_up import bring_up

    with explained():
        raise typer.Exit(bring_up(Settings(), once=once, quiet=quiet, as_json=as_json))


@app.command(hidden=True)
def serve(
    host: str = "127.0.0.1",
    port: int = 8480,
    shared: Annotated[bool, typer.Option("--shared", help="several processes on one port")] = False,
) -> None:
    """The web process: API and pages."""
    from exchange_api.parts import ApiSettings
    from exchange_api.server import serve as run

    # The ledger's name stays the same whatever port the hub listens on: checkpoints begin with it.
    found = Settings()
    with explained():
        second_factor_for = found.second_factor_roles()
    settings = ApiSettings(
        issuer=f"http://{host}:{port}",
        ledger_name=f"{host}/ledger",
        profile=found.profile or "",
        second_factor_for=second_factor_for,
        panel_origins=found.framing(),
    )
    with explained():
        run(hub_home(), host, port, clock, settings, shared=shared)


@app.command(hidden=True)
def work() -> None:
    """The intake worker: takes in what was pushed or uploaded."""
    from mianzheng.worker import work as run

    with explained():
        run(hub_home(), clock)
