"""Commands about service items: items list, items check (faults of form and reference, proofs that nobody needs)."""

from dataclasses import asdict

import typer

from mianzheng.commands.contracts import beside, show_faults
from mianzheng.terminal import Json, console, explained, print_json

app = typer.Typer(help="政务服务事项 / service items.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_items(as_json: Json = False) -> None:
    """列出政务服务事项及其材料的满足方式 / service items, their materials, and how each is met."""
    from registries.departments import load_catalogue

    with explained():
        items = load_catalogue(beside()).items
    if as_json:
        print_json([asdict(item) for item in items])
        return
    for item in items:
        console.print(f"{item.code}  {item.name_zh} {item.name_en}  ({item.department})", markup=False)
        for material in item.materials:
            how = "、".join(dict.fromkeys(way.kind for way in material.ways)) or "paper"
            console.print(f"  {material.id:<32} {how:<28} {material.name_zh}", markup=False)


@app.command()
def check(as_json: Json = False) -> None:
    """检查事项:引用错误、无依据的证明、循环证明 / faults, proofs without a basis, circular proofs.

    Exit code 1 if an item can't be used or anything is found. Example: `mianzheng items check --json`
    """
    from certificates.types import load_types
    from registries.departments import load_catalogue
    from registries.service_items import judging

    with explained():
        catalogue = load_catalogue(beside())
        names = [department.id for department in catalogue.departments]
        faults = [
            *judging.item_faults(catalogue.items, names, catalogue.datasets),
            *judging.unknown_types(catalogue.items, load_types()),
        ]
        found = list(judging.findings(catalogue.items, catalogue.datasets))
    if as_json:
        print_json({"faults": [asdict(each) for each in faults], "findings": [asdict(each) for each in found]})
    else:
        show_faults(faults)
        for each in found:
            console.print(f"{each.file}  {each.material}\n  {each.zh}\n  {each.en}", markup=False)
        console.print(f"{len(catalogue.items)} 个事项 items, {len(faults)} 个问题 faults, {len(found)} 处发现 findings")
    raise typer.Exit(1 if faults or found else 0)
