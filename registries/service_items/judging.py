"""What only shows when items, datasets and certificate types are together: broken references; and proofs nobody needs.

    for fault in item_faults(items, departments, datasets): ...       # the catalogue can't be used
    for finding in findings(items, datasets): ...                     # it can; somebody should mend the item

Findings are the 奇葩证明 and 循环证明 of the policies: a proof without a legal basis, one that the demanding department
issues itself, one that the hub holds and the item ignores, and items that wait for each other's results.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from registries.contracts.faults import Fault
from registries.contracts.model import Dataset
from registries.service_items.model import CertificateWay, MatchWay, Material, QueryWay, ServiceItem

Kind = Literal["no_basis", "own_proof", "held_by_hub", "circle"]


@dataclass(frozen=True)
class Finding:
    """Something that an item asks for and should not.

    Attributes:
        material: its id; "" where the item as a whole is meant.
    """

    kind: Kind
    item: str
    material: str
    file: str
    zh: str
    en: str


def item_faults(
    items: Sequence[ServiceItem], departments: Sequence[str], datasets: Sequence[Dataset]
) -> Iterator[Fault]:
    """Every fault that no item has alone: codes given twice, departments, datasets and columns that are not there."""
    by_code: dict[str, ServiceItem] = {}
    for item in items:
        if item.code in by_code:
            zh, en = f"事项编码 {item.code} 重复", f"item code {item.code} is given twice"
            yield _fault(item, zh, en, "请改用另一编码", "use another code")
        by_code[item.code] = item
    known = {dataset.name: dataset for dataset in datasets}
    for item in items:
        for material in item.materials:
            yield from _broken(item, material, departments, known)


def _broken(
    item: ServiceItem, material: Material, departments: Sequence[str], datasets: Mapping[str, Dataset]
) -> Iterator[Fault]:
    mend = ("请改正", "correct it")
    where_zh, where_en = f"材料 {material.id}: ", f"material {material.id}: "
    if material.issued_by and material.issued_by not in departments:
        zh, en = f"没有部门 {material.issued_by}", f"there is no department {material.issued_by}"
        yield _fault(item, where_zh + zh, where_en + en, *mend)
    for way in material.ways:
        if not isinstance(way, MatchWay | QueryWay):
            continue
        dataset = datasets.get(way.dataset)
        if dataset is None:
            zh, en = f"没有数据资源 {way.dataset}", f"there is no dataset {way.dataset}"
            yield _fault(item, where_zh + zh, where_en + en, *mend)
            continue
        for column in _missing(dataset, way.columns):
            zh, en = f"{way.dataset} 没有 {column} 列", f"{way.dataset} has no column {column}"
            yield _fault(item, where_zh + zh, where_en + en, *mend)
        if dataset.register is None or not _by_subject(dataset):
            zh = f"{way.dataset} 不是按主体归入基础库的数据资源, 不能按主体核对"
            en = f"{way.dataset} gives no register a subject, so nobody can be looked up in it"
            yield _fault(item, where_zh + zh, where_en + en, *mend)


def _missing(dataset: Dataset, columns: Sequence[str]) -> list[str]:
    stored = {column.name for column in dataset.stored_columns}
    return [column for column in columns if column not in stored]


def _by_subject(dataset: Dataset) -> bool:
    """Whether the key by which it joins its register names a person or an organisation, not a certificate."""
    return dataset.certificate is None


def unknown_types(items: Sequence[ServiceItem], known: Mapping[str, object]) -> Iterator[Fault]:
    """Certificate types that this hub does not know."""
    for item in items:
        for code in dict.fromkeys((*item.certificate_types(), *item.results)):
            if code not in known:
                zh, en = f"没有证照类型 {code}", f"there is no certificate type {code}"
                yield _fault(item, zh, en, "请核对类型代码", "check the type's code")


def _fault(item: ServiceItem, cause_zh: str, cause_en: str, mend_zh: str, mend_en: str) -> Fault:
    return Fault(item.file, 1, cause_zh, cause_en, mend_zh, mend_en)


# --- proofs that nobody needs


def findings(items: Sequence[ServiceItem], datasets: Sequence[Dataset]) -> Iterator[Finding]:
    """What items ask for and should not, in the order of items and materials; circles last."""
    issuing = _issuing(datasets)
    for item in items:
        for material in item.materials:
            yield from _of_material(item, material, issuing)
    yield from _circles(items)


def _issuing(datasets: Sequence[Dataset]) -> Mapping[str, tuple[str, ...]]:
    """Certificate type -> the departments whose datasets hold it."""
    found: dict[str, tuple[str, ...]] = {}
    for dataset in datasets:
        if dataset.certificate is not None:
            code = dataset.certificate.type_code
            found[code] = (*found.get(code, ()), dataset.department)
    return found


def _of_material(item: ServiceItem, material: Material, issuing: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    if not material.basis:
        yield _finding(
            "no_basis",
            item,
            material.id,
            f"“{material.name_zh}”没有写明法律法规依据；凡没有依据的证明，原则上一律取消",
            f'"{material.name_en}" names no law that asks for it; proofs without one should go',
        )
    if material.issued_by == item.department and not material.ways:
        yield _finding(
            "own_proof",
            item,
            material.id,
            f"“{material.name_zh}”由本部门自己出具，却要求申请人提交（循环证明）",
            f'"{material.name_en}" is issued by the department that demands it (circular proof)',
        )
    elif material.issued_by and not material.ways and material.issued_by in _holders(issuing):
        yield _finding(
            "held_by_hub",
            item,
            material.id,
            f"“{material.name_zh}”的出具部门已向枢纽提供证照数据，请改为以核验、比对或查询办理",
            f'the issuer of "{material.name_en}" gives its certificates to the hub; let it be met by one of the acts',
        )


def _holders(issuing: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(department for departments in issuing.values() for department in departments)


def _circles(items: Sequence[ServiceItem]) -> Iterator[Finding]:
    """Items that need each other's results: A demands from B what B gives only to who has it from A."""
    ending_in: dict[str, list[str]] = {}
    for item in items:
        for result in item.results:
            ending_in.setdefault(result, []).append(item.code)
    needs = {item.code: {code for result in _needed(item) for code in ending_in.get(result, ())} for item in items}
    by_code = {item.code: item for item in items}
    while True:
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            circle: list[str] = list(error.args[1])[:-1]
            names_zh = " → ".join(by_code[code].name_zh for code in reversed(circle))
            names_en = " → ".join(by_code[code].name_en for code in reversed(circle))
            yield _finding(
                "circle",
                by_code[circle[0]],
                "",
                f"循环证明：{names_zh} → 回到起点，各以对方的结果为前提",
                f"circular proof: {names_en} → and back; each waits for the other's result",
            )
            for code in circle:
                needs[code] = set()
        else:
            return


def _needed(item: ServiceItem) -> frozenset[str]:
    """The certificate types without which the item can't be had: materials that nothing else can meet."""
    return frozenset(
        material.ways[0].types[0]
        for material in item.materials
        if len(material.ways) == 1
        and isinstance(material.ways[0], CertificateWay)
        and len(material.ways[0].types) == 1
        and material.ways[0].types[0] not in item.results  # a renewal needs the former one
    )


def _finding(kind: Kind, item: ServiceItem, material: str, zh: str, en: str) -> Finding:
    return Finding(kind, item.code, material, item.file, zh, en)
