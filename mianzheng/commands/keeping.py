"""The command `retention`: what is past its time goes, with a record; nightly it goes by itself."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import Role
from registries.operators.folders import Contracts
from registries.retention import Due, Keeper
from registries.retention_rules import RetentionRules
from registries.store.engine import Store
from registries.store.expiries import Expiry

app = typer.Typer(rich_markup_mode=None)
WORDS = {
    "landed": ("落地文件", "landed files"),
    "history": ("历史数据", "former rows"),
    "bodies": ("回执正文", "bodies of answers"),
    "uploads": ("上传文件", "uploaded files"),
    "replies": ("投递答复", "replies to deliveries"),
    "evidence": ("佐证材料与扫描件", "evidence and scans"),
}


@app.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出,不删除 / list only")] = False,
    as_json: Json = False,
) -> None:
    """按保存期清理落地文件、历史数据和回执正文,并留记录 / let go what is past its time, with a record.

    Example: `mianzheng retention --dry-run`
    """
    with explained(), waiting(console, "核对保存期", "what is past its time", wanted=not as_json):
        home = hub_home()
        with Store(home.store_url(Role.LOAD)) as store:
            keeper = Keeper(home, store, Contracts(home).catalogue(), RetentionRules.of_home(home.path), clock())
            gone: Sequence[Due | Expiry] = keeper.due() if dry_run else keeper.expire()
    if as_json:
        print_json({"dry_run": dry_run, "expired": [_line(each) for each in gone]})
        return
    for each in gone:
        zh, en = WORDS[each.what]
        place = " ".join(str(part) for part in (each.dataset, each.batch and f"#{each.batch}") if part)
        console.print(f"{zh}  {place}  {each.count:,}  ({each.rule})  [dim]{en}[/dim]")
    zh, en = ("将清理", "to go") if dry_run else ("已清理", "gone")
    console.print(f"{zh} {len(gone)} 项  {en}")


def _line(each: Due | Expiry) -> dict[str, object]:
    names = ("what", "dataset", "batch", "rule", "before", "count", "digest")
    found = {name: getattr(each, name) for name in names if hasattr(each, name)}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in found.items()}
