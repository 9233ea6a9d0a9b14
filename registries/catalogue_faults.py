"""What only shows when all contracts are together: double names, broken references, circles, rival authorities.

for fault in faults_between(departments, registers, datasets): print(fault.en)
"""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from registries.contracts.faults import Fault
from registries.contracts.model import Dataset, Register, RegisterRole


class Named(Protocol):
    """A department, as far as it matters here."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def predecessors(self) -> tuple[str, ...]:
        """Ids of departments whose work it took over."""

    @property
    def successors(self) -> tuple[str, ...]:
        """Ids of departments that took over its work."""


def references(datasets: Sequence[Dataset]) -> Mapping[str, frozenset[str]]:
    """Dataset -> the datasets that its reference rules look into, itself left out."""
    members: dict[str, list[str]] = {}
    for dataset in datasets:
        if dataset.register:
            members.setdefault(dataset.register.register, []).append(dataset.name)
    found = {}
    for dataset in datasets:
        targets = [rule.arguments for rule in dataset.rules if rule.kind == "reference"]
        names = {str(target["dataset"]) for target in targets if "dataset" in target}
        for target in targets:
            names |= set(members.get(str(target.get("register")), ()))
        found[dataset.name] = frozenset(names - {dataset.name})
    return found


def faults_between(
    departments: Sequence[Named], registers: Sequence[Register], datasets: Sequence[Dataset]
) -> Iterator[Fault]:
    """Every fault that no contract has alone."""
    yield from _doubles([d.id for d in departments], [r.id for r in registers], [d.name for d in datasets])
    yield from _unknown_departments(departments)
    by_id = {register.id: register for register in registers}
    by_name = {dataset.name: dataset for dataset in datasets}
    for dataset in datasets:
        yield from _broken_role(dataset, by_id)
        yield from _broken_correction(dataset, by_id)
        yield from _broken_references(dataset, by_id, by_name)
    yield from _circles(datasets)
    yield from _rivals(datasets, by_id)


def precedence(role: RegisterRole, attribute: str) -> int:
    """What decides an attribute of a register first: 1."""
    return role.authorities.get(attribute, role.precedence)


def _doubles(*lists: list[str]) -> Iterator[Fault]:
    for names in lists:
        for position, name in enumerate(names):
            if name in names[:position]:
                yield _between(name, "名称重复", "is there twice", "请改名或移除一份", "rename or remove one")


def _unknown_departments(departments: Sequence[Named]) -> Iterator[Fault]:
    known = {department.id for department in departments}
    for department in departments:
        for other in (*department.predecessors, *department.successors):
            if other not in known:
                yield _between(
                    department.id,
                    f"的前身或后继部门 {other} 不存在",
                    f"names {other} as predecessor or successor, which is not there",
                    "请先登记该部门",
                    "describe that department first",
                )


def _broken_correction(dataset: Dataset, registers: Mapping[str, Register]) -> Iterator[Fault]:
    correction = dataset.correction
    merged = sorted(register.id for register in registers.values() if register.merged)
    if correction is not None and correction.register not in merged:
        yield _between(
            dataset.name,
            f"更正的是基础库 {correction.register} 的号码, 没有这样的按主体归并的基础库, 可用的有 {', '.join(merged)}",
            f"corrects keys of register {correction.register}; merged registers are {', '.join(merged)}",
            "请改正 correction",
            "mend correction",
        )


def _broken_role(dataset: Dataset, registers: Mapping[str, Register]) -> Iterator[Fault]:
    role = dataset.register
    if role is None:
        return
    register = registers.get(role.register)
    if register is None:
        yield _between(
            dataset.name,
            f"归入的基础库 {role.register} 不存在, 可用的有 {', '.join(sorted(registers))}",
            f"belongs to register {role.register}, which is not there; known are {', '.join(sorted(registers))}",
            "请改正 register, 或先写该基础库的契约",
            "correct register, or write the register's contract first",
        )
        return
    known = {attribute.name for attribute in register.attributes}
    for attribute in sorted(set(role.attributes) - known):
        yield _between(
            dataset.name,
            f"提供的属性 {attribute} 不在基础库 {register.id} 中, 可用的有 {', '.join(sorted(known))}",
            f"gives attribute {attribute}, unknown to register {register.id}; known are {', '.join(sorted(known))}",
            "请改正 attributes, 或先修订基础库的契约",
            "correct attributes, or revise the register's contract first",
        )


def _broken_references(
    dataset: Dataset, registers: Mapping[str, Register], datasets: Mapping[str, Dataset]
) -> Iterator[Fault]:
    for rule in dataset.rules:
        if rule.kind == "reference" and not _is_there(rule.arguments, registers, datasets):
            target = rule.arguments.get("dataset") or rule.arguments.get("register")
            yield _between(
                dataset.name,
                f"规则 {rule.id} 引用的 {target}.{rule.arguments['target_column']} 不存在",
                f"rule {rule.id} refers to {target}.{rule.arguments['target_column']}, which is not there",
                "请核对 relationships",
                "check its relationships",
            )


def _is_there(
    arguments: Mapping[str, object], registers: Mapping[str, Register], datasets: Mapping[str, Dataset]
) -> bool:
    column = arguments["target_column"]
    if "dataset" in arguments:
        target = datasets.get(str(arguments["dataset"]))
        return target is not None and any(each.name == column for each in target.columns)
    name = str(arguments["register"])
    roles = (dataset.register for dataset in datasets.values())
    keys = {role.subject_key for role in roles if role is not None and role.register == name}
    return name in registers and column in keys | {registers[name].key.name}


def _circles(datasets: Sequence[Dataset]) -> Iterator[Fault]:
    try:
        TopologicalSorter(references(datasets)).prepare()
    except CycleError as error:
        names = " -> ".join(error.args[1])
        yield _between(
            error.args[1][0],
            f"的引用规则绕成一圈: {names}",
            f"is in a circle of references: {names}",
            "请去掉其中一条 relationships",
            "remove one of these relationships",
        )


def _rivals(datasets: Sequence[Dataset], registers: Mapping[str, Register]) -> Iterator[Fault]:
    """Where one subject has one row, two datasets must not be the same authority for one attribute."""
    taken: dict[tuple[str, str, int], str] = {}
    told: set[tuple[str, str]] = set()
    for dataset in datasets:
        role = dataset.register
        if role is None or role.register not in registers or not registers[role.register].merged:
            continue
        for attribute in role.attributes:
            place = (role.register, attribute, precedence(role, attribute))
            other = taken.setdefault(place, dataset.name)
            if other != dataset.name and (other, dataset.name) not in told:
                told.add((other, dataset.name))
                yield _between(
                    dataset.name,
                    f"与 {other} 在基础库 {place[0]} 的属性 {attribute} 上同为第 {place[2]} 数源",
                    f"has the same precedence {place[2]} as {other} for {attribute} of register {place[0]}",
                    "一数一源: 请改 precedence 或 authorities",
                    "one attribute has one authority: change precedence or authorities",
                )


def _between(name: str, cause_zh: str, cause_en: str, mend_zh: str, mend_en: str) -> Fault:
    return Fault(name, 1, f"{name} {cause_zh}", f"{name} {cause_en}", mend_zh, mend_en)
