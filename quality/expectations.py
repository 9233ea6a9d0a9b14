"""The one file that knows Great Expectations: rules in, positions out, and no value of a row leaves it.

How it is used, and why so: the public `batch.validate` fingerprints the frame, copies all of its columns for each null
filter, and makes lists and counts of what failed, several times over; `graph_validate` derives its metrics anew, with
the digests of their arguments, at each call (0.2 s for 15 rules). Here each contract's expectations are asked once for
the metrics that they depend on. A chunk is an execution engine of Great Expectations with one narrow Arrow-backed frame
per set of columns that some rule reads, under a batch id of its own, and one pass over the metrics that say of each
row whether it is as expected. Tests compare the positions with those of the public way.

The hub's own rules are three expectations, for one column, two and several, that hand Arrow columns to a predicate of
`quality.predicates` by its name.

    >>> table = pa.table({"code": ["1", "7", None]})
    >>> arguments = {"column": "code", "value_set": ["1"]}
    >>> rule = RowRule("known_code", "expect_column_values_to_be_in_set", arguments, ("code",))
    >>> judged = evaluate(table, [rule])["known_code"]
    >>> judged.positions.tolist(), judged.checked
    ([1], 2)
"""

import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from quality.errors import RuleMisconfigured, RulesFailed, UnknownRule
from quality.optional_imports import unseen
from quality.predicates import PREDICATES
from quality.remembered import one_chunk
from quality.row_rules import OWN, Judgement, Positions, RowRule, chosen_rows, judgement, narrow_frames
from quality.stand_ins import AS_WRITTEN, stand_in
from registries.coded_texts import CodedTexts

with warnings.catch_warnings(), unseen("pyspark"):
    # It imports a module of the standard library that Python 3.11 deprecates, and decorators of an old pydantic.
    warnings.simplefilter("ignore")
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError, GreatExpectationsError
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        MulticolumnMapExpectation,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
        column_condition_partial,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
        ColumnMapMetricProvider,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
        column_pair_condition_partial,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
        ColumnPairMapMetricProvider,
    )
    from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
        multicolumn_condition_partial,
    )
    from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import (
        MulticolumnMapMetricProvider,
    )
    from great_expectations.expectations.registry import get_expectation_impl
    from great_expectations.validator.metrics_calculator import MetricsCalculator
    from great_expectations.validator.validation_graph import ValidationGraph

_IGNORED = {True: "either_value_is_missing", False: "any_value_is_missing"}
"""Whether a rule is about a pair of columns -> the rows that it is not about, unless the contract says otherwise."""

_RUNTIME: Mapping[str, object] = {"catch_exceptions": False, "result_format": {"result_format": "BOOLEAN_ONLY"}}
"""Nothing but whether a row is as expected is asked for: no values, no rows, no counts of them."""


class ColumnHolds(ColumnMapMetricProvider):
    """The metric of `ExpectColumnToHold`; NULL is the predicate's own business, so no rows are filtered."""

    condition_metric_name = "column_values.mianzheng_holds"
    condition_value_keys = ("predicate", "arguments")
    filter_column_isnull = False

    @column_condition_partial(engine=PandasExecutionEngine)
    # Great Expectations makes a class method of it, and its own types are loose
    def _pandas(cls, column: Any, predicate: str, arguments: Mapping[str, Any], **_: Any) -> Any:  # noqa: N805, ANN401
        holds = PREDICATES[predicate].holds(pa.array(column), **arguments)
        return pd.Series(holds, index=column.index)


class ColumnPairHolds(ColumnPairMapMetricProvider):
    """The metric of `ExpectColumnPairToHold`."""

    condition_metric_name = "column_pair_values.mianzheng_holds"
    condition_domain_keys = ("batch_id", "table", "column_A", "column_B", "ignore_row_if")
    condition_value_keys = ("predicate", "arguments")

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator] # GX left it untyped
    def _pandas(  # the signature is the decorator's
        cls,  # noqa: N805 - as GX calls it
        column_A: Any,  # noqa: N803, ANN401 - GX's name
        column_B: Any,  # noqa: N803, ANN401 - GX's name
        predicate: str,
        arguments: Mapping[str, Any],
        **_: Any,  # noqa: ANN401 - metrics that are not used
    ) -> Any:  # noqa: ANN401 - a pandas Series; pandas-stubs can't say of what
        holds = PREDICATES[predicate].holds(pa.array(column_A), pa.array(column_B), **arguments)
        return pd.Series(holds, index=column_A.index)


