"""From ODCS to a dataset: its columns, server, roles in registers, SLA and sharing class, every fault noted."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from open_data_contract_standard.model import Server as OdcsServer

from registries.contract_model import CertificateMapping, Code, Column, Dataset, RegisterRole, Server, Sharing, Sla
from registries.contract_odcs import QUOTE, Custom
from registries.contract_rules import rules_of
from registries.contract_vocabulary import (
    CLASSIFICATIONS,
    DELIVERIES,
    ENCODINGS,
    LOGICAL_TYPES,
    LOWERABLE,
    REGISTERS,
    RESERVED_COLUMNS,
    SEMANTICS,
    SHARING_CLASSES,
    TRUST_LEVELS,
)
from registries.contract_yaml import Page, Place

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_PATTERN: Final = re.compile(r"[^/\\\x00]+")
_CRON: Final = re.compile(r"([\d*/,-]+)( [\d*/,-]+){4}")
_TABLE: Final = (
    "titleEn",
    "descriptionEn",
    "group",
    "delivery",
    "watermark",
    "areaColumn",
    "trustLevel",
    "sharing",
    "register",
    "certificate",
    "gate",
)
_ADDRESSES: Final = frozenset(OdcsServer.model_fields) - {
    "id",
    "server",
    "type",
    "description",
    "environment",
    "encoding",
    "customProperties",
}
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
_FILL: Final = ("请按 departments/README.md 填写", "give it as departments/README.md says")


def datasets_of(page: Page, contract: OpenDataContractStandard) -> tuple[Dataset, ...]:
    """The contract's datasets; what is wrong is noted on the page, and then they must not be used."""
    if not contract.schema_:
        page.note(("schema",), "没有数据表", "there is no table", "请在 schema 下描述", "describe one under schema")
    server = _server_part(page, contract)
    if server is None or not contract.schema_:
        return ()
    names = [table.name for table in contract.schema_]
    for position, name in enumerate(names):
        if name in names[:position]:
            page.note(("schema", position, "name"), f"数据表 {name} 重复", f"table {name} is given twice", *_FILL)
    return tuple(_dataset(page, contract, server, position, table) for position, table in enumerate(contract.schema_))


def _dataset(
    page: Page, contract: OpenDataContractStandard, server: OdcsServer, position: int, table: SchemaObject
) -> Dataset:
    place: Place = ("schema", position)
    custom = Custom(page, place, table.customProperties, _TABLE)
    _check_names(page, place, contract, table)
    columns = _columns(page, place, table)
    names = {column.name for column in columns}
    return Dataset(
        name=f"{contract.domain}.{table.name}",
        department=contract.domain or "",
        contract_id=contract.id or "",
        contract_version=contract.version or "",
        title_zh=table.businessName or "",
        title_en=custom.text("titleEn"),
        description_zh=table.description or "",
        description_en=custom.text("descriptionEn"),
        columns=columns,
        key=_key(page, place, table, columns),
        rules=rules_of(page, place, table, columns, custom),
        server=_server(page, server, place, table),
        sla=_sla(page, contract, table.name or ""),
        sharing=_sharing(page, custom),
        delivery=cast("Any", custom.choice("delivery", DELIVERIES, "snapshot")),
        watermark=_column_named(page, custom, "watermark", names),
        register=_register(page, custom, names),
        certificate=_certificate(page, custom, names),
        area_column=_column_named(page, custom, "areaColumn", names),
        encoding=_encoding(page, server),
        trust_level=cast("Any", custom.choice("trustLevel", TRUST_LEVELS, "A")),
        group=custom.text("group"),
    )


def _check_names(page: Page, place: Place, contract: OpenDataContractStandard, table: SchemaObject) -> None:
    _check_name(page, (*place, "name"), table.name)
    if contract.domain:
        _check_name(page, ("domain",), contract.domain)
    if not table.businessName:
        page.note(place, "缺少中文名称 businessName", "businessName, the Chinese title, is missing", *_FILL)


