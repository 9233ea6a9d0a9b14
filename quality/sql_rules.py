"""Rules that need the whole batch: duplicates, order, means, sums, and SQL of contracts, asked in the sandbox.

    with WholeBatch.of(dataset, rules.whole) as whole:
        whole.add(first, table)          # chunk after chunk, as the row rules see them
        whole.judge(findings)

Sums and quantiles are exact because all values are in one place, an in-memory DuckDB in a process of its own with a
bound on its memory: merging Great Expectations' own metrics over chunks would have no exact median and no distinct
count. Queries here are fixed texts over a view `asked` (row_number, value, value_2 ...). A rule that can't be judged,
because its query failed or took too long, says so: it never passes in silence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quality.batch_queries import FAILING_ROWS, ONE_ANSWER
from quality.conditions import chosen
from quality.parting import Findings, Measured
from quality.shares import Shares, inner, measured
from registries.contracts.arguments import condition_in
from registries.contracts.bounds import Bounds, holds
from registries.contracts.conditions import Condition, plain
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.model import Dataset, RuleSpec
from registries.sandbox import Answer, Plan, Question, Sandbox, named

_NUMERIC: Final = frozenset({"integer", "number"})
MEASURED: Final = frozenset(ONE_ANSWER) | {"mianzheng:sql"}
"""Rules about a batch that are asked here."""

ACROSS: Final = frozenset(FAILING_ROWS)
"""Rules about rows that are asked here."""

OF_COLUMNS: Final = frozenset(
    name for name in EXPECTATIONS if name.startswith(("expect_table_column", "expect_column_to_exist"))
)
"""Rules about which columns there are: the contract itself says so."""


@dataclass(frozen=True)
class WholeRule:
    """A rule that needs the whole batch: the contract's own, and what is asked for it.

    Attributes:
        share: whether the number of failing rows decides, and not each row.
    """

    spec: RuleSpec
    expectation: str
    arguments: Mapping[str, Any]
    share: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values are looked at."""
        named_by = (self.arguments.get(name) for name in EXPECTATIONS[self.expectation].columns)
        return tuple(name for value in named_by if value for name in (value if isinstance(value, list) else [value]))

    @property
    def condition(self) -> Condition | None:
        """The rows that it is about."""
        return condition_in(self.arguments)


def whole_rule(spec: RuleSpec) -> WholeRule | None:
    """The rule as it is asked here; None if it isn't."""
    plain_count = spec.expectation == "expect_table_row_count_to_be_between" and "row_condition" not in spec.arguments
    if spec.expectation in MEASURED | ACROSS and not plain_count:  # the gate counts all rows anyway
        return WholeRule(spec, spec.expectation, spec.arguments)
    if spec.expectation == "mianzheng:share" and inner(spec)[0] in ACROSS:
        return WholeRule(spec, *inner(spec), share=True)
    return None


class WholeBatch:
    """A batch's rows on their way to the sandbox, for the rules that need all of them."""

    def __init__(self, dataset: Dataset, rules: Sequence[WholeRule]) -> None:
        self._dataset = dataset
        # What contracts wrote comes last: should it break the process, the hub's own questions have been answered.
        self._rules = sorted(rules, key=lambda rule: rule.expectation == "mianzheng:sql")
        self._conditions = list(dict.fromkeys(rule.condition for rule in rules if rule.condition is not None))
        self._checked = dict.fromkeys((rule.spec.id for rule in rules), 0)
        self._rows = 0
        self._plan = _plan(dataset, self._rules, self._conditions)
        self._sandbox = Sandbox(self._plan) if rules else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sandbox is not None:
            self._sandbox.__exit__(kind, error, trace)

    def add(self, row_numbers: Any, table: pa.Table) -> None:  # noqa: ANN401 - numpy's, of any shape of one axis
        """Give it the rows of a chunk.

        Args:
            row_numbers: shape (rows,), those of the batch.
            table: canonical text columns.
        """
        if self._sandbox is None:
            return
        self._rows += table.num_rows
        masks = [chosen(table, condition) for condition in self._conditions]
        for rule in self._rules:
            about = None if rule.condition is None else masks[self._conditions.index(rule.condition)]
            self._checked[rule.spec.id] += _complete(table, rule.columns, about)
        columns = {"row_number": pa.array(row_numbers, pa.int64())}
        columns |= {name: table.column(name) for name in self._plan.columns}
        columns |= {_mask_name(place): pa.array(mask) for place, mask in enumerate(masks)}
        self._sandbox.add(pa.table(columns))

    def judge(self, findings: Findings) -> None:
        """Adds what was found: failing rows of rules about rows, measures of rules about the batch."""
        if self._sandbox is None:
            return
        for rule, answer in zip(self._rules, self._sandbox.answers(), strict=True):
            if answer.table is None:
                findings.measure(rule.spec.id, Measured(holds=False, checked=0, failed=0, fault=answer.fault))
            elif rule.expectation in ACROSS:
                self._judge_rows(findings, rule, answer)
            else:
                findings.measure(rule.spec.id, self._measured(rule, _rows_of(answer.table)))

    def _judge_rows(self, findings: Findings, rule: WholeRule, answer: Answer) -> None:
        rows = np.sort(answer.table.column("row_number").to_numpy()) if answer.table is not None else _NO_ROWS
        checked = self._checked[rule.spec.id]
        if not rule.share:
            findings.add(rule.spec.id, rule.spec.level, rows, checked=checked)
        else:
            shares = Shares([rule.spec])
            shares.add(rule.spec.id, rows, checked=checked)
            shares.rows = self._rows
            shares.judge(findings)

    def _measured(self, rule: WholeRule, rows: list[tuple[Any, ...]]) -> Measured:
        if rule.expectation == "mianzheng:duplicates":
            failed, checked = (int(number or 0) for number in rows[0])
            bounds, unit = cast("Bounds", rule.arguments["bounds"]), str(rule.arguments["unit"])
            return measured(bounds, unit, failed=failed, checked=checked, pulled=self._rows)
        good = _is_good(rule, rows, self._checked[rule.spec.id])
        return Measured(good, checked=1, failed=0 if good else 1)


