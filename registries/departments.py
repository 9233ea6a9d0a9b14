"""Departments and the catalogue of what they publish: folders of YAML, each a department with its contracts.

    catalogue = load_catalogue([BUILT_IN])
    catalogue.dataset("public_security.residents").title_zh
    -> '常住人口登记信息'

A folder holds `department.yaml`, any number of `*.odcs.yaml`, and `samples/`. No Python names a department.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

from certificates.identifiers import check_uscc
from registries.contract_faults import ContractFaults, Fault
from registries.contract_model import Dataset
from registries.contract_yaml import Page, read_yaml
from registries.contracts import load_contract

BUILT_IN: Final = Path(__file__).parent / "departments"
"""The departments that the hub ships: the sample city's and the publishers of division lists."""

_FIELDS: Final = {
    "id": True,
    "nameZh": True,
    "nameEn": True,
    "uscc": False,
    "areaCode": True,
    "level": True,
    "validFrom": True,
    "validUntil": False,
    "predecessors": False,
    "successors": False,
}
LEVELS: Final = ("国家", "省", "市", "县")


@dataclass(frozen=True)
class Department:
    """A department with its validity, what it came from and what took its place.

    Attributes:
        uscc: unified social credit code (GB 32100); None where it isn't public.
        area_code: six digits of GB/T 2260 (000000: the country).
        level: 国家, 省, 市 or 县.
        predecessors: ids of the departments whose work it took over.
    """

    id: str
    name_zh: str
    name_en: str
    area_code: str
    level: str
    valid_from: dt.date
    valid_until: dt.date | None = None
    uscc: str | None = None
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All departments and datasets, in the order of their folders and names."""

    departments: tuple[Department, ...]
    datasets: tuple[Dataset, ...]

    @cached_property
    def _departments(self) -> Mapping[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def _datasets(self) -> Mapping[str, Dataset]:
        return {dataset.name: dataset for dataset in self.datasets}

    def department(self, department_id: str) -> Department:
        """The department of that id; KeyError if there is none."""
        return self._departments[department_id]

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name; KeyError if there is none."""
        return self._datasets[name]

    def __contains__(self, name: object) -> bool:
        return name in self._datasets

    def of_department(self, department_id: str) -> tuple[Dataset, ...]:
        """What a department publishes."""
        return tuple(dataset for dataset in self.datasets if dataset.department == department_id)

    def of_register(self, register: str) -> tuple[Dataset, ...]:
        """The datasets of a register, by precedence."""
        members = [dataset for dataset in self.datasets if dataset.register and dataset.register.register == register]
        return tuple(sorted(members, key=lambda dataset: dataset.register.precedence if dataset.register else 0))

    def in_order_of_references(self) -> tuple[Dataset, ...]:
        """Each dataset after those that its reference rules look into: the order to take them in."""
        return tuple(self.dataset(name) for name in TopologicalSorter(self.references()).static_order())

    def references(self) -> Mapping[str, frozenset[str]]:
        """Dataset -> the datasets that its reference rules look into, itself left out."""
        found = {}
        for dataset in self.datasets:
            targets = [rule.arguments for rule in dataset.rules if rule.kind == "reference"]
            names = {str(target["dataset"]) for target in targets if "dataset" in target}
            for target in targets:
                names |= {member.name for member in self.of_register(str(target.get("register")))}
            found[dataset.name] = frozenset(names - {dataset.name})
        return found


def load_catalogue(folders: Sequence[Path] = (BUILT_IN,)) -> Catalogue:
    """All departments in the folders; ContractFaults with the faults of all of them at once.

    Args:
        folders: each holds one folder per department; folders without a department.yaml are passed over.
    """
    departments: list[Department] = []
    datasets: list[Dataset] = []
    faults: list[Fault] = []
    for path in _department_files(folders):
        try:
            departments.append(load_department(path))
            for contract in sorted(path.parent.glob("*.odcs.yaml")):
                datasets += _contract(contract, path.parent.name, faults)
        except ContractFaults as found:
            faults += found.faults
    catalogue = Catalogue(tuple(departments), tuple(datasets))
    if not faults:
        faults = list(_faults_between(catalogue))
    if faults:
        raise ContractFaults(faults)
    return catalogue


def _department_files(folders: Sequence[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.glob("*/department.yaml"))]


def _contract(path: Path, department: str, faults: list[Fault]) -> tuple[Dataset, ...]:
    try:
        datasets = load_contract(path)
    except ContractFaults as found:
        faults += found.faults
        return ()
    if any(dataset.department != department for dataset in datasets):
        faults.append(
            Fault(
                f"{department}/{path.name}",
                1,
                f"数据契约的 domain 不是本部门 {department}",
                f"the contract's domain is not its department {department}",
                f"请写 domain: {department}",
                f"write domain: {department}",
            )
        )
    return datasets


def load_department(path: Path) -> Department:
    """A department.yaml; ContractFaults with all of its faults."""
    page = read_yaml(path)
    for name in page.content:
        if name not in _FIELDS:
            page.note_unknown((name,), "字段", "field", name, _FIELDS)
    for name, needed in _FIELDS.items():
        if needed and not page.content.get(name):
            page.note((name,), f"缺少 {name}", f"{name} is missing", f"请填写 {name}", f"give {name}")
    page.stop_if_faulty()
    _check_department(page, path.parent.name)
    page.stop_if_faulty()
    return _department(page.content)


