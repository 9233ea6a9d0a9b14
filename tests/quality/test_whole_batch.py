"""Rules over a whole batch against pandas and plain Python, and what becomes of those that can't be judged."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.gate import Gauge, failed
from quality.parting import Findings
from quality.sql_rules import WholeBatch, whole_rule
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.model import Column, Dataset, RuleSpec, Server, Sharing, Sla

COLUMNS = (
    Column("code", "代码"),
    Column("amount", "金额", "number"),
    Column("count", "数量", "integer"),
    Column("day", "日期", "date"),
)
Cells = Mapping[str, list[str | None]]


def rule(expectation: str, level: int = 1, rule_id: str = "r", **arguments: object) -> RuleSpec:
    kind = EXPECTATIONS[expectation].kind
    return RuleSpec(
        rule_id,
        level,
        "accuracy",
        "0301",
        kind,
        expectation,
        arguments,
        (),
        "错",
        "wrong",
        "1",  # type: ignore[arg-type] # 1 to 3
    )


def dataset(*rules: RuleSpec) -> Dataset:
    return Dataset(
        "market.shops", "market", "market-shops", "1.0.0", "店铺", "Shops", COLUMNS, ("code",), rules,
        Server("drop", "files", pattern="*.csv"), Sla(1, 1, "0 1 * * *"), Sharing("无条件共享"),
    )  # fmt: skip


def table(cells: Cells) -> pa.Table:
    rows = len(next(iter(cells.values())))
    return pa.table({c.name: pa.array(cells.get(c.name, [None] * rows), pa.string()) for c in COLUMNS})


def judged(cells: Cells, *rules: RuleSpec, chunk: int = 3) -> Findings:
    """The findings over rows 1, 2, ... that came in small chunks."""
    given, findings = table(cells), Findings()
    compiled = [found for spec in rules if (found := whole_rule(spec)) is not None]
    assert len(compiled) == len(rules)
    with WholeBatch(dataset(*rules), compiled) as whole:
        for start in range(0, given.num_rows, chunk):
            part = given.slice(start, chunk)
            whole.add(np.arange(start + 1, start + 1 + part.num_rows), part)
        whole.judge(findings)
    return findings


def text(values: Iterable[object]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


AMOUNTS = [10.5, None, 3.25, 7.0, 7.0, 1000.0, -2.5, 0.1, 0.2, None, 8.0]
SERIES = pd.Series([np.nan if value is None else value for value in AMOUNTS])

STATISTICS = {
    "min": SERIES.min(),
    "max": SERIES.max(),
    "mean": SERIES.mean(),
    "median": SERIES.median(),
    "sum": math.fsum(value for value in AMOUNTS if value is not None),
    "stdev": SERIES.std(),
    "unique_value_count": SERIES.nunique(),
    "proportion_of_unique_values": SERIES.nunique() / SERIES.count(),
    "proportion_of_non_null_values": SERIES.count() / len(SERIES),
}


def test_statistics_are_those_of_pandas_and_bounds_are_kept() -> None:
    rules, expected = [], {}
    for what, value in STATISTICS.items():
        name = f"expect_column_{what}_to_be_between"
        slack = 1e-9 * max(1, abs(value))
        for suffix, bounds, good in (
            ("inside", {"min_value": value - slack, "max_value": value + slack}, True),
            ("above", {"max_value": value - slack * 2}, False),
            ("below", {"min_value": value + slack * 2}, False),
        ):
            rules.append(rule(name, rule_id=f"{what}-{suffix}", column="amount", **bounds))
            expected[f"{what}-{suffix}"] = good
    found = judged({"amount": text(AMOUNTS)}, *rules)
    assert {rule_id: measured.holds for rule_id, measured in found.measures.items()} == expected
    assert {(m.checked, m.failed) for m in found.measures.values()} == {(1, 0), (1, 1)}


def test_sums_of_many_cents_are_exact() -> None:
    found = judged({"amount": ["0.1"] * 10_000}, *(
        rule("expect_column_sum_to_be_between", column="amount", min_value=1000, max_value=1000),
    ), chunk=3_000)  # fmt: skip
    assert found.measures["r"].holds


def test_strict_bounds_dates_and_integers() -> None:
    cells: Cells = {
        "day": ["2024-01-05", None, "2023-12-31", "2024-02-01"],
        "count": ["9007199254740993", "1", None, "x"],
    }
    found = judged(
        cells,
        rule("expect_column_min_to_be_between", rule_id="a", column="day", min_value="2023-12-31"),
        rule("expect_column_min_to_be_between", rule_id="b", column="day", min_value="2023-12-31", strict_min=True),
        rule("expect_column_max_to_be_between", rule_id="c", column="day", max_value="2024-02-01"),
        rule("expect_column_max_to_be_between", rule_id="d", column="day", max_value="2024-01-31"),
        rule("expect_column_max_to_be_between", rule_id="e", column="count", min_value=9007199254740993),
        rule("expect_column_proportion_of_non_null_values_to_be_between", rule_id="f", column="count", min_value=0.75),
    )
    assert {name: m.holds for name, m in found.measures.items()} == {
        "a": True,
        "b": False,
        "c": True,
        "d": False,
        "e": True,
        "f": False,
    }


@settings(max_examples=5, deadline=None)
@given(st.lists(st.none() | st.integers(-50, 50), min_size=1, max_size=30))
def test_rows_that_fail_are_those_of_a_model(values: list[int | None]) -> None:
    known = [value for value in values if value is not None]
    series = pd.Series(known, dtype="float64")
    low, high = (series.quantile(q) for q in (0.25, 0.75)) if known else (0, 0)
    mean, deviation = series.mean(), series.std()

    def before(place: int) -> int | None:
        return next((value for value in reversed(values[:place]) if value is not None), None)

    models = {
        "unique": lambda _, value: values.count(value) > 1,
        "increasing": lambda place, value: before(place) is not None and value < before(place),
        "strictly": lambda place, value: before(place) is not None and value <= before(place),
        "decreasing": lambda place, value: before(place) is not None and value > before(place),
        "z": lambda _, value: bool(deviation > 0) and not abs((value - mean) / deviation) < 1,
        "iqr": lambda _, value: not low - 1.5 * (high - low) <= value <= high + 1.5 * (high - low),
        "std": lambda _, value: bool(deviation > 0) and abs(value - mean) >= deviation,
    }
    names = (
        "expect_column_values_to_be_unique expect_column_values_to_be_increasing expect_column_values_to_be_decreasing"
    )
    unique, increasing, decreasing = names.split()
    found = judged(
        {"count": text(values)},
        rule(unique, rule_id="unique", column="count"),
        rule(increasing, rule_id="increasing", column="count"),
        rule(increasing, rule_id="strictly", column="count", strictly=True),
        rule(decreasing, rule_id="decreasing", column="count"),
        rule(
            "expect_column_value_z_scores_to_be_less_than", rule_id="z", column="count", threshold=1, double_sided=True
        ),
        rule("expect_column_values_to_not_be_outliers", rule_id="iqr", column="count"),
        rule("expect_column_values_to_not_be_outliers", rule_id="std", column="count", method="std", multiplier=1),
    )
    for name, model in models.items():
        expected = [place + 1 for place, value in enumerate(values) if value is not None and model(place, value)]
        assert found.of(name).tolist() == expected, name
        assert found.checked(name) == len(known)


def test_compound_duplicates_and_conditions() -> None:
    cells: Cells = {
        "code": ["a", "a", "a", None, "b", "b"],
        "day": ["1", "1", "2", "1", "1", "1"],
        "count": list("111112"),
    }
    compound: dict[str, Any] = {"column_list": ["code", "day"]}
    found = judged(
        cells,
        rule("expect_compound_columns_to_be_unique", rule_id="all", **compound),
        rule("expect_compound_columns_to_be_unique", rule_id="some", row_condition='col("count") == 1', **compound),
        rule("expect_column_values_to_be_unique", rule_id="share", column="code"),
    )
    assert found.of("all").tolist() == [1, 2, 5, 6]
    assert found.of("some").tolist() == [1, 2]
    assert (found.checked("all"), found.checked("some")) == (5, 4)
    assert found.refused().tolist() == [1, 2, 3, 5, 6]


@pytest.mark.parametrize(
    ("expectation", "arguments", "good"),
    [
        ("expect_column_distinct_values_to_be_in_set", {"value_set": ["a", "b", "c"]}, True),
        ("expect_column_distinct_values_to_be_in_set", {"value_set": ["a"]}, False),
        ("expect_column_distinct_values_to_contain_set", {"value_set": ["a"]}, True),
        ("expect_column_distinct_values_to_contain_set", {"value_set": ["a", "z"]}, False),
        ("expect_column_distinct_values_to_equal_set", {"value_set": ["b", "a"]}, True),
        ("expect_column_distinct_values_to_equal_set", {"value_set": ["a"]}, False),
        ("expect_column_distinct_values_to_equal_set", {"value_set": ["a", "b", "c"]}, False),
        ("expect_column_most_common_value_to_be_in_set", {"value_set": ["a"]}, False),
        ("expect_column_most_common_value_to_be_in_set", {"value_set": ["a"], "ties_okay": True}, True),
        ("expect_column_most_common_value_to_be_in_set", {"value_set": ["z"], "ties_okay": True}, False),
    ],
)
def test_sets_of_values(expectation: str, arguments: dict[str, object], good: bool) -> None:
    assert (
        judged({"code": ["a", "b", "a", "b", None]}, rule(expectation, column="code", **arguments)).measures["r"].holds
        is good
    )


def test_quantiles_are_values_of_the_column() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0]
    told = np.quantile(values, [0.1, 0.5, 0.9], method="inverted_cdf")
    ranges = [[value, value] for value in told.tolist()]
    good = {"quantiles": [0.1, 0.5, 0.9], "value_ranges": ranges}
    bad = {"quantiles": [0.5], "value_ranges": [[None, 3.9]]}
    name = "expect_column_quantile_values_to_be_between"
    found = judged(
        {"amount": text(values)},
        rule(name, rule_id="a", column="amount", quantile_ranges=good),
        rule(name, rule_id="b", column="amount", quantile_ranges=bad),
    )
    assert (found.measures["a"].holds, found.measures["b"].holds) == (True, False)


def test_nothing_to_measure_is_as_expected_and_counts_are_counts() -> None:
    found = judged(
        {"amount": [None, None]},
        rule("expect_column_mean_to_be_between", rule_id="mean", column="amount", min_value=5),
        rule("expect_table_row_count_to_equal", rule_id="rows", value=2),
        rule("mianzheng:row_count", rule_id="other", bounds={"mustNotBeBetween": [1, 3]}),
        rule("mianzheng:duplicates", rule_id="none", column_list=["amount"], unit="rows", bounds={"mustBe": 0}),
    )
    assert {name: m.holds for name, m in found.measures.items()} == {
        "mean": True,
        "rows": True,
        "other": False,
        "none": True,
    }


def test_duplicates_within_bounds() -> None:
    def of(unit: str, **bounds: float) -> bool:
        spec = rule("mianzheng:duplicates", column_list=["code"], unit=unit, bounds=bounds)
        return judged({"code": ["a", "a", "b", "c", None]}, spec).measures["r"].holds

    assert of("rows", mustBe=2)
    assert not of("rows", mustBeLessThan=2)
    assert of("percent", mustBe=40)
    assert not of("percent", mustBeBetween=[0, 39.9])  # type: ignore[arg-type] # two ends


def sql(query: str, level: int = 1, rule_id: str = "q", **bounds: object) -> RuleSpec:
    return rule("mianzheng:sql", level, rule_id, query=query, bounds=bounds)


def test_sql_sees_types_and_only_the_table() -> None:
    cells: Cells = {"code": ["a", "b", None], "amount": ["-1.5", "2", "x"], "day": ["2024-02-29", "2024-02-30", None]}
    found = judged(
        cells,
        sql('SELECT COUNT(*) FROM "shops" WHERE amount < 0', rule_id="a", mustBe=1),
        sql('SELECT SUM(amount) FROM "shops"', rule_id="b", mustBe=0.5),
        sql("SELECT COUNT(*) FROM \"shops\" WHERE day >= DATE '2024-01-01'", rule_id="c", mustBe=1),
        sql('SELECT COUNT(*) FROM "shops"', rule_id="d", mustBeLessThan=3),
    )
    assert {name: m.holds for name, m in found.measures.items()} == {"a": True, "b": True, "c": True, "d": False}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ('SELECT SUM(amount) FROM "shops"', "no_number"),
        ('SELECT CAST(MAX(code) AS INTEGER) FROM "shops"', "failed"),
        ('SELECT COUNT(*) FROM "shops", landed', "refused"),
    ],
)
def test_a_query_that_gives_nothing_holds_the_batch_and_says_why(query: str, fault: str) -> None:
    spec = sql(query, mustBeGreaterThan=-1)
    found = judged({"code": ["planted-value-77"], "amount": [None]}, spec)
    measured = found.measures["q"]
    assert (measured.fault, measured.holds, measured.checked) == (fault, False, 0)
    held_by = failed([spec], Gauge(1, 0, 0), found.measures)
    assert "could not be judged" in held_by[0].en
    assert "planted-value-77" not in held_by[0].en + held_by[0].zh


def test_only_level_1_holds_and_an_unjudged_row_rule_holds_too() -> None:
    lenient = sql('SELECT COUNT(*) FROM "shops"', 2, mustBe=5)
    found = judged({"code": ["a"]}, lenient)
    assert not found.measures["q"].holds
    assert failed([lenient], Gauge(1, 0, 0), found.measures) == ()
    unjudged = rule("expect_column_values_to_be_unique", column="code")
    stopped = dataclasses.replace(found.measures["q"], fault="stopped")
    assert failed([unjudged], Gauge(1, 0, 0), {"r": stopped})[0].id == "r"
    assert failed([unjudged], Gauge(1, 0, 0), {}) == ()
