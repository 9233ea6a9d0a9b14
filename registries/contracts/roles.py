"""What a dataset is for: its SLA, sharing class, and its roles in registers and certificate look-ups; faults noted."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

from open_data_contract_standard.model import OpenDataContractStandard

from registries.contracts.model import (
    CertificateMapping,
    Correction,
    HolderMapping,
    ObjectMapping,
    RegisterRole,
    Sharing,
    Sla,
)
from registries.contracts.names import FILL, one_of
from registries.contracts.odcs import QUOTE, Custom
from registries.contracts.retention import PROPERTY as RETENTION
from registries.contracts.vocabulary import GRADES, SHARING_CLASSES, SLA_UNITS
from registries.contracts.yaml_page import Page, Place

_CRON_FIELDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_CRON_PART: Final = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/[1-9][0-9]?)?")
_CERTIFICATE: Final = {
    "typeCode": "type_code",
    "number": "number",
    "identifier": "identifier",
    "holderName": "holder_name",
    "holderCode": "holder_code",
    "holderCodeType": "holder_code_type",
    "issuedOn": "issued_on",
    "validFrom": "valid_from",
    "validUntil": "valid_until",
    "status": "status",
    "statusSince": "status_since",
    "statusReason": "status_reason",
    "issuingAuthorityName": "issuing_authority_name",
    "issuingAuthorityCode": "issuing_authority_code",
    "version": "version",
    "trustLevel": "trust_level",
    "principal": "principal",
    "renewalAppliedOn": "renewal_applied_on",
}


class _Part(NamedTuple):
    """A member of a holder or an object: the model's name, whether it names a column, whether it is needed."""

    field: str
    is_column: bool
    needed: bool


_HOLDER: Final = {
    "name": _Part("name", is_column=True, needed=True),
    "code": _Part("code", is_column=True, needed=True),
    "codeType": _Part("code_type", is_column=True, needed=False),
    "fixedCodeType": _Part("fixed_code_type", is_column=False, needed=False),
    "role": _Part("role", is_column=False, needed=False),
}
_OBJECT: Final = {
    "kind": _Part("kind", is_column=False, needed=True),
    "number": _Part("number", is_column=True, needed=True),
    "name": _Part("name", is_column=True, needed=False),
}
_CERTIFICATE_NEEDS: Final = ("typeCode", "number", "holderName", "holderCode", "status")


def sla_of(page: Page, contract: OpenDataContractStandard, table: str) -> Sla:
    """What the contract promises for one table; a promise without `element` is for all of them."""
    days: dict[str, int] = {}
    units = set()
    cron = ""
    for position, given in enumerate(contract.slaProperties or ()):
        place: Place = ("slaProperties", position)
        if given.property == RETENTION:
            continue
        if given.property not in {"frequency", "latency"}:
            known = ("frequency", "latency", RETENTION)
            page.note_unknown((*place, "property"), "时效属性", "SLA", given.property, known)
        elif not given.element or table in given.element.split(","):
            cron = given.schedule or cron
            days[given.property] = _days(page, place, given.value, given.unit)
            units.add(given.unit)
    if set(days) != {"frequency", "latency"} or not is_cron(cron):
        page.note(
            ("slaProperties",),
            f"数据表 {table} 的更新周期不全",
            f"the SLA of table {table} is incomplete",
            "请填写 frequency (含 schedule, 五段 cron) 与 latency, 单位 d 或 wd",
            "give frequency, with schedule as cron of five fields, and latency, both in d or wd",
        )
    if len(units) > 1:
        page.note(("slaProperties",), "单位不一致", "the units differ", "请都用 d 或都用 wd", "use d or wd for both")
    return Sla(days.get("frequency", 1), days.get("latency", 1), cron, working_days="wd" in units)


def is_cron(text: str) -> bool:
    """Whether it is a schedule of five fields of numbers, ranges, steps and lists, each within its bounds."""
    fields = text.split(" ")
    return len(fields) == len(_CRON_FIELDS) and all(
        _is_cron_part(part, least, most)
        for field, (least, most) in zip(fields, _CRON_FIELDS, strict=True)
        for part in field.split(",")
    )


