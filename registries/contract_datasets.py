"""From ODCS to datasets: each table with its columns, rules, roles and source, every fault noted."""

import re
from typing import Any, Final, cast

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject
from open_data_contract_standard.model import Server as OdcsServer

from registries.contract_columns import columns_of, key_of
from registries.contract_model import Dataset, Server
from registries.contract_names import FILL, check_name, one_of
from registries.contract_odcs import Custom
from registries.contract_roles import certificate_of, column_named, register_of, sharing_of, sla_of
from registries.contract_rules import rules_of
from registries.contract_vocabulary import DELIVERIES, ENCODINGS, TRUST_LEVELS
from registries.contract_yaml import Page, Place

_PATTERN: Final = re.compile(r"[^/\\\x00]+")
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
            page.note(("schema", position, "name"), f"数据表 {name} 重复", f"table {name} is given twice", *FILL)
    return tuple(_dataset(page, contract, server, position, table) for position, table in enumerate(contract.schema_))


def _dataset(
    page: Page, contract: OpenDataContractStandard, server: OdcsServer, position: int, table: SchemaObject
) -> Dataset:
    place: Place = ("schema", position)
    custom = Custom(page, place, table.customProperties, _TABLE)
    _check_names(page, place, contract, table)
    columns = columns_of(page, place, table)
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
        key=key_of(page, place, table, columns),
        rules=rules_of(page, place, table, columns, custom),
        server=_server(page, server, place, table),
        sla=sla_of(page, contract, table.name or ""),
        sharing=sharing_of(page, custom),
        delivery=cast("Any", custom.choice("delivery", DELIVERIES, "snapshot")),
        watermark=column_named(page, custom, "watermark", names),
        register=register_of(page, custom, names),
        certificate=certificate_of(page, custom, names),
        area_column=column_named(page, custom, "areaColumn", names),
        encoding=_encoding(page, server),
        trust_level=cast("Any", custom.choice("trustLevel", TRUST_LEVELS, "A")),
        group=custom.text("group"),
    )


def _check_names(page: Page, place: Place, contract: OpenDataContractStandard, table: SchemaObject) -> None:
    check_name(page, (*place, "name"), table.name)
    if contract.domain:
        check_name(page, ("domain",), contract.domain)
    if not table.businessName:
        page.note(place, "缺少中文名称 businessName", "businessName, the Chinese title, is missing", *FILL)


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
    kind = custom.choice("kind", ("database", "files"), "")
    physical = table.physicalName or table.name or ""
    if kind == "files" and not _PATTERN.fullmatch(physical):
        page.note((*place, "physicalName"), "文件名模式不合规", "not a pattern of file names", *FILL)
    name = given.server or ""
    if kind == "files":
        return Server(name, "files", pattern=physical)
    return Server(name, "database", table=physical)


def _encoding(page: Page, given: OdcsServer) -> str:
    return one_of(page, ("servers", 0, "encoding"), given.encoding or "UTF-8", ENCODINGS)
