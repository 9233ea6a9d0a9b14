"""The rows that a rule is about, and numbers out of texts: over whole columns.

A missing value meets no comparison, whatever is asked: as in SQL.

    >>> table = pa.table({"status": ["1", "2", None], "area": ["10", "x", "3.5"]})
    >>> chosen(table, ((Comparison("status", "!=", "1"),), (Comparison("area", ">", 5),))).tolist()
    [True, True, False]
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from registries.contracts.conditions import Comparison, Condition
from registries.text_columns import Bools

_NUMBER: Final = r"\A-?[0-9]+(?:\.[0-9]+)?\z"
_INTEGER: Final = r"\A-?[0-9]{1,18}\z"
_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def chosen(table: pa.Table, condition: Condition) -> Bools:
    """One truth value per row."""
    found = np.zeros(table.num_rows, np.bool_)
    for group in condition:
        every = np.ones(table.num_rows, np.bool_)
        for comparison in group:
            every &= _holds(table.column(comparison.column), comparison)
        found |= every
    return found


def numbers(values: Any, kind: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Texts as 64-bit integers (`integer`) or floats; NULL where a text is no such number."""
    fits = pc.match_substring_regex(values, _INTEGER if kind == "integer" else _NUMBER)
    readable = pc.if_else(fits, values, pa.scalar(None, pa.string()))
    return pc.cast(readable, pa.int64() if kind == "integer" else pa.float64())


def _holds(values: Any, comparison: Comparison) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    operator, value = comparison.operator, comparison.value
    if operator == "is_null":
        return _mask(pc.is_null(values))
    if operator == "not_null":
        return _mask(pc.is_valid(values))
    several = value if isinstance(value, tuple) else (value,)
    told: Any = several
    if several and not isinstance(several[0], str):
        values, told = numbers(values, "number"), [float(item) for item in several]
    if operator in {"IN", "NOT_IN"}:
        inside = pc.is_in(values, value_set=pa.array(list(told), values.type))
        return _mask(pc.and_(pc.is_valid(values), inside if operator == "IN" else pc.invert(inside)))
    return _mask(_COMPARE[operator](values, pa.scalar(told[0], values.type)))


def _mask(found: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    return np.asarray(pc.fill_null(found, False).to_numpy(), dtype=np.bool_)
