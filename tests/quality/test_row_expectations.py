"""Each of Great Expectations' rules about rows, as a contract writes it, says of every row what a slow model says."""

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema
import pyarrow as pa
import pytest
from dateutil.parser import parse

from quality.expectations import configuration_of, evaluate
from quality.row_rules import narrow_frames
from quality.rules import compile_rules
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.model import RuleSpec
from tests.quality.test_whole_batch import dataset

DAY = dt.date(2026, 3, 1)
CODES = [
    "a1",
    "A-2",
    None,
    "b_3",
    "100%",
    "a1\nb",
    "",
    "2024-02-29",
    "2024-02-30",
    '{"n": 1}',
    '{"n": "x"}',
    "甲",
    "[",
    "9" * 40,
]
AMOUNTS = ["1", "2.50", None, "-3", "x", "10", "2.5", "0", "007", "1e3", None, "5", "10.0", "3"]
COUNTS = ["1", "2", "3", None, "x", "10", "2", "0", "7", "1000", None, "5", "9", "3"]
DAYS = ["2024-01-01", None, "2023-12-31", "2024-06-01", "bad", *["2024-02-29"] * 9]
ROWS = list(zip(CODES, AMOUNTS, COUNTS, DAYS, strict=True))
TABLE = pa.table(
    {
        name: pa.array(list(cells), pa.string())
        for name, cells in zip(("code", "amount", "count", "day"), zip(*ROWS, strict=True), strict=True)
    }
)

Row = Mapping[str, str | None]


def number(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]{1,18}", text) else None


def of(
    column: str, model: Callable[[Any], bool], read: Callable[[str | None], Any] = lambda text: text
) -> Callable[[Row], bool]:
    """A model of one column: a missing or unreadable value passes."""
    return lambda row: read(row[column]) is None or model(read(row[column]))


def can(act: Callable[[str], object]) -> Callable[[str], bool]:
    def tried(text: str) -> bool:
        try:
            act(text)
        except (ValueError, OverflowError, jsonschema.ValidationError):
            return False
        return True

    return tried


def like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.DOTALL) is not None


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}

