"""The arguments of a declared rule: known, complete, of the right kind, and of columns that there are.

Whatever is wrong here would otherwise fail, or silently pass, when the first batch comes.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Final

from registries.contracts.columns import is_pattern
from registries.contracts.conditions import Condition, columns_of_condition, is_scalar, plain, read_condition
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.model import Column
from registries.contracts.names import FILL
from registries.contracts.yaml_page import Page, Place

_PARSERS: Final = frozenset({"great_expectations", "great_expectations__experimental__", None})
_DEFAULT_IGNORED: Final = ("either_value_is_missing", "both_values_are_missing", "neither")
_DEFAULT_IGNORED_OF_MANY: Final = ("any_value_is_missing", "all_values_are_missing", "never")


def check_arguments(
    page: Page, here: Place, name: str, arguments: Mapping[str, object], columns: Mapping[str, Column]
) -> None:
    """Note what is wrong with the arguments of expectation `name`."""
    expectation = EXPECTATIONS[name]
    place = (*here, "implementation", "kwargs")
    for argument in sorted(set(arguments) - set(expectation.arguments)):
        page.note_unknown((*place, argument), "参数", "argument", argument, expectation.arguments)
    for argument in expectation.arguments:
        if argument not in arguments and argument not in expectation.optional:
            page.note(here, f"规则 {name} 缺少参数 {argument}", f"{name} lacks argument {argument}", *FILL)
    before = len(page.faults)
    for argument in sorted(set(arguments) & set(expectation.arguments)):
        _check_value(page, (*place, argument), name, argument, arguments[argument])
    for column in columns_in(name, arguments):
        if column not in columns:
            page.note_unknown(place, "列", "column", column, columns)
    if len(page.faults) == before:
        _check_bounds(page, place, name, arguments, columns)


def columns_in(name: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The columns that a rule reads: those it is about, and those of its condition."""
    found: list[str] = []
    for argument in EXPECTATIONS[name].columns:
        value = arguments.get(argument)
        found += [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]
    condition = condition_in(arguments)
    return tuple(dict.fromkeys((*found, *columns_of_condition(condition or ()))))


def condition_in(arguments: Mapping[str, object]) -> Condition | None:
    """The rows that a rule is about; None if it is about all of them."""
    given = arguments.get("row_condition")
    return None if given is None else read_condition(given)


def _check_value(page: Page, place: Place, name: str, argument: str, value: object) -> None:
    if isinstance(value, dict) and "$PARAMETER" in value:
        page.note(
            place,
            "不接受评估参数 $PARAMETER",
            "evaluation parameters ($PARAMETER) are not accepted",
            "请直接写出取值: 数据契约不随运行改变",
            "write the value itself: a contract doesn't change between runs",
        )
    elif argument == "row_condition" and read_condition(value) is None:
        page.note(
            place,
            "row_condition 无法读懂",
            "row_condition can't be read",
            """请写成 col("列") == "值", 可用 and、or、.notNull()、.isNull()""",
            """write it like col("column") == "value", with and, or, .notNull(), .isNull()""",
        )
    elif argument == "condition_parser" and value not in _PARSERS:
        page.note(
            place,
            f"不接受 condition_parser {value}",
            f"condition_parser {value} is not accepted",
            "它会把文字当作程序执行; 请用 great_expectations",
            "it would run text as a program; use great_expectations",
        )
    elif argument == "json_schema" and _refers_elsewhere(value):
        page.note(
            place,
            "json_schema 引用了外部地址",
            "the JSON schema refers to an address",
            "请把被引用的部分写进来: 数据契约中的地址不会被访问",
            "write what it refers to into it: nothing that a contract names is ever fetched",
        )
    else:
        _check_kind(page, place, name, argument, value)


def _check_kind(page: Page, place: Place, name: str, argument: str, value: object) -> None:
    what, fits = _OF.get((name, argument), _KINDS.get(argument, _TEXT))
    if not fits(value):
        page.note(
            place,
            f"参数 {argument} 的取值不合规",
            f"argument {argument} has an unusable value",
            f"应为: {what[0]}",
            f"it should be {what[1]}",
        )


