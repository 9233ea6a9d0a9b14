"""Which rules failed in which rows of one delivery: positions only, small enough to be kept beside it.

>>> faults = Faults.of([("name-required", 1, np.array([4, 2])), ("name-length", 2, np.array([4]))])
>>> faults.among(3, 5), faults.count(0), faults.first(0, 1)
({4: [0, 1]}, 2, (2,))
>>> Faults.from_bytes(faults.to_bytes()).rules
(('name-required', 1), ('name-length', 2))
"""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

RowNumbers = NDArray[np.int64]
"""From 1, without the header, in ascending order."""

_RULES: Final = b"rules"


@dataclass(frozen=True)
class Faults:
    """What was found.

    Attributes:
        rules: id and level of each rule that failed; a level may differ from row to row, and is then there twice.
        rows: shape (findings,), ascending; a row stands there once for each of its rules.
        which: shape (findings,): places in `rules`.
    """

    rules: tuple[tuple[str, int], ...]
    rows: RowNumbers
    which: NDArray[np.int32]

    @classmethod
    def of(cls, findings: Iterable[tuple[str, int, RowNumbers]]) -> Self:
        """From rule id, level and failing rows, in any order."""
        found = [one for one in findings if len(one[2])]
        rows = np.concatenate([np.zeros(0, np.int64), *(numbers for _, _, numbers in found)])
        sizes = [len(numbers) for _, _, numbers in found]
        which = np.repeat(np.arange(len(found), dtype=np.int32), sizes)
        order = np.lexsort((which, rows))
        return cls(tuple((rule_id, level) for rule_id, level, _ in found), rows[order], which[order])

    def among(self, first: int, last: int) -> dict[int, list[int]]:
        """Of the rows from `first` to `last` those with findings: row number -> places in `rules`."""
        start, stop = np.searchsorted(self.rows, [first, last + 1])
        found: dict[int, list[int]] = {}
        for row, which in zip(self.rows[start:stop].tolist(), self.which[start:stop].tolist(), strict=True):
            found.setdefault(row, []).append(which)
        return found

    def count(self, which: int) -> int:
        """In how many rows a rule failed."""
        return int((self.which == which).sum())

    def first(self, which: int, most: int) -> tuple[int, ...]:
        """The first rows in which a rule failed."""
        return tuple(self.rows[self.which == which][:most].tolist())

    def to_bytes(self) -> bytes:
        """An Arrow stream."""
        schema = pa.schema(
            [("row", pa.int64()), ("which", pa.int32())], metadata={_RULES: json.dumps(self.rules).encode()}
        )
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.record_batch([pa.array(self.rows), pa.array(self.which)], schema=schema))
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` made."""
        table = pa.ipc.open_stream(content).read_all()
        rules = tuple((str(rule_id), int(level)) for rule_id, level in json.loads(table.schema.metadata[_RULES]))
        return cls(rules, table.column("row").to_numpy(), table.column("which").to_numpy())
