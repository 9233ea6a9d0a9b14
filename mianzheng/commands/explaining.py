"""The command `explain`: which department, dataset, batch, landed file, row and rule decided a subject's values."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer

from certificates.china_time import CHINA
from certificates.identifiers import check_citizen_number, check_uscc
from certificates.sealing import sealing_key
from mianzheng.errors import MianzhengError
from mianzheng.explained_lines import lines_of
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.contracts.model import Dataset, Register
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.landed_search import Place, locate
from registries.landing import Landing
from registries.operators.folders import Contracts
from registries.store import subject_versions
from registries.store.engine import Store
from registries.store.explaining import explain as explained_subject
from registries.store.explanations import Explanation
from registries.store.points_in_time import Moment
from registries.store.subject_versions import Looking, Version

app = typer.Typer(rich_markup_mode=None)
COMMAND_LINE = "command line"
_CHECKS: Mapping[str, Callable[[str], bool]] = {"citizen_number": check_citizen_number, "uscc": check_uscc}
Places = Mapping[tuple[str, int], Place]


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(help="主体标识 / the subject's key")],
    attribute: Annotated[str | None, typer.Argument(help="只看一个属性 / one attribute only")] = None,
    register: Annotated[str | None, typer.Option(help="基础库,默认按号码判断 / register, told by the key")] = None,
    as_of: Annotated[str | None, typer.Option(help="有效于哪一天 / valid on this day, 2024-01-31")] = None,
    known_at: Annotated[str | None, typer.Option(help="枢纽当时所知 / as known then, 2026-11-21T09:00")] = None,
    reason: Annotated[str, typer.Option(help="查看理由,不写号码 / why; no numbers")] = "",
    values: Annotated[bool, typer.Option("--values", help="显示数据值(个人信息) / show values, personal data")] = False,
    as_json: Json = False,
) -> None:
    """说明每个值由哪个部门、数据资源、批次、落地文件、行和规则决定 / say what decided each value.

    Every look is written down in the ledger. Examples: `mianzheng explain 11010519491231002X name`,
    `mianzheng explain 91110000600037341L --as-of 2024-01-01 --known-at 2026-11-20T18:00 --json`
    """
    with explained():
        home, moment = hub_home(), Moment(_day(as_of), _moment(known_at))
        catalogue = Contracts(home).catalogue()
        chosen = _register(catalogue, register, subject)
        _check_attribute(chosen, attribute)
        looking = Looking(COMMAND_LINE, reason.strip(), clock(), values)
        with Store(home.store_url(Role.LOAD)) as store, store.begin() as conn:
            access = subject_versions.open_access(conn, chosen, subject, looking)

            def read(dataset: Dataset) -> list[Version]:
                return subject_versions.values_of(conn, dataset, chosen, access.key, moment)

            found = explained_subject(conn, catalogue, chosen, access, moment, read, attribute)
        places = _places(home, catalogue, found)
    if as_json:
        print_json({"access": access.number, **_plain(found, places, values=values)})
    else:
        for line in lines_of(found, places, catalogue, values=values):
            console.print(line, markup=False)
        console.print(f"本次查看已记入存证日志,编号 {access.number}  this look is in the ledger")
    raise typer.Exit(0 if found.known else 1)


def _places(home: HubHome, catalogue: Catalogue, found: Explanation) -> Places:
    """Where the rows stand in what was landed, by dataset and batch."""
    landing = Landing(home.landed, sealing_key(home.secret("landing_key")))
    places = {}
    for history in found.histories:
        dataset = catalogue.dataset(history.dataset)
        for batch in {version.since for version in history.versions}:
            rows = [version.values for version in history.versions if version.since == batch]
            wanted = {name: {str(row[name]) for row in rows} for name in dataset.key}
            facts = found.batches[batch]
            places[dataset.name, batch] = locate(landing, home.landed, batch, facts.landed, dataset, wanted)
    return places


def _plain(found: Explanation, places: Places, *, values: bool) -> dict[str, Any]:
    """The explanation for programs; without values unless they were asked for."""
    told: dict[str, Any] = asdict(found)
    for decision in told["decisions"]:
        for said in (decision["said"], *decision["others"]):
            if said is not None and not values:
                del said["value"]
    for history in told["histories"]:
        for version in history["versions"]:
            del version["same"], version["row_key"]
            if not values:
                del version["values"]
    told["places"] = [
        {"dataset": dataset, "batch": batch, **asdict(place)} for (dataset, batch), place in sorted(places.items())
    ]
    told["known"] = found.known
    return told


def _register(catalogue: Catalogue, name: str | None, subject: str) -> Register:
    """The register that was named, or the only one of whose keys this is a right one."""
    known = {one.id: one for one in catalogue.registers if catalogue.of_register(one.id)}
    fitting = [one for one in known.values() if one.merged and _is_key(one, subject)]
    if name in known:
        return known[name]
    if name is None and len(fitting) == 1:
        return fitting[0]
    names = ", ".join(sorted(known))
    raise MianzhengError(
        f"请用 --register 指明基础库,可选: {names}。", f"name the register with --register; choose of {names}."
    )


def _is_key(register: Register, subject: str) -> bool:
    check = _CHECKS.get(register.key.semantic or "")
    return check is not None and check(subject_versions.key_form(register, subject))


def _check_attribute(register: Register, attribute: str | None) -> None:
    names = [one.name for one in register.attributes]
    if attribute is not None and attribute not in names:
        told = ", ".join(names)
        raise MianzhengError(f"没有这个属性。可选: {told}。", f"there is no such attribute; choose of {told}.")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise MianzhengError(
            "--as-of 应为日期,如 2024-01-31。", "--as-of should be a day, such as 2024-01-31."
        ) from None


def _moment(text: str | None) -> datetime | None:
    """A moment; one without an offset is China's time."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise MianzhengError(
            "--known-at 应为时间,如 2026-11-21T09:00。", "--known-at should be a time, such as 2026-11-21T09:00."
        ) from None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=CHINA)
