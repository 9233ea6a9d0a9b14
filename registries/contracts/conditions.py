"""`row_condition` of Great Expectations: the rows that a rule is about, read without ever running what is written.

Its own parsers hand the text to pandas, which evaluates it as Python; here it is one of the forms that can be read:
`col("a") == "x"` with and/or, `col("a").notNull()`, or the mappings that Great Expectations writes for conditions.

    >>> read_condition('col("status") == "1" and col("closed_on").isNull()')
    ((Comparison('status', '==', '1'), Comparison('closed_on', 'is_null')),)
    >>> read_condition("status == 1") is None
    True
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Scalar = str | int | float


@dataclass(frozen=True)
class Comparison:
    """One column compared with a value, or (IN, NOT_IN) with several; `is_null` and `not_null` take none."""

    column: str
    operator: str
    value: Scalar | tuple[Scalar, ...] = ""

    def __repr__(self) -> str:
        shown = "" if self.operator in NULLITY else f", {self.value!r}"
        return f"Comparison({self.column!r}, {self.operator!r}{shown})"


Condition = tuple[tuple[Comparison, ...], ...]
"""Any of these groups, of which all comparisons hold."""

NULLITY: Final = frozenset({"is_null", "not_null"})
_ORDERED: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_SETS: Final = frozenset({"IN", "NOT_IN"})
_COLUMN: Final = r"""col\(\s*(?P<quote>["'])(?P<column>[a-z0-9_]+)(?P=quote)\s*\)"""
_LITERAL: Final = r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<number>-?[0-9]+(?:\.[0-9]+)?))"""
_COMPARED: Final = re.compile(rf"\s*{_COLUMN}\s*(?P<operator>==|!=|<=|>=|<|>)\s*{_LITERAL}\s*")
_NULLITY: Final = re.compile(rf"\s*{_COLUMN}\s*\.\s*(?P<is>notNull|isNull|is_not_null|is_null)\(\)\s*")
_JOINT: Final = re.compile(r"(?P<joint>and|or)\b|(?P<sign>[&|])")


def read_condition(given: object) -> Condition | None:
    """The condition; None if it is in no form that can be read."""
    if isinstance(given, str):
        return _of_text(given)
    if isinstance(given, Mapping):
        return _of_mapping(given)
    return None


def columns_of_condition(condition: Condition) -> tuple[str, ...]:
    """The columns that it reads, each once."""
    return tuple(dict.fromkeys(comparison.column for group in condition for comparison in group))


def _of_text(text: str) -> Condition | None:
    groups: list[tuple[Comparison, ...]] = [()]
    place = 0
    while True:
        found = _COMPARED.match(text, place) or _NULLITY.match(text, place)
        if found is None:
            return None
        groups[-1] = (*groups[-1], _comparison(found))
        place = found.end()
        if place == len(text):
            return tuple(groups)
        joint = _JOINT.match(text, place)
        if joint is None:
            return None
        if joint.group() in {"or", "|"}:
            groups.append(())
        place = joint.end()


def _comparison(found: re.Match[str]) -> Comparison:
    column, parts = found["column"], found.groupdict()
    if "is" in parts:
        return Comparison(column, "is_null" if parts["is"] in {"isNull", "is_null"} else "not_null")
    number = parts["number"]
    if number is None:
        return Comparison(
            column, parts["operator"], parts["double"] if parts["double"] is not None else parts["single"]
        )
    return Comparison(column, parts["operator"], float(number) if "." in number else int(number))


def _of_mapping(given: Mapping[object, object]) -> Condition | None:
    kind, inner = given.get("type"), given.get("conditions")
    if kind not in {"and", "or"}:
        single = _single(given)
        return None if single is None else ((single,),)
    if not isinstance(inner, list) or not inner:
        return None
    parts = [read_condition(item) for item in inner]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    if kind == "or":
        return tuple(group for part in known for group in part)
    if any(len(part) > 1 for part in known):
        return None  # as Great Expectations: no "or" inside an "and"
    return (tuple(comparison for part in known for comparison in part[0]),)


def _single(given: Mapping[object, object]) -> Comparison | None:
    column, operator, value = given.get("column"), given.get("operator"), given.get("parameter")
    name = column.get("name") if isinstance(column, Mapping) else column
    if not isinstance(name, str):
        return None
    if given.get("type") == "nullity" and isinstance(given.get("is_null"), bool):
        return Comparison(name, "is_null" if given["is_null"] else "not_null")
    if given.get("type") != "comparison":
        return None
    if operator in _SETS and isinstance(value, list) and all(is_scalar(item) for item in value):
        return Comparison(name, str(operator), tuple(plain(item) for item in value))
    if operator in _ORDERED and is_scalar(value):
        return Comparison(name, str(operator), plain(value))
    return None


def is_scalar(value: object) -> bool:
    """A text, a number or a date; no truth value, no list."""
    return isinstance(value, str | int | float | dt.date) and not isinstance(value, bool)


def plain(value: object) -> Scalar:
    """A value as the hub's canonical columns have it: dates and times as ISO text."""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float):
        return value
    return str(value)
