"""A rule that one row can be judged by alone, the columns that it sees, and what was said of a chunk by it.

Every set of columns that some rule reads is one narrow frame, so that what a rule filters or copies is those columns.

    >>> table = pa.table({"code": ["1", None], "name": ["a", "b"]})
    >>> rule = RowRule("known_code", "expect_column_values_to_be_in_set", {"column": "code"}, ("code",))
    >>> frame, = narrow_frames(table, [rule], {None: None}).values()
    >>> list(frame.columns), judged_rows(table, rule)
    (['code'], 1)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quality.conditions import chosen, numbers
from registries.contracts.conditions import Condition

OWN = "mianzheng:"
"""Expectations with this prefix are predicates of the hub."""

Positions = NDArray[np.int64]
Chosen = Mapping[Condition | None, Positions | None]
"""The rows that each condition chooses; None: all."""

_COMPARED = frozenset({"neither", "both_values_are_missing", "never", "all_values_are_missing"})
_ABOUT_MISSING = frozenset(
    {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null", "mianzheng:not_missing"}
)
"""Rules that judge every row, whether there is a value in it or not."""


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

    def __hash__(self) -> int:
        return hash((self.rule_id, self.expectation, self.columns))  # arguments hold lists

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

    positions: Positions
    checked: int


def chosen_rows(table: pa.Table, rules: Sequence[RowRule]) -> Chosen:
    """The rows that each of the rules' conditions chooses."""
    conditions = {rule.condition for rule in rules}
    return {condition: _positions(table, condition) for condition in conditions}


def _positions(table: pa.Table, condition: Condition | None) -> Positions | None:
    return None if condition is None else np.flatnonzero(chosen(table, condition)).astype(np.int64)


def narrow_frames(table: pa.Table, rules: Sequence[RowRule], rows: Chosen) -> dict[str, pd.DataFrame]:
    """One frame per set of columns, by the name that its rules have for it."""
    frames = {}
    for frame, rule in {rule.frame: rule for rule in rules}.items():
        narrow = table.select(list(dict.fromkeys(rule.columns)))
        if rule.condition is not None:
            narrow = narrow.take(pa.array(rows[rule.condition]))
        for name, kind in rule.numbers:
            place = narrow.column_names.index(name)
            narrow = narrow.set_column(place, name, numbers(narrow.column(name), kind))
        frames[frame] = narrow.to_pandas() if rule.plain else _frame(narrow)
    return frames


def _frame(table: pa.Table) -> pd.DataFrame:
    """The table's own columns, without a copy; so much faster than `to_pandas` that it counts for each frame."""
    columns = {name: pd.arrays.ArrowExtensionArray(table.column(name)) for name in table.column_names}
    return pd.DataFrame(columns, copy=False)


def judgement(table: pa.Table, rule: RowRule, rows: Positions | None, failing: Positions) -> Judgement:
    """What was said of a whole table, from the failing positions among the rows that the rule is about."""
    if rows is None:
        return Judgement(failing, judged_rows(table, rule))
    about = table.select(list(dict.fromkeys(rule.columns))).take(pa.array(rows))
    return Judgement(rows[failing], judged_rows(about, rule))


def judged_rows(table: pa.Table, rule: RowRule) -> int:
    """Rows with at least one of the rule's values; all rows for a rule about missing values."""
    columns = [table.column(name) for name in dict.fromkeys(rule.columns)]
    if rule.expectation in _ABOUT_MISSING or not all(column.null_count for column in columns):
        return int(table.num_rows)
    if len(columns) == 1:
        return int(table.num_rows - columns[0].null_count)
    missing = pc.is_null(columns[0])
    for column in columns[1:]:
        missing = pc.and_(missing, pc.is_null(column))
    return int(table.num_rows) - int(pc.sum(missing).as_py() or 0)
