"""The command `archive`: everything that shows, years later and offline, what was verified for a case."""

import os
from pathlib import Path
from typing import Annotated

import typer

from certificates.types import load_types
from exchange_api.documents_made import DocumentsMade
from exchange_api.ledger_head import LedgerHead
from exchange_api.receipts_kept import ReceiptsKept
from mianzheng.errors import MianzhengError
from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.ledger_memory import LedgerMemory
from registries.store.engine import Store

app = typer.Typer(rich_markup_mode=None)


@app.command()
def archive(
    case: Annotated[str, typer.Argument(help="办件编号 / the case's number")],
    out: Annotated[Path, typer.Option(help="存放目录 / the folder for the package")] = Path(),
    department: Annotated[
        str | None, typer.Option(help="只含该使用部门的回执 / only what this department asked")
    ] = None,
    as_json: Json = False,
) -> None:
    """生成办件归档包:可读文书、元数据、回执、存证证明、公钥和清单 / the archive package of a case.

    Example: `mianzheng archive ST-2026-0001 --out /mnt/archive`
    """
    home = hub_home()
    with (
        explained(),
        waiting(console, "生成归档包", "packing", wanted=not as_json),
        Store(home.store_url(Role.API)) as store,
    ):
        made = _documents(home, store).package_of(case, department=department)
        path = _kept(out, made.name, made.data)
    if as_json:
        print_json({"file": str(path), "bytes": len(made.data)})
    else:
        console.print(f"{path}  {len(made.data):,} bytes", markup=False)
        console.print("python -m certificates package FILE --keys keys.jwks", style="dim", markup=False)


def _documents(home: HubHome, store: Store) -> DocumentsMade:
    keys = open_keys(home, clock())
    head = LedgerHead(
        store, keys, "archive", LedgerMemory.of(home)
    )  # it proves under what is signed, and signs nothing
    return DocumentsMade(store, keys, ReceiptsKept(store, keys, head), head, load_types(), clock)


def _kept(folder: Path, name: str, data: bytes) -> Path:
    """A new file that only its owner reads: it holds names."""
    path = folder / name
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise MianzhengError(
            f"无法写入 {folder}。请检查目录是否存在、可写。", f"{folder} can't be written to; check that it is there."
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return path
