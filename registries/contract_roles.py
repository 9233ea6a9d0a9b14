"""What a dataset is for: its SLA, sharing class, and its roles in registers and certificate look-ups; faults noted."""

import re
from collections.abc import Iterable
from typing import Any, Final, cast

from open_data_contract_standard.model import OpenDataContractStandard

from registries.contract_model import CertificateMapping, RegisterRole, Sharing, Sla
from registries.contract_names import FILL, one_of
from registries.contract_odcs import Custom
from registries.contract_vocabulary import REGISTERS, SHARING_CLASSES
from registries.contract_yaml import Page, Place

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
}
_CERTIFICATE_NEEDS: Final = ("typeCode", "number", "holderName", "holderCode", "status")


def sla_of(page: Page, contract: OpenDataContractStandard, table: str) -> Sla:
    """What the contract promises for one table; a promise without `element` is for all of them."""
    days: dict[str, int] = {}
    cron = ""
    for position, given in enumerate(contract.slaProperties or ()):
        place: Place = ("slaProperties", position)
        if given.property not in {"frequency", "latency"}:
            page.note_unknown((*place, "property"), "时效属性", "SLA", given.property, ("frequency", "latency"))
        elif not given.element or table in given.element.split(","):
            cron = given.schedule or cron
            days[given.property] = _days(page, place, given.value, given.unit)
    if set(days) != {"frequency", "latency"} or not is_cron(cron):
        page.note(
            ("slaProperties",),
            f"数据表 {table} 的更新周期不全",
            f"the SLA of table {table} is incomplete",
            "请填写 frequency (含 schedule, 五段 cron) 与 latency, 单位 d",
            "give frequency, with schedule as cron of five fields, and latency, both in d",
        )
    return Sla(days.get("frequency", 1), days.get("latency", 1), cron)


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
    if type(value) is int and value > 0 and unit == "d":
        return value
    page.note((*place, "value"), "应为以天 (d) 计的正整数", "should be a positive number of days (d)", *FILL)
    return 1


def sharing_of(page: Page, custom: Custom) -> Sharing:
    """The sharing class with what Decree 809 wants beside it."""
    given = custom.texts("sharing", ("class", "conditions", "legalBasis"))
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
    return Sharing(cast("Any", chosen), given.get("conditions", ""), given.get("legalBasis", ""))


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
    given = custom.mapping("register", ("register", "subjectKey", "precedence", "attributes", "where"))
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
        register=cast("Any", one_of(page, (*place, "register"), given.get("register"), REGISTERS)),
        subject_key=one_of(page, (*place, "subjectKey"), given.get("subjectKey"), columns, "列", "column"),
        attributes={key: value for key, value in attributes.items() if value},
        precedence=precedence,
        where=tuple(where.items()),
    )


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
    given = custom.texts("certificate", _CERTIFICATE)
    for name in _CERTIFICATE_NEEDS:
        if not given.get(name):
            page.note(place, f"证照映射缺少 {name}", f"the certificate mapping lacks {name}", *FILL)
    for name, column in given.items():
        if name != "typeCode":
            one_of(page, (*place, name), column, columns, "列", "column")
    members = {member: given.get(name) for name, member in _CERTIFICATE.items()}
    needed = {_CERTIFICATE[name]: given.get(name, "") for name in _CERTIFICATE_NEEDS}
    return CertificateMapping(**(members | needed))  # type: ignore[arg-type]  # the needed ones are texts, as above
