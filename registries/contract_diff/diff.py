"""What breaks for whom between two versions of contracts, and which version step the change needs.

    found = compare(load_part(Path("old")), load_part(Path("new")))
    [each.en for each in found.differences if each.breaking]
    [step.en for step in found.steps if not step.enough]

Breaking is what makes somebody change something, or takes a protection from people whose data it is: a weaker
classification, a longer service level and a wider role count. Versions are read as semver.org has it; before 1.0.0
the second number stands for the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registries.contract_diff.access import Access, access_differences, access_of
from registries.contract_diff.columns import classification_difference, column_differences
from registries.contract_diff.difference import (
    STEPS,
    Difference,
    Differences,
    Step,
    publishers,
    readers,
    register_readers,
)
from registries.contract_diff.keeping import retention_differences
from registries.contract_diff.roles import (
    certificate_differences,
    delivery_differences,
    identity_differences,
    promise_differences,
    register_differences,
    rule_differences,
)
from registries.contracts.faults import ContractFaults, Fault
from registries.contracts.loading import load_contract, load_register
from registries.contracts.model import Dataset, Register
from registries.contracts.registers import SUFFIX
from registries.departments import Catalogue, Department, load_department

_ORDER: Final = {step: position for position, step in enumerate(STEPS)}


@dataclass(frozen=True)
class Part:
    """What is compared: the content of one contract, of a department, or of a whole catalogue."""

    datasets: tuple[Dataset, ...] = ()
    registers: tuple[Register, ...] = ()
    departments: tuple[Department, ...] = ()
    access: tuple[Access, ...] = ()


@dataclass(frozen=True)
class VersionStep:
    """A contract that changed, and the version step that the change needs.

    Attributes:
        needed: by the greatest of its differences.
        enough: whether its new version is at least that step ahead of the old one.
    """

    contract: str
    department: str
    old: str
    new: str
    needed: Step
    enough: bool

    @property
    def zh(self) -> str:
        """In Chinese, with what to do."""
        told = f"{self.contract}: {self.old} → {self.new}"
        return told if self.enough else f"{told}, 版本号应至少为 {next_version(self.old, self.needed)}"

    @property
    def en(self) -> str:
        """In English, with what to do."""
        told = f"{self.contract}: {self.old} → {self.new}"
        if self.enough:
            return told
        least = next_version(self.old, self.needed)
        return f"{told}; this is a {self.needed} change: the version has to be at least {least}"


@dataclass(frozen=True)
class Comparison:
    """Everything that differs, the breaking ones first, and a version step for each contract that changed."""

    differences: tuple[Difference, ...]
    steps: tuple[VersionStep, ...]

    @property
    def breaking(self) -> bool:
        """Whether anything breaks for anybody."""
        return any(each.breaking for each in self.differences)


def load_part(path: Path) -> Part:
    """A contract file, a department's folder, or a folder of departments; ContractFaults with all faults."""
    if path.is_file():
        return _of_files([path], [])
    departments = sorted(path.glob("department.yaml")) or sorted(path.glob("*/department.yaml"))
    folders = [file.parent for file in departments] or [path]
    part = _of_files([file for folder in folders for file in sorted(folder.glob("*.odcs.yaml"))], departments)
    if not part.datasets and not part.registers and not part.departments:
        raise ContractFaults([_nothing_there(path)])
    return part


def part_of(catalogue: Catalogue) -> Part:
    """A whole catalogue; what ODCS calls roles is not in it."""
    return Part(catalogue.datasets, catalogue.registers, catalogue.departments)


def _of_files(files: Sequence[Path], departments: Sequence[Path]) -> Part:
    faults: list[Fault] = []
    datasets: list[Dataset] = []
    registers: list[Register] = []
    bureaus: list[Department] = []
    access: list[Access] = []
    for file in (*departments, *files):
        try:
            if file in departments:
                bureaus.append(load_department(file))
            elif file.name.endswith(SUFFIX):
                registers.append(load_register(file))
            else:
                datasets += load_contract(file)
                access.append(access_of(file))
        except ContractFaults as found:
            faults += found.faults
    if faults:
        raise ContractFaults(faults)
    return Part(tuple(datasets), tuple(registers), tuple(bureaus), tuple(access))


def _nothing_there(path: Path) -> Fault:
    return Fault(
        path.name,
        1,
        "没有数据契约",
        "there is no contract",
        "请给出 *.odcs.yaml 文件或部门文件夹",
        "name a *.odcs.yaml file, or a department's folder",
    )


def compare(old: Part, new: Part) -> Comparison:
    """What differs, and the version steps that it needs."""
    differences = [
        *_department_differences(old.departments, new.departments),
        *_register_contracts(old.registers, new.registers),
        *_dataset_differences(old.datasets, new.datasets),
        *access_differences(old.access, new.access),
    ]
    in_order = sorted(differences, key=lambda each: (-_ORDER[each.step], each.where, each.what, each.en))
    return Comparison(tuple(in_order), tuple(_steps(old, new, in_order)))


# --- datasets


def _dataset_differences(old: Sequence[Dataset], new: Sequence[Dataset]) -> Differences:
    after = {dataset.name: dataset for dataset in new}
    before = {dataset.name: dataset for dataset in old}
    for name, dataset in before.items():
        if name not in after:
            whom = (publishers(dataset), *readers(dataset))
            words = (f"{name} ({dataset.title_zh}) 已移除", f"{name} was removed")
            yield Difference(name, "dataset_removed", "major", whom, *words)
        else:
            yield from _one_dataset(dataset, after[name])
    for name in sorted(after.keys() - before.keys()):
        words = (f"{name} ({after[name].title_zh}) 新增", f"{name} was added")
        yield Difference(name, "dataset_added", "minor", (publishers(after[name]),), *words)


