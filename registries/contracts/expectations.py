"""The rules that contracts may name: Great Expectations' own, verbatim, and the hub's; and those that are refused.

A contract names one of these or it is a fault: a misspelt rule must not silently check nothing. Kinds: `row` is
judged chunk by chunk, one row at a time; `across` decides about rows too, but has to see them all; `unique` and
`reference` are set-based queries of the store; `batch` decides about the batch as a whole. A rule with `mostly`
below 1 decides about the batch as well.

What each of ours means; a row in which a value that the rule reads is missing passes (`required` judges that):

    mianzheng:date                column is a real calendar date, YYYY-MM-DD
    mianzheng:timestamp           column is YYYY-MM-DD HH:MM:SS, with or without fraction and offset
    mianzheng:integer             column is a whole number: optional minus and at most 18 digits
    mianzheng:number              column is a decimal number: optional minus, digits, optional fraction
    mianzheng:boolean             column is true or false
    mianzheng:citizen_number      column is a citizen number: GB 11643, check character and date
    mianzheng:uscc                column is a unified social credit code: GB 32100, with GB 11714 inside
    mianzheng:certificate_identifier  column has the form and check character of GB/T 36904
    mianzheng:residence_permit    column is the number of a residence permit of Hong Kong, Macao (81, 82) or Taiwan (83)
    mianzheng:foreign_permanent_resident_number  column is one: 15 characters of old, 18 digits from 9 on of new
    mianzheng:vehicle_number      column has the form of a vehicle identification number: GB 16735, 17 characters
    mianzheng:licence_plate       column has the form of a number plate of the mainland: GA 36, without its dot
    mianzheng:holder_code         column is good for its kind, which type_column tells (GB/T 36903 annex A)
    mianzheng:birth_date_agrees   column_B is the birth date in citizen number column_A (judged if both are well formed)
    mianzheng:sex_agrees          column_B (1 or 2) is the sex in citizen number column_A; 0 and 9 are not judged
    mianzheng:old_enough          who has citizen number column_A was years old on day column_B
    mianzheng:not_before          column_A is not before column_B (both in their canonical form, compared as text)
    mianzheng:not_in_future       column's day is not after the day on which the batch is checked
    mianzheng:not_expired_when    column's day is not before the batch's where when_column is one of when_values
    mianzheng:required_when       column is present where when_column is one of when_values
    mianzheng:matches_when        column matches regex wholly where when_column is one of when_values
    mianzheng:in_order            the days in column_list follow each other; those that are missing are passed over
    mianzheng:division_under      division column_A lies under division column_B by its digits (GB/T 2260)
    mianzheng:readable_text       column has no full-width digits, invisible characters or mojibake
    mianzheng:not_rounded         column is no number that a spreadsheet rounded (4.40507E+17; 18 digits ending in 000)
    mianzheng:not_missing         column is present, and none of missing_values
    mianzheng:between             column is between min_value and max_value, as Great Expectations means it
    mianzheng:json_schema         column is JSON that fits json_schema
    mianzheng:matches             column matches regex, which says of each place what may stand there
    mianzheng:length              column has min_value to max_value characters, as Great Expectations means it
    mianzheng:code_validity       column's code was valid on the batch's day, by validity {code: [from, until]}
    mianzheng:code_validity_on    the same on the day in date_column; on the batch's where that is missing
    mianzheng:unique              no two rows that differ have the same values in column_list
    mianzheng:reference           column's value is known: in register (its subject keys) or in dataset's target_column
    mianzheng:volume_drop         the batch has at least (1 - max_share) of the rows of the last one done
    mianzheng:share_refused       at most max_share of the batch's rows are refused
    mianzheng:volume_drift        the batch's size is within max_score deviations of its history, or min_change
    mianzheng:distribution_drift  no column's codes or missing values lie further from its history than min_distance
    mianzheng:fresh               at most days (or working_days) lie between the last update and this one
    mianzheng:share               of the rows that fail `expectation` with `arguments`, the number is within `bounds`
    mianzheng:duplicates          the number of rows whose values in column_list another row has is within `bounds`
    mianzheng:row_count           the number of rows is within `bounds`
    mianzheng:sql                 the number that `query` gives is within `bounds`

`bounds` are ODCS's operators (mustBe ...), and `unit` is rows or percent; the last four come from ODCS metrics and
SQL, and no contract names them itself; nor `between`, `json_schema`, `matches` and `length`.

Example:
    >>> EXPECTATIONS["mianzheng:not_before"].columns
    ('column_A', 'column_B')
    >>> REFUSED["expect_column_type_to_be"][1]
    "a column's logicalType says its type, and brings the rule"
"""

