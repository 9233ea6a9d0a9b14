"""From ODCS to datasets: each table with its columns, rules, roles and source, every fault noted."""

from collections.abc import Sequence
from typing import Any, Final, cast

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject
from open_data_contract_standard.model import Server as OdcsServer

from registries.contracts.columns import columns_of, key_of
from registries.contracts.model import Column, Dataset, Operation
from registries.contracts.names import FILL, check_name, one_of
from registries.contracts.odcs import Custom
from registries.contracts.retention import retention_of
from registries.contracts.roles import certificate_of, column_named, correction_of, register_of, sharing_of, sla_of
from registries.contracts.rules import rules_of
from registries.contracts.servers import encoding_of, server_of, server_part
from registries.contracts.valid_times import valid_time_of
from registries.contracts.vocabulary import DELIVERIES, TRUST_LEVELS
from registries.contracts.yaml_page import Page, Place

_TABLE: Final = (
    "titleEn",
    "descriptionEn",
    "group",
    "delivery",
    "changesPattern",
    "watermark",
    "operation",
    "areaColumn",
    "trustLevel",
    "sharing",
    "register",
    "certificate",
    "correction",
    "retention",
    "validTime",
    "gate",
    "drift",
)


def datasets_of(page: Page, contract: OpenDataContractStandard) -> tuple[Dataset, ...]:
    """The contract's datasets; what is wrong is noted on the page, and then they must not be used."""
    if not contract.schema_:
        page.note(("schema",), "没有数据表", "there is no table", "请在 schema 下描述", "describe one under schema")
    server = server_part(page, contract)
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
    certificate = certificate_of(page, custom, names)
    sla = sla_of(page, contract, table.name or "")
    delivery = cast("Any", custom.choice("delivery", DELIVERIES, "snapshot"))
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
        rules=rules_of(page, place, table, columns, custom, sla, "changes" if delivery == "changes" else "snapshot"),
        server=server_of(page, server, place, table, custom.text("changesPattern") or None),
        sla=sla,
        sharing=sharing_of(page, custom),
        delivery=delivery,
        watermark=_watermark(page, custom, columns),
        operation=_operation(page, custom, columns),
        register=register_of(page, custom, names),
        certificate=certificate,
        correction=correction_of(page, custom, names),
        valid_time=valid_time_of(page, custom, columns, certificate),
        retention=retention_of(page, contract, table.name or "", custom),
        area_column=column_named(page, custom, "areaColumn", names),
        encoding=encoding_of(page, server),
        trust_level=cast("Any", custom.choice("trustLevel", TRUST_LEVELS, "A")),
        group=custom.text("group"),
    )


def _check_names(page: Page, place: Place, contract: OpenDataContractStandard, table: SchemaObject) -> None:
    check_name(page, (*place, "name"), table.name)
    if contract.domain:
        check_name(page, ("domain",), contract.domain)
    if not table.businessName:
        page.note(place, "缺少中文名称 businessName", "businessName, the Chinese title, is missing", *FILL)


def _watermark(page: Page, custom: Custom, columns: Sequence[Column]) -> str | None:
    """The column that grows with each change; where it decides which row counts, every row has to have it."""
    name = column_named(page, custom, "watermark", [column.name for column in columns])
    optional = [column.name for column in columns if not column.required]
    if name in optional and custom.text("delivery", "snapshot") == "changes":
        page.note(
            custom.place("watermark"),
            f"增量数据的水位列 {name} 不是必填",
            f"watermark {name} of a dataset that comes as changes is not required",
            "请给该列写 required: true",
            "write required: true for that column",
        )
    return name


def _operation(page: Page, custom: Custom, columns: Sequence[Column]) -> Operation | None:
    """Which column tells puts from deletes, and by which of its codes; None where every row is a put."""
    if not custom.has("operation"):
        return None
    place = custom.place("operation")
    given = custom.mapping("operation", ("column", "delete"))
    named = {column.name: column for column in columns if not column.key}
    name = one_of(page, (*place, "column"), given.get("column"), named, "列", "column")
    codes = given.get("delete", [])
    known = named[name].codes if name in named else ()
    for code in codes if isinstance(codes, list) else [codes]:
        one_of(page, (*place, "delete"), code, known, "代码", "code")
    if custom.text("delivery", "snapshot") != "changes":
        page.note(
            place,
            "全量数据没有操作标识",
            "a snapshot has no operations",
            "请写 delivery: changes",
            "write delivery: changes",
        )
    return Operation(name, tuple(str(code) for code in codes) if isinstance(codes, list) else ())
