"""From a contract's words to its quality rules: derived from columns, and declared under `quality`.

Derived ids are `<column>-<what>` with what = required, format, length, pattern, code_table, reference or the
semantic, and `key-unique`, `batch-volume_drop`, `batch-share_refused`; declared rules bring their own `id`.
A rule's version is a digest of what it does: it changes when the rule changes, and only then, so that scores
of different rules are never compared.

Standards: ODCS 3.2 data quality; indicators of GB/T 36344-2018.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from open_data_contract_standard.model import Relationship, SchemaObject, SchemaProperty

from registries.contract_declared import declared_rules
from registries.contract_model import Column, Dimension, RuleKind, RuleSpec
from registries.contract_odcs import Custom
from registries.contract_vocabulary import CHECKED_SEMANTICS, SEMANTICS, dimension_of
from registries.contract_yaml import Page, Place

_FORMATS: Final = {
    "date": ("日历上存在的日期 (如 2026-01-31)", "a calendar date such as 2026-01-31"),
    "timestamp": ("时间 (如 2026-01-31 08:00:00)", "a time such as 2026-01-31 08:00:00"),
    "integer": ("整数", "a whole number"),
    "number": ("数值", "a number"),
    "boolean": ("true 或 false", "true or false"),
}
_GATE: Final = {"maxDrop": 0.2, "maxRefused": 0.3}


def rules_of(
    page: Page, place: Place, table: SchemaObject, columns: Sequence[Column], custom: Custom
) -> tuple[RuleSpec, ...]:
    """All rules of a table, derived ones first; double ids and faulty rules are noted on the page."""
    rules: list[RuleSpec] = []
    for position, (column, given) in enumerate(zip(columns, table.properties or (), strict=True)):
        here = (*place, "properties", position)
        levels = _levels(page, here, given)
        rules += [replace(rule, level=levels.get(what, rule.level)) for what, rule in _derived(column)]
        rules += _references(page, here, column, given.relationships or ())
    rules += _of_the_key(columns)
    rules += declared_rules(page, place, table, {column.name for column in columns})
    rules += _of_the_batch(page, custom)
    _note_doubles(page, place, rules)
    return tuple(replace(rule, version=_version(rule)) for rule in rules)


def _levels(page: Page, here: Place, given: SchemaProperty) -> Mapping[str, Any]:
    # Faults of these were noted when the column was read: a scratch page takes them a second time.
    scratch = Page(page.file, {}, {})
    return Custom(scratch, here, given.customProperties, ("semantic", "ruleLevels")).mapping("ruleLevels")


def _rule(
    rule_id: str,
    indicator: str,
    expectation: str,
    arguments: Mapping[str, object],
    zh: str,
    en: str,
    *,
    columns: tuple[str, ...] | None = None,
    kind: RuleKind = "row",
    level: int = 1,
) -> RuleSpec:
    named = columns if columns is not None else (str(arguments["column"]),)
    dimension: Dimension = dimension_of(indicator)
    return RuleSpec(
        rule_id, cast("Any", level), dimension, indicator, kind, expectation, arguments, named, zh, en, version=""
    )


def _derived(column: Column) -> list[tuple[str, RuleSpec]]:
    found = [_required(column), _format(column), _length(column), _pattern(column), _codes(column), _semantic(column)]
    return [(what, rule) for what, rule in found if rule is not None]


def _required(column: Column) -> tuple[str, RuleSpec | None]:
    if not column.required:
        return "required", None
    title = column.title_zh
    return "required", _rule(
        f"{column.name}-required",
        "0201",
        "expect_column_values_to_not_be_null",
        {"column": column.name},
        f"“{title}”为空, 该项必填, 请补录",
        f"{column.name} is empty; it is required, please fill it in",
    )


def _format(column: Column) -> tuple[str, RuleSpec | None]:
    if column.logical_type == "string":
        return "format", None
    zh, en = _FORMATS[column.logical_type]
    return "format", _rule(
        f"{column.name}-format",
        "0302",
        f"mianzheng:{column.logical_type}",
        {"column": column.name},
        f"“{column.title_zh}”不是{zh}, 请更正",
        f"{column.name} is not {en}; please correct it",
    )


def _length(column: Column) -> tuple[str, RuleSpec | None]:
    if column.max_length is None:
        return "length", None
    return "length", _rule(
        f"{column.name}-length",
        "0101",
        "expect_column_value_lengths_to_be_between",
        {"column": column.name, "max_value": column.max_length},
        f"“{column.title_zh}”超过 {column.max_length} 个字符, 请核对是否错列",
        f"{column.name} is longer than {column.max_length} characters; is it in the wrong column?",
    )


def _pattern(column: Column) -> tuple[str, RuleSpec | None]:
    if column.pattern is None:
        return "pattern", None
    return "pattern", _rule(
        f"{column.name}-pattern",
        "0101",
        "expect_column_values_to_match_regex",
        {"column": column.name, "regex": f"^(?:{column.pattern})$"},
        f"“{column.title_zh}”不符合规定的格式, 请核对",
        f"{column.name} does not have the agreed form; please check it",
    )


def _codes(column: Column) -> tuple[str, RuleSpec | None]:
    if column.code_table is None:
        return "code_table", None
    known = "、".join(f"{code.value} {code.zh}".strip() for code in column.code_table[:8])
    more_zh, more_en = (" 等", " and others") if len(column.code_table) > len(column.code_table[:8]) else ("", "")
    return "code_table", _rule(
        f"{column.name}-code_table",
        "0105",
        "expect_column_values_to_be_in_set",
        {"column": column.name, "value_set": list(column.codes)},
        f"“{column.title_zh}”不在代码表中 ({known}{more_zh}), 请按代码表填写",
        f"{column.name} is not in its code table ({', '.join(column.codes[:8])}{more_en}); please use the table",
    )


def _semantic(column: Column) -> tuple[str, RuleSpec | None]:
    if column.semantic not in CHECKED_SEMANTICS:
        return "semantic", None
    what = SEMANTICS[column.semantic]
    return "semantic", _rule(
        f"{column.name}-{column.semantic}",
        "0301",
        f"mianzheng:{column.semantic}",
        {"column": column.name},
        f"“{column.title_zh}”不是有效的{what} (位数、组成或校验位有误), 请对照原件更正",
        f"{column.name} is no valid {column.semantic} (length, parts or check character); "
        "please correct it from the original",
    )


def _references(page: Page, here: Place, column: Column, given: Sequence[Relationship]) -> list[RuleSpec]:
    return [
        rule
        for position, item in enumerate(given)
        if (rule := _reference(page, (*here, "relationships", position), column, item)) is not None
    ]


def _reference(page: Page, here: Place, column: Column, given: Relationship) -> RuleSpec | None:
    custom = Custom(page, here, given.customProperties, ("level", "zh", "en", "id"))
    target = _target(page, here, given.to)
    if target is None:
        return None
    level = custom.choice("level", ("1", "2", "3"), "1")
    indicator, where = ("0105", target["register"]) if "register" in target else ("0402", target["dataset"])
    return _rule(
        custom.text("id", f"{column.name}-reference"),
        indicator,
        "mianzheng:reference",
        {"column": column.name, **target},
        custom.text("zh", f"“{column.title_zh}”在 {where} 中查不到, 请核对"),
        custom.text("en", f"{column.name} is not found in {where}; please check it"),
        kind="reference",
        level=int(level) if level.isdigit() else 1,
    )


def _target(page: Page, here: Place, to: object) -> dict[str, str] | None:
    """`geography.code` is a register's subject key; `department.table.column` is a column of a dataset."""
    parts = to.split(".") if isinstance(to, str) else []
    match parts:
        case [register, column]:
            return {"register": register, "target_column": column}
        case [department, table, column]:
            return {"dataset": f"{department}.{table}", "target_column": column}
    page.note(
        (*here, "to"),
        f"引用目标 {to} 不合规",
        f"{to} is no target of a reference",
        "请写成 基础库.列 或 部门.数据表.列",
        "write register.column or department.table.column",
    )
    return None


