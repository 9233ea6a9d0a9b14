"""Commands about workbooks: workbook template, check. What a clerk finds on the publisher's page, without it."""

import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mianzheng.commands.loading import dataset_of, show_dry_run
from mianzheng.terminal import Json, clock, console, explained, hub_home

app = typer.Typer(help="电子表格 / workbooks.", no_args_is_help=True, rich_markup_mode=None)
Out = Annotated[Path | None, typer.Option(help="写入的文件 / file to write")]


@app.command()
def template(dataset: Annotated[str, typer.Argument(help="数据资源 / dataset")], out: Out = None) -> None:
    """按数据契约生成填报模板 / the empty workbook of a dataset: drop-downs, notes, a guide.

    Example: `mianzheng workbook template transport.operation_permits --out permits.xlsx`
    """
    from quality.errors import UnknownDataset
    from quality.workbooks.template import template as made
    from registries.operators.folders import Contracts

    with explained():
        catalogue = Contracts(hub_home()).catalogue()
        if dataset not in catalogue:
            raise UnknownDataset(dataset)
        _write(out or Path(f"{catalogue.dataset(dataset).table_name}.xlsx"), [made(catalogue.dataset(dataset))])


@app.command()
def check(
    file: Path,
    dataset: Annotated[str | None, typer.Option(help="数据资源 / dataset, when the file's name does not tell")] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """试检一份文件,并写出批注表 / try a file, keep nothing, and write it down with its faults marked.

    Example: `mianzheng workbook check operation_permits_20261121.xlsx --out annotated.xlsx`
    """
    from quality.intake import Intake
    from quality.workbooks.annotated import annotated
    from quality.workbooks.faults import Faults
    from quality.workbooks.summary import Story
    from registries.connectors.kinds import upload_connector

    found: list[Faults] = []
    with explained(), Intake.open(hub_home(), clock) as intake:
        chosen = dataset_of(file, dataset, intake.catalogue)
        connector = upload_connector(chosen, file.name, lambda: file.open("rb"))
        tried = intake.dry_run(chosen.name, connector, lambda findings: found.append(Faults.of(findings)))
        story = Story(file.name, "试检, 未入库 dry run, nothing kept", "", asdict(tried.counts), tried.held_by)
        show_dry_run(tried, as_json=as_json)
        place = out or file.with_name(f"{file.stem}_annotated.xlsx")
        _write(place, annotated(chosen, connector.chunks(), found[0], story), said=not as_json)


def _write(path: Path, pieces: Iterable[bytes], *, said: bool = True) -> None:
    """For nobody else to read: rows may be of people."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(pieces)
    if said:
        console.print(f"已写入 written: {path}", markup=False)
