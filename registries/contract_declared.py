"""Quality rules that a contract declares under `quality`: ODCS metrics, and Great Expectations verbatim.

A metric decides rows, so its bound is always `mustBe: 0`; only rowCount takes others. A custom rule is
`engine: greatExpectations` with `implementation: {type: ..., kwargs: {...}}`, its type from the vocabulary.
SQL rules are refused: they'd run a department's text against the store.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from open_data_contract_standard.model import DataQuality, SchemaObject

from registries.contract_model import RuleSpec
from registries.contract_odcs import Custom
from registries.contract_vocabulary import EXPECTATIONS, INDICATORS, ODCS_DIMENSIONS, dimension_of
from registries.contract_yaml import Page, Place

Compiled = tuple[str, dict[str, object]]
"""An expectation and its arguments."""

_METRICS: Final = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
_README: Final = ("请按 departments/README.md 书写", "write it as departments/README.md says")


def declared_rules(page: Page, place: Place, table: SchemaObject, columns: set[str]) -> list[RuleSpec]:
    """The rules under `quality` of a table and of its columns; faults are noted on the page."""
    found = _rules_at(page, place, table.quality or (), columns, None)
    for position, given in enumerate(table.properties or ()):
        here = (*place, "properties", position)
        found += _rules_at(page, here, given.quality or (), columns, given.name)
    return found


def _rules_at(
    page: Page, place: Place, given: Sequence[DataQuality], columns: set[str], column: str | None
) -> list[RuleSpec]:
    found = []
    for position, item in enumerate(given):
        here = (*place, "quality", position)
        before = len(page.faults)
        rule = _declared(page, here, item, columns, column)
        if rule is not None and len(page.faults) == before:
            found.append(rule)
    return found


def _declared(page: Page, here: Place, given: DataQuality, columns: set[str], column: str | None) -> RuleSpec | None:
    custom = Custom(page, here, given.customProperties, ("level", "indicator", "zh", "en"))
    indicator = custom.choice("indicator", INDICATORS, "")
    level = custom.choice("level", ("1", "2", "3"), "")
    _check_words(page, here, given, custom)
    compiled = _compiled(page, here, given, column)
    if compiled is None or indicator not in INDICATORS or level not in {"1", "2", "3"}:
        return None
    _check_dimension(page, here, given, indicator)
    name, arguments = compiled
    expectation = EXPECTATIONS[name]
    _check_arguments(page, here, name, arguments, columns)
    return RuleSpec(
        id=given.id or "",
        level=cast("Any", int(level)),
        dimension=dimension_of(indicator),
        indicator=indicator,
        kind=expectation.kind,
        expectation=name,
        arguments=arguments,
        columns=_columns_in(arguments, expectation.columns),
        zh=custom.text("zh"),
        en=custom.text("en"),
        version="",
    )


def _check_words(page: Page, here: Place, given: DataQuality, custom: Custom) -> None:
    if not given.id:
        page.note(here, "规则没有 id", "the rule has no id", *_README)
    for name, what in (("zh", "中文"), ("en", "英文")):
        if not custom.text(name):
            page.note(
                here,
                f"规则 {given.id} 没有{what}说明",
                f"rule {given.id} has no words in {name}",
                f"请在扩展属性 {name} 写明错在哪里、如何更正",
                f"say in custom property {name} what is wrong and how to mend it",
            )


def _check_dimension(page: Page, here: Place, given: DataQuality, indicator: str) -> None:
    if given.dimension not in ODCS_DIMENSIONS:
        page.note_unknown((*here, "dimension"), "质量维度", "dimension", given.dimension, ODCS_DIMENSIONS)
    elif indicator[:2] not in ODCS_DIMENSIONS[given.dimension]:
        page.note(
            (*here, "dimension"),
            f"维度 {given.dimension} 与指标 {indicator} {INDICATORS[indicator]} 不一致",
            f"dimension {given.dimension} does not go with indicator {indicator}",
            f"该指标属于 {dimension_of(indicator)}",
            f"the indicator belongs to {dimension_of(indicator)}",
        )


# --- what it does


def _compiled(page: Page, here: Place, given: DataQuality, column: str | None) -> Compiled | None:
    match given.type or "library":
        case "custom":
            return _custom_engine(page, here, given)
        case "library":
            return _metric(page, here, given, column)
        case "sql":
            page.note(
                (*here, "type"),
                "不接受 SQL 规则",
                "SQL rules are not accepted",
                "请改用 metric 或 greatExpectations 规则",
                "use a metric or a greatExpectations rule",
            )
        case "text":
            page.note((*here, "type"), "文字规则无法执行", "a text rule can't be executed", *_README)
        case other:
            page.note_unknown((*here, "type"), "规则类型", "type of rule", other, ("library", "custom"))
    return None


def _custom_engine(page: Page, here: Place, given: DataQuality) -> Compiled | None:
    if given.engine != "greatExpectations":
        page.note_unknown((*here, "engine"), "规则引擎", "engine", given.engine, ("greatExpectations",))
        return None
    what = given.implementation
    if not isinstance(what, dict) or set(what) != {"type", "kwargs"} or not isinstance(what["kwargs"], dict):
        page.note(
            (*here, "implementation"),
            "implementation 应为 type 与 kwargs",
            "implementation should be type and kwargs",
            *_README,
        )
        return None
    name = str(what["type"])
    if name not in EXPECTATIONS or name in {"mianzheng:reference", "mianzheng:volume_drop", "mianzheng:share_refused"}:
        page.note_unknown((*here, "implementation", "type"), "规则", "rule", name, EXPECTATIONS)
        return None
    return name, {str(key): value for key, value in what["kwargs"].items()}


def _metric(page: Page, here: Place, given: DataQuality, column: str | None) -> Compiled | None:
    if given.metric not in _METRICS:
        page.note_unknown((*here, "metric"), "质量度量", "metric", given.metric, _METRICS)
        return None
    if given.metric == "rowCount":
        return _row_count(page, here, given, column)
    if given.mustBe != 0 or isinstance(given.mustBe, bool):
        page.note(
            here,
            f"度量 {given.metric} 应写 mustBe: 0",
            f"metric {given.metric} takes mustBe: 0",
            "规则逐行裁定, 不按比例",
            "rows are judged one by one, not as a share",
        )
    return _row_metric(page, here, given, column)


def _row_metric(page: Page, here: Place, given: DataQuality, column: str | None) -> Compiled | None:
    arguments = given.arguments or {}
    form: tuple[str | bool, ...] = (given.metric or "", column is not None, *map(str, sorted(arguments)))
    if form not in _ROW_METRICS:
        page.note(
            here,
            f"度量 {given.metric} 的参数 ({', '.join(sorted(arguments))}) 不合规",
            f"metric {given.metric} does not take these arguments here ({', '.join(sorted(arguments))})",
            *_README,
        )
        return None
    expectation, argument = _ROW_METRICS[form]
    known: dict[str, object] = {argument: next(iter(arguments.values()), [column]), "column": column}
    return expectation, {name: known[name] for name in EXPECTATIONS[expectation].arguments}


_ROW_METRICS: Final[dict[tuple[str | bool, ...], tuple[str, str]]] = {
    ("nullValues", True): ("expect_column_values_to_not_be_null", "column"),
    ("missingValues", True, "missingValues"): ("expect_column_values_to_not_be_in_set", "value_set"),
    ("invalidValues", True, "validValues"): ("expect_column_values_to_be_in_set", "value_set"),
    ("invalidValues", True, "pattern"): ("expect_column_values_to_match_regex", "regex"),
    ("duplicateValues", True): ("mianzheng:unique", "column_list"),
    ("duplicateValues", False, "properties"): ("mianzheng:unique", "column_list"),
}
"""Metric, whether it stands at a column, its arguments -> expectation, and the argument that takes the value."""


def _row_count(page: Page, here: Place, given: DataQuality, column: str | None) -> Compiled | None:
    least, most = given.mustBeGreaterOrEqualTo, given.mustBeLessOrEqualTo
    if given.mustBeGreaterThan is not None:
        least = given.mustBeGreaterThan + 1
    if given.mustBeLessThan is not None:
        most = given.mustBeLessThan - 1
    if given.mustBeBetween is not None:
        least, most = given.mustBeBetween
    if column is not None or (least is None and most is None):
        page.note(
            here,
            "rowCount 应写在数据表上, 并给出上下限",
            "rowCount belongs to the table, with a bound",
            "例如 mustBeGreaterThan: 0",
            "mustBeGreaterThan: 0, for example",
        )
        return None
    bounds: dict[str, object] = {"min_value": least, "max_value": most}
    return "expect_table_row_count_to_be_between", {key: value for key, value in bounds.items() if value is not None}


# --- its arguments


def _check_arguments(page: Page, here: Place, name: str, arguments: Mapping[str, object], columns: set[str]) -> None:
    expectation = EXPECTATIONS[name]
    for argument in sorted(set(arguments) - set(expectation.arguments)):
        page.note_unknown(
            (*here, "implementation", "kwargs", argument), "参数", "argument", argument, expectation.arguments
        )
    for argument in expectation.arguments:
        if argument not in arguments and argument not in expectation.optional:
            page.note(here, f"规则 {name} 缺少参数 {argument}", f"{name} lacks argument {argument}", *_README)
    for column in _columns_in(arguments, expectation.columns):
        if column not in columns:
            place = (*here, "implementation", "kwargs")
            page.note_unknown(place, "列", "column", column, columns)
    for argument in set(arguments) & set(_TYPES):
        if not _TYPES[argument](arguments[argument]):
            page.note(here, f"参数 {argument} 的取值不合规", f"argument {argument} has an unusable value", *_README)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


_TYPES: Final = {
    "value_set": _is_texts,
    "when_values": _is_texts,
    "column_list": _is_texts,
    "min_value": _is_count,
    "max_value": _is_count,
}


def _columns_in(arguments: Mapping[str, object], names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        value = arguments.get(name)
        found += [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]
    return tuple(found)