from dataclasses import dataclass
from typing import Final

from registries.contracts.model import RuleKind


@dataclass(frozen=True)
class Expectation:
    """What an expectation takes: arguments that name columns, further ones, and what of those may be left out.

    Attributes:
        typed: compares values as what they are (numbers as numbers); all others look at the text.
    """

    kind: RuleKind
    columns: tuple[str, ...] = ("column",)
    others: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    typed: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """All arguments that it knows."""
        return self.columns + self.others


_CONDITION: Final = ("row_condition", "condition_parser")
_MOSTLY: Final = ("mostly", *_CONDITION)
_BOUNDS: Final = ("min_value", "max_value")
_STRICT: Final = (*_BOUNDS, "strict_min", "strict_max")
_PAIR: Final = ("column_A", "column_B")
_LIST: Final = ("column_list",)


def _map(
    *needed: str,
    columns: tuple[str, ...] = ("column",),
    may: tuple[str, ...] = (),
    kind: RuleKind = "row",
    typed: bool = False,
) -> Expectation:
    """One of Great Expectations' that says of each row whether it is as expected."""
    also = (*may, *(() if columns == ("column",) else ("ignore_row_if",)), *_MOSTLY)
    return Expectation(kind, columns, (*needed, *also), frozenset(also), typed)


def _aggregate(*needed: str, may: tuple[str, ...] = (), columns: tuple[str, ...] = ("column",)) -> Expectation:
    """One of Great Expectations' that says one thing of a whole batch."""
    also = (*may, *_CONDITION)
    return Expectation("batch", columns, (*needed, *also), frozenset(also), typed=True)


