"""Commands for integrators: agent, conform; the sandbox they are tried against is with the other sandboxes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mianzheng.integrating import (
    AGENT_PORT,
    DEMO_CLIENT,
    AgentSettings,
    access_token,
    access_token_place,
    client_key,
    first_question,
    register_in_sandbox,
    run_agent,
    sandbox_key,
)
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json

app = typer.Typer(rich_markup_mode=None)
Key = Annotated[Path | None, typer.Option(help="客户端私钥 PEM / the client's private key; the sandbox's own without")]
Root = Annotated[str, typer.Option(help="信任根指纹,印在回执上 / the trust root's fingerprint, as on receipts")]
InSandbox = Annotated[bool, typer.Option("--sandbox", help="对沙箱 / against a sandbox")]


@app.command()
def agent(
    hub: Annotated[str, typer.Argument(help="枢纽地址 / the hub's address")],
    client: Annotated[str, typer.Option(help="客户端编号 / the client's id")] = DEMO_CLIENT,
    key: Key = None,
    root: Root = "",
    access_id: Annotated[
        str, typer.Option(help="本机系统的 accessId / what the vendor's system calls itself")
    ] = "agent",
    host: Annotated[str, typer.Option(help="仅回环地址 / loopback only")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / TCP port")] = AGENT_PORT,
    in_sandbox: InSandbox = False,
) -> None:
    """运行代理:替业务系统持有密钥、签名、核对回执、断网排队 / run the agent beside a vendor's system.

    Example: `mianzheng agent https://hub.example --client hall-1 --key hall.pem`
    """
    settings = AgentSettings(hub, client, key, root, in_sandbox, access_id, host, port)
    with explained():
        access_token(hub_home())
        console.print(f"代理 agent http://{host}:{port}/", markup=False)
        console.print(f"accessToken: {access_token_place(hub_home())}", markup=False)
        run_agent(hub_home(), settings, clock)


@app.command()
def conform(
    hub: Annotated[str, typer.Argument(help="枢纽或沙箱地址 / address of a hub or a sandbox")],
    client: Annotated[str, typer.Option(help="客户端编号 / the client's id")] = DEMO_CLIENT,
    key: Key = None,
    question: Annotated[
        Path | None, typer.Option(help="一份可核验的问题 JSON / a question that a grant covers, as JSON")
    ] = None,
    root: Root = "",
    out: Annotated[Path | None, typer.Option(help="把报告存为 HTML / keep the report as printable HTML")] = None,
    in_sandbox: InSandbox = False,
    as_json: Json = False,
) -> None:
    """验收一个客户端:逐条列出所发、所得和是否通过 / accept a client: what was sent, what came, pass or fail.

    Example: `mianzheng conform http://127.0.0.1:8490 --sandbox --out report.html`
    """
    from exchange_api.conformance.report import as_page
    from exchange_api.conformance.running import conform as run

    with explained():
        own = client_key(key) if key is not None else sandbox_key(hub_home(), clock)
        if in_sandbox:
            register_in_sandbox(hub, client, own)
        asked = json.loads(question.read_text(encoding="utf-8")) if question is not None else first_question(hub)
        report = run(hub, client, own, asked, clock, root=root, sandbox=in_sandbox)
    if out is not None:
        out.write_text(as_page(report), encoding="utf-8")
    if as_json:
        print_json(report.to_json())
    else:
        for one in report.results:
            mark = "—" if one.passed is None else "✓" if one.passed else "✗"
            console.print(f"{mark} {one.requirement:14} {one.zh}  {one.why_zh}", markup=False)
    raise typer.Exit(0 if report.passed else 1)
