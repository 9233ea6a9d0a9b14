"""Commands for the engineer who writes contracts: contract check, diff, new, list, take-up."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mianzheng.contract_watch import tell
from mianzheng.errors import MianzhengError
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.contracts.faults import Fault
from registries.home import Role
from registries.store.engine import Store

app = typer.Typer(help="数据契约 / contracts.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="契约文件、部门目录或其上级目录 / contracts, departments' folders")
    ] = None,
    as_json: Json = False,
) -> None:
    """检查数据契约,一次报告全部问题 / report every fault with file, line, cause and mend.

    Example: `mianzheng contract check hub-home/contracts/forestry`
    """
    from registries.departments import BUILT_IN
    from registries.operators.check import check_paths

    with explained():
        missing = [path for path in paths or () if not path.exists()]
        if missing:
            raise _not_there(missing[0])
        faults = check_paths(paths or [BUILT_IN], beside())
    if as_json:
        print_json([asdict(fault) for fault in faults])
    else:
        show_faults(faults)
        console.print(f"{len(faults)} 个问题 faults")
    raise typer.Exit(1 if faults else 0)


def beside() -> Sequence[Path]:
    """What contracts may refer to: the departments that this hub has in force, or those that every hub has."""
    from registries.operators.folders import read_accepted, roots

    home = hub_home()
    return roots(home, read_accepted(home).number)


def _not_there(path: Path) -> MianzhengError:
    return MianzhengError(f"{path} 不存在。请核对路径。", f"{path} does not exist; check the path.")


def show_faults(faults: Sequence[Fault]) -> None:
    """Each fault with cause and mend, in both languages."""
    for fault in faults:
        where = f"{fault.file}:{fault.line}"
        zh, en = f"{fault.cause_zh} → {fault.mend_zh}", f"{fault.cause_en} → {fault.mend_en}"
        console.print(f"{where}\n  {zh}\n  {en}", markup=False)


@app.command()
def diff(old: Path, new: Path, as_json: Json = False) -> None:
    """比较新旧契约:什么改变会影响谁 / what breaks for whom between two versions; exit code 1 if anything does.

    Example: `mianzheng contract diff forestry-old forestry`
    """
    from registries.contract_diff.diff import compare, load_part

    with explained():
        for path in (old, new):
            if not path.exists():
                raise _not_there(path)
        found = compare(load_part(old), load_part(new))
    if as_json:
        differences = [asdict(each) | {"breaking": each.breaking} for each in found.differences]
        steps = [asdict(step) | {"zh": step.zh, "en": step.en} for step in found.steps]
        print_json({"breaking": found.breaking, "differences": differences, "versions": steps})
        raise typer.Exit(1 if found.breaking else 0)
    for each in found.differences:
        mark = "不兼容 BREAKING" if each.breaking else "兼容 compatible"
        console.print(f"{mark}  {each.zh}\n  {each.en}", markup=False)
        if each.whom:
            zh, en = ("、".join(party.zh for party in each.whom), ", ".join(party.en for party in each.whom))
            console.print(f"  影响 concerns: {zh} / {en}", markup=False)
    for step in found.steps:
        mark = "✓" if step.enough else "✗"
        console.print(f"{mark} {step.zh}\n  {step.en}", markup=False)
    console.print(f"{len(found.differences)} 处改变 differences")
    raise typer.Exit(1 if found.breaking else 0)


@app.command("new")
def new_contract(
    source: Annotated[
        str, typer.Option("--from", help="文件,或数据库地址 / a file, or a database's address (SQLAlchemy URL)")
    ],
    table: Annotated[str, typer.Option(help="数据库的表或视图 / table or view of the database")] = "",
    department: Annotated[str, typer.Option(help="部门标识 / the department's id")] = "",
    out: Annotated[
        Path | None, typer.Option(help="写入此目录;省略则显示 / folder to write to; printed without it")
    ] = None,
) -> None:
    """根据数据表或文件起草数据契约;须由人决定处有标记 / draft a contract; what you must decide is marked.

    Example: `mianzheng contract new --from enterprises_20260101.csv --department market_regulation --out drafts`
    """
    from registries.contract_drafts.drafts import draft, draft_department
    from registries.contract_drafts.samples import sample_of_file, sample_of_table

    with explained():
        if "://" in source and not table:
            raise MianzhengError("请用 --table 指定表或视图。", "Name a table or view with --table.")
        sample = sample_of_table(source, table) if "://" in source else sample_of_file(Path(source))
        text = draft(sample, department)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, content in ((f"{sample.name}.odcs.yaml", text), ("department.yaml", draft_department(department))):
        show_written(out / name, content)


def show_written(path: Path, content: str) -> None:
    """Write a draft, never over something that is there."""
    if path.exists():
        console.print(f"已有,未改动 left as it is: {path}", markup=False)
        return
    path.write_text(content, "utf-8")
    console.print(f"已写入 written: {path}", markup=False)


@app.command("list")
def list_contracts(as_json: Json = False) -> None:
    """列出已启用与未接受的部门契约 / operators' folders: what is in force, and what is refused with reasons."""
    from registries.operators.folders import Contracts

    with explained():
        contracts = Contracts(hub_home())
        accepted, refusals, catalogue = contracts.accepted(), contracts.refusals(), contracts.catalogue()
    if as_json:
        folders = [asdict(folder) for folder in accepted.folders.values()]
        print_json({"number": accepted.number, "accepted": folders, "refused": [asdict(each) for each in refusals]})
        return
    console.print(f"契约版本 version {accepted.number}")
    for folder in accepted.folders.values():
        console.print(f"  启用 accepted  {folder.department}  {folder.since:%Y-%m-%d %H:%M}", markup=False)
        for dataset in catalogue.of_department(folder.department):
            console.print(f"    {dataset.name} {dataset.contract_version}  {dataset.title_zh}", markup=False)
    for each in refusals:
        console.print(f"  未接受 refused  {each.department}  {each.at:%Y-%m-%d %H:%M}", markup=False)
        show_faults(each.faults)


@app.command("take-up")
def take_up(as_json: Json = False) -> None:
    """立即审查 HUB_HOME/contracts / judge HUB_HOME/contracts now; exit code 1 if anything is refused.

    Tables are made and altered with the loading role; a running hub follows without a restart.
    """
    from registries.operators.take_up import take_up as run

    with explained(), Store(hub_home().store_url(Role.LOAD)) as store:
        done = run(hub_home(), store, clock())
    if as_json:
        print_json(done)
    else:
        tell(done)
    raise typer.Exit(1 if done.refused else 0)