_OF_GREAT_EXPECTATIONS: Final[dict[str, Expectation]] = {
    "expect_column_values_to_not_be_null": _map(),
    "expect_column_values_to_be_null": _map(),
    "expect_column_values_to_be_in_set": _map("value_set", typed=True),
    "expect_column_values_to_not_be_in_set": _map("value_set", typed=True),
    "expect_column_values_to_be_between": _map(may=_STRICT, typed=True),
    "expect_column_values_to_match_regex": _map("regex"),
    "expect_column_values_to_not_match_regex": _map("regex"),
    "expect_column_values_to_match_regex_list": _map("regex_list", may=("match_on",)),
    "expect_column_values_to_not_match_regex_list": _map("regex_list"),
    "expect_column_values_to_match_like_pattern": _map("like_pattern", may=("escape",)),
    "expect_column_values_to_not_match_like_pattern": _map("like_pattern", may=("escape",)),
    "expect_column_values_to_match_like_pattern_list": _map("like_pattern_list", may=("match_on", "escape")),
    "expect_column_values_to_not_match_like_pattern_list": _map("like_pattern_list", may=("escape",)),
    "expect_column_values_to_match_strftime_format": _map("strftime_format"),
    "expect_column_values_to_be_dateutil_parseable": _map(),
    "expect_column_values_to_be_json_parseable": _map(),
    "expect_column_values_to_match_json_schema": _map("json_schema"),
    "expect_column_value_lengths_to_be_between": _map(may=_STRICT),
    "expect_column_value_lengths_to_equal": _map("value"),
    "expect_column_pair_values_to_be_equal": _map(columns=_PAIR, typed=True),
    "expect_column_pair_values_a_to_be_greater_than_b": _map(columns=_PAIR, may=("or_equal",), typed=True),
    "expect_column_pair_values_to_be_in_set": _map("value_pairs_set", columns=_PAIR, typed=True),
    "expect_multicolumn_sum_to_equal": _map("sum_total", columns=_LIST, typed=True),
    "expect_multicolumn_values_to_be_equal": _map(columns=_LIST, typed=True),
    "expect_select_column_values_to_be_unique_within_record": _map(columns=_LIST, typed=True),
    "expect_column_values_to_be_unique": _map(kind="across", typed=True),
    "expect_compound_columns_to_be_unique": _map(columns=_LIST, kind="across", typed=True),
    "expect_column_values_to_be_increasing": _map(may=("strictly",), kind="across", typed=True),
    "expect_column_values_to_be_decreasing": _map(may=("strictly",), kind="across", typed=True),
    "expect_column_value_z_scores_to_be_less_than": _map("threshold", "double_sided", kind="across", typed=True),
    "expect_column_values_to_not_be_outliers": _map(may=("method", "multiplier"), kind="across", typed=True),
    "expect_column_min_to_be_between": _aggregate(may=_STRICT),
    "expect_column_max_to_be_between": _aggregate(may=_STRICT),
    "expect_column_mean_to_be_between": _aggregate(may=_STRICT),
    "expect_column_median_to_be_between": _aggregate(may=_STRICT),
    "expect_column_sum_to_be_between": _aggregate(may=_STRICT),
    "expect_column_stdev_to_be_between": _aggregate(may=_STRICT),
    "expect_column_quantile_values_to_be_between": _aggregate("quantile_ranges", may=("allow_relative_error",)),
    "expect_column_unique_value_count_to_be_between": _aggregate(may=_STRICT),
    "expect_column_proportion_of_unique_values_to_be_between": _aggregate(may=_STRICT),
    "expect_column_proportion_of_non_null_values_to_be_between": _aggregate(may=_STRICT),
    "expect_column_distinct_values_to_be_in_set": _aggregate("value_set"),
    "expect_column_distinct_values_to_contain_set": _aggregate("value_set"),
    "expect_column_distinct_values_to_equal_set": _aggregate("value_set"),
    "expect_column_most_common_value_to_be_in_set": _aggregate("value_set", may=("ties_okay",)),
    "expect_table_row_count_to_be_between": _aggregate(may=_STRICT, columns=()),
    "expect_table_row_count_to_equal": _aggregate("value", columns=()),
    "expect_table_column_count_to_be_between": Expectation("batch", (), _BOUNDS, frozenset(_BOUNDS)),
    "expect_table_column_count_to_equal": Expectation("batch", (), ("value",)),
    "expect_table_columns_to_match_ordered_list": Expectation("batch", (), _LIST),
    "expect_table_columns_to_match_set": Expectation(
        "batch", (), ("column_set", "exact_match"), frozenset({"exact_match"})
    ),
    "expect_column_to_exist": Expectation("batch", (), ("column", "column_index"), frozenset({"column_index"})),
    "unexpected_rows_expectation": Expectation("batch", (), ("unexpected_rows_query",)),
}