def _check_name(page: Page, place: Place, name: str | None) -> None:
    if not _NAME.fullmatch(name or ""):
        page.note(
            place,
            f"名称 {name} 不合规",
            f"{name} is not a name",
            "请用小写字母、数字和下划线, 以字母开头, 至多 48 个字符",
            "use lower-case letters, digits and underscores, a letter first, at most 48 characters",
        )


# --- columns


def _columns(page: Page, place: Place, table: SchemaObject) -> tuple[Column, ...]:
    found: list[Column] = []
    if not table.properties:
        page.note(place, "没有列", "there are no columns", "请在 properties 下描述", "describe them under properties")
    for position, given in enumerate(table.properties or ()):
        here = (*place, "properties", position)
        column = _column(page, here, given)
        _check_column_name(page, here, column, found)
        found.append(column)
    return tuple(found)


def _check_column_name(page: Page, here: Place, column: Column, earlier: Sequence[Column]) -> None:
    _check_name(page, (*here, "name"), column.name)
    if column.name in RESERVED_COLUMNS:
        page.note(
            (*here, "name"),
            f"列名 {column.name} 为存储保留",
            f"column name {column.name} is reserved by the store",
            "请换一个列名, 来源列名写在 physicalName",
            "choose another; the source's name goes into physicalName",
        )
    for other in earlier:
        if column.name == other.name or column.source == other.source:
            page.note((*here, "name"), f"列 {column.name} 重复", f"column {column.name} is given twice", *_FILL)


def _column(page: Page, here: Place, given: SchemaProperty) -> Column:
    custom = Custom(page, here, given.customProperties, ("semantic", "ruleLevels"))
    semantic = custom.choice("semantic", SEMANTICS, "code") if custom.has("semantic") else None
    _check_rule_levels(page, custom)
    logical_type = _one_of(page, (*here, "logicalType"), given.logicalType or "string", LOGICAL_TYPES)
    max_length, pattern = _text_options(page, here, given)
    if not given.businessName:
        page.note(here, f"列 {given.name} 缺少中文名称", f"column {given.name} has no businessName", *_FILL)
    return Column(
        name=given.name or "",
        title_zh=given.businessName or "",
        logical_type=cast("Any", logical_type),
        required=bool(given.required or given.primaryKey),
        key=bool(given.primaryKey),
        classification=cast("Any", _classification(page, here, given)),
        semantic=semantic,
        description=given.description or "",
        code_table=_code_table(page, here, given),
        max_length=max_length,
        pattern=pattern,
        examples=tuple(str(example) for example in given.examples or ()),
        source_name=given.physicalName or "",
    )


def _check_rule_levels(page: Page, custom: Custom) -> None:
    for name, level in custom.mapping("ruleLevels", LOWERABLE).items():
        if level not in {1, 2, 3}:
            page.note_unknown((*custom.place("ruleLevels"), name), "级别", "level", level, ("1", "2", "3"))


def _classification(page: Page, here: Place, given: SchemaProperty) -> str:
    if given.classification is None:
        page.note(
            here,
            f"列 {given.name} 没有分级",
            f"column {given.name} has no classification",
            f"请在 classification 填写 {', '.join(CLASSIFICATIONS)} 之一",
            f"give classification: {', '.join(CLASSIFICATIONS)}",
        )
        return "sensitive"
    return _one_of(page, (*here, "classification"), given.classification, CLASSIFICATIONS)


def _text_options(page: Page, here: Place, given: SchemaProperty) -> tuple[int | None, str | None]:
    options = given.logicalTypeOptions or {}
    for name in sorted(set(options) - {"maxLength", "pattern"}):
        place = (*here, "logicalTypeOptions", name)
        page.note_unknown(place, "文本选项", "option", name, ("maxLength", "pattern"))
    max_length, pattern = options.get("maxLength"), options.get("pattern")
    if max_length is not None and (type(max_length) is not int or max_length < 1):
        page.note((*here, "logicalTypeOptions", "maxLength"), "maxLength 不是正整数", "maxLength is no count", *_FILL)
        max_length = None
    if pattern is not None and not is_pattern(pattern):
        page.note(
            (*here, "logicalTypeOptions", "pattern"),
            "pattern 不是可用的正则表达式",
            "pattern is not a usable regular expression",
            "请使用 RE2 语法, 不含前后查找与反向引用",
            "use RE2 syntax: no look-around, no back references",
        )
        pattern = None
    return max_length, pattern


