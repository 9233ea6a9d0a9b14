"""The workbench: all narrow rows of one batch in memory, asked with Ibis expressions which of them must be looked at.

    bench = Workbench(shape, engine)
    bench.add(shape.narrow(first, rows))           # chunk after chunk
    bench.sharing()                                # row numbers, ascending
    found = bench.against(image)
    found.rows, found.absent

Some 40 bytes and the key's text are kept of each row. Expressions are asked over PART_ROWS rows at a time.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from registries.compare import questions
from registries.compare.engines import Engine
from registries.compare.narrow import Shape

RowNumbers = NDArray[np.int64]
PART_ROWS: Final = 16_000_000


@dataclass(frozen=True)
class Differences:
    """How a batch differs from the image of the state before.

    Attributes:
        rows: numbers of rows that the image does not hold just so.
        absent: of keys that the image holds and no row has, the texts of their parts, a column each.
    """

    rows: RowNumbers
    absent: pa.Table


class Workbench:
    """Grows chunk by chunk, and is asked when all rows are there."""

    def __init__(self, shape: Shape, engine: Engine) -> None:
        self._shape = shape
        self._engine = engine
        self._parts: list[pa.Table] = []

    def add(self, narrow_rows: pa.Table) -> None:
        """The narrow rows of the next chunk."""
        self._parts.append(narrow_rows)

    @property
    def rows(self) -> pa.Table:
        """All of them, in their order."""
        return pa.concat_tables(self._parts)

    def sharing(self) -> RowNumbers:
        """Numbers of rows that share a key, or something else that should be unique, with another row."""
        if self._engine.at_hand:
            return np.unique(np.concatenate([self._sharing(column) for column in self._shape.shared_columns]))
        answers = []
        for column in self._shape.shared_columns:
            rows = self._engine.table(self.rows.select(["row_number", column]))
            parts = (questions.part(rows, column, number, self._of) for number in range(self._of))
            answers += [self._engine.answer(questions.shared(part, column)) for part in parts]
        return _numbers(answers)

    def _sharing(self, column: str) -> RowNumbers:
        """`questions.shared` of rows in memory: sorting their hashes takes a fifth of what grouping them does.

        Upper halves of hashes are sorted, in two parts side by side; where two are equal, and near them, whole hashes
        are looked at.
        """
        rows = self.rows.select(["row_number", column]).drop_null()
        hashes = rows.column(column).to_numpy()
        halves = (hashes >> 31).astype(np.uint32)
        repeated = np.concatenate(list(self._engine.each(partial(_repeated, halves), (0, 1))))
        near = np.zeros(1 << 24, np.bool_)
        near[repeated >> 8] = True
        looked_at = np.flatnonzero(near[halves >> 8])
        _, place, times = np.unique(hashes[looked_at], return_inverse=True, return_counts=True)
        numbers: RowNumbers = rows.column("row_number").to_numpy()[looked_at[times[place] > 1]]
        return numbers

    def strange(self, place: int, known: pa.Array) -> RowNumbers:
        """Numbers of rows whose reference of that place is none of the known ones (hashes: `narrow.values`)."""
        column = f"refers_{place}"
        return self._not_among(self.rows.select(["row_number", column]), column, known)

    def against(self, image: pa.Table) -> Differences:
        """What differs from the image.

        Content has the key in it, so that contents alone are compared. A row of the image that no row equals is absent
        unless its key is that of a row that differs.
        """
        rows = self.rows
        numbered = pa.table({"row_number": np.arange(1, image.num_rows + 1), "content": image.column("content")})
        differing = self._not_among(rows.select(["row_number", "content"]), "content", image.column("content"))
        unequal = self._not_among(numbered, "content", rows.column("content"))
        came = rows.column("key").take(pa.array(differing - 1))
        gone = image.take(pa.array(unequal - 1))
        absent = gone.filter(pc.invert(pc.is_in(gone.column("key"), value_set=came)))
        texts = [name for name in image.column_names if name.startswith("text_")]
        return Differences(differing, absent.select(texts))

    def _not_among(self, rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> RowNumbers:
        """Numbers of rows with a value that is none of `values`, part by part."""
        asked, known = self._engine.table(rows), self._engine.table(pa.table({"value": values}))
        answers = []
        for number in range(self._of):
            part = questions.part(asked, column, number, self._of)
            others = questions.part(known, "value", number, self._of)
            answers.append(self._engine.answer(questions.strange(part, column, others)))
        return _numbers(answers)

    @property
    def _of(self) -> int:
        rows: int = sum(part.num_rows for part in self._parts)
        return max(1, -(-rows // PART_ROWS))


def _repeated(hashes: NDArray[np.uint32], upper: int) -> NDArray[np.uint32]:
    """Of the hashes whose uppermost bit is that one those that stand there more than once."""
    ordered = np.sort(hashes[hashes >> 31 == upper])
    repeated: NDArray[np.uint32] = ordered[1:][ordered[1:] == ordered[:-1]]
    return repeated


def _numbers(answers: list[pa.Table]) -> RowNumbers:
    found = [answer.column("row_number").to_numpy() for answer in answers]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
