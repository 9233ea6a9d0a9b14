"""What a page may show of a personal value: enough to recognise it beside the paper, too little to copy it.

>>> import pyarrow as pa
>>> mask(pa.array(["440507199001012345", None]), "citizen_number").to_pylist()
['4405**********2345', None]
>>> mask_text("欧阳三", "person_name")
'欧*三'
"""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from registries.contract_model import Column

Texts = Any  # a pyarrow string array; pyarrow ships no types

_OPEN: Final = frozenset({"organisation_name", "division_code", "code"})
"""Semantics that are public by themselves."""


def mask(values: Texts, semantic: str | None) -> Texts:
    """Text values masked by what they mean; NULL stays NULL.

    citizen numbers, codes, certificate numbers and phones keep their first four and last four characters
    (身份证 4405**********0012), names their first and last character (张*三, 张*), addresses the place in front,
    anything else its first character. Values too short for that lose all but their first character.
    """
    if semantic in _OPEN:
        return values
    if semantic == "person_name":
        return _name(values)
    if semantic in {"citizen_number", "uscc", "certificate_number", "certificate_identifier"}:
        return _kept(values, 4, 4)
    if semantic == "phone":
        return _kept(values, 3, 4)
    if semantic == "address":
        return _kept(values, 6, 0)
    return _kept(values, 1, 0)


def mask_column(values: Texts, column: Column) -> Texts:
    """The values as pages show them: public and internal columns as they are, the others masked."""
    return mask(values, column.semantic) if column.personal else values


def mask_text(text: str, semantic: str | None) -> str:
    """One value, masked."""
    return str(mask(pa.array([text], pa.string()), semantic)[0].as_py())


def _name(values: Texts) -> Texts:
    """Two characters keep the first only: 张三 is 张*."""
    short = pc.less_equal(pc.utf8_length(values), 2)
    return pc.if_else(short, _kept(values, 1, 0), _kept(values, 1, 1))


def _kept(values: Texts, front: int, back: int) -> Texts:
    """First and last characters, and a star for each between; too short a value keeps its first only."""
    middle = pc.subtract(pc.utf8_length(values), front + back)
    stars = pc.binary_repeat(pa.scalar("*"), pc.max_element_wise(middle, pa.scalar(0, middle.type)))
    head = pc.utf8_slice_codeunits(values, 0, front)
    tail = pc.utf8_slice_codeunits(values, -back) if back else pa.scalar("")
    if front <= 1 and not back:
        return pc.binary_join_element_wise(head, stars, "")
    enough = pc.greater_equal(middle, (front + back) // 2)
    return pc.if_else(enough, pc.binary_join_element_wise(head, stars, tail, ""), _kept(values, 1, 0))