def is_pattern(pattern: object) -> bool:
    """Whether it is a regular expression that runs in time linear in its input (RE2)."""
    if not isinstance(pattern, str):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
        re.compile(pattern)
    except (pa.ArrowInvalid, re.error):
        return False
    return True


def _code_table(page: Page, here: Place, given: SchemaProperty) -> tuple[Code, ...] | None:
    if given.enum is None:
        return None
    codes: list[Code] = []
    for position, item in enumerate(given.enum):
        place = (*here, "enum", position)
        if not isinstance(item.value, str):
            page.note(place, f"代码 {item.value} 不是文本", f"code {item.value} is no text", *QUOTE)
        elif item.value in {code.value for code in codes}:
            page.note(place, f"代码 {item.value} 重复", f"code {item.value} is given twice", *_FILL)
        else:
            codes.append(Code(item.value, item.label or "", item.description or ""))
    return tuple(codes)


def _key(page: Page, place: Place, table: SchemaObject, columns: Sequence[Column]) -> tuple[str, ...]:
    keys = [given for given in table.properties or () if given.primaryKey]
    if not keys:
        page.note(
            place,
            f"数据表 {table.name} 没有主键",
            f"table {table.name} has no key",
            "请在主键列写 primaryKey: true",
            "mark the key's columns with primaryKey: true",
        )
    order = sorted(keys, key=lambda given: given.primaryKeyPosition or 1)
    names = {column.name for column in columns}
    return tuple(given.name for given in order if given.name in names)


# --- the source


def _server_part(page: Page, contract: OpenDataContractStandard) -> OdcsServer | None:
    servers = contract.servers or []
    if len(servers) != 1 or not servers[0].server:
        page.note(
            ("servers",),
            f"应有且只有一个来源, 现有 {len(servers)} 个",
            f"there should be one named server, there are {len(servers)}",
            "请在 servers 下写一个 server 名称",
            "name one under servers",
        )
        return None
    given = servers[0]
    for name in sorted(_ADDRESSES):
        if getattr(given, name, None) is not None:
            shown = OdcsServer.model_fields[name].alias or name
            page.note(
                ("servers", 0, shown),
                f"数据契约中不得写地址 {shown}",
                f"a contract holds no address, but gives {shown}",
                "请删除, 并写入 HUB_HOME/sources.json",
                "remove it; addresses stand in HUB_HOME/sources.json",
            )
    return given


def _server(page: Page, given: OdcsServer, place: Place, table: SchemaObject) -> Server:
    custom = Custom(page, ("servers", 0), given.customProperties, ("kind",))
    kind = custom.choice("kind", ("database", "csv_file"), "")
    physical = table.physicalName or table.name or ""
    if kind == "csv_file" and not _PATTERN.fullmatch(physical):
        page.note((*place, "physicalName"), "文件名模式不合规", "not a pattern of file names", *_FILL)
    name = given.server or ""
    if kind == "csv_file":
        return Server(name, "csv_file", pattern=physical)
    return Server(name, "database", table=physical)


def _encoding(page: Page, given: OdcsServer) -> str:
    return _one_of(page, ("servers", 0, "encoding"), given.encoding or "UTF-8", ENCODINGS)


# --- what the hub does with it


