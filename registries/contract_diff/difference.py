"""One difference between two versions of a contract: what changed, whom it concerns, which version step it needs.

>>> readers = register_readers("population")
>>> found = Difference("public_security.residents", "attribute_removed", "major", (readers,), "少了 x", "x is gone")
>>> found.breaking, found.whom[0].en
(True, 'readers of register population')
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from registries.contracts.model import Dataset

Step = Literal["major", "minor", "patch"]
STEPS: Final[tuple[Step, ...]] = ("patch", "minor", "major")
"""The steps of a version (semver.org), the smallest first."""

PartyKind = Literal["publishers", "relying_systems", "register_readers", "readers", "stewards", "data_subjects"]


@dataclass(frozen=True)
class Party:
    """Somebody whom a change concerns."""

    kind: PartyKind
    zh: str
    en: str


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        where: the dataset, register or department, and the column behind it if it is about one.
        what: a short name of the kind of change, such as `column_removed`.
        step: the version step that it needs; `major` means that it breaks something for somebody.
    """

    where: str
    what: str
    step: Step
    whom: tuple[Party, ...]
    zh: str
    en: str

    @property
    def breaking(self) -> bool:
        """Whether somebody has to change something, or loses a protection."""
        return self.step == "major"


Differences = Iterator[Difference]
STEWARDS: Final = Party("stewards", "数据管理员", "data stewards")
SUBJECTS: Final = Party("data_subjects", "个人信息主体", "the people whose personal data it is")


def publishers(dataset: Dataset) -> Party:
    """Those who deliver the dataset."""
    return Party("publishers", f"交付部门 {dataset.department}", f"{dataset.department}, which delivers it")


def register_readers(register: str) -> Party:
    """Those who read a register."""
    return Party("register_readers", f"基础库 {register} 的读者", f"readers of register {register}")


def relying_systems(certificate_type: str) -> Party:
    """Those who verify certificates of a type."""
    return Party(
        "relying_systems",
        f"核验证照类型 {certificate_type} 的系统",
        f"systems that verify certificates of type {certificate_type}",
    )


def readers(dataset: Dataset) -> tuple[Party, ...]:
    """All who read a dataset's data: through its register, through certificates, or as a dataset."""
    found = [Party("readers", f"使用 {dataset.name} 的部门", f"departments that use {dataset.name}")]
    if dataset.register is not None:
        found.append(register_readers(dataset.register.register))
    if dataset.certificate is not None:
        found.append(relying_systems(dataset.certificate.type_code))
    return tuple(found)


def column_readers(dataset: Dataset, column: str) -> tuple[Party, ...]:
    """Those who read one column, by the roles that use it."""
    found = [readers(dataset)[0]]
    role, certificate = dataset.register, dataset.certificate
    if role is not None and column in {role.subject_key, *role.attributes.values()}:
        found.append(register_readers(role.register))
    if certificate is not None and column in certificate_columns(dataset):
        found.append(relying_systems(certificate.type_code))
    return tuple(found)


def certificate_columns(dataset: Dataset) -> frozenset[str]:
    """The columns that certificate look-ups use."""
    mapping = dataset.certificate
    if mapping is None:
        return frozenset()
    named = {value for name, value in vars(mapping).items() if isinstance(value, str)}
    named -= {mapping.type_code, mapping.holder_role}
    for holder in mapping.further_holders:
        named |= {name for name in (holder.name, holder.code, holder.code_type) if name}
    for thing in mapping.objects:
        named |= {name for name in (thing.number, thing.name) if name}
    return frozenset(named)