def _is_cron_part(part: str, least: int, most: int) -> bool:
    found = _CRON_PART.fullmatch(part)
    if found is None:
        return False
    numbers = [int(number) for number in found.groups() if number is not None]
    return numbers == sorted(numbers) and all(least <= number <= most for number in numbers)


def _days(page: Page, place: Place, value: object, unit: str | None) -> int:
    if type(value) is int and value > 0 and unit in SLA_UNITS:
        return value
    page.note(
        (*place, "value"),
        "应为以天 (d) 或工作日 (wd) 计的正整数",
        "should be a positive number of days (d) or working days (wd)",
        *FILL,
    )
    return 1


_SAID: Final = ("conditions", "legalBasis", "scope", "purpose", "reason", "grade")


def sharing_of(page: Page, custom: Custom) -> Sharing:
    """The sharing class with what Decree 809 wants beside it."""
    given = custom.texts("sharing", ("class", *_SAID))
    chosen = one_of(page, custom.place("sharing"), given.get("class"), SHARING_CLASSES)
    needed = {"有条件共享": "conditions", "不予共享": "legalBasis"}.get(chosen)
    if needed and not given.get(needed):
        page.note(
            custom.place("sharing"),
            f"{chosen}的数据未写 {needed}",
            f"data shared as {chosen} lacks {needed}",
            "政务数据共享条例第十四、十五条要求写明条件或依据",
            "Decree 809, articles 14 and 15, asks for the conditions or the legal basis",
        )
    if given.get("grade"):
        one_of(page, custom.place("sharing"), given["grade"], GRADES)
    return Sharing(cast("Any", chosen), *(given.get(name, "") for name in _SAID))


def column_named(page: Page, custom: Custom, name: str, columns: Iterable[str]) -> str | None:
    """A custom property that names a column; None if it is not given."""
    if not custom.has(name):
        return None
    return one_of(page, custom.place(name), custom.text(name), columns, "列", "column")


def register_of(page: Page, custom: Custom, columns: set[str]) -> RegisterRole | None:
    """What the table gives to a register; None if it gives nothing."""
    if not custom.has("register"):
        return None
    place = custom.place("register")
    given = custom.mapping("register", ("register", "subjectKey", "precedence", "attributes", "authorities", "where"))
    attributes = _names(page, (*place, "attributes"), given.get("attributes"))
    where = _names(page, (*place, "where"), given.get("where", {}), empty=True)
    precedence = given.get("precedence", 1)
    if type(precedence) is not int or precedence < 1:
        page.note((*place, "precedence"), "precedence 不是正整数", "precedence is no positive number", *FILL)
        precedence = 1
    for key, name in attributes.items():
        one_of(page, (*place, "attributes", key), name, columns, "列", "column")
    for name in where:
        one_of(page, (*place, "where", name), name, columns, "列", "column")
    return RegisterRole(
        register=_register_name(page, (*place, "register"), given.get("register")),
        subject_key=one_of(page, (*place, "subjectKey"), given.get("subjectKey"), columns, "列", "column"),
        attributes={key: value for key, value in attributes.items() if value},
        precedence=precedence,
        where=tuple(where.items()),
        authorities=_authorities(page, (*place, "authorities"), given.get("authorities", {}), attributes),
    )


def correction_of(page: Page, custom: Custom, columns: set[str]) -> Correction | None:
    """Which columns say that a subject's key was corrected; None if the table says no such thing."""
    if not custom.has("correction"):
        return None
    place = custom.place("correction")
    given = custom.mapping("correction", ("register", "former", "present"))
    return Correction(
        _register_name(page, (*place, "register"), given.get("register")),
        one_of(page, (*place, "former"), given.get("former"), columns, "列", "column"),
        one_of(page, (*place, "present"), given.get("present"), columns, "列", "column"),
    )