_OURS: Final[dict[str, Expectation]] = {
    "mianzheng:date": Expectation("row"),
    "mianzheng:timestamp": Expectation("row"),
    "mianzheng:integer": Expectation("row"),
    "mianzheng:number": Expectation("row"),
    "mianzheng:boolean": Expectation("row"),
    "mianzheng:citizen_number": Expectation("row"),
    "mianzheng:uscc": Expectation("row"),
    "mianzheng:certificate_identifier": Expectation("row"),
    "mianzheng:residence_permit": Expectation("row"),
    "mianzheng:foreign_permanent_resident_number": Expectation("row"),
    "mianzheng:vehicle_number": Expectation("row"),
    "mianzheng:licence_plate": Expectation("row"),
    "mianzheng:holder_code": Expectation("row", ("column", "type_column")),
    "mianzheng:birth_date_agrees": Expectation("row", _PAIR),
    "mianzheng:sex_agrees": Expectation("row", _PAIR),
    "mianzheng:old_enough": Expectation("row", _PAIR, ("years",)),
    "mianzheng:not_before": Expectation("row", _PAIR),
    "mianzheng:in_order": Expectation("row", _LIST),
    "mianzheng:not_in_future": Expectation("row"),
    "mianzheng:not_expired_when": Expectation("row", ("column", "when_column"), ("when_values",)),
    "mianzheng:required_when": Expectation("row", ("column", "when_column"), ("when_values",)),
    "mianzheng:matches_when": Expectation("row", ("column", "when_column"), ("when_values", "regex")),
    "mianzheng:division_under": Expectation("row", _PAIR),
    "mianzheng:readable_text": Expectation("row"),
    "mianzheng:not_rounded": Expectation("row", others=("zeros",), optional=frozenset({"zeros"})),
    "mianzheng:not_missing": Expectation("row", others=("missing_values",)),
    "mianzheng:between": Expectation("row", others=_STRICT, optional=frozenset(_STRICT), typed=True),
    "mianzheng:json_schema": Expectation("row", others=("json_schema",)),
    "mianzheng:matches": Expectation("row", others=("regex",)),
    "mianzheng:length": Expectation("row", others=_STRICT, optional=frozenset(_STRICT)),
    "mianzheng:code_validity": Expectation("row", others=("validity",)),
    "mianzheng:code_validity_on": Expectation("row", ("column", "date_column"), ("validity",)),
    "mianzheng:unique": Expectation("unique", _LIST),
    "mianzheng:reference": Expectation(
        "reference", others=("register", "dataset", "target_column"), optional=frozenset({"register", "dataset"})
    ),
    "mianzheng:volume_drop": Expectation("batch", (), ("max_share",)),
    "mianzheng:share_refused": Expectation("batch", (), ("max_share",)),
    "mianzheng:volume_drift": Expectation("batch", (), ("max_score", "min_change")),
    "mianzheng:distribution_drift": Expectation("batch", (), ("min_distance",)),
    "mianzheng:fresh": Expectation("batch", (), ("days", "working_days")),
    "mianzheng:share": Expectation("batch", (), ("expectation", "arguments", "unit", "bounds")),
    "mianzheng:duplicates": Expectation("batch", _LIST, ("unit", "bounds")),
    "mianzheng:row_count": Expectation("batch", (), ("bounds",)),
    "mianzheng:sql": Expectation("batch", (), ("query", "bounds")),
}

EXPECTATIONS: Final[dict[str, Expectation]] = {**_OF_GREAT_EXPECTATIONS, **_OURS}
"""Everything that a rule can be."""

DERIVED_ONLY: Final = frozenset(
    f"mianzheng:{name}"
    for name in (
        *("reference", "volume_drop", "share_refused", "share", "duplicates", "row_count", "sql"),
        *("volume_drift", "distribution_drift", "fresh"),
        *("between", "json_schema", "matches", "length"),
    )
)
"""What contracts say in other words: as relationships, gate, drift, SLA, metrics or SQL."""

DECLARABLE: Final = tuple(sorted(set(EXPECTATIONS) - DERIVED_ONLY))
"""What a contract may name under `engine: greatExpectations`."""

_TYPES: Final = ("列的类型由 logicalType 说明, 并自带规则", "a column's logicalType says its type, and brings the rule")
_PROFILED: Final = (
    "需要剖析工具给出的参照分布, 会随时间失效; 请改用 expect_column_quantile_values_to_be_between",
    "it needs a profiler's distribution, which ages; use expect_column_quantile_values_to_be_between",
)
_ELSEWHERE: Final = (
    "需要另一个数据源或数据表; 请改用 relationships 或 rowCount",
    "it needs another data source or table; use relationships or rowCount",
)
_STATISTICS: Final = ("Great Expectations 已不再提供", "Great Expectations itself offers it no more")

REFUSED: Final[dict[str, tuple[str, str]]] = {
    "expect_column_type_to_be": _TYPES,
    "expect_column_values_to_be_of_type": _TYPES,
    "expect_column_values_to_be_in_type_list": _TYPES,
    "expect_column_kl_divergence_to_be_less_than": _PROFILED,
    "expect_query_results_to_match_comparison": _ELSEWHERE,
    "expect_table_row_count_to_equal_other_table": _ELSEWHERE,
    "expect_column_chisquare_test_p_value_to_be_greater_than": _STATISTICS,
    "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than": _STATISTICS,
    "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than": _STATISTICS,
    "expect_column_pair_cramers_phi_value_to_be_less_than": _STATISTICS,
    "expect_multicolumn_values_to_be_unique": (
        "请改用 expect_compound_columns_to_be_unique 或 expect_select_column_values_to_be_unique_within_record",
        "use expect_compound_columns_to_be_unique or expect_select_column_values_to_be_unique_within_record",
    ),
}
"""Great Expectations' own that can't be judged here -> why, and what to use, in Chinese and English."""
