"""A part of a list by its key (keyset paging): what comes after a key, at most so many, and where the next part begins.

>>> part_of({"b": 2, "a": 1, "c": 3}.items(), after="a", limit=1)
Part(rows=[2], next='b')
"""

from collections.abc import Iterable
from typing import Any, Final, Generic, NamedTuple, TypeVar

Row = TypeVar("Row")
MOST: Final = 200


class Part(NamedTuple, Generic[Row]):
    """Rows in the order of their keys; `next`: the key after which the following part begins, None at the end."""

    rows: list[Row]
    next: str | None

    def to_json(self, name: str) -> dict[str, Any]:
        """As the API gives it, with the rows under their name."""
        return {name: self.rows, "next": self.next}


def part_of(keyed: Iterable[tuple[str, Row]], after: str, limit: int) -> Part[Row]:
    """The rows with greater keys; each key stands once."""
    found = sorted((one for one in keyed if one[0] > after), key=lambda one: one[0])
    more = found[limit - 1][0] if len(found) > limit else None
    return Part([row for _, row in found[:limit]], more)
