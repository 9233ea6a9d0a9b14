"""Commands of publishers' systems: push, publisher add."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from certificates.client_keys import read_client_key
from mianzheng.asking import Client
from mianzheng.errors import MianzhengError
from mianzheng.progress_display import waiting
from mianzheng.publishers import demonstration_publisher, register_publisher
from mianzheng.pushing import Publisher
from mianzheng.settings import Settings
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json

app = typer.Typer(rich_markup_mode=None)
publisher_app = typer.Typer(help="推送系统 / systems that push.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(publisher_app, name="publisher")

WAIT_SECONDS = 60.0
SHOWN_ROWS = 50


@app.command()
def push(
    dataset: Annotated[str, typer.Argument(help="数据资源 / dataset, <department>.<table>")],
    file: Annotated[Path, typer.Argument(help="NDJSON 文件,每行一个对象 / one JSON object a line", exists=True)],
    sequence: Annotated[int | None, typer.Option(help="序号;省略则询问枢纽 / asked of the hub without it")] = None,
    client: Annotated[str | None, typer.Option(help="客户端编号 / client; the sample city's without it")] = None,
    key: Annotated[Path | None, typer.Option(help="客户端私钥 PEM / the client's private key")] = None,
    hub: Annotated[str | None, typer.Option(help="枢纽地址 / address of the hub")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只试推,不入库 / only try it, keep nothing")] = False,
    as_json: Json = False,
) -> None:
    """推送一个批次并查看每行结果 / push a batch and see what became of each row.

    Examples: `mianzheng push natural_resources.real_estate deeds.ndjson`,
    `mianzheng push … --client deeds-system --key deeds.pem --hub https://hub.example`
    """
    with explained(), waiting(console, "推送,等待枢纽处理", "pushing, and waiting for the hub", wanted=not as_json):
        publisher = Publisher((hub or Settings().address()).rstrip("/"), _client(dataset, client, key), clock)
        number = sequence or publisher.next_sequence(dataset)
        answer = publisher.wait(publisher.push(dataset, number, file, dry_run=dry_run), WAIT_SECONDS)
    if as_json:
        print_json(answer)
    elif dry_run:
        _show_trial(answer)
    else:
        _show(answer)
    if dry_run:
        raise typer.Exit(0 if answer["state"] == "checked" and not answer["counts"]["quarantined"] else 1)
    refused = any(row["result"] != "accepted" for row in answer["rows"])
    raise typer.Exit(0 if answer["state"] == "done" and not refused else 1)


@publisher_app.command("add")
def publisher_add(
    client: Annotated[str, typer.Argument(help="客户端编号 / what it signs as")],
    department: Annotated[str, typer.Option(help="部门 / whose datasets it may push")],
    key: Annotated[Path, typer.Option(help="公钥 JWK / its public key", exists=True)],
    by: Annotated[str, typer.Option(help="批准人 / who gives the right")],
    name: Annotated[str, typer.Option(help="系统名称 / the system's name")] = "",
) -> None:
    """登记一个推送系统及其公钥 / register a system that pushes, by its public key.

    Example: `mianzheng publisher add deeds-system --department natural_resources --key deeds.jwk --by 市数据局`
    """
    with explained():
        jwk = _jwk(key)
        register_publisher(hub_home(), client, department, name or client, jwk, by=by, now=clock())
    console.print(f"{client}: 已登记 registered", markup=False)


def _client(dataset: str, name: str | None, key: Path | None) -> Client:
    if name is not None and key is not None:
        return Client(name, read_client_key(key.read_bytes()))
    if name is not None or key is not None:
        raise MianzhengError("--client 与 --key 须同时给出。", "Give --client and --key together.")
    return demonstration_publisher(hub_home(), dataset.partition(".")[0], clock())


def _jwk(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MianzhengError(f"{file.name} 不是 JWK。", f"{file.name} is no JWK.")
    return found


def _show_trial(answer: Mapping[str, Any]) -> None:
    """Counts and rules of a delivery that was tried; or why it can't be read."""
    console.print(f"{answer['dataset']}: 试推,未入库 dry run, nothing was kept: {answer['state']}", markup=False)
    if answer["fault"] is not None:
        console.print(f"  {answer['fault']['zh']}\n  {answer['fault']['en']}", markup=False)
    for what, count in (answer["counts"] or {}).items():
        console.print(f"  {what:<12} {count:>12,}")
    for words in answer["held_by"]:
        console.print(f"  暂存 held: {words}", markup=False)
    for reason in answer["reasons"]:
        rows = ", ".join(str(number) for number in reason["first_rows"])
        console.print(f"  {reason['rows']:,} 行 rows ({rows})  {reason['zh']}\n    {reason['en']}", markup=False)


def _show(answer: Mapping[str, Any]) -> None:
    """Counts, and the rows that were refused with their reasons."""
    console.print(f"{answer['dataset']} #{answer['sequence']}: {answer['state']}", markup=False)
    for what, count in (answer["counts"] or {}).items():
        console.print(f"  {what:<12} {count:>12,}")
    refused = [row for row in answer["rows"] if row["result"] != "accepted"]
    for row in refused[:SHOWN_ROWS]:
        console.print(f"  第 {row['row']} 行 row {row['row']}: {row['result']}", markup=False)
        for reason in row["reasons"]:
            console.print(f"    {reason['zh']}\n    {reason['en']}", markup=False)
    if len(refused) > SHOWN_ROWS or answer["rows_after"] is not None:
        console.print("  … 更多见 --json / more with --json")
    console.print(f"下一序号 next sequence: {answer['next_sequence']}")
