"""The one file that knows Great Expectations: rules in, positions out, and no value of a row leaves it.

How it is used, and why so (measured on 200,000 rows and 15 rules, 2 cores): the public `batch.validate` takes 2.8 s,
because it fingerprints the frame and copies all of its columns for each null filter. Here an execution engine
is given one narrow Arrow-backed frame per set of columns that some rule reads, under a batch id of its own, and
one `graph_validate` judges all rules in a single pass: 0.4 s, the same answers. Results carry positions only.

The hub's own rules are two expectations, for one column and for two, that hand Arrow columns to a predicate of
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
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quality.conditions import chosen, numbers
from quality.errors import RuleMisconfigured, RulesFailed, UnknownRule
from quality.predicates import PREDICATES
from quality.stand_ins import stand_in
from registries.contracts.conditions import Condition

with warnings.catch_warnings():
    # It imports a module of the standard library that Python 3.11 deprecates, and decorators of an old pydantic.
    warnings.simplefilter("ignore")
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
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
    from great_expectations.expectations.registry import get_expectation_impl
    from great_expectations.validator.validator import Validator

OWN = "mianzheng:"
"""Expectations with this prefix are predicates of the hub."""

_IGNORED = {True: "either_value_is_missing", False: "any_value_is_missing"}
"""Whether a rule is about a pair of columns -> the rows that it is not about, unless the contract says otherwise."""

_COMPARED = frozenset({"neither", "both_values_are_missing", "never", "all_values_are_missing"})
_ABOUT_MISSING = frozenset(
    {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null", "mianzheng:not_missing"}
)
"""Rules that judge every row, whether there is a value in it or not."""

_RESULT_FORMAT: Mapping[str, object] = {
    "result_format": "COMPLETE",  # the only one that does not cut the list of positions
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True)
class RowRule:
    """A rule that one row can be judged by alone: expectation and arguments as in the contract.

    Attributes:
        columns: those that it is about.
        numbers: those of them that are compared as numbers, with their logical types.
        condition: the rows that it is about; all of them without it.
    """

    rule_id: str
    expectation: str
    arguments: Mapping[str, object]
    columns: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...] = ()
    condition: Condition | None = None

    @property
    def frame(self) -> str:
        """What it shares with the rules that look at the same columns of the same rows in the same way."""
        return repr((self.columns, self.numbers, self.condition, self.plain))

    @property
    def plain(self) -> bool:
        """Whether missing values are compared too: Arrow would say of them neither true nor false."""
        return self.arguments.get("ignore_row_if") in _COMPARED


@dataclass(frozen=True)
class Judgement:
    """What one rule says of one chunk: the failing rows' positions (from 0, ascending), and how many were judged."""

    positions: NDArray[np.int64]
    checked: int


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
    except ExpectationNotFoundError:
        raise UnknownRule(rule.rule_id, rule.expectation) from None
    except (KeyError, TypeError, ValueError):  # pydantic's ValidationError is a ValueError
        raise RuleMisconfigured(rule.rule_id, rule.expectation) from None


@cache
def _context() -> Any:  # noqa: ANN401 - GX ships types that don't survive strict mode
    """A context in memory that sends nothing anywhere and draws no progress bars."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def evaluate(table: pa.Table, rules: Sequence[RowRule]) -> dict[str, Judgement]:
    """Judges every rule once over a chunk of text columns; RulesFailed, naming rules only, if that can't be done."""
    if not rules:
        return {}
    chosen_rows = {rule.condition: _positions(table, rule.condition) for rule in rules}
    engine = PandasExecutionEngine(batch_data_dict=_narrow_frames(table, rules, chosen_rows))
    validator = Validator(execution_engine=engine, data_context=_context())
    try:
        results = validator.graph_validate(
            configurations=[_gx_configuration(rule) for rule in rules],
            runtime_configuration={"result_format": dict(_RESULT_FORMAT), "catch_exceptions": False},
        )
    except (GreatExpectationsError, pa.ArrowException, TypeError, ValueError) as error:
        # The cause's text may quote a value: neither it nor its traceback may go on.
        raise RulesFailed(_suspects(rules, error), type(error).__name__) from None
    return {
        rule.rule_id: _judgement(table, rule, chosen_rows[rule.condition], result.result)
        for rule, result in zip(rules, results, strict=True)
    }


def _positions(table: pa.Table, condition: Condition | None) -> NDArray[np.int64] | None:
    return None if condition is None else np.flatnonzero(chosen(table, condition)).astype(np.int64)


def _narrow_frames(
    table: pa.Table, rules: Sequence[RowRule], chosen_rows: Mapping[Condition | None, NDArray[np.int64] | None]
) -> dict[str, pd.DataFrame]:
    """One frame per set of columns: a null filter then copies those columns and no others."""
    frames = {}
    for frame, rule in {rule.frame: rule for rule in rules}.items():
        narrow = table.select(list(dict.fromkeys(rule.columns)))
        if rule.condition is not None:
            narrow = narrow.take(pa.array(chosen_rows[rule.condition]))
        for name, kind in rule.numbers:
            place = narrow.column_names.index(name)
            narrow = narrow.set_column(place, name, numbers(narrow.column(name), kind))
        frames[frame] = narrow.to_pandas(types_mapper=None if rule.plain else pd.ArrowDtype)
    return frames


def _gx_configuration(rule: RowRule) -> Any:  # noqa: ANN401 - as above
    name, arguments = _configuration(rule)
    own = {"batch_id": rule.frame, "catch_exceptions": False}
    return ExpectationConfiguration(type=name, kwargs={**arguments, **own})


def _suspects(rules: Sequence[RowRule], error: Exception) -> list[str]:
    """The rules whose columns a failed metric read; all of them if the error does not say."""
    failed = {metric.metric_domain_kwargs.get("batch_id") for metric in getattr(error, "failed_metrics", ())}
    found = [rule.rule_id for rule in rules if rule.frame in failed]
    return found or [rule.rule_id for rule in rules]


def _judgement(table: pa.Table, rule: RowRule, rows: NDArray[np.int64] | None, result: Mapping[str, Any]) -> Judgement:
    positions = np.array(result["unexpected_index_list"], dtype=np.int64)
    about = table.select(list(dict.fromkeys(rule.columns)))
    if rows is None:
        return Judgement(positions, _judged(about, rule))
    return Judgement(rows[positions], _judged(about.take(pa.array(rows)), rule))


def _judged(table: pa.Table, rule: RowRule) -> int:
    """Rows with at least one of the rule's values; all rows for a rule about missing values."""
    if rule.expectation in _ABOUT_MISSING:
        return int(table.num_rows)
    missing = None
    for name in rule.columns:
        absent = pc.is_null(table.column(name))
        missing = absent if missing is None else pc.and_(missing, absent)
    return int(table.num_rows) - int(pc.sum(missing).as_py() or 0)