def _of_the_key(columns: Sequence[Column]) -> list[RuleSpec]:
    keys = [column for column in columns if column.key]
    if not keys:
        return []
    titles = "、".join(f"“{column.title_zh}”" for column in keys)
    names = tuple(column.name for column in keys)
    return [
        _rule(
            "key-unique",
            "0304",
            "mianzheng:unique",
            {"column_list": list(names)},
            f"主键{titles}相同而内容不同的记录不止一条, 请保留正确的一条",
            f"several records that differ have the same key ({', '.join(names)}); please keep the right one",
            columns=names,
            kind="unique",
        )
    ]


def _of_the_batch(page: Page, custom: Custom) -> list[RuleSpec]:
    given = custom.mapping("gate", _GATE)
    shares: dict[str, float] = {}
    for name, default in _GATE.items():
        value = given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            page.note((*custom.place("gate"), name), f"{name} 应在 0 与 1 之间", f"{name} should be 0 to 1", *_SHARE)
            value = default
        shares[name] = float(value)
    return [_volume_drop(shares["maxDrop"]), _share_refused(shares["maxRefused"])]


_SHARE: Final = ("例如 0.2 表示两成", "0.2 is a fifth, for example")


def _volume_drop(share: float) -> RuleSpec:
    return _rule(
        "batch-volume_drop",
        "0202",
        "mianzheng:volume_drop",
        {"max_share": share},
        f"本批行数比上批减少超过 {share:.0%}, 请确认是否完整, 完整则由数据管理员放行",
        f"this batch has over {share:.0%} fewer rows than the last; if it is complete, a steward releases it",
        columns=(),
        kind="batch",
    )


def _share_refused(share: float) -> RuleSpec:
    return _rule(
        "batch-share_refused",
        "0305",
        "mianzheng:share_refused",
        {"max_share": share},
        f"本批被拒行数超过 {share:.0%}, 请检查导出是否错列或编码有误",
        f"over {share:.0%} of this batch is refused; check the export for shifted columns or a wrong encoding",
        columns=(),
        kind="batch",
    )


def _note_doubles(page: Page, place: Place, rules: Sequence[RuleSpec]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            page.note(
                place,
                f"规则编号 {rule.id} 重复",
                f"rule id {rule.id} is given twice",
                "请为每条规则取不同的 id",
                "give each rule an id of its own",
            )
        seen.add(rule.id)


def _version(rule: RuleSpec) -> str:
    text = json.dumps([rule.expectation, rule.arguments, rule.level], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
