"""A register (基础库) from its contract: ODCS with one table; its key names a subject, its columns are attributes.

    register_of(page, read_odcs(page)).subject_kind.id  -> 'natural_person'

The department that leads the register keeps it as `<name>.register.odcs.yaml`. There is no server in it: a register is
a view over what the departments' datasets give to it.
"""

from typing import Final

from open_data_contract_standard.model import OpenDataContractStandard

from registries.contracts.columns import columns_of, key_of
from registries.contracts.model import Register, SubjectKind
from registries.contracts.names import FILL, check_name
from registries.contracts.odcs import Custom
from registries.contracts.yaml_page import Page

SUFFIX: Final = ".register.odcs.yaml"
_TABLE: Final = ("titleEn", "descriptionEn", "subjectKind", "merged")
_PLACE: Final = ("schema", 0)


def register_of(page: Page, contract: OpenDataContractStandard) -> Register | None:
    """The register that the contract describes; what is wrong is noted on the page, and then it must not be used."""
    tables = contract.schema_ or []
    for name, given in (("servers", contract.servers), ("slaProperties", contract.slaProperties)):
        if given:
            page.note((name,), f"基础库没有 {name}", f"a register has no {name}", "请删除", "remove it")
    if len(tables) != 1:
        page.note(("schema",), "基础库应有且只有一个表", "a register has exactly one table", *FILL)
        return None
    table = tables[0]
    custom = Custom(page, _PLACE, table.customProperties, _TABLE)
    check_name(page, (*_PLACE, "name"), table.name)
    if not table.businessName:
        page.note(_PLACE, "缺少中文名称 businessName", "businessName, the Chinese title, is missing", *FILL)
    columns = columns_of(page, _PLACE, table)
    keys = key_of(page, _PLACE, table, columns)
    if len(keys) != 1:
        page.note(_PLACE, "基础库应以一列为主键", "one column is the key of a register", *FILL)
        return None
    return Register(
        id=table.name or "",
        department=contract.domain or "",
        contract_id=contract.id or "",
        contract_version=contract.version or "",
        title_zh=table.businessName or "",
        title_en=custom.text("titleEn"),
        subject_kind=_subject_kind(page, custom),
        key=next(column for column in columns if column.key),
        attributes=tuple(column for column in columns if not column.key),
        merged=custom.flag("merged", default=True),
        description_zh=table.description or "",
        description_en=custom.text("descriptionEn"),
    )


def _subject_kind(page: Page, custom: Custom) -> SubjectKind:
    given = custom.texts("subjectKind", ("id", "zh", "en"))
    for name in ("id", "zh", "en"):
        if not given.get(name):
            page.note(custom.place("subjectKind"), f"主体种类缺少 {name}", f"the subject kind lacks {name}", *FILL)
    if given.get("id"):
        check_name(page, (*custom.place("subjectKind"), "id"), given["id"])
    return SubjectKind(given.get("id", ""), given.get("zh", ""), given.get("en", ""))
