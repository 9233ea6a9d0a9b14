"""A lookup in an image: which contents it holds, asked chunk by chunk while the rows are at hand.

    lookup = Lookup(image)
    lookup.unknown(narrow_rows)      # shape (rows,), true where the image does not hold the row just so
    lookup.absent()                  # texts of the keys that the image holds and no row had

On one machine this takes the place of two joins of all rows with all of the image, and of reading the delivery a second
time for the rows that differ. Spark, whose chunks are judged elsewhere, is asked the joins (`Workbench.against`).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


class Lookup:
    """Grows with the rows that were asked about; used by one thread.

    Args:
        image: narrow rows in the order of their contents (`in_order`).
    """

    def __init__(self, image: pa.Table) -> None:
        self._image = image
        self._contents = _numbers(image, "content")
        self._seen = np.zeros(len(self._contents), np.bool_)
        self._strange_keys: list[pa.ChunkedArray] = []

    def unknown(self, narrow_rows: pa.Table) -> NDArray[np.bool_]:
        """Per row whether the image lacks its content. Sorted, so that memory is walked through once and in order."""
        contents = _numbers(narrow_rows, "content")
        order = np.argsort(contents)
        places = np.searchsorted(self._contents, contents[order])
        places[places == len(self._contents)] = 0
        held = self._contents[places] == contents[order] if len(self._contents) else np.zeros(len(order), np.bool_)
        self._seen[places[held]] = True
        unknown = np.empty(len(order), np.bool_)
        unknown[order] = ~held
        self._strange_keys.append(narrow_rows.column("key").filter(pa.array(unknown)))
        return unknown

    def absent(self) -> pa.Table:
        """Keys that no row had, as the texts of their parts: neither with the image's content nor with another."""
        left = self._image.filter(pa.array(~self._seen))
        came = pa.chunked_array([part for keys in self._strange_keys for part in keys.chunks], pa.int64())
        absent = left.filter(pc.invert(pc.is_in(left.column("key"), value_set=came)))
        return absent.select([name for name in absent.column_names if name.startswith("text_")])


def in_order(narrow_rows: pa.Table) -> pa.Table:
    """Narrow rows in the order of their contents."""
    return narrow_rows.take(pa.array(np.argsort(_numbers(narrow_rows, "content"))))


def _numbers(narrow_rows: pa.Table, name: str) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = narrow_rows.column(name).to_numpy()
    return numbers
