"""A lookup in an image: which contents it holds, asked chunk by chunk while the rows are at hand.

    lookup = Lookup(image)
    lookup.unknown(narrow_rows)      # shape (rows,), true where the image does not hold the row just so
    lookup.absent()                  # texts of the keys that the image holds and no row had
    lookup.change(rows, current)     # how the image becomes that of the state after the batch

On one machine this takes the place of two joins of all rows with all of the image, and of reading the delivery a second
time for the rows that differ. Spark, whose chunks are judged elsewhere, is asked the joins (`Workbench.against`).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from registries.compare.image import Bools, Hashes, Image, Part, among, hashes, texts_of

RowNumbers = NDArray[np.int64]


@dataclass(frozen=True)
class Change:
    """How an image's large part becomes the image of another state.

    Attributes:
        gone: contents of the large part that are no longer held, ascending.
        added: narrow rows that are held and are not in it.
    """

    gone: Hashes
    added: pa.Table


class Lookup:
    """Grows with the rows that were asked about; used by one thread."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._seen = [np.zeros(len(part.contents), np.bool_) for part in image.parts]
        self._in_first: list[Bools] = []
        self._known = 0
        self._no_texts: list[pa.Table] = []
        self._strange_keys: list[pa.ChunkedArray] = []

    def unknown(self, narrow_rows: pa.Table) -> Bools:
        """Per row whether the image lacks its content."""
        self._no_texts = [texts_of(narrow_rows).slice(0, 0)]
        contents = hashes(narrow_rows, "content")
        found = []
        for part, seen in zip(self._image.parts, self._seen, strict=True):
            held, places = part.find(contents)
            seen[places[held]] = True
            found.append(held)
        self._in_first.append(found[0])
        unknown: Bools = ~np.logical_or.reduce(found)
        self._known += len(unknown) - int(unknown.sum())
        self._strange_keys.append(narrow_rows.column("key").filter(pa.array(unknown)))
        return unknown

    def sharing(self, rows: pa.Table) -> RowNumbers | None:
        """Numbers of rows that may share their key with another row; None: two have one content, and this can't tell.

        The image holds each key once. So two rows of a key have one content, or one of them is a row that it lacks.

        Args:
            rows: all narrow rows that were asked about.
        """
        if self._known > sum(int(seen.sum()) for seen in self._seen):
            return None
        several = pc.is_in(rows.column("key"), value_set=self._strange())
        numbers: RowNumbers = (
            rows.column("row_number").filter(pc.and_(several, rows.column("key").is_valid())).to_numpy()
        )
        return numbers

    def absent(self) -> pa.Table:
        """Keys that no row had, as the texts of their parts: neither with the image's content nor with another."""
        left = [(part, self._left(part, seen)) for part, seen in zip(self._image.parts, self._seen, strict=True)]
        found = [texts_of(part.rows(rows)) for part, rows in left if rows.any()]  # others' texts need not be read
        tables = [*self._no_texts, *found]
        return pa.concat_tables(tables) if tables else pa.table({})

    def _left(self, part: Part, seen: Bools) -> Bools:
        """Which rows of a part are held and no row asked about had their key."""
        left = part.held & ~seen
        left[left] = ~among(pa.chunked_array([part.keys[left]]), self._strange())
        return left

    def change(self, rows: pa.Table, current: Bools) -> Change:
        """What the image's large part lacks of the rows that are current now, and what it has too much.

        Args:
            rows: all narrow rows that were asked about, in their order.
            current: per row whether it is what the store holds now.
        """
        first = self._image.parts[0]
        known = np.concatenate([np.zeros(0, np.bool_), *self._in_first])
        left_out = pc.drop_null(rows.column("content").filter(pa.array(known & ~current))).to_numpy()
        twice = rows.column("content").filter(pa.array(among(rows.column("content"), left_out) & current)).to_numpy()
        dropped, places = first.find(np.setdiff1d(left_out, twice))
        held = self._seen[0].copy()
        held[places[dropped]] = False
        return Change(first.contents[~held], rows.filter(pa.array(current & ~known)))

    def _strange(self) -> pa.ChunkedArray:
        """Keys of rows that the image lacks."""
        return pa.chunked_array([part for keys in self._strange_keys for part in keys.chunks], pa.int64())