def _check_bounds(
    page: Page, place: Place, name: str, arguments: Mapping[str, object], columns: Mapping[str, Column]
) -> None:
    """Bounds are compared with values of the column's own type, and the lesser one comes first."""
    ends = [plain(arguments[end]) for end in ("min_value", "max_value") if arguments.get(end) is not None]
    if name in _OF_VALUES:
        kind = columns[str(arguments["column"])].logical_type
        wrong = [end for end in ends if isinstance(end, str) != (kind not in {"integer", "number"})]
        if wrong:
            page.note(
                place,
                f"界限与列的类型 {kind} 不符",
                f"the bounds don't fit the column's type {kind}",
                "数值列写数值, 日期列写 2026-01-31, 文本列写加引号的文本",
                "write numbers for numbers, 2026-01-31 for dates, quoted text for text",
            )
            return
    if name in _OF_NUMBERS and columns[str(arguments["column"])].logical_type not in {"integer", "number"}:
        page.note(
            place,
            f"{name} 只适用于数值列",
            f"{name} is for columns of numbers",
            "请把该列的 logicalType 写为 integer 或 number",
            "make the column's logicalType integer or number",
        )
    if len(ends) == 2 and ends[0] > ends[1]:  # type: ignore[operator]  # noqa: PLR2004 - of one type, both
        page.note(place, "下限大于上限", "the lower bound is above the upper one", *FILL)


_OF_VALUES: Final = frozenset(
    {"expect_column_values_to_be_between", "expect_column_min_to_be_between", "expect_column_max_to_be_between"}
)
_OF_NUMBERS: Final = frozenset(
    {
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_not_be_outliers",
    }
)

# --- what a value can be

_Kind = tuple[tuple[str, str], Callable[[object], bool]]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _is_scalars(value: object) -> bool:
    """A list of texts and dates, or one of numbers: mixed ones are a slip."""
    if not isinstance(value, list) or not value or not all(is_scalar(item) or isinstance(item, bool) for item in value):
        return False
    return len({_is_number(item) for item in value}) == 1


def _is_patterns(value: object) -> bool:
    return _is_texts(value) and isinstance(value, list) and all(is_pattern(item) for item in value)


def _is_pairs(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(pair, list) and len(pair) == 2 and all(map(is_scalar, pair)) for pair in value)  # noqa: PLR2004 - a pair
    )


def _is_ranges(value: object) -> bool:
    """`{quantiles: [0.5], value_ranges: [[1, 2]]}`; an end may be null."""
    if not isinstance(value, Mapping) or set(value) != {"quantiles", "value_ranges"}:
        return False
    quantiles, ranges = value["quantiles"], value["value_ranges"]
    return (
        isinstance(quantiles, list)
        and isinstance(ranges, list)
        and 0 < len(quantiles) == len(ranges)
        and all(_is_number(quantile) and 0 <= quantile <= 1 for quantile in quantiles)
        and all(isinstance(ends, list) and len(ends) == 2 and all(map(_is_end, ends)) for ends in ranges)  # noqa: PLR2004 - two ends
    )


def _is_end(value: object) -> bool:
    return value is None or _is_number(value)


def _is_bound(value: object) -> bool:
    return value is None or (is_scalar(value) and (not isinstance(value, str) or bool(_DAY.match(value) or value)))


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _is_time_format(value: object) -> bool:
    if not isinstance(value, str) or "%" not in value:
        return False
    moment = dt.datetime(2024, 2, 29, 8, 5, 1, tzinfo=dt.UTC)
    try:
        dt.datetime.strptime(moment.strftime(value), value)  # noqa: DTZ007 - only whether it can be read again
    except ValueError:
        return False
    return True


def _refers_elsewhere(schema: object) -> bool:
    if isinstance(schema, Mapping):
        named = (schema.get(name) for name in ("$ref", "$dynamicRef", "$recursiveRef"))
        outside = any(isinstance(ref, str) and not ref.startswith("#") for ref in named)
        return outside or any(_refers_elsewhere(inner) for inner in schema.values())
    return isinstance(schema, list) and any(_refers_elsewhere(inner) for inner in schema)


def _one_of(*known: object) -> _Kind:
    shown = ", ".join(map(str, known))
    return (f"{shown} 之一", f"one of {shown}"), lambda value: value in known


