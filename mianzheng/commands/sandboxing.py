"""The commands `sandbox`: one that answers integrators, and one for each department that tries contracts and files."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from mianzheng.commands.loading import dataset_of, show_outcome
from mianzheng.department_sandboxes import MakeDatabase, database_maker, open_sandbox, try_file
from mianzheng.embedded_postgres import Cluster
from mianzheng.errors import StartFailedError
from mianzheng.integrating import SANDBOX_PORT, run_sandbox
from mianzheng.progress_display import waiting
from mianzheng.settings import Settings
from mianzheng.store_set_up import SERVED, keep_addresses
from mianzheng.supervisor import hub_database, only_one
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import HubHome
from registries.sandboxes import KEPT_DAYS, DepartmentSandbox, Sandboxes

app = typer.Typer(help="沙箱与部门试报环境 / sandboxes.", rich_markup_mode=None, invoke_without_command=True)
Department = Annotated[str, typer.Argument(help="部门编号 / id of the department")]


@app.callback()
def sandbox(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="监听地址 / where it listens")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / TCP port")] = SANDBOX_PORT,
) -> None:
    """运行沙箱:固定编号给出每一种结论,供联调 / run a sandbox whose fixed numbers give every verdict.

    Example: `mianzheng sandbox`, then `mianzheng conform http://127.0.0.1:8490 --sandbox`. Departments have theirs:
    `mianzheng sandbox department health`
    """
    if context.invoked_subcommand is not None:
        return
    with explained():
        console.print(f"沙箱 sandbox http://{host}:{port}/sandbox/numbers", markup=False)
        run_sandbox(hub_home(), host, port, clock)


@app.command("department")
def department_sandbox(
    department: Department,
    contracts: Annotated[
        Path | None, typer.Option(help="契约草案文件夹 / the department's folder of drafts", exists=True)
    ] = None,
    days: Annotated[int, typer.Option(help="保留天数 / how long it is kept", min=1, max=366)] = KEPT_DAYS,
    as_json: Json = False,
) -> None:
    """建立或延长一个部门的试报环境,可带契约草案 / make or keep a department's sandbox, with drafts of contracts.

    Example: `mianzheng sandbox department health --contracts drafts/health`
    """
    with explained(), waiting(console, "建立试报环境", "making the sandbox", wanted=not as_json):
        home = hub_home()
        with _database(home) as make_database:
            Sandboxes(home).drop_expired(clock())
            until = clock() + timedelta(days=days)
            box = open_sandbox(home, department, contracts, until, make_database, clock)
    _show(box, as_json=as_json)


@app.command("try")
def try_command(
    department: Department,
    file: Annotated[Path, typer.Argument(help="数据文件 / a file", exists=True)],
    dataset: Annotated[str | None, typer.Option(help="数据资源 / dataset, when the file's name does not tell")] = None,
    as_json: Json = False,
) -> None:
    """把文件归集到试报环境,不进统一存储 / take a file into the sandbox; the hub's store is not touched.

    Example: `mianzheng sandbox try health births_20261121.csv`
    """
    with explained():
        home = hub_home()
        with _database(home) as make_database:
            box = Sandboxes(home).of(department)
            box = open_sandbox(home, department, None, box.until, make_database, clock)
            outcome = try_file(box, file, lambda catalogue: dataset_of(file, dataset, catalogue), clock)
            show_outcome(outcome, as_json=as_json)


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """列出试报环境 / which departments have one."""
    with explained():
        found = Sandboxes(hub_home()).every()
    if as_json:
        print_json([{"department": box.department, "until": box.until} for box in found])
        return
    for box in found:
        console.print(f"{box.department:<32} {box.until:%Y-%m-%d}", markup=False)


@app.command("drop")
def drop_command(department: Department) -> None:
    """删除试报环境及其中的一切 / drop a sandbox with all that is in it."""
    with explained():
        home = hub_home()
        with _database(home):
            Sandboxes(home).drop(department)
    console.print(f"{department}: 已删除 dropped", markup=False)


@contextlib.contextmanager
def _database(home: HubHome) -> Iterator[MakeDatabase]:
    """The database of a hub that is up, or of one that is not, started for the while."""
    settings = Settings()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(StartFailedError):
            stack.enter_context(only_one(home))
            owner_url = hub_database(settings, home, stack)
            keep_addresses(home, owner_url, {role: home.secret_or_new(f"password_{role.value}") for role in SERVED})
        cluster = None
        if settings.database_url is None:
            cluster = Cluster(home.path / "postgres", settings.service_user, home.path / "binaries")
            cluster.start(home.secret_or_new("password_postgres"))  # it runs: this finds its port
        yield database_maker(home, settings, cluster)


def _show(box: DepartmentSandbox, *, as_json: bool) -> None:
    if as_json:
        print_json({"department": box.department, "home": box.home.path, "until": box.until})
        return
    console.print(f"{box.department}: 试报环境 sandbox {box.home.path}", markup=False)
    console.print(f"  保留至 kept until {box.until:%Y-%m-%d}", markup=False)
    console.print(f"  mianzheng sandbox try {box.department} FILE", markup=False)