def _register_name(page: Page, place: Place, given: object) -> str:
    """Whether there is such a register only shows when all contracts are together."""
    if not isinstance(given, str) or not given:
        page.note(place, "没有写明基础库", "no register is named", *FILL)
    return str(given)


def _authorities(page: Page, place: Place, given: object, attributes: Mapping[str, object]) -> dict[str, int]:
    if not isinstance(given, dict):
        page.note(place, "应为 属性: 次序 的字段表", "should be a mapping of attributes to numbers", *FILL)
        return {}
    for name, precedence in given.items():
        one_of(page, (*place, str(name)), name, attributes, "属性", "attribute")
        if type(precedence) is not int or precedence < 1:
            page.note((*place, str(name)), "次序不是正整数", "a precedence is no positive number", *FILL)
    return {str(name): precedence for name, precedence in given.items() if type(precedence) is int}


def _names(page: Page, place: Place, given: object, *, empty: bool = False) -> dict[str, str | None]:
    kinds = (str, type(None)) if empty else (str,)
    if isinstance(given, dict) and all(isinstance(k, str) and isinstance(v, kinds) for k, v in given.items()):
        return given
    page.note(place, "应为 名称: 列名 的字段表", "should be a mapping of names to columns", *FILL)
    return {}


def certificate_of(page: Page, custom: Custom, columns: set[str]) -> CertificateMapping | None:
    """Which columns a certificate look-up is composed from; None if the table holds no certificates."""
    if not custom.has("certificate"):
        return None
    place = custom.place("certificate")
    mapping = custom.mapping("certificate", (*_CERTIFICATE, "holderRole", "furtherHolders", "objects"))
    given = _texts_of(page, place, mapping)
    for name in _CERTIFICATE_NEEDS:
        if not given.get(name):
            page.note(place, f"证照映射缺少 {name}", f"the certificate mapping lacks {name}", *FILL)
    for name, column in given.items():
        if name not in {"typeCode", "holderRole"}:
            one_of(page, (*place, name), column, columns, "列", "column")
    members = {member: given.get(name) for name, member in _CERTIFICATE.items()}
    needed = {_CERTIFICATE[name]: given.get(name, "") for name in _CERTIFICATE_NEEDS}
    further = [HolderMapping(**part) for part in _parts(page, place, mapping, "furtherHolders", _HOLDER, columns)]
    objects = [ObjectMapping(**part) for part in _parts(page, place, mapping, "objects", _OBJECT, columns)]
    more = {"holder_role": given.get("holderRole", ""), "further_holders": tuple(further), "objects": tuple(objects)}
    return CertificateMapping(**(members | needed | more))  # type: ignore[arg-type]  # the needed ones are texts, as above


def _texts_of(page: Page, place: Place, mapping: Mapping[str, object]) -> dict[str, str]:
    for name in sorted(set(mapping) & {*_CERTIFICATE, "holderRole"}):
        if not isinstance(mapping[name], str):
            page.note((*place, name), f"certificate.{name} 不是文本", f"certificate.{name} is no text", *QUOTE)
    return {name: value for name, value in mapping.items() if isinstance(value, str)}


def _parts(
    page: Page, place: Place, mapping: Mapping[str, object], name: str, known: Mapping[str, _Part], columns: set[str]
) -> list[dict[str, str]]:
    """The holders or objects of a list, by the model's names; members that name columns are checked."""
    given = mapping.get(name, [])
    found = []
    for position, item in enumerate(given if isinstance(given, list) else [given]):
        here = (*place, name, position)
        if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
            page.note(here, f"{name} 应为字段表的列表", f"{name} should be a list of mappings", *QUOTE)
            continue
        for member in sorted(set(item) - set(known)):
            page.note_unknown((*here, member), "成员", "member", member, known)
        for member, part in known.items():
            if part.needed and not item.get(member):
                page.note(here, f"{name} 缺少 {member}", f"{name} lacks {member}", *FILL)
            elif part.is_column and member in item:
                one_of(page, (*here, member), item[member], columns, "列", "column")
        found.append(
            {part.field: item.get(member, "") for member, part in known.items() if part.needed or member in item}
        )
    return found
