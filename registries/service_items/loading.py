"""A service item from its YAML, `<department>/service_items/<name>.yaml`, with every fault at once.

    item = load_item(Path("market_regulation/service_items/food_business_permit.yaml"), "market_regulation")

What it refers to (certificate types, datasets, departments) is judged where all of them are known: `judging`.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from registries.contracts.yaml_page import Page, Place
from registries.service_items.form import plain, read_item
from registries.service_items.model import (
    APPLICANT,
    CertificateWay,
    Condition,
    EarlierWay,
    MatchWay,
    Material,
    Party,
    QueryWay,
    ServiceItem,
    Way,
)

FOLDER: Final = "service_items"
PATTERN: Final = "*.yaml"
_ONE_VALUE: Final = frozenset({"equals", "at_least", "at_most", "age_at_least"})
_NO_VALUE: Final = frozenset({"not_before_today", "present"})


def item_files(department_folder: Path) -> list[Path]:
    """The service items in a department's folder, in the order of their names; none behind a symbolic link."""
    folder = department_folder / FOLDER
    return [] if folder.is_symlink() else sorted(folder.glob(PATTERN))


def load_item(path: Path, department: str) -> ServiceItem:
    """The item that a file describes.

    Raises:
        registries.contracts.faults.ContractFaults: with every fault of the file.
    """
    page = read_item(path)
    page.file = f"{department}/{FOLDER}/{path.name}"
    content = plain(page)
    _check_names(page, content)
    _check_ways(page, content)
    page.stop_if_faulty()
    return _item(content, department, page.file)


def _item(content: Mapping[str, Any], department: str, file: str) -> ServiceItem:
    until = content.get("validUntil")
    steps = _named(content["steps"])
    return ServiceItem(
        code=content["code"],
        version=content["version"],
        name_zh=content["nameZh"],
        name_en=content["nameEn"],
        department=department,
        area_code=content["areaCode"],
        basis=tuple(content["basis"]),
        results=tuple(content.get("results", ())),
        valid_from=dt.date.fromisoformat(content["validFrom"]),
        valid_until=dt.date.fromisoformat(until) if until else None,
        steps=steps,
        parties=(
            Party(APPLICANT, "申请人", "applicant", content["applicant"]),
            *(Party(each["id"], each["nameZh"], each["nameEn"], each["kind"]) for each in content.get("parties", ())),
        ),
        claims=_named(content.get("claims", ())),
        materials=tuple(_material(each, steps[0][0]) for each in content["materials"]),
        file=file,
    )


def _named(given: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((each["id"], each["nameZh"], each["nameEn"]) for each in given)


def _material(content: Mapping[str, Any], first_step: str) -> Material:
    paper: Mapping[str, str] = next((way["paper"] for way in content["metBy"] if "paper" in way), {})
    return Material(
        id=content["id"],
        name_zh=content["nameZh"],
        name_en=content["nameEn"],
        basis=tuple(content.get("basis", ())),
        issued_by=content.get("issuedBy", ""),
        about=content.get("about", APPLICANT),
        step=content.get("step", first_step),
        later_days=content.get("laterDays"),
        kept_as=content.get("keptAs", content["id"]),
        ways=tuple(_ways(content["metBy"])),
        paper_because_zh=paper.get("becauseZh", ""),
        paper_because_en=paper.get("becauseEn", ""),
    )


def _ways(given: Sequence[Mapping[str, Any]]) -> Iterator[Way]:
    for each in given:
        ((kind, told),) = each.items()
        if kind == "certificate":
            yield CertificateWay(tuple(told["types"]))
        elif kind == "match":
            yield MatchWay(told["dataset"], tuple(told["columns"].items()))
        elif kind == "query":
            conditions = tuple(
                Condition(one["column"], one["operation"], tuple(one.get("values", ()))) for one in told["conditions"]
            )
            yield QueryWay(told["dataset"], conditions, told["zh"], told["en"])
        elif kind == "earlier":
            yield EarlierWay(told["withinDays"])


# --- what the schema can't say


def _check_names(page: Page, content: Mapping[str, Any]) -> None:
    """Ids that stand twice, and names of steps, parties and claims that are nowhere said."""
    steps = [each["id"] for each in content["steps"]]
    parties = [APPLICANT, *(each["id"] for each in content.get("parties", ()))]
    claims = [each["id"] for each in content.get("claims", ())]
    materials = [each["id"] for each in content["materials"]]
    for name, ids in (("steps", steps), ("parties", parties), ("claims", claims), ("materials", materials)):
        for double in sorted({each for each in ids if ids.count(each) > 1}):
            page.note((name,), f"{double} 出现了两次", f"{double} stands twice", "请改名", "rename one")
    for position, material in enumerate(content["materials"]):
        place: Place = ("materials", position)
        if material.get("step", steps[0]) not in steps:
            page.note_unknown((*place, "step"), "环节", "step", material["step"], steps)
        if material.get("about", APPLICANT) not in parties:
            page.note_unknown((*place, "about"), "当事人", "party", material["about"], parties)
        _check_claims(page, (*place, "metBy"), material["metBy"], parties, claims)


def _check_claims(
    page: Page, place: Place, ways: Sequence[Mapping[str, Any]], parties: Sequence[str], claims: Sequence[str]
) -> None:
    for position, way in enumerate(ways):
        for column, source in way.get("match", {}).get("columns", {}).items():
            owner, _, name = source.partition(".")
            known, given = (claims, name) if owner == "claim" else (parties, owner)
            if given not in known:
                page.note_unknown((*place, position, "match", "columns", column), "来源", "source", source, known)


def _check_ways(page: Page, content: Mapping[str, Any]) -> None:
    for position, material in enumerate(content["materials"]):
        place: Place = ("materials", position, "metBy")
        if len(material["metBy"]) > 1 and any("paper" in way for way in material["metBy"]):
            page.note(
                place,
                "paper 与其他方式并列",
                "`paper` stands beside other ways",
                "仅收纸质的材料只写 paper",
                "a material that comes on paper only has nothing but `paper`",
            )
        for number, way in enumerate(material["metBy"]):
            for order, condition in enumerate(way.get("query", {}).get("conditions", ())):
                _check_values(page, (*place, number, "query", "conditions", order), condition)


def _check_values(page: Page, place: Place, condition: Mapping[str, Any]) -> None:
    given, operation = len(condition.get("values", ())), condition["operation"]
    right = given == 1 if operation in _ONE_VALUE else given == 0 if operation in _NO_VALUE else given > 0
    whole_years = operation != "age_at_least" or all(value.isdigit() for value in condition.get("values", ()))
    if not right or not whole_years:
        page.note(
            place,
            f"{operation} 的 values 数量或取值不对",
            f"{operation} has not the values that it needs",
            "equals、at_least、at_most 要一个, age_at_least 要一个整数, one_of 至少一个, 其余没有",
            "one for equals, at_least and at_most, whole years for age_at_least, some for one_of, none for the others",
        )