_TEXT: Final[_Kind] = ("文本", "a text"), lambda value: isinstance(value, str) and value != ""
_TEXTS: Final[_Kind] = ("文本列表", "a list of texts"), _is_texts
_NUMBER: Final[_Kind] = ("数值", "a number"), _is_number
_COUNT: Final[_Kind] = ("非负整数", "a count"), lambda value: value is None or _is_count(value)
_BOUND: Final[_Kind] = ("数值、日期或文本", "a number, a date or a text"), _is_bound
_TRUTH: Final[_Kind] = ("true 或 false", "true or false"), lambda value: isinstance(value, bool)
_PATTERN: Final[_Kind] = ("RE2 正则表达式", "a regular expression (RE2)"), is_pattern
_SHARE: Final[_Kind] = ("0 到 1 的数", "0 to 1"), lambda value: _is_number(value) and 0 <= float(str(value)) <= 1
_CHARACTER: Final[_Kind] = ("一个字符", "one character"), lambda value: isinstance(value, str) and len(value) == 1

_KINDS: Final[Mapping[str, _Kind]] = {
    "value_set": (("同类取值的列表", "a list of values of one kind"), _is_scalars),
    "when_values": _TEXTS,
    "column_list": _TEXTS,
    "column_set": _TEXTS,
    "missing_values": (("文本列表", "a list of texts"), lambda value: isinstance(value, list)),
    "regex": _PATTERN,
    "regex_list": (("RE2 正则表达式的列表", "a list of regular expressions (RE2)"), _is_patterns),
    "like_pattern_list": _TEXTS,
    "escape": _CHARACTER,
    "match_on": _one_of("any", "all"),
    "method": _one_of("iqr", "std"),
    "multiplier": (("正数", "a number above 0"), lambda value: _is_number(value) and float(str(value)) > 0),
    "min_value": _BOUND,
    "max_value": _BOUND,
    **dict.fromkeys(("strict_min", "strict_max", "strictly", "or_equal", "ties_okay", "double_sided"), _TRUTH),
    **dict.fromkeys(("exact_match", "zeros"), _TRUTH),
    "mostly": _SHARE,
    "sum_total": _NUMBER,
    "threshold": _NUMBER,
    "years": _COUNT,
    "value": _COUNT,
    "column_index": _COUNT,
    "value_pairs_set": (("成对取值的列表", "a list of pairs"), _is_pairs),
    "quantile_ranges": (
        ("{quantiles: [0.5], value_ranges: [[1, 2]]}", "{quantiles: [0.5], value_ranges: [[1, 2]]}"),
        _is_ranges,
    ),
    "allow_relative_error": _one_of(False),
    "strftime_format": (("如 %Y-%m-%d 的时间格式", "a format of times such as %Y-%m-%d"), _is_time_format),
    "json_schema": (("字段表", "a mapping"), lambda value: isinstance(value, Mapping)),
    **dict.fromkeys(("bounds", "arguments"), (("字段表", "a mapping"), lambda value: isinstance(value, Mapping))),
    "validity": (("字段表", "a mapping"), lambda value: isinstance(value, Mapping)),
    "row_condition": (("条件", "a condition"), lambda _: True),
    "condition_parser": (("great_expectations", "great_expectations"), lambda value: value in _PARSERS),
    "ignore_row_if": _one_of(*_DEFAULT_IGNORED, *_DEFAULT_IGNORED_OF_MANY),
}
"""Argument -> what it can be; a text if it isn't here."""

_COUNTED: Final = (
    "expect_column_value_lengths_to_be_between",
    "expect_column_unique_value_count_to_be_between",
    "expect_table_row_count_to_be_between",
    "expect_table_column_count_to_be_between",
)
_SHARED: Final = (
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between",
)
_OF: Final[Mapping[tuple[str, str], _Kind]] = {
    **{(name, end): _COUNT for name in _COUNTED for end in ("min_value", "max_value")},
    **{(name, end): _SHARE for name in _SHARED for end in ("min_value", "max_value")},
    **{(name, end): (("数值", "a number"), _is_end) for name in _OF_NUMBERS for end in ("min_value", "max_value")},
}
"""The same where an expectation's own is narrower."""
