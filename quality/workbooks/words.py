"""What a workbook says of a column: its type, its bounds, its codes and its rules, in words for the clerk.

>>> from registries.contracts.model import Column
>>> brief(Column("name", "姓名", required=True, max_length=50))
'必填 · 文本 · 最多 50 个字符'
"""

from collections.abc import Mapping, Sequence
from typing import Final

from registries.contracts.model import Code, Column, Dataset, LogicalType, RuleSpec

TYPES: Final[Mapping[LogicalType, tuple[str, str]]] = {
    "string": ("文本", "text"),
    "integer": ("整数", "whole number"),
    "number": ("数值", "number"),
    "date": ("日期, 如 2026-01-31", "date, such as 2026-01-31"),
    "timestamp": ("时间, 如 2026-01-31 08:00:00", "time, such as 2026-01-31 08:00:00"),
    "boolean": ("true 或 false", "true or false"),
}
LEVELS: Final[Mapping[int, tuple[str, str]]] = {
    1: ("1 级: 不符合则该行不接收", "level 1: refuses the row"),
    2: ("2 级: 接收, 但须整改", "level 2: accepted, to be mended"),
    3: ("3 级: 建议", "level 3: advice"),
}
TEXT: Final = 49
"""The number of the format that keeps what is typed as the text that it is."""

MARKED: Final = 2
"""The last level whose findings are shown in the row."""

_SHOWN_CODES: Final = 12


def brief(column: Column) -> str:
    """Whether it has to be filled in, with what, and how long it may be."""
    parts = ["必填" if column.required else "可空", TYPES[column.logical_type][0]]
    if column.max_length is not None:
        parts.append(f"最多 {column.max_length} 个字符")
    return " · ".join(parts)


def brief_en(column: Column) -> str:
    """The same in English."""
    parts = ["required" if column.required else "optional", TYPES[column.logical_type][1]]
    if column.max_length is not None:
        parts.append(f"at most {column.max_length} characters")
    return " · ".join(parts)


def codes(column: Column, most: int = _SHOWN_CODES) -> str:
    """The code table's first rows; "" without one."""
    table: Sequence[Code] = column.code_table or ()
    more = " …" if len(table) > most else ""
    return "; ".join(f"{code.value} {code.zh}".strip() for code in table[:most]) + more


def rules_of(dataset: Dataset, column: Column) -> list[RuleSpec]:
    """The rules about values of a column."""
    return [rule for rule in dataset.rules if rule.kind != "batch" and column.name in rule.columns]


def note(dataset: Dataset, column: Column) -> str:
    """What stands beside a header: everything that is known of its column."""
    lines = [f"{column.title_zh} ({column.name})", brief(column), brief_en(column)]
    lines += [f"说明: {column.description}"] if column.description else []
    lines += [f"示例: {'; '.join(column.examples)}"] if column.examples else []
    lines += [f"代码: {codes(column)}"] if column.code_table else []
    for rule in rules_of(dataset, column):
        lines += [f"[{rule.level}] {rule.zh}", rule.en]
    return "\n".join(lines)


def prompt(column: Column) -> str:
    """What appears when a cell of the column is chosen."""
    parts = [brief(column), column.description, codes(column)]
    return "\n".join(part for part in parts if part)
