"""What is asked of a whole batch for Great Expectations' rules: fixed texts over a view `asked`.

It has row_number and value, value_2 ... : the columns that a rule is about, in its order, numbers as numbers and all
else as canonical text. Statistics are those of Great Expectations: the sample's standard deviation, quantiles that are
values of the column (as its database engines have them), Tukey's fences over interpolated quartiles.

    >>> FAILING_ROWS["expect_column_values_to_be_increasing"]({"strictly": True})[-15:]
    'value <= before'
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

_DUPLICATES: Final = (
    "SELECT unnest(numbers) AS row_number FROM (SELECT list(row_number) AS numbers, * EXCLUDE (row_number) FROM asked "
    "WHERE COLUMNS(* EXCLUDE (row_number)) IS NOT NULL GROUP BY ALL HAVING count(*) > 1)"
)
_AFTER: Final = (
    "SELECT row_number FROM (SELECT row_number, value, lag(value) OVER (ORDER BY row_number) AS before FROM asked "
    "WHERE value IS NOT NULL) WHERE "
)
_SPREAD: Final = (
    "WITH spread AS (SELECT favg(value) AS mean, stddev_samp(value) AS deviation, quantile_cont(value, 0.25) AS low, "
    "quantile_cont(value, 0.75) AS high FROM asked) "
    "SELECT row_number FROM asked, spread WHERE value IS NOT NULL AND "
)
_ABOVE: Final = "deviation > 0 AND NOT (value - mean) / deviation < $threshold"
_FAR_OUT: Final = "deviation > 0 AND NOT abs((value - mean) / deviation) < abs($threshold)"
_FENCED_OUT: Final = "NOT value BETWEEN low - $multiplier * (high - low) AND high + $multiplier * (high - low)"
_DEVIATING: Final = (
    "deviation IS NOT NULL AND CASE WHEN $multiplier * deviation <= 0 THEN value <> mean "
    "ELSE abs(value - mean) >= $multiplier * deviation END"
)

FAILING_ROWS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "expect_column_values_to_be_unique": lambda _: _DUPLICATES,
    "expect_compound_columns_to_be_unique": lambda _: _DUPLICATES,
    "expect_column_values_to_be_increasing": lambda told: (
        _AFTER + ("value <= before" if told.get("strictly") else "value < before")
    ),
    "expect_column_values_to_be_decreasing": lambda told: (
        _AFTER + ("value >= before" if told.get("strictly") else "value > before")
    ),
    "expect_column_value_z_scores_to_be_less_than": lambda told: (
        _SPREAD + (_FAR_OUT if told["double_sided"] else _ABOVE)
    ),
    "expect_column_values_to_not_be_outliers": lambda told: (
        _SPREAD + (_DEVIATING if told.get("method") == "std" else _FENCED_OUT)
    ),
}
"""Expectation -> from its arguments, which rows fail."""

_DISTINCT: Final = "SELECT DISTINCT value FROM asked WHERE value IS NOT NULL LIMIT $most"
_COUNT: Final = "SELECT count(*) FROM asked"

ONE_ANSWER: Final[Mapping[str, str]] = {
    "expect_column_min_to_be_between": "SELECT min(value) FROM asked",
    "expect_column_max_to_be_between": "SELECT max(value) FROM asked",
    "expect_column_mean_to_be_between": "SELECT favg(value) FROM asked",
    "expect_column_median_to_be_between": "SELECT median(value) FROM asked",
    "expect_column_sum_to_be_between": "SELECT fsum(value) FROM asked",
    "expect_column_stdev_to_be_between": "SELECT stddev_samp(value) FROM asked",
    "expect_column_unique_value_count_to_be_between": "SELECT count(DISTINCT value) FROM asked",
    "expect_column_proportion_of_unique_values_to_be_between": (
        "SELECT count(DISTINCT value) / nullif(count(value), 0) FROM asked"
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": (
        "SELECT count(value) / nullif(count(*), 0) FROM asked"
    ),
    "expect_table_row_count_to_be_between": _COUNT,
    "expect_table_row_count_to_equal": _COUNT,
    "mianzheng:row_count": _COUNT,
    "mianzheng:duplicates": (
        "SELECT coalesce(sum(times) FILTER (WHERE times > 1), 0), sum(times) FROM (SELECT count(*) AS times, "
        "* EXCLUDE (row_number) FROM asked WHERE COLUMNS(* EXCLUDE (row_number)) IS NOT NULL GROUP BY ALL)"
    ),
    "expect_column_quantile_values_to_be_between": "SELECT quantile_disc(value, $quantiles::DOUBLE[]) FROM asked",
    "expect_column_distinct_values_to_be_in_set": _DISTINCT,
    "expect_column_distinct_values_to_equal_set": _DISTINCT,
    "expect_column_distinct_values_to_contain_set": (
        "SELECT DISTINCT value FROM asked WHERE list_contains($known, value)"
    ),
    "expect_column_most_common_value_to_be_in_set": (
        "WITH counted AS (SELECT value, count(*) AS times FROM asked WHERE value IS NOT NULL GROUP BY value), "
        "modes AS (SELECT value FROM counted WHERE times = (SELECT max(times) FROM counted)) "
        "SELECT count(*), count(*) FILTER (WHERE list_contains($known, value)) FROM modes"
    ),
}
"""Expectation -> what measures it."""
