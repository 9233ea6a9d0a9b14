"""The commands `backup` and `restore`."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mianzheng.backing_up import back_up, cluster_of
from mianzheng.errors import StartFailedError
from mianzheng.progress_display import waiting
from mianzheng.restoring import Restored, backup_key, restore
from mianzheng.settings import Settings
from mianzheng.store_set_up import SERVED, keep_addresses
from mianzheng.supervisor import HUB_DATABASE, HUB_OWNER, hub_database, only_one
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries import backup_files
from registries.home import HubHome

app = typer.Typer(rich_markup_mode=None)
KeyFile = Annotated[
    Path | None, typer.Option(help="备份密钥文件 / file with the backup's key; HUB_BACKUP_KEY or the secret without it")
]


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="备份存放目录,最好在另一台机器上 / where backups are kept")],
    as_json: Json = False,
) -> None:
    """备份数据库、落地文件、密钥和机密,加密并核对 / back everything up, sealed and verified; the hub goes on.

    Example: `mianzheng backup /mnt/backups`
    """
    with (
        explained(),
        waiting(console, "备份", "backing up", wanted=not as_json),
        _database_runs(hub_home()),
    ):
        made = back_up(hub_home(), folder, clock)
    if as_json:
        print_json(asdict(made))
        return
    counts = f"{made.bytes:,} bytes, {made.files:,} files, {made.ledger_size:,} entries"
    console.print(f"{made.folder}  {counts}", markup=False)
    if made.key_is_new:
        key = hub_home().path / "secrets" / backup_files.KEY_SECRET
        console.print(f"请把备份密钥另存一份到机器之外,没有它备份无法打开:{key}", markup=False)
        console.print(f"keep a copy of the backup's key elsewhere; no backup opens without it: {key}", markup=False)


@app.command("restore")
def restore_command(
    folder: Annotated[Path, typer.Argument(help="备份目录,内有 manifest.json / the backup's own folder")],
    key_file: KeyFile = None,
    check: Annotated[bool, typer.Option("--check", help="只核对备份,不恢复 / only verify the backup")] = False,
    as_json: Json = False,
) -> None:
    """从备份恢复;已有的文件保留,原数据库改名保留 / restore; files that are there stay, the former database is renamed.

    Example: `HUB_HOME=/srv/hub mianzheng restore /mnt/backups/20261122T020000Z --key-file backup_key`
    """
    home = hub_home()
    with explained(), waiting(console, "恢复", "restoring", wanted=not as_json):
        key = backup_key(home, key_file)
        if check:
            report = asdict(backup_files.verified(folder, key))
        else:
            home.prepare()
            with only_one(home):
                report = asdict(_restored(home, folder, key))
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        console.print(f"{name:<14} {value}", markup=False)
    if report.get("signs") is False:
        console.print("备份之后签发的存证可能已丢失。确认后运行 mianzheng ledger accept-loss,在此之前不签发")
        console.print("what was signed later may be lost: nothing is signed until ledger accept-loss", style="dim")


def _restored(home: HubHome, folder: Path, key: bytes) -> Restored:
    settings = Settings()
    cluster = cluster_of(home, settings.service_user)
    with contextlib.ExitStack() as stack:

        def database() -> tuple[str, str]:
            if settings.database_url is not None:
                return settings.database_url.get_secret_value(), ""
            word = home.secret_or_new("password_postgres")
            stack.callback(cluster.stop)
            cluster.start(word)
            aside = f"{HUB_DATABASE}_before_{clock():%Y%m%d%H%M%S}"
            cluster.set_aside(HUB_DATABASE, aside, word)
            owner_word = home.secret_or_new(f"password_{HUB_OWNER}")
            cluster.create_database(HUB_DATABASE, HUB_OWNER, owner_word, word)
            return cluster.url(HUB_OWNER, owner_word, HUB_DATABASE), aside

        return restore(home, folder, key, database, cluster, clock)


@contextlib.contextmanager
def _database_runs(home: HubHome) -> Iterator[None]:
    """The database of a hub that is up, or of one that is not, started for the while."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(StartFailedError):
            stack.enter_context(only_one(home))
            owner_url = hub_database(Settings(), home, stack)
            passwords = {role: home.secret_or_new(f"password_{role.value}") for role in SERVED}
            keep_addresses(home, owner_url, passwords)  # its port is another one at each start
        yield