def _check_department(page: Page, folder: str) -> None:
    content = page.content
    quote = ("请改正; 文本与代码请加引号", "correct it; quote text and codes")
    if content["id"] != folder:
        page.note(("id",), f"id 与文件夹 {folder} 不同", f"id is not its folder {folder}", *quote)
    if not re.fullmatch(r"\d{6}", str(content["areaCode"])) or not isinstance(content["areaCode"], str):
        page.note(("areaCode",), "areaCode 不是六位代码", "areaCode is no text of six digits", *quote)
    if content["level"] not in LEVELS:
        page.note_unknown(("level",), "层级", "level", content["level"], LEVELS)
    _check_types(page, quote)


def _check_types(page: Page, mend: tuple[str, str]) -> None:
    content = page.content
    for name in ("validFrom", "validUntil"):
        if name in content and type(content[name]) is not dt.date:
            page.note((name,), f"{name} 不是日期", f"{name} is no date", "例如 2018-03-21", "2018-03-21, for example")
    for name in ("nameZh", "nameEn"):
        if not isinstance(content[name], str):
            page.note((name,), f"{name} 不是文本", f"{name} is no text", *mend)
    if "uscc" in content and not check_uscc(str(content["uscc"])):
        page.note(("uscc",), "uscc 不是有效的统一社会信用代码", "uscc is no unified social credit code", *mend)
    for name in ("predecessors", "successors"):
        given = content.get(name, [])
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            page.note((name,), f"{name} 不是名称列表", f"{name} is no list of names", *mend)


def _department(content: Mapping[str, object]) -> Department:
    until, uscc = content.get("validUntil"), content.get("uscc")
    assert isinstance(content["validFrom"], dt.date)  # noqa: S101 - tells mypy what _check_department made sure of
    return Department(
        id=str(content["id"]),
        name_zh=str(content["nameZh"]),
        name_en=str(content["nameEn"]),
        area_code=str(content["areaCode"]),
        level=str(content["level"]),
        valid_from=content["validFrom"],
        valid_until=until if isinstance(until, dt.date) else None,
        uscc=uscc if isinstance(uscc, str) else None,
        predecessors=_texts(content.get("predecessors")),
        successors=_texts(content.get("successors")),
    )


def _texts(given: object) -> tuple[str, ...]:
    return tuple(str(item) for item in given) if isinstance(given, list) else ()


# --- what only shows when all are together


def _faults_between(catalogue: Catalogue) -> Iterator[Fault]:
    yield from _doubles(catalogue)
    for dataset in catalogue.datasets:
        yield from _broken_references(catalogue, dataset)
    yield from _circles(catalogue)
    taken: dict[tuple[str, int], str] = {}
    for dataset in catalogue.datasets:
        if dataset.register:
            place = (dataset.register.register, dataset.register.precedence)
            other = taken.setdefault(place, dataset.name)
            if other != dataset.name:
                yield _between(
                    dataset.name,
                    f"与 {other} 在基础库 {place[0]} 中同为第 {place[1]} 数源",
                    f"has the same precedence {place[1]} as {other} in register {place[0]}",
                    "一数一源: 请改 precedence",
                    "one attribute has one authority: change precedence",
                )


def _doubles(catalogue: Catalogue) -> Iterator[Fault]:
    for names in ([d.id for d in catalogue.departments], [d.name for d in catalogue.datasets]):
        for position, name in enumerate(names):
            if name in names[:position]:
                yield _between(name, "名称重复", "is there twice", "请改名或移除一份", "rename or remove one")


def _circles(catalogue: Catalogue) -> Iterator[Fault]:
    try:
        catalogue.in_order_of_references()
    except CycleError as error:
        names = " -> ".join(error.args[1])
        yield _between(
            error.args[1][0],
            f"的引用规则绕成一圈: {names}",
            f"is in a circle of references: {names}",
            "请去掉其中一条 relationships",
            "remove one of these relationships",
        )
    except KeyError:
        return  # a reference to nothing: the fault of _broken_references


def _broken_references(catalogue: Catalogue, dataset: Dataset) -> Iterator[Fault]:
    for rule in dataset.rules:
        if rule.kind == "reference" and not _is_there(catalogue, rule.arguments):
            target = rule.arguments.get("dataset") or rule.arguments.get("register")
            yield _between(
                dataset.name,
                f"规则 {rule.id} 引用的 {target}.{rule.arguments['target_column']} 不存在",
                f"rule {rule.id} refers to {target}.{rule.arguments['target_column']}, which is not there",
                "请核对 relationships",
                "check its relationships",
            )


def _is_there(catalogue: Catalogue, arguments: Mapping[str, object]) -> bool:
    column = arguments["target_column"]
    if "dataset" in arguments:
        name = arguments["dataset"]
        return name in catalogue and any(c.name == column for c in catalogue.dataset(str(name)).columns)
    members = catalogue.of_register(str(arguments["register"]))
    return any(member.register is not None and member.register.subject_key == column for member in members)


def _between(name: str, cause_zh: str, cause_en: str, mend_zh: str, mend_en: str) -> Fault:
    return Fault(name, 1, f"{name} {cause_zh}", f"{name} {cause_en}", mend_zh, mend_en)