CASES: list[tuple[str, dict[str, object], Callable[[Row], bool]]] = [
    (
        "expect_column_values_to_be_between",
        {"column": "amount", "min_value": 0, "max_value": 5},
        of("amount", lambda v: 0 <= v <= 5, number),
    ),
    (
        "expect_column_values_to_be_between",
        {"column": "amount", "min_value": 0, "strict_min": True},
        of("amount", lambda v: v > 0, number),
    ),
    (
        "expect_column_values_to_be_between",
        {"column": "count", "max_value": 9, "strict_max": True},
        of("count", lambda v: v < 9, whole),
    ),
    (
        "expect_column_values_to_be_between",
        {"column": "day", "min_value": "2024-01-01", "max_value": "2024-12-31"},
        of("day", lambda v: "2024-01-01" <= v <= "2024-12-31"),
    ),
    (
        "expect_column_values_to_be_in_set",
        {"column": "amount", "value_set": [1, 2.5, 10]},
        of("amount", lambda v: v in {1, 2.5, 10}, number),
    ),
    (
        "expect_column_values_to_not_be_in_set",
        {"column": "count", "value_set": [1, 2]},
        of("count", lambda v: v not in {1, 2}, whole),
    ),
    (
        "expect_column_values_to_be_in_set",
        {"column": "amount", "value_set": ["1", "2.50"]},
        of("amount", lambda v: v in {"1", "2.50"}),
    ),
    (
        "expect_column_values_to_match_regex_list",
        {"column": "code", "regex_list": ["^a", "[0-9]$"]},
        of("code", lambda v: bool(re.search("^a", v) or re.search(r"[0-9]\Z", v))),
    ),
    (
        "expect_column_values_to_match_regex_list",
        {"column": "code", "regex_list": ["a", "1"], "match_on": "all"},
        of("code", lambda v: "a" in v and "1" in v),
    ),
    (
        "expect_column_values_to_not_match_regex_list",
        {"column": "code", "regex_list": ["a", "-"]},
        of("code", lambda v: "a" not in v and "-" not in v),
    ),
    ("expect_column_values_to_match_like_pattern", {"column": "code", "like_pattern": "a%"}, of("code", like("a.*"))),
    (
        "expect_column_values_to_match_like_pattern",
        {"column": "code", "like_pattern": r"%\%", "escape": "\\"},
        of("code", like(".*%")),
    ),
    (
        "expect_column_values_to_not_match_like_pattern",
        {"column": "code", "like_pattern": "__"},
        of("code", lambda v: not like("..")(v)),
    ),
    (
        "expect_column_values_to_match_like_pattern_list",
        {"column": "code", "like_pattern_list": ["a_", "b%"]},
        of("code", lambda v: like("a.")(v) or like("b.*")(v)),
    ),
    (
        "expect_column_values_to_match_like_pattern_list",
        {"column": "code", "like_pattern_list": ["a%", "%1"], "match_on": "all"},
        of("code", lambda v: like("a.*")(v) and like(".*1")(v)),
    ),
    (
        "expect_column_values_to_not_match_like_pattern_list",
        {"column": "code", "like_pattern_list": ["a%", "2024%"]},
        of("code", lambda v: not (like("a.*")(v) or like("2024.*")(v))),
    ),
    (
        "expect_column_values_to_match_strftime_format",
        {"column": "code", "strftime_format": "%Y-%m-%d"},
        of("code", can(lambda v: dt.datetime.strptime(v, "%Y-%m-%d"))),  # noqa: DTZ007 - no clock in it
    ),
    ("expect_column_values_to_be_dateutil_parseable", {"column": "day"}, of("day", can(parse))),
    ("expect_column_values_to_be_json_parseable", {"column": "code"}, of("code", can(json.loads))),
    (
        "expect_column_values_to_match_json_schema",
        {"column": "code", "json_schema": SCHEMA},
        of("code", can(lambda v: jsonschema.validate(json.loads(v), SCHEMA))),
    ),
    ("expect_column_value_lengths_to_equal", {"column": "code", "value": 2}, of("code", lambda v: len(v) == 2)),
    (
        "expect_column_value_lengths_to_be_between",
        {"column": "code", "min_value": 2, "max_value": 4, "strict_max": True},
        of("code", lambda v: 2 <= len(v) < 4),
    ),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "amount", "column_B": "count", "or_equal": True},
        lambda r: None in (number(r["amount"]), whole(r["count"])) or number(r["amount"]) >= whole(r["count"]),
    ),  # type: ignore[operator] # not None here
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": "amount", "column_B": "count"},
        lambda r: None in (number(r["amount"]), whole(r["count"])) or number(r["amount"]) == whole(r["count"]),
    ),
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": "code", "column_B": "day", "ignore_row_if": "both_values_are_missing"},
        lambda r: r["code"] == r["day"],
    ),
    (
        "expect_column_pair_values_to_be_in_set",
        {"column_A": "code", "column_B": "amount", "value_pairs_set": [["a1", 1], ["甲", 5]]},
        lambda r: (
            r["code"] is None
            or number(r["amount"]) is None
            or (r["code"], number(r["amount"])) in {("a1", 1), ("甲", 5)}
        ),
    ),
    (
        "expect_multicolumn_sum_to_equal",
        {"column_list": ["amount", "count"], "sum_total": 2},
        lambda r: None in (number(r["amount"]), whole(r["count"])) or number(r["amount"]) + whole(r["count"]) == 2,
    ),  # type: ignore[operator] # not None here
    (
        "expect_multicolumn_values_to_be_equal",
        {"column_list": ["code", "day"]},
        lambda r: None in (r["code"], r["day"]) or r["code"] == r["day"],
    ),
    (
        "expect_select_column_values_to_be_unique_within_record",
        {"column_list": ["code", "day"]},
        lambda r: None in (r["code"], r["day"]) or r["code"] != r["day"],
    ),
    (
        "expect_column_values_to_not_be_null",
        {"column": "code", "row_condition": 'col("count") > 4 or col("day").isNull()'},
        lambda r: r["code"] is not None or not ((whole(r["count"]) or 0) > 4 or r["day"] is None),
    ),
    (
        "expect_column_values_to_be_null",
        {
            "column": "amount",
            "row_condition": {
                "type": "comparison",
                "column": {"name": "code"},
                "operator": "IN",
                "parameter": ["a1", "甲"],
            },
        },
        lambda r: r["amount"] is None or r["code"] not in {"a1", "甲"},
    ),
]


