"""Commands about data: load, quality, store digest."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mianzheng.errors import MianzhengError
from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, Quiet, clock, console, explained, hub_home, print_json
from registries.connectors.arrivals import delivery_of
from registries.contracts.loading import Dataset
from registries.departments import Catalogue
from registries.home import Role
from registries.store import digest
from registries.store.engine import Store

if TYPE_CHECKING:
    from quality.dry_runs import DryRun
    from quality.intake import IntakeOutcome

app = typer.Typer(rich_markup_mode=None)
store_app = typer.Typer(help="统一存储 / the store.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(store_app, name="store")


@app.command()
def load(
    file: Annotated[
        Path | None, typer.Argument(help="一个数据文件;省略则归集全部数据资源 / a file; all datasets without it")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="数据资源 / dataset, when the file's name does not tell")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查,不入库 / check only, keep nothing")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """归集数据 / take data in.

    Examples: `mianzheng load`, `mianzheng load enterprises_20261121.csv --dry-run`
    """
    from mianzheng.cycle_display import load_everything, progress_of
    from quality.intake import Intake
    from registries.connectors.kinds import upload_connector

    with explained():
        if file is None:
            outcomes = load_everything(hub_home(), clock, progress=not quiet, quiet=as_json)
            if as_json:
                print_json([asdict(outcome) for outcome in outcomes])
            raise typer.Exit(0 if all(outcome.state != "failed" for outcome in outcomes) else 1)
        with Intake.open(hub_home(), clock) as intake:
            chosen = dataset_of(file, dataset, intake.catalogue)
            connector = upload_connector(chosen, file.name, lambda: file.open("rb"))
            if dry_run:
                with waiting(console, "试检", "dry run", wanted=not (quiet or as_json)):
                    found = intake.dry_run(chosen.name, connector)
                show_dry_run(found, as_json=as_json)
                return
            with progress_of(hub_home(), wanted=not (quiet or as_json)) as progress:
                outcome = intake.take_in(chosen.name, progress=progress, connector=connector, deliverer="command line")
            show_outcome(outcome, as_json=as_json)


def dataset_of(file: Path, name: str | None, catalogue: Catalogue) -> Dataset:
    """The dataset that a file belongs to: the one named, or the one whose contract's pattern fits the file's name.

    Raises:
        MianzhengError: no dataset, or several, fit.
    """
    if name is not None and name in catalogue:
        return catalogue.dataset(name)
    fitting = [found for found in catalogue.datasets if delivery_of(found, file.name) is not None]
    if name is None and len(fitting) == 1:
        return fitting[0]
    known = ", ".join(sorted(found.name for found in catalogue.datasets))
    raise MianzhengError(
        f"无法确定文件属于哪个数据资源。请用 --dataset 指定其一:{known}",
        f"It can't be told which dataset the file belongs to. Name one with --dataset: {known}",
    )


def show_outcome(outcome: "IntakeOutcome", *, as_json: bool) -> None:
    """Print what a batch came to."""
    if as_json:
        print_json(asdict(outcome))
        return
    console.print(f"{outcome.dataset}: {outcome.state}")
    show_counts(asdict(outcome.counts))


def show_dry_run(found: "DryRun", *, as_json: bool) -> None:
    """Print what a delivery would come to, and why rows would be refused."""
    if as_json:
        print_json(asdict(found))
        return
    console.print(f"{found.dataset}: 试检,未入库 dry run, nothing was kept")
    show_counts(asdict(found.counts))
    for words in found.held_by:
        console.print(f"  暂存 held: {words}", markup=False)
    for reason in found.reasons:
        rows = ", ".join(str(number) for number in reason.first_rows)
        more = " …" if reason.rows > len(reason.first_rows) else ""
        console.print(f"  {reason.rows:,} 行 rows ({rows}{more})  {reason.zh}\n    {reason.en}", markup=False)


def show_counts(counts: Mapping[str, int]) -> None:
    """One count a line."""
    for name, count in counts.items():
        console.print(f"  {name:<12} {count:>12,}")


@store_app.command("digest")
def store_digest(as_json: Json = False) -> None:
    """存储内容的摘要:同样的内容,同样的摘要 / equal content gives an equal digest."""
    with (
        explained(),
        waiting(console, "计算摘要", "making the digest", wanted=not as_json),
        Store(hub_home().store_url(Role.OWNER)) as store,
        store.begin() as connection,
    ):
        found = digest.store_digest(connection)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        console.print(f"{value}  {name}")
