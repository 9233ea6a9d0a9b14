"""The rules that follow from what a contract says of a column, with these ids.

    <column>-required, -format (of the type), -length, -pattern
    <column>-code_table, -code_validity (the code has been abolished, or isn't valid yet)
    <column>-<semantic> (form and check characters), -readable_text (names and addresses), -not_rounded (numbers)

Levels may be lowered with `ruleLevels`, by what the id ends in (`semantic` for the semantic's own), but not those of
required and format: they guard what the store can hold.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from registries.contracts.model import Code, Column, Dimension, RuleKind, RuleSpec
from registries.contracts.vocabulary import CHECKED_SEMANTICS, SEMANTICS, dimension_of

_FORMATS: Final = {
    "date": ("日历上存在的日期 (如 2026-01-31)", "a calendar date such as 2026-01-31"),
    "timestamp": ("时间 (如 2026-01-31 08:00:00)", "a time such as 2026-01-31 08:00:00"),
    "integer": ("整数", "a whole number"),
    "number": ("数值", "a number"),
    "boolean": ("true 或 false", "true or false"),
}


def rule(
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
    """A rule whose version is still to be told; it reads its `column` argument unless `columns` are given."""
    named = columns if columns is not None else (str(arguments["column"]),)
    dimension: Dimension = dimension_of(indicator)
    return RuleSpec(
        rule_id, cast("Any", level), dimension, indicator, kind, expectation, arguments, named, zh, en, version=""
    )


def derived(column: Column) -> list[tuple[str, RuleSpec]]:
    """A column's rules, each with what `ruleLevels` calls it."""
    found = [_required(column), _format(column), _length(column), _pattern(column), _codes(column), _validity(column)]
    found += [_semantic(column), _readable(column), _rounded(column)]
    return [(what, spec) for what, spec in found if spec is not None]


def _required(column: Column) -> tuple[str, RuleSpec | None]:
    if not column.required:
        return "required", None
    title = column.title_zh
    return "required", rule(
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
    return "format", rule(
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
    return "length", rule(
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
    return "pattern", rule(
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
    known = _listed([f"{code.value} {code.zh}".strip() for code in column.code_table], "、", " 等")
    return "code_table", rule(
        f"{column.name}-code_table",
        "0105",
        "expect_column_values_to_be_in_set",
        {"column": column.name, "value_set": list(column.codes)},
        f"“{column.title_zh}”不在代码表中 ({known}), 请按代码表填写",
        f"{column.name} is not in its code table ({_listed(column.codes, ', ', ' and others')}); please use the table",
    )


def _validity(column: Column) -> tuple[str, RuleSpec | None]:
    """Judged on the day in the column's code date, or on the batch's."""
    limited = [code for code in column.code_table or () if code.valid_from or code.valid_until]
    if not limited:
        return "code_validity", None
    validity = {code.value: [_iso(code.valid_from), _iso(code.valid_until)] for code in limited}
    on_date = {} if column.code_date_column is None else {"date_column": column.code_date_column}
    when = ("本批当日", "on the batch's day") if not on_date else ("其日期当日", f"on {column.code_date_column}")
    return "code_validity", rule(
        f"{column.name}-code_validity",
        "0105",
        f"mianzheng:code_validity{'_on' if on_date else ''}",
        {"column": column.name, **on_date, "validity": validity},
        f"“{column.title_zh}”代码表中的该代码在{when[0]}已停用或尚未启用 "
        f"({_listed([_span_zh(code) for code in limited], '、', ' 等')}), 请改用当日有效的代码",
        f"{column.name} has a code of its code table that was not valid {when[1]} "
        f"({_listed([_span_en(code) for code in limited], ', ', ' and others')}); use one that was",
        columns=(column.name, *on_date.values()),
        level=2,
    )


def _iso(day: Any) -> str | None:  # noqa: ANN401 - a date or None
    return None if day is None else str(day.isoformat())


def _span_zh(code: Code) -> str:
    start = f" {code.valid_from} 起" if code.valid_from else ""
    return f"{code.value} {code.zh}".strip() + start + (f" 至 {code.valid_until}" if code.valid_until else "")


def _span_en(code: Code) -> str:
    start = f" from {code.valid_from}" if code.valid_from else ""
    return code.value + start + (f" until {code.valid_until}" if code.valid_until else "")


def _listed(items: Sequence[str], joint: str, more: str) -> str:
    shown = joint.join(items[:_SHOWN])
    return shown + more if len(items) > _SHOWN else shown


def _semantic(column: Column) -> tuple[str, RuleSpec | None]:
    if column.semantic not in CHECKED_SEMANTICS:
        return "semantic", None
    what = SEMANTICS[column.semantic]
    typed = {"type_column": column.code_type_column} if column.semantic == "holder_code" else {}
    if typed and column.code_type_column is None:
        return "semantic", None  # nothing says which form it should have
    return "semantic", rule(
        f"{column.name}-{column.semantic}",
        "0301",
        f"mianzheng:{column.semantic}",
        {"column": column.name, **typed},
        f"“{column.title_zh}”不是有效的{what} (位数、组成或校验位有误), 请对照原件更正",
        f"{column.name} is no valid {column.semantic} (length, parts or check character); "
        "please correct it from the original",
        columns=(column.name, *(str(name) for name in typed.values())),
        level=2 if column.semantic in _FINDINGS else 1,
    )


def _readable(column: Column) -> tuple[str, RuleSpec | None]:
    if column.semantic not in _TEXTS:
        return "readable_text", None
    return "readable_text", rule(
        f"{column.name}-readable_text",
        "0301",
        "mianzheng:readable_text",
        {"column": column.name},
        f"“{column.title_zh}”含全角数字、不可见字符或乱码, 请检查导出编码并更正",
        f"{column.name} has full-width digits, invisible characters or mojibake; "
        "check the export's encoding and correct it",
        level=2,
    )


def _rounded(column: Column) -> tuple[str, RuleSpec | None]:
    if column.semantic not in _NUMBERS:
        return "not_rounded", None
    return "not_rounded", rule(
        f"{column.name}-not_rounded",
        "0301",
        "mianzheng:not_rounded",
        {"column": column.name, "zeros": _NUMBERS[str(column.semantic)]},
        f"“{column.title_zh}”被电子表格四舍五入 (科学计数法或末几位变为 0), 请将该列设为文本格式后重新录入",
        f"{column.name} was rounded by a spreadsheet (scientific notation, or zeros at its end); "
        "make the column text and enter it again",
        level=2 if column.semantic == "phone" else 1,
    )


_SHOWN: Final = 8
_TEXTS: Final = frozenset({"person_name", "organisation_name", "address"})
_FINDINGS: Final = frozenset({"vehicle_number", "licence_plate", "certificate_identifier"})
"""Semantics whose faults refuse no row: forms that old and foreign numbers may not have, and identifiers of
certificates, of which real stores hold some with a wrong check character (refused only where one is made)."""

_NUMBERS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("citizen_number", "uscc", "holder_code", "residence_permit"), True),
    **dict.fromkeys(("foreign_permanent_resident_number", "certificate_number", "phone"), False),
}
"""Semantics of numbers, and whether zeros at their end can only come from rounding."""
