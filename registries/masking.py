"""What a page may show of a personal value: enough to recognise it beside the paper, too little to copy it.

For pages, and so for few values at a time.

Example:
    >>> mask(pa.array(["440507199001010012", None]), "citizen_number").to_pylist()
    ['4405**********0012', None]
    >>> mask_text("欧阳三", "person_name")
    '欧*三'
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from registries.contracts.model import Column

Texts = Any  # a pyarrow string array; pyarrow ships no types

_OPEN: Final = frozenset({"organisation_name", "division_code", "code"})
"""Semantics that are public by themselves."""

_KEPT: Final[Mapping[str, tuple[int, int]]] = {
    "citizen_number": (4, 4),
    "uscc": (4, 4),
    "residence_permit": (4, 4),
    "foreign_permanent_resident_number": (4, 4),
    "holder_code": (4, 4),
    "vehicle_number": (4, 4),
    "licence_plate": (2, 2),
    "certificate_number": (4, 4),
    "certificate_identifier": (4, 4),
    "phone": (3, 4),
    "address": (6, 0),
    "person_name": (1, 1),
}
"""Semantic -> how many characters stay in front and behind; anything else keeps its first."""


def mask(values: Texts, semantic: str | None) -> Texts:
    """A text column masked by what it means; NULL stays NULL."""
    texts = values.to_pylist()
    return pa.array([None if text is None else mask_text(text, semantic) for text in texts], pa.string())


def mask_column(values: Texts, column: Column) -> Texts:
    """The values as pages show them: of public and internal columns as they are, of others masked."""
    return mask(values, column.semantic) if column.personal else values


def mask_text(text: str, semantic: str | None) -> str:
    """One text, masked; a star for each character hidden. One too short for its form keeps its first only."""
    if semantic in _OPEN:
        return text
    front, back = _KEPT.get(semantic or "", (1, 0))
    if len(text) <= front + back or len(text) < 2 * back:
        front, back = 1, 0
    hidden = max(len(text) - front - back, 0)
    return text[:front] + "*" * hidden + (text[-back:] if back else "")