PUBLIC = {
    "result_format": {"result_format": "COMPLETE", "partial_unexpected_count": 0, "exclude_unexpected_values": True},
    "catch_exceptions": False,
}


def spec(place: int, expectation: str, arguments: Mapping[str, object]) -> RuleSpec:
    columns: list[str] = []
    for name in EXPECTATIONS[expectation].columns:
        value = arguments[name]
        columns += value if isinstance(value, list) else [str(value)]
    return RuleSpec(f"r{place}", 1, "accuracy", "0301", "row", expectation, arguments, tuple(columns), "错", "bad", "1")


def test_all_of_them_are_here() -> None:
    known = {
        name for name, expectation in EXPECTATIONS.items() if expectation.kind == "row" and name.startswith("expect")
    }
    elsewhere = {"expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"}
    assert known - {name for name, _, _ in CASES} == elsewhere


def test_every_rule_judges_as_its_model() -> None:
    specs = [spec(place, name, arguments) for place, (name, arguments, _) in enumerate(CASES)]
    found = evaluate(TABLE, compile_rules(dataset(*specs), DAY).row)
    for place, (name, arguments, model) in enumerate(CASES):
        rows = [dict(zip(("code", "amount", "count", "day"), row, strict=True)) for row in ROWS]
        expected = [position for position, row in enumerate(rows) if not model(row)]
        assert found[f"r{place}"].positions.tolist() == expected, (name, arguments)


def test_every_rule_judges_as_the_public_way_of_great_expectations() -> None:
    # Imported here: what it warns of is silenced where `quality.expectations` imports it first.
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.validator.validator import Validator

    specs = [spec(place, name, arguments) for place, (name, arguments, _) in enumerate(CASES)]
    rules = [rule for rule in compile_rules(dataset(*specs), DAY).row if rule.condition is None]
    found = evaluate(TABLE, rules)
    for rule in rules:
        frame = narrow_frames(TABLE, [rule], {None: None})[rule.frame]
        validator = Validator(PandasExecutionEngine(batch_data_dict={rule.frame: frame}))
        (result,) = validator.graph_validate([configuration_of(rule)], PUBLIC)
        assert result.result["unexpected_index_list"] == found[rule.rule_id].positions.tolist(), rule.expectation


def test_a_condition_narrows_what_is_counted() -> None:
    rule = spec(
        0,
        "expect_column_values_to_be_in_set",
        {"column": "code", "value_set": ["a1"], "row_condition": 'col("count") >= 7'},
    )
    found = evaluate(TABLE, compile_rules(dataset(rule), DAY).row)["r0"]
    assert found.checked == 4
    assert found.positions.tolist() == [5, 8, 9, 12]


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_are_judged_too(rows: int) -> None:
    specs = [spec(place, name, arguments) for place, (name, arguments, _) in enumerate(CASES)]
    found = evaluate(TABLE.slice(0, rows), compile_rules(dataset(*specs), DAY).row)
    assert len(found) == len(CASES)
    assert dataclasses.astuple(found["r0"])[1] == rows
