"""The operators of ODCS's data quality: within which bounds a measured number has to be.

    >>> holds({"mustBeGreaterThan": 1, "mustBeLessThan": 5}, 3), holds({"mustNotBeBetween": [1, 5]}, 5)
    (True, False)
    >>> means_none({"mustBeLessOrEqualTo": 0}, "percent"), means_none({"mustBeLessThan": 1}, "percent")
    (True, False)

Standard: ODCS 3.2; both ends of `between` are inside.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from open_data_contract_standard.model import DataQuality

from registries.contracts.yaml_page import Page, Place

Bounds = Mapping[str, object]
"""Operator -> number, or two for the `between` ones; all of them have to hold."""

_ONE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "mustBe": lambda measured, bound: measured == bound,
    "mustNotBe": lambda measured, bound: measured != bound,
    "mustBeGreaterThan": lambda measured, bound: measured > bound,
    "mustBeGreaterOrEqualTo": lambda measured, bound: measured >= bound,
    "mustBeLessThan": lambda measured, bound: measured < bound,
    "mustBeLessOrEqualTo": lambda measured, bound: measured <= bound,
}
_TWO: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "mustBeBetween": lambda measured, ends: ends[0] <= measured <= ends[1],
    "mustNotBeBetween": lambda measured, ends: not ends[0] <= measured <= ends[1],
}
OPERATORS: Final = (*_ONE, *_TWO)
UNITS: Final = ("rows", "percent")
_WHOLE: Final = 100


def holds(bounds: Bounds, measured: float) -> bool:
    """Whether a number is within all of the bounds."""
    return all({**_ONE, **_TWO}[operator](measured, bound) for operator, bound in bounds.items())


def means_none(bounds: Bounds, unit: str) -> bool:
    """Whether the bounds say that there may be none at all, so that every single row decides for itself."""
    at_most_none = ({"mustBe": 0}, {"mustBeLessOrEqualTo": 0}, {"mustBeBetween": [0, 0]})
    return bounds in at_most_none or (unit == "rows" and bounds == {"mustBeLessThan": 1})


def bounds_of(page: Page, here: Place, given: DataQuality) -> dict[str, object]:
    """The operators that a rule gives; faults where there are none, or one can't be a bound."""
    found = {name: value for name in OPERATORS if (value := getattr(given, name)) is not None}
    if not found:
        page.note(
            here,
            "规则没有界限",
            "the rule has no bound",
            f"请给出 {', '.join(OPERATORS)} 之一",
            f"give one of {', '.join(OPERATORS)}",
        )
    for name, value in found.items():
        if not (_is_pair(value) if name in _TWO else _is_number(value)):
            page.note(
                (*here, name),
                f"{name} 的取值不是数值",
                f"{name} is no number",
                "请写一个数; between 类写两个数, 小的在前",
                "write a number; for the between ones two, the lesser first",
            )
    return found


def unit_of(page: Page, here: Place, given: DataQuality, bounds: Bounds) -> str:
    """`rows` or `percent`; a fault for anything else, and for a share past 100."""
    unit = given.unit or "rows"
    if unit not in UNITS:
        page.note_unknown((*here, "unit"), "单位", "unit", unit, UNITS)
    for name, value in bounds.items():
        ends = value if isinstance(value, list) else [value]
        if unit == "percent" and not all(_is_number(end) and 0 <= float(str(end)) <= _WHOLE for end in ends):
            page.note(
                (*here, name),
                f"{name} 应为 0 到 100 的百分数",
                f"{name} should be a percentage, 0 to 100",
                "例如 5 表示百分之五",
                "5 is five percent, for example",
            )
    return unit


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]  # noqa: PLR2004 - two ends
