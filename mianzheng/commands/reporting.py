"""Commands about reports of closed months: report scorecard, monthly, quarterly, check."""

import hashlib
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mianzheng.errors import MianzhengError
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.home import Role
from registries.store.engine import Store

if TYPE_CHECKING:
    from exchange_api.documents_made import MadeFile
    from exchange_api.reporting.reports import Reports

app = typer.Typer(
    help="评分卡、月报和季度通报 / reports of closed months.", no_args_is_help=True, rich_markup_mode=None
)

Kind = Annotated[Literal["pdf", "xlsx"], typer.Option("--format", help="pdf 或 xlsx / the file's format")]
Out = Annotated[Path, typer.Option(help="输出目录 / the folder to write into")]
Month = Annotated[str, typer.Option(help="月份,如 2026-10 / a closed month")]
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)
_HERE = Path()


@app.command()
def scorecard(department: str, month: Month, kind: Kind = "pdf", out: Out = _HERE, as_json: Json = False) -> None:
    """一个部门的月度评分卡 / a department's monthly scorecard.

    Example: `mianzheng report scorecard transport --month 2026-10 --format xlsx --out /mnt/reports`
    """
    when = _month(month)
    _write(lambda reports: reports.scorecard(department, when, kind), out, as_json=as_json)


@app.command()
def monthly(month: Month, kind: Kind = "pdf", out: Out = _HERE, as_json: Json = False) -> None:
    """全平台工作月报(次月 5 日前报送)/ the hub's report of a month."""
    when = _month(month)
    _write(lambda reports: reports.monthly(when, kind), out, as_json=as_json)


@app.command()
def quarterly(
    quarter: Annotated[str, typer.Option(help="季度,如 2026-Q3 / a quarter whose months are closed")],
    kind: Kind = "pdf",
    out: Out = _HERE,
    as_json: Json = False,
) -> None:
    """全平台季度通报(季度结束后 10 个工作日内)/ the hub's report of a quarter."""
    found = _QUARTER.fullmatch(quarter)
    if found is None:
        raise typer.BadParameter("季度写作 2026-Q3 / a quarter is written 2026-Q3")
    last = date(int(found[1]), int(found[2]) * 3, 1)
    _write(lambda reports: reports.quarterly(last, kind), out, as_json=as_json)


@app.command()
def check(file: Path, as_json: Json = False) -> None:
    """一个文件是否本平台出具的报告(按摘要查存证日志)/ whether a file is a report that this hub made, as it made it.

    Exit code 1 if it is not.
    """
    from registries.store import report_entries

    with explained():
        try:
            digest = hashlib.sha256(file.read_bytes()).digest()
        except OSError as error:
            raise MianzhengError(f"无法读取 {file}。请检查路径。", f"{file} can't be read; check its path.") from error
        with Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as connection:
            known = report_entries.known(connection, digest)
    if as_json:
        print_json({"digest": digest.hex(), "known": known})
    elif known:
        say("存证日志中有该文件", "the ledger knows this file")
    else:
        say("存证日志中没有该文件:不是本平台出具,或已被改动", "the ledger does not know this file, or it was changed")
    raise typer.Exit(0 if known else 1)


def _write(make: "Callable[[Reports], MadeFile]", out: Path, *, as_json: bool) -> None:
    from exchange_api.errors import ExchangeApiError
    from exchange_api.reporting.reports import Reports
    from registries.operators.folders import Contracts

    home = hub_home()
    with explained(), Store(home.store_url(Role.PAGE)) as store:
        try:
            made = make(Reports(store, Contracts(home).catalogue, clock))
        except ExchangeApiError as error:
            raise MianzhengError(error.zh, error.en) from error
        path = _kept(out / made.name, made.data)
    if as_json:
        print_json({"file": str(path), "bytes": len(made.data), "digest": hashlib.sha256(made.data).hexdigest()})
    else:
        console.print(f"{path}  {len(made.data):,} bytes", markup=False)


def _kept(path: Path, data: bytes) -> Path:
    """The file, as a new one: what was handed out is not written over."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    except OSError as error:
        raise MianzhengError(
            f"无法写入 {path}。请检查目录可写、同名文件不存在。",
            f"{path} can't be written; is the folder writable, and is there no such file yet?",
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return path


def _month(text: str) -> date:
    found = _MONTH.fullmatch(text)
    if found is None:
        raise typer.BadParameter("月份写作 2026-10 / a month is written 2026-10")
    return date(int(found[1]), int(found[2]), 1)
