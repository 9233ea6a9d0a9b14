"""ODCS's library metrics as rules: a metric of which there may be none decides rows, any other bound decides batches.

    nullValues       the column is empty
    missingValues    it is one of arguments.missingValues (with null or "" among them: or empty)
    invalidValues    it is none of arguments.validValues, or doesn't match arguments.pattern
    duplicateValues  another row has the same values (in the column, or in arguments.properties)
    rowCount         how many rows there are

Percentages are of all rows of the batch. Standard: ODCS 3.2, data quality, library metrics.
"""

from typing import Final

from open_data_contract_standard.model import DataQuality

from registries.contracts.bounds import Bounds, bounds_of, means_none, unit_of
from registries.contracts.names import FILL
from registries.contracts.yaml_page import Page, Place

Compiled = tuple[str, dict[str, object]]
"""An expectation and its arguments."""

_METRICS: Final = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
_FORMER: Final = "rule"


def metric(page: Page, here: Place, given: DataQuality, column: str | None) -> Compiled | None:
    """The expectation that a metric stands for; None, and faults noted, if it can't be one."""
    if given.rule is not None:
        page.note(
            (*here, _FORMER),
            "rule 是 ODCS 3.0 的写法",
            "rule is of ODCS 3.0",
            f"请改写为 metric ({', '.join(_METRICS)})",
            f"write metric instead ({', '.join(_METRICS)})",
        )
        return None
    if given.metric not in _METRICS:
        page.note_unknown((*here, "metric"), "质量度量", "metric", given.metric, _METRICS)
        return None
    bounds = bounds_of(page, here, given)
    unit = unit_of(page, here, given, bounds)
    if given.metric == "rowCount":
        return _row_count(page, here, given, column, bounds)
    return _of_rows(page, here, given, column, bounds, unit)


def _of_rows(
    page: Page, here: Place, given: DataQuality, column: str | None, bounds: Bounds, unit: str
) -> Compiled | None:
    arguments = given.arguments or {}
    form: tuple[str | bool, ...] = (given.metric or "", column is not None, *sorted(map(str, arguments)))
    if form not in _FORMS:
        page.note(
            here,
            f"度量 {given.metric} 的参数 ({', '.join(sorted(arguments))}) 不合规",
            f"metric {given.metric} does not take these arguments here ({', '.join(sorted(arguments))})",
            *FILL,
        )
        return None
    compiled = _compiled(_FORMS[form], next(iter(arguments.values()), None), column)
    if means_none(bounds, unit):
        return compiled
    expectation, known = compiled
    if expectation == "mianzheng:unique":
        return "mianzheng:duplicates", {**known, "unit": unit, "bounds": dict(bounds)}
    # What the standard counts are the rows that are not as expected.
    return "mianzheng:share", {"expectation": expectation, "arguments": known, "unit": unit, "bounds": dict(bounds)}


_FORMS: Final[dict[tuple[str | bool, ...], str]] = {
    ("nullValues", True): "null",
    ("missingValues", True, "missingValues"): "missing",
    ("invalidValues", True, "validValues"): "valid",
    ("invalidValues", True, "pattern"): "pattern",
    ("duplicateValues", True): "duplicate",
    ("duplicateValues", False, "properties"): "duplicate",
}
"""Metric, whether it stands at a column, its arguments -> what it asks."""


def _compiled(what: str, value: object, column: str | None) -> Compiled:
    match what:
        case "null":
            return "expect_column_values_to_not_be_null", {"column": column}
        case "missing":
            return _missing(value, column)
        case "valid":
            return "expect_column_values_to_be_in_set", {"column": column, "value_set": value}
        case "pattern":
            return "expect_column_values_to_match_regex", {"column": column, "regex": value}
        case _:
            return "mianzheng:unique", {"column_list": value if column is None else [column]}


def _missing(values: object, column: str | None) -> Compiled:
    """A row without a value is missing too where the list says so, as the standard's own examples do."""
    if isinstance(values, list) and (None in values or "" in values):
        named = [value for value in values if value is not None and value != ""]
        return "mianzheng:not_missing", {"column": column, "missing_values": named}
    return "expect_column_values_to_not_be_in_set", {"column": column, "value_set": values}


def _row_count(page: Page, here: Place, given: DataQuality, column: str | None, bounds: Bounds) -> Compiled | None:
    if column is not None or given.unit == "percent" or given.arguments:
        page.note(
            here,
            "rowCount 应写在数据表上, 单位为 rows, 没有参数",
            "rowCount belongs to the table, in rows, without arguments",
            "例如 mustBeGreaterThan: 0",
            "mustBeGreaterThan: 0, for example",
        )
        return None
    least, most = bounds.get("mustBeGreaterOrEqualTo"), bounds.get("mustBeLessOrEqualTo")
    match dict(bounds):
        case {"mustBeGreaterThan": int(value), **others} if not others:
            least = value + 1
        case {"mustBeLessThan": int(value), **others} if not others:
            most = value - 1
        case {"mustBeBetween": [int(least), int(most)], **others} if not others:
            pass
        case {"mustBeGreaterOrEqualTo": _} | {"mustBeLessOrEqualTo": _} if set(bounds) <= _PLAIN:
            pass
        case _:
            return "mianzheng:row_count", {"bounds": dict(bounds)}
    found = {"min_value": least, "max_value": most}
    return "expect_table_row_count_to_be_between", {key: value for key, value in found.items() if value is not None}


_PLAIN: Final = frozenset({"mustBeGreaterOrEqualTo", "mustBeLessOrEqualTo"})