_NO_ROWS: Final = np.zeros(0, np.int64)


def _plan(dataset: Dataset, rules: Sequence[WholeRule], conditions: Sequence[Condition]) -> Plan:
    kinds: dict[str, str] = {column.name: column.logical_type for column in dataset.columns}
    written = any(rule.expectation == "mianzheng:sql" for rule in rules)
    needed = list(kinds) if written else [name for rule in rules for name in rule.columns]
    table = dataset.name.partition(".")[2]
    return Plan(table, named(needed, kinds), tuple(_question(rule, kinds, conditions) for rule in rules))


def _question(rule: WholeRule, kinds: Mapping[str, str], conditions: Sequence[Condition]) -> Question:
    if rule.expectation == "mianzheng:sql":
        return Question(str(rule.arguments["query"]), written=True)
    make = FAILING_ROWS.get(rule.expectation)
    query = make(rule.arguments) if make is not None else ONE_ANSWER[rule.expectation]
    typed = all(kinds[name] in _NUMERIC for name in rule.columns)  # canonical dates and texts compare as texts
    mask = None if rule.condition is None else _mask_name(conditions.index(rule.condition))
    known = {name: value for name, value in _parameters(rule, typed=typed).items() if f"${name}" in query}
    return Question(query, False, rule.columns, typed, mask, known)


def _parameters(rule: WholeRule, *, typed: bool) -> dict[str, object]:
    told = rule.arguments
    values = [plain(value) if typed else str(plain(value)) for value in told.get("value_set", ())]
    return {
        "threshold": told.get("threshold"),
        "multiplier": told.get("multiplier", 1.5),
        "quantiles": told.get("quantile_ranges", {}).get("quantiles"),
        "known": values,
        "most": len(values) + 1,
    }


def _mask_name(place: int) -> str:
    return f"chosen:{place}"  # no column of a contract has such a name


def _complete(table: pa.Table, columns: Sequence[str], about: Any) -> int:  # noqa: ANN401 - a mask or None
    """Rows with all of the values, among those that the rule is about."""
    present = np.ones(table.num_rows, np.bool_) if about is None else about.copy()
    for name in columns:
        present &= pc.is_valid(table.column(name)).to_numpy()
    return int(present.sum())


def _rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _is_good(rule: WholeRule, rows: list[tuple[Any, ...]], checked: int) -> bool:
    """Whether what was measured is as expected; nothing to measure is, as in Great Expectations."""
    told = rule.arguments
    match rule.expectation:
        case "mianzheng:sql" | "mianzheng:row_count":
            return holds(told["bounds"], rows[0][0])
        case "expect_table_row_count_to_equal":
            return bool(rows[0][0] == told["value"])
        case "expect_column_most_common_value_to_be_in_set":
            modes, known = rows[0]
            return not checked or (known > 0 if told.get("ties_okay") else modes == known == 1)
        case "expect_column_quantile_values_to_be_between":
            return not checked or _quantiles_fit(told["quantile_ranges"]["value_ranges"], rows[0][0])
        case name if "distinct_values" in name:
            return _distinct_fit(
                name, {_as_known(value) for (value,) in rows}, {_as_known(v) for v in told["value_set"]}
            )
        case _:
            return rows[0][0] is None or within(told, rows[0][0])


def _as_known(value: object) -> object:
    return float(value) if isinstance(value, int | float) else str(plain(value))


def _distinct_fit(name: str, found: set[object], known: set[object]) -> bool:
    if name.endswith("_in_set"):
        return found <= known
    return found >= known if name.endswith("contain_set") else found == known


def _quantiles_fit(ranges: Sequence[Sequence[float | None]], found: Sequence[float]) -> bool:
    return all(
        (low is None or low <= value) and (high is None or value <= high)
        for (low, high), value in zip(ranges, found, strict=True)
    )


def within(told: Mapping[str, Any], measured: Any) -> bool:  # noqa: ANN401 - a number, or a text that sorts
    """Great Expectations' min_value, max_value, strict_min, strict_max."""
    least, most = told.get("min_value"), told.get("max_value")
    above = least is None or (measured > least if told.get("strict_min") else measured >= least)
    below = most is None or (measured < most if told.get("strict_max") else measured <= most)
    return bool(above and below)
