"""Departments and the catalogue of what they publish: folders of YAML, each a department with its contracts.

    catalogue = load_catalogue([BUILT_IN])
    catalogue.dataset("public_security.residents").title_zh
    -> '常住人口登记信息'

A folder holds `department.yaml`, any number of `*.odcs.yaml`, `service_items/*.yaml`, and `samples/`. No Python names a
department.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final, TypeVar

from certificates.identifiers import check_uscc
from certificates.issuers import Issuer
from registries.catalogue_faults import faults_between, references
from registries.contracts.faults import ContractFaults, Fault
from registries.contracts.loading import load_contract, load_register
from registries.contracts.model import Dataset, Register
from registries.contracts.registers import SUFFIX
from registries.contracts.yaml_page import Page, read_yaml
from registries.service_items.loading import item_files, load_item
from registries.service_items.model import ServiceItem

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
    """All departments, datasets and service items, in the order of their folders and names."""

    departments: tuple[Department, ...]
    datasets: tuple[Dataset, ...]
    registers: tuple[Register, ...] = ()
    items: tuple[ServiceItem, ...] = ()

    @cached_property
    def _departments(self) -> Mapping[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def _registers(self) -> Mapping[str, Register]:
        return {register.id: register for register in self.registers}

    @cached_property
    def _datasets(self) -> Mapping[str, Dataset]:
        return {dataset.name: dataset for dataset in self.datasets}

    def department(self, department_id: str) -> Department:
        """The department of that id; KeyError if there is none."""
        return self._departments[department_id]

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name; KeyError if there is none."""
        return self._datasets[name]

    def register(self, register_id: str) -> Register:
        """The register of that id; KeyError if there is none."""
        return self._registers[register_id]

    def __contains__(self, name: object) -> bool:
        return name in self._datasets

    def of_department(self, department_id: str) -> tuple[Dataset, ...]:
        """What a department publishes."""
        return tuple(dataset for dataset in self.datasets if dataset.department == department_id)

    def of_register(self, register: str) -> tuple[Dataset, ...]:
        """The datasets of a register, by precedence and name."""
        roles = [(dataset.register, dataset) for dataset in self.datasets if dataset.register]
        members = [(role.precedence, dataset.name) for role, dataset in roles if role.register == register]
        return tuple(self._datasets[name] for _, name in sorted(members))

    def in_order_of_references(self) -> tuple[Dataset, ...]:
        """Each dataset after those that its reference rules look into: the order to take them in."""
        return tuple(self.dataset(name) for name in TopologicalSorter(self.references()).static_order())

    def references(self) -> Mapping[str, frozenset[str]]:
        """Dataset -> the datasets that its reference rules look into, itself left out."""
        return references(self.datasets)

    def successors_of(self, department_id: str, today: dt.date) -> tuple[Department, ...]:
        """Who answers today for what a department published or issued: itself, or those who took over its work."""
        heirs: dict[str, Department] = {}
        waiting, seen = [department_id], {department_id}
        while waiting:
            department = self._departments[waiting.pop(0)]
            later = {
                *department.successors,
                *(each.id for each in self.departments if department.id in each.predecessors),
            }
            if department.valid_until is None or department.valid_until >= today or not later:
                heirs[department.id] = department
            else:
                waiting += sorted(later - seen)
                seen |= later
        return tuple(heirs.values())

    def issuers(self, today: dt.date) -> Mapping[str, Issuer]:
        """The departments as issuing authorities, by their unified social credit codes."""
        return {
            department.uscc: Issuer(
                department.name_zh,
                department.name_en,
                department.valid_from,
                department.valid_until,
                tuple(heir.name_zh for heir in self.successors_of(department.id, today) if heir is not department),
            )
            for department in self.departments
            if department.uscc is not None
        }


def load_catalogue(folders: Sequence[Path] = (BUILT_IN,)) -> Catalogue:
    """All departments in the folders; ContractFaults with the faults of all of them at once.

    Args:
        folders: each holds one folder per department; folders without a department.yaml are passed over. A
            department that stands in several is taken whole from the last: operators replace what is built in.
    """
    departments: list[Department] = []
    registers: list[Register] = []
    datasets: list[Dataset] = []
    items: list[ServiceItem] = []
    faults: list[Fault] = []
    for path in _department_files(folders):
        try:
            departments.append(load_department(path))
            items += _items(path.parent, faults)
            for contract in sorted(path.parent.glob("*.odcs.yaml")):
                if contract.name.endswith(SUFFIX):
                    registers += _contract(contract, path.parent.name, faults, _one_register)
                else:
                    datasets += _contract(contract, path.parent.name, faults, load_contract)
        except ContractFaults as found:
            faults += found.faults
    if not faults:
        faults = list(faults_between(departments, registers, datasets))
    if faults:
        raise ContractFaults(faults)
    return Catalogue(tuple(departments), tuple(datasets), tuple(registers), tuple(items))


def _items(folder: Path, faults: list[Fault]) -> list[ServiceItem]:
    found = []
    for path in item_files(folder):
        try:
            found.append(load_item(path, folder.name))
        except ContractFaults as refused:
            faults += refused.faults
    return found


def _department_files(folders: Sequence[Path]) -> list[Path]:
    found = {path.parent.name: path for folder in folders for path in sorted(folder.glob("*/department.yaml"))}
    return list(found.values())


_Found = TypeVar("_Found", Dataset, Register)


def _one_register(path: Path) -> tuple[Register, ...]:
    return (load_register(path),)


def _contract(
    path: Path, department: str, faults: list[Fault], load: Callable[[Path], tuple[_Found, ...]]
) -> tuple[_Found, ...]:
    try:
        found = load(path)
    except ContractFaults as refused:
        faults += refused.faults
        return ()
    if any(each.department != department for each in found):
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
    return found


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