def _one_dataset(old: Dataset, new: Dataset) -> Differences:
    yield from identity_differences(old, new)
    yield from column_differences(old, new)
    yield from delivery_differences(old, new)
    yield from promise_differences(old, new)
    yield from register_differences(old, new)
    yield from certificate_differences(old, new)
    yield from rule_differences(old, new)
    yield from retention_differences(old, new)


# --- registers as contracts


def _register_contracts(old: Sequence[Register], new: Sequence[Register]) -> Differences:
    after = {register.id: register for register in new}
    for register in old:
        if register.id in after:
            yield from _one_register(register, after[register.id])
        else:
            yield _register(register, "register_removed", "major", "已移除", "was removed")
    for register in new:
        if register.id not in {before.id for before in old}:
            yield _register(register, "register_added", "minor", "新增", "was added")


def _one_register(old: Register, new: Register) -> Differences:
    if (old.key.name, old.key.logical_type) != (new.key.name, new.key.logical_type):
        yield _register(new, "subject_key_changed", "major", "主体标识改变", "has another subject key")
    if old.subject_kind.id != new.subject_kind.id:
        yield _register(new, "subject_kind_changed", "major", "主体种类改变", "speaks of another kind of subject")
    if old.merged != new.merged:
        yield _register(new, "merging_changed", "major", "合并方式改变", "is merged otherwise")
    before = {column.name: column for column in (old.key, *old.attributes)}
    after = {column.name: column for column in (new.key, *new.attributes)}
    for name, column in before.items():
        if name not in after:
            yield _register(new, "attribute_removed", "major", f"少了属性 {name}", f"lost attribute {name}")
            continue
        if column.logical_type != after[name].logical_type:
            yield _register(new, "type_changed", "major", f"属性 {name} 类型改变", f"has another type of {name}")
        where, whom = f"{new.id}.{name}", (register_readers(new.id),)
        yield from classification_difference(where, whom, column, after[name])
    for name in sorted(after.keys() - before.keys()):
        yield _register(new, "attribute_added", "minor", f"新增属性 {name}", f"has a new attribute {name}")


def _register(register: Register, what: str, step: Step, zh: str, en: str) -> Difference:
    words = (f"基础库 {register.id} ({register.title_zh}) {zh}", f"register {register.id} {en}")
    return Difference(register.id, what, step, (register_readers(register.id),), *words)


# --- departments: they have no version


def _department_differences(old: Sequence[Department], new: Sequence[Department]) -> Differences:
    after = {department.id: department for department in new}
    for department in old:
        now = after.get(department.id)
        if now is None:
            continue  # its contracts tell, if it had any
        if (department.area_code, department.level) != (now.area_code, now.level):
            yield _department(now, "minor", "area_changed", "区划或层级改变", "has another area or level")
        if now.valid_until is not None and now.valid_until != department.valid_until:
            step: Step = "minor" if now.successors else "major"
            zh, en = f"有效至 {now.valid_until}", f"ends on {now.valid_until}"
            rest = ("", "") if now.successors else (", 没有后继部门", " without a successor")
            yield _department(now, step, "department_ends", zh + rest[0], en + rest[1])


def _department(department: Department, step: Step, what: str, zh: str, en: str) -> Difference:
    words = (f"部门 {department.name_zh} {zh}", f"department {department.id} {en}")
    return Difference(department.id, what, step, (), *words)


# --- versions


def _steps(old: Part, new: Part, differences: Iterable[Difference]) -> Iterable[VersionStep]:
    needed: dict[str, Step] = {}
    for each in differences:
        for contract in _contracts_of(new, each.where) or _contracts_of(old, each.where):
            known = needed.get(contract, "patch")
            needed[contract] = max(known, each.step, key=lambda step: _ORDER[step])
    before, after = _versions(old), _versions(new)
    for contract, step in sorted(needed.items()):
        if contract in before and contract in after:
            (department, was), (_, now) = before[contract], after[contract]
            yield VersionStep(contract, department, was, now, step, _enough(was, now, step))


def _contracts_of(part: Part, where: str) -> set[str]:
    found = {each.contract_id for each in part.datasets if f"{where}.".startswith(f"{each.name}.")}
    found |= {each.contract_id for each in part.registers if f"{where}.".startswith(f"{each.id}.")}
    return found | {each.contract_id for each in part.access if each.contract_id == where}


def _versions(part: Part) -> dict[str, tuple[str, str]]:
    contracts: tuple[Dataset | Register, ...] = (*part.datasets, *part.registers)
    return {each.contract_id: (each.department, each.contract_version) for each in contracts}


def next_version(version: str, step: Step) -> str:
    """The smallest version that is this step ahead."""
    major, minor, patch = (int(number) for number in version.split("."))
    if step == "major" and major:
        return f"{major + 1}.0.0"
    return f"{major}.{minor}.{patch + 1}" if step == "patch" else f"{major}.{minor + 1}.0"


def _enough(old: str, new: str, step: Step) -> bool:
    wanted, given = ([int(number) for number in version.split(".")] for version in (next_version(old, step), new))
    return given >= wanted
