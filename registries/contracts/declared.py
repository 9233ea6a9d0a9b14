"""Quality rules that a contract declares under `quality`: ODCS metrics, SQL, and Great Expectations verbatim.

    metric: invalidValues      see metrics
    type: sql                  see queries
    type: custom               engine: greatExpectations, implementation: {type: ..., kwargs: {...}}, verbatim

Whatever is not understood is a fault: a rule is never dropped. What each needs besides: an `id`, the custom
properties `level`, `indicator`, `zh`, `en`, and a `dimension` that goes with the indicator.

Standard: ODCS 3.2, data quality.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import yaml
from open_data_contract_standard.model import DataQuality, SchemaObject

from registries.contracts.arguments import check_arguments, columns_in
from registries.contracts.conditions import plain
from registries.contracts.expectations import DECLARABLE, EXPECTATIONS, REFUSED
from registries.contracts.metrics import Compiled, metric
from registries.contracts.model import Column, Level, RuleKind, RuleSpec
from registries.contracts.names import FILL
from registries.contracts.odcs import Custom
from registries.contracts.queries import check_queries, rows_query, sql_rule
from registries.contracts.trust import levels_by_trust
from registries.contracts.vocabulary import INDICATORS, ODCS_DIMENSIONS, dimension_of
from registries.contracts.yaml_page import Page, Place

Found = list[tuple[Place, RuleSpec]]
_ALWAYS: Final = frozenset(
    (
        *("id", "authoritativeDefinitions", "businessImpact", "customProperties", "description", "dimension", "method"),
        *("name", "schedule", "scheduler", "severity", "tags", "type"),
    )
)
_MEASURED: Final = frozenset(name for name in DataQuality.model_fields if name.startswith("must")) | {"unit"}
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "library": _ALWAYS | _MEASURED | {"metric", "rule", "arguments"},
    "sql": _ALWAYS | _MEASURED | {"query"},
    "custom": _ALWAYS | {"engine", "implementation"},
}
_BESIDE: Final = frozenset({"meta", "notes", "description", "id", "severity"})
"""What Great Expectations writes beside type and kwargs, and what decides nothing."""


def declared_rules(page: Page, place: Place, table: SchemaObject, columns: Sequence[Column]) -> list[RuleSpec]:
    """The rules under `quality` of a table and of its columns; faults are noted on the page."""
    known = {column.name: column for column in columns}
    found = _rules_at(page, place, table.quality or (), table, known, None)
    for position, given in enumerate(table.properties or ()):
        here = (*place, "properties", position)
        found += _rules_at(page, here, given.quality or (), table, known, given.name)
    check_queries(page, table, columns, found)
    return [rule for _, rule in found]


def _rules_at(
    page: Page,
    place: Place,
    given: Sequence[DataQuality],
    table: SchemaObject,
    columns: Mapping[str, Column],
    column: str | None,
) -> Found:
    found = []
    for position, item in enumerate(given):
        here = (*place, "quality", position)
        before = len(page.faults)
        rule = _declared(page, here, item, table, columns, column)
        if rule is not None and len(page.faults) == before:
            found.append((here, rule))
    return found


def _declared(
    page: Page,
    here: Place,
    given: DataQuality,
    table: SchemaObject,
    columns: Mapping[str, Column],
    column: str | None,
) -> RuleSpec | None:
    custom = Custom(page, here, given.customProperties, ("level", "levelByTrust", "indicator", "zh", "en"))
    indicator = custom.choice("indicator", INDICATORS, "")
    level = custom.choice("level", ("1", "2", "3"), "")
    _check_words(page, here, given, custom)
    compiled = _compiled(page, here, given, table, column)
    if compiled is None or indicator not in INDICATORS or level not in {"1", "2", "3"}:
        return None
    _check_dimension(page, here, given, indicator)
    name, arguments = _as_share(*compiled)
    _check(page, here, name, arguments, columns)
    return RuleSpec(
        id=given.id or "",
        level=cast("Any", int(level)),
        dimension=dimension_of(indicator),
        indicator=indicator,
        kind=EXPECTATIONS[name].kind,
        expectation=name,
        arguments=arguments,
        columns=_columns(name, arguments),
        zh=custom.text("zh"),
        en=custom.text("en"),
        version="",
        levels_by_trust=_levels_by_trust(page, here, custom, EXPECTATIONS[name].kind),
    )


def _levels_by_trust(page: Page, here: Place, custom: Custom, kind: RuleKind) -> Mapping[str, Level]:
    """A rule about a batch has one level: its rows may be of any trust."""
    found = levels_by_trust(custom)
    if found and kind == "batch":
        page.note(
            here,
            "整批规则不能按可信等级分级",
            "a rule about a batch has no levels by trust",
            "请删除 levelByTrust",
            "remove levelByTrust",
        )
    return found


def _check_words(page: Page, here: Place, given: DataQuality, custom: Custom) -> None:
    if not given.id:
        page.note(here, "规则没有 id", "the rule has no id", *FILL)
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


def _check(page: Page, here: Place, name: str, arguments: Mapping[str, object], columns: Mapping[str, Column]) -> None:
    """The arguments, and those of the rule whose share is counted."""
    check_arguments(
        page, here, name, {key: value for key, value in arguments.items() if key != "arguments"} | _inert(name), columns
    )
    if name == "mianzheng:share":
        inner = cast("Mapping[str, object]", arguments["arguments"])
        check_arguments(page, here, str(arguments["expectation"]), inner, columns)


def _inert(name: str) -> dict[str, object]:
    return {"arguments": {}} if name == "mianzheng:share" else {}


def _columns(name: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    if name == "mianzheng:share":
        return columns_in(str(arguments["expectation"]), cast("Mapping[str, object]", arguments["arguments"]))
    return columns_in(name, arguments)


# --- what it does


def _compiled(page: Page, here: Place, given: DataQuality, table: SchemaObject, column: str | None) -> Compiled | None:
    kind = given.type or "library"
    if kind == "text":
        page.note((*here, "type"), "文字规则无法执行", "a text rule can't be executed", *FILL)
        return None
    if kind not in _FIELDS:
        page.note_unknown((*here, "type"), "规则类型", "type of rule", kind, _FIELDS)
        return None
    for name in sorted(given.model_fields_set - _FIELDS[kind]):
        page.note(
            (*here, name),
            f"{kind} 类规则不用 {name}",
            f"a rule of type {kind} does not take {name}",
            "请删除, 或改写规则类型 type",
            "remove it, or give the rule its type",
        )
    match kind:
        case "library":
            return metric(page, here, given, column)
        case "sql":
            return sql_rule(page, here, given, table.name or "", column)
        case _:
            return _expectation(page, here, given, table)


def _expectation(page: Page, here: Place, given: DataQuality, table: SchemaObject) -> Compiled | None:
    """Great Expectations' own words: type and kwargs, as a mapping or as a text of YAML or JSON."""
    if given.engine != "greatExpectations":
        page.note_unknown((*here, "engine"), "规则引擎", "engine", given.engine, ("greatExpectations",))
        return None
    what = _read(given.implementation)
    if (
        not isinstance(what, dict)
        or not {"type", "kwargs"} <= set(what) <= {"type", "kwargs"} | _BESIDE
        or not isinstance(what["kwargs"], dict)
    ):
        page.note(
            (*here, "implementation"),
            "implementation 应为 type 与 kwargs",
            "implementation should be type and kwargs",
            *FILL,
        )
        return None
    name, kwargs = str(what["type"]), what["kwargs"]
    place = (*here, "implementation", "type")
    if name in REFUSED:
        zh, en = REFUSED[name]
        page.note(place, f"不支持 {name}", f"{name} is not supported", zh, en)
        return None
    if name not in DECLARABLE:
        page.note_unknown(place, "规则", "rule", name, DECLARABLE)
        return None
    arguments = {str(key): _plain(value) for key, value in kwargs.items() if value is not None}
    if name == "unexpected_rows_expectation":
        query = rows_query(page, here, arguments.get("unexpected_rows_query"), table.name or "")
        return None if query is None else ("mianzheng:sql", {"query": query, "bounds": {"mustBe": 0}})
    return name, arguments


def _read(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return None if "&" in given or "*" in given else yaml.safe_load(given)
    except yaml.YAMLError:
        return None


def _plain(value: object) -> object:
    """Dates as the canonical columns have them."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict | bool) or value is None:
        return value
    return plain(value)


def _as_share(name: str, arguments: dict[str, object]) -> Compiled:
    """A rule that allows some rows to fail decides about the batch."""
    mostly = arguments.get("mostly", 1)
    if name not in EXPECTATIONS or not isinstance(mostly, int | float) or isinstance(mostly, bool):
        return name, arguments
    inner = {key: value for key, value in arguments.items() if key != "mostly"}
    if "mostly" not in EXPECTATIONS[name].arguments or not 0 <= mostly < 1:
        return name, (inner if mostly == 1 and "mostly" in EXPECTATIONS[name].arguments else arguments)
    share: dict[str, object] = {"mustBeGreaterOrEqualTo": mostly}
    return "mianzheng:share", {"expectation": name, "arguments": inner, "unit": "mostly", "bounds": share}
