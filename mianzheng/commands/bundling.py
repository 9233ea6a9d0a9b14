"""The command `bundle`: what an office without network needs for some days, in one file."""

from pathlib import Path
from typing import Annotated

import typer

from exchange_api import bundling
from exchange_api.status_lists import StatusLists
from mianzheng.errors import MianzhengError
from mianzheng.settings import Settings
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import Role
from registries.hub_keys import open_keys
from registries.store.engine import Store

app = typer.Typer(rich_markup_mode=None)


@app.command()
def bundle(
    out: Annotated[Path, typer.Option(help="存到文件 / the file to write")],
    days: Annotated[int, typer.Option(min=1, max=bundling.MOST_DAYS, help="有效天数 / days for which it counts")] = 1,
    as_json: Json = False,
) -> None:
    """生成离线包:公钥、检查点和全部状态列表 / an offline bundle: keys, checkpoint and all status lists.

    Example: `mianzheng bundle --out bundle.json --days 3`
    """
    home, issuer, now = hub_home(), Settings().address(), clock()
    with explained():
        keys = open_keys(home, now)
        with Store(home.store_url(Role.API)) as store:
            lists = StatusLists(store, keys, clock, issuer)
            content = bundling.make(store, keys, lists, issuer, now, days)
        _write(out, content)
        fingerprint = keys.fingerprint()
    if as_json:
        print_json({"file": str(out), "bytes": len(content), "days": days, "trust_root": fingerprint})
        return
    console.print(f"{out}  {len(content):,} bytes, {days} 天有效 / days", markup=False)
    console.print(f"python -m certificates bundle {out.name} --root '{fingerprint}'", style="dim", markup=False)


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise MianzhengError(
            f"无法写入 {out.name}。请检查目录是否存在、可写。",
            f"{out.name} can't be written; check that its folder is there.",
        ) from error