class ColumnsHold(MulticolumnMapMetricProvider):
    """The metric of `ExpectColumnsToHold`."""

    condition_metric_name = "columns.mianzheng_hold"
    condition_domain_keys = ("batch_id", "table", "column_list", "ignore_row_if")
    condition_value_keys = ("predicate", "arguments")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator] # GX left it untyped
    # as above: a class method of Great Expectations, whose types are loose
    def _pandas(cls, column_list: Any, predicate: str, arguments: Mapping[str, Any], **_: Any) -> Any:  # noqa: N805, ANN401
        columns = [pa.array(column_list[name]) for name in column_list.columns]
        return pd.Series(PREDICATES[predicate].holds(*columns, **arguments), index=column_list.index)


class ExpectColumnToHold(ColumnMapExpectation):
    """Expect a predicate of the hub to hold for every value of a column."""

    predicate: str
    arguments: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    map_metric: ClassVar[str] = "column_values.mianzheng_holds"
    success_keys: ClassVar[tuple[str, ...]] = ("predicate", "arguments", "mostly")


class ExpectColumnPairToHold(ColumnPairMapExpectation):
    """Expect a predicate of the hub to hold for every pair of values of two columns."""

    predicate: str
    arguments: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    ignore_row_if: Literal["neither"] = "neither"
    map_metric: ClassVar[str] = "column_pair_values.mianzheng_holds"
    domain_keys: ClassVar[tuple[str, str, str, str]] = (  # type: ignore[assignment] # GX typed its own five by length
        "batch_id",
        "column_A",
        "column_B",
        "ignore_row_if",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("predicate", "arguments", "mostly")


class ExpectColumnsToHold(MulticolumnMapExpectation):
    """Expect a predicate of the hub to hold for the values of several columns in each row."""

    predicate: str
    arguments: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    ignore_row_if: Literal["never"] = "never"
    map_metric: ClassVar[str] = "columns.mianzheng_hold"
    domain_keys: ClassVar[tuple[str, str, str]] = (  # type: ignore[assignment] # as above
        "batch_id",
        "column_list",
        "ignore_row_if",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("predicate", "arguments", "mostly")


def _configuration(rule: RowRule) -> tuple[str, dict[str, object]]:
    """Great Expectations' type and arguments of a rule."""
    expectation, arguments = stand_in(rule.expectation, rule.arguments)
    if not expectation.startswith(OWN):
        # Values that are missing are not judged; left in, they make Arrow-backed comparisons neither true nor false.
        how = _IGNORED["column_A" in arguments] if {"column_A", "column_list"} & set(arguments) else None
        return expectation, arguments if how is None else {"ignore_row_if": how, **arguments}
    predicate = PREDICATES[expectation.removeprefix(OWN)]
    names = predicate.columns
    further = {name: value for name, value in arguments.items() if name not in names}
    asked = {"predicate": expectation.removeprefix(OWN), "arguments": further}
    if names == ("column_list",):
        return "expect_columns_to_hold", {"column_list": arguments["column_list"], **asked}
    if len(names) == 1:
        return "expect_column_to_hold", {"column": arguments[names[0]], **asked}
    pair = {"column_A": arguments[names[0]], "column_B": arguments[names[1]]}
    return "expect_column_pair_to_hold", {**pair, **asked}


def check_rule(rule: RowRule) -> None:
    """UnknownRule for an expectation that nobody has or that judges no rows, RuleMisconfigured for its arguments."""
    known = not rule.expectation.startswith(OWN) or rule.expectation.removeprefix(OWN) in PREDICATES
    if not known:
        raise UnknownRule(rule.rule_id, rule.expectation)
    try:
        name, arguments = _configuration(rule)
        kind: Any = get_expectation_impl(name)
        if not issubclass(kind, ColumnMapExpectation | ColumnPairMapExpectation | MulticolumnMapExpectation):
            raise UnknownRule(rule.rule_id, rule.expectation)
        kind(**arguments)
        if rule.expectation in AS_WRITTEN:
            written: Any = get_expectation_impl(rule.expectation)
            written(**rule.arguments)
    except ExpectationNotFoundError:
        raise UnknownRule(rule.rule_id, rule.expectation) from None
    except (KeyError, TypeError, ValueError):  # pydantic's ValidationError is a ValueError
        raise RuleMisconfigured(rule.rule_id, rule.expectation) from None


def configuration_of(rule: RowRule) -> Any:  # noqa: ANN401 - GX ships types that don't survive strict mode
    """What Great Expectations is asked for a rule, of the frame that has the rule's columns."""
    name, arguments = _configuration(rule)
    return ExpectationConfiguration(type=name, kwargs={**arguments, "batch_id": rule.frame, "catch_exceptions": False})


class _Suite:
    """Rules as Great Expectations' own metrics with all that they depend on: made once, and it holds no rows."""

    def __init__(self, rules: Sequence[RowRule]) -> None:
        engine = PandasExecutionEngine()
        calculator = MetricsCalculator(engine)
        asked = [_unexpected_count(rule, engine) for rule in rules]
        calculator.build_metric_dependency_graph(asked, dict(_RUNTIME))
        self._conditions = [metric.metric_dependencies["unexpected_condition"] for metric in asked]
        self._edges = calculator.build_metric_dependency_graph(self._conditions, dict(_RUNTIME)).edges

    def failing(self, frames: dict[str, pd.DataFrame]) -> list[Positions]:
        """The failing positions in each rule's frame, by Great Expectations' condition of it."""
        engine = PandasExecutionEngine(batch_data_dict=frames)
        graph = ValidationGraph(engine, edges=self._edges)
        metrics, _ = MetricsCalculator(engine).resolve_validation_graph(graph, dict(_RUNTIME))
        return [_true_places(metrics[condition.id][0]) for condition in self._conditions]


_suite = lru_cache(maxsize=256)(_Suite)
"""A contract's suite is asked for by each of its batches; two at once may make it twice, which harms nobody."""


def _unexpected_count(rule: RowRule, engine: Any) -> Any:  # noqa: ANN401 - as above
    """The metric from which Great Expectations says whether a rule's expectation holds."""
    expectation = configuration_of(rule).to_domain_obj()
    needed = expectation.get_validation_dependencies(engine, dict(_RUNTIME))
    return needed.get_metric_configuration(f"{expectation.map_metric}.unexpected_count")


def _true_places(condition: Any) -> Positions:  # noqa: ANN401 - a pandas Series of booleans of any kind
    """Where it is true, by the frame's positions; neither true nor false is not true."""
    found = np.flatnonzero(condition.to_numpy(dtype=np.bool_, na_value=False))
    whole = isinstance(condition.index, pd.RangeIndex) and condition.index.start == 0 and condition.index.step == 1
    return found if whole or not len(found) else np.asarray(condition.index.to_numpy()[found], dtype=np.int64)


def evaluate(
    table: pa.Table, rules: Sequence[RowRule], coded: Mapping[str, CodedTexts] = MappingProxyType({})
) -> dict[str, Judgement]:
    """Judges every rule once over a chunk of text columns; RulesFailed, naming rules only, if that can't be done.

    Threads may call it side by side, each with a chunk of its own. `coded`: those of the columns whose values repeat.
    """
    if not rules:
        return {}
    table = table.combine_chunks()
    rows = chosen_rows(table, rules)
    try:
        with one_chunk((table.column(name), values) for name, values in coded.items()):
            failing = _suite(tuple(rules)).failing(narrow_frames(table, rules, rows))
    except (GreatExpectationsError, pa.ArrowException, TypeError, ValueError) as error:
        # The cause's text may quote a value: neither it nor its traceback may go on.
        raise RulesFailed(_suspects(rules, error), type(error).__name__) from None
    return {
        rule.rule_id: judgement(table, rule, rows[rule.condition], found)
        for rule, found in zip(rules, failing, strict=True)
    }


def _suspects(rules: Sequence[RowRule], error: Exception) -> list[str]:
    """The rules whose columns a failed metric read; all of them if the error does not say."""
    failed = {metric.metric_domain_kwargs.get("batch_id") for metric in getattr(error, "failed_metrics", ())}
    found = [rule.rule_id for rule in rules if rule.frame in failed]
    return found or [rule.rule_id for rule in rules]
