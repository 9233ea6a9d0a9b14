"""A table's columns, from ODCS properties: types, code tables, semantics, the key; every fault noted."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
from open_data_contract_standard.model import SchemaObject, SchemaProperty

from registries.contracts.model import Code, Column
from registries.contracts.names import FILL, check_name, one_of
from registries.contracts.odcs import QUOTE, Custom
from registries.contracts.vocabulary import CLASSIFICATIONS, LOGICAL_TYPES, LOWERABLE, RESERVED_COLUMNS, SEMANTICS
from registries.contracts.yaml_page import Page, Place

_COLUMN: Final = ("semantic", "ruleLevels", "codeValidity", "codeTypeColumn", "codeDateColumn", "levelByTrust")


def columns_of(page: Page, place: Place, table: SchemaObject) -> tuple[Column, ...]:
    """The columns in the contract's order, faulty ones too, so that all faults show at once."""
    found: list[Column] = []
    if not table.properties:
        page.note(place, "没有列", "there are no columns", "请在 properties 下描述", "describe them under properties")
    for position, given in enumerate(table.properties or ()):
        here = (*place, "properties", position)
        column = _column(page, here, given)
        _check_column_name(page, here, column, found)
        found.append(column)
    _check_neighbours(page, place, found)
    return tuple(found)


def _check_neighbours(page: Page, place: Place, columns: Sequence[Column]) -> None:
    names = {column.name for column in columns}
    for position, column in enumerate(columns):
        for other in (column.code_type_column, column.code_date_column):
            if other is not None:
                one_of(page, (*place, "properties", position), other, names, "列", "column")


def _check_column_name(page: Page, here: Place, column: Column, earlier: Sequence[Column]) -> None:
    check_name(page, (*here, "name"), column.name)
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
            page.note((*here, "name"), f"列 {column.name} 重复", f"column {column.name} is given twice", *FILL)


def _column(page: Page, here: Place, given: SchemaProperty) -> Column:
    custom = Custom(page, here, given.customProperties, _COLUMN)
    semantic = custom.choice("semantic", SEMANTICS, "code") if custom.has("semantic") else None
    _check_rule_levels(page, custom)
    logical_type = one_of(page, (*here, "logicalType"), given.logicalType or "string", LOGICAL_TYPES)
    max_length, pattern = _text_options(page, here, given)
    if not given.businessName:
        page.note(here, f"列 {given.name} 缺少中文名称", f"column {given.name} has no businessName", *FILL)
    return Column(
        name=given.name or "",
        title_zh=given.businessName or "",
        logical_type=cast("Any", logical_type if logical_type in LOGICAL_TYPES else "string"),
        required=bool(given.required or given.primaryKey),
        key=bool(given.primaryKey),
        classification=cast("Any", _classification(page, here, given)),
        semantic=semantic,
        description=given.description or "",
        code_table=_code_table(page, here, given, custom),
        max_length=max_length,
        pattern=pattern,
        examples=tuple(str(example) for example in given.examples or ()),
        source_name=given.physicalName or "",
        code_type_column=custom.text("codeTypeColumn") or None,
        code_date_column=custom.text("codeDateColumn") or None,
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
    return one_of(page, (*here, "classification"), given.classification, CLASSIFICATIONS)


def _text_options(page: Page, here: Place, given: SchemaProperty) -> tuple[int | None, str | None]:
    options = given.logicalTypeOptions or {}
    for name in sorted(set(options) - {"maxLength", "pattern"}):
        place = (*here, "logicalTypeOptions", name)
        page.note_unknown(place, "文本选项", "option", name, ("maxLength", "pattern"))
    max_length, pattern = options.get("maxLength"), options.get("pattern")
    if max_length is not None and (type(max_length) is not int or max_length < 1):
        page.note((*here, "logicalTypeOptions", "maxLength"), "maxLength 不是正整数", "maxLength is no count", *FILL)
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
        pc.match_substring_regex(pa.nulls(1, pa.string()), pattern)  # an array made from values imports pandas
        re.compile(pattern)
    except (pa.ArrowInvalid, re.error):
        return False
    return True


def _code_table(page: Page, here: Place, given: SchemaProperty, custom: Custom) -> tuple[Code, ...] | None:
    if given.enum is None:
        if custom.has("codeValidity"):
            page.note(custom.place("codeValidity"), "没有代码表", "there is no code table", *FILL)
        return None
    validity = _code_validity(page, custom, {str(item.value) for item in given.enum})
    codes: list[Code] = []
    for position, item in enumerate(given.enum):
        place = (*here, "enum", position)
        if not isinstance(item.value, str):
            page.note(place, f"代码 {item.value} 不是文本", f"code {item.value} is no text", *QUOTE)
        elif item.value in {code.value for code in codes}:
            page.note(place, f"代码 {item.value} 重复", f"code {item.value} is given twice", *FILL)
        else:
            codes.append(Code(item.value, item.label or "", item.description or "", *validity.get(item.value, ())))
    return tuple(codes)


def _code_validity(page: Page, custom: Custom, codes: set[str]) -> dict[str, tuple[dt.date | None, dt.date | None]]:
    """Code -> from when until when it may be used; an open end is None."""
    found = {}
    for code, given in custom.mapping("codeValidity", codes).items():
        place = (*custom.place("codeValidity"), code)
        days = given if isinstance(given, dict) else {"": None}
        for name, day in days.items():
            if name not in {"from", "until"} or type(day) is not dt.date:
                page.note(
                    (*place, str(name)),
                    f"代码 {code} 的有效期不合规",
                    f"the validity of code {code} is malformed",
                    "请写成 {from: 2020-01-01, until: 2024-12-31}",
                    "write it like {from: 2020-01-01, until: 2024-12-31}",
                )
        found[code] = (_day(days.get("from")), _day(days.get("until")))
    return found


def _day(given: object) -> dt.date | None:
    return given if type(given) is dt.date else None


def key_of(page: Page, place: Place, table: SchemaObject, columns: Sequence[Column]) -> tuple[str, ...]:
    """The key's columns by primaryKeyPosition."""
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
