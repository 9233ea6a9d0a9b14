"""The workbench: all narrow rows of one batch in memory, asked with Ibis expressions which of them must be looked at.

    bench = Workbench(shape, engine)
    bench.add(shape.narrow(first, rows))           # chunk after chunk
    bench.sharing()                                # row numbers, ascending
    found = bench.against(image)
    found.rows, found.absent

Some 40 bytes and the key's text are kept of each row. Expressions are asked over PART_ROWS rows at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from registries.compare import questions
from registries.compare.engines import Engine
from registries.compare.narrow import Shape

if TYPE_CHECKING:
    import ibis  # type: ignore[import-untyped] # it ships none

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
        columns = self._shape.shared_columns
        return _numbers([self._asked(column, questions.shared) for column in columns])

    def strange(self, place: int, known: pa.Array) -> RowNumbers:
        """Numbers of rows whose reference of that place is none of the known ones (hashes: `narrow.values`)."""
        targets = pa.table({"value": known})
        return _numbers(
            [
                self._engine.answer(questions.strange(rows, f"refers_{place}", part))
                for rows, part in self._side_by_side(f"refers_{place}", targets, "value")
            ]
        )

    def against(self, image: pa.Table) -> Differences:
        """What differs from the image."""
        keyless = self.rows.filter(pa.compute.is_null(self.rows.column("key"))).select(["row_number"])
        differing, absent = [keyless], [image.slice(0, 0)]
        for rows, part in self._side_by_side("key", image, "key"):
            differing.append(self._engine.answer(questions.differing(rows, part)))
            absent.append(self._engine.answer(questions.absent(part, rows)))
        texts = [name for name in image.column_names if name.startswith("text_")]
        return Differences(_numbers(differing), pa.concat_tables(absent).select(texts))

    def _asked(self, column: str, question: "Callable[[ibis.Table, str], ibis.Table]") -> pa.Table:
        return pa.concat_tables(
            self._engine.answer(question(questions.part(self._table(column), column, number, self._of), column))
            for number in range(self._of)
        )

    def _side_by_side(self, column: str, others: pa.Table, other: str) -> "Iterator[tuple[ibis.Table, ibis.Table]]":
        """Parts of the rows, each with the part of the others that may equal them."""
        mine, theirs = self._table(column), self._engine.table(others)
        for number in range(self._of):
            yield questions.part(mine, column, number, self._of), questions.part(theirs, other, number, self._of)

    def _table(self, column: str) -> "ibis.Table":
        names = ["row_number", *dict.fromkeys((column, "content"))]
        return self._engine.table(self.rows.select(names))

    @property
    def _of(self) -> int:
        rows: int = sum(part.num_rows for part in self._parts)
        return max(1, -(-rows // PART_ROWS))


def _numbers(answers: list[pa.Table]) -> RowNumbers:
    found = [answer.column("row_number").to_numpy() for answer in answers]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