def _sla(page: Page, contract: OpenDataContractStandard, table: str) -> Sla:
    days: dict[str, int] = {}
    cron = ""
    for position, given in enumerate(contract.slaProperties or ()):
        place: Place = ("slaProperties", position)
        if given.property not in {"frequency", "latency"}:
            page.note_unknown((*place, "property"), "时效属性", "SLA", given.property, ("frequency", "latency"))
        elif not given.element or table in given.element.split(","):
            cron = given.schedule or cron
            days[given.property] = _days(page, place, given.value, given.unit)
    if set(days) != {"frequency", "latency"} or not _CRON.fullmatch(cron):
        page.note(
            ("slaProperties",),
            f"数据表 {table} 的更新周期不全",
            f"the SLA of table {table} is incomplete",
            "请填写 frequency (含 schedule, 五段 cron) 与 latency, 单位 d",
            "give frequency, with schedule as cron of five fields, and latency, both in d",
        )
    return Sla(days.get("frequency", 1), days.get("latency", 1), cron)


def _days(page: Page, place: Place, value: object, unit: str | None) -> int:
    if type(value) is int and value > 0 and unit == "d":
        return value
    page.note((*place, "value"), "应为以天 (d) 计的正整数", "should be a positive number of days (d)", *_FILL)
    return 1


def _sharing(page: Page, custom: Custom) -> Sharing:
    given = custom.texts("sharing", ("class", "conditions", "legalBasis"))
    chosen = _one_of(page, custom.place("sharing"), given.get("class"), SHARING_CLASSES)
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


def _column_named(page: Page, custom: Custom, name: str, columns: Iterable[str]) -> str | None:
    if not custom.has(name):
        return None
    return _one_of(page, custom.place(name), custom.text(name), columns, "列", "column")


def _register(page: Page, custom: Custom, columns: set[str]) -> RegisterRole | None:
    if not custom.has("register"):
        return None
    place = custom.place("register")
    given = custom.mapping("register", ("register", "subjectKey", "precedence", "attributes", "where"))
    attributes = _names(page, (*place, "attributes"), given.get("attributes"))
    where = _names(page, (*place, "where"), given.get("where", {}), empty=True)
    precedence = given.get("precedence", 1)
    if type(precedence) is not int or precedence < 1:
        page.note((*place, "precedence"), "precedence 不是正整数", "precedence is no positive number", *_FILL)
        precedence = 1
    for step, name in [*((("attributes", key), value) for key, value in attributes.items())]:
        _one_of(page, (*place, *step), name, columns, "列", "column")
    for name in where:
        _one_of(page, (*place, "where", name), name, columns, "列", "column")
    return RegisterRole(
        register=cast("Any", _one_of(page, (*place, "register"), given.get("register"), REGISTERS)),
        subject_key=_one_of(page, (*place, "subjectKey"), given.get("subjectKey"), columns, "列", "column"),
        attributes={key: value for key, value in attributes.items() if value},
        precedence=precedence,
        where=tuple(where.items()),
    )


def _names(page: Page, place: Place, given: object, *, empty: bool = False) -> dict[str, str | None]:
    kinds = (str, type(None)) if empty else (str,)
    if isinstance(given, dict) and all(isinstance(k, str) and isinstance(v, kinds) for k, v in given.items()):
        return given
    page.note(place, "应为 名称: 列名 的字段表", "should be a mapping of names to columns", *_FILL)
    return {}


def _certificate(page: Page, custom: Custom, columns: set[str]) -> CertificateMapping | None:
    if not custom.has("certificate"):
        return None
    place = custom.place("certificate")
    given = custom.texts("certificate", _CERTIFICATE)
    for name in _CERTIFICATE_NEEDS:
        if not given.get(name):
            page.note(place, f"证照映射缺少 {name}", f"the certificate mapping lacks {name}", *_FILL)
    for name, column in given.items():
        if name != "typeCode":
            _one_of(page, (*place, name), column, columns, "列", "column")
    members = {member: given.get(name) for name, member in _CERTIFICATE.items()}
    needed = {_CERTIFICATE[name]: given.get(name, "") for name in _CERTIFICATE_NEEDS}
    return CertificateMapping(**(members | needed))  # type: ignore[arg-type]  # the needed ones are texts, as above


def _one_of(page: Page, place: Place, value: object, known: Iterable[str], zh: str = "取值", en: str = "value") -> str:
    names = tuple(known)
    if value not in names:
        page.note_unknown(place, zh, en, value, names)
    return str(value)
