"""Text columns as matrices of bytes: what the predicates calculate on, without one Python object per row.

Identifiers are ASCII, so the UTF-8 bytes of a good one are its code points; any other text has a byte above
127 somewhere and fits no alphabet. Rows are picked by length first, and only those become a matrix.

    >>> text = TextColumn.of(pa.array(["ab", None, "abc"]))
    >>> text.lengths.tolist(), text.present.tolist()
    ([2, 0, 3], [True, False, True])
    >>> text.matrix(np.array([0]), 2).tobytes()
    b'ab'
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class TextColumn:
    """One Arrow column of text: where each value starts in the column's bytes, and how long it is."""

    data: Bytes
    starts: Numbers
    lengths: Numbers
    present: Bools

    @classmethod
    def of(cls, values: Any) -> "TextColumn":  # noqa: ANN401 - pyarrow ships no types
        """Views a pyarrow Array or ChunkedArray of any string type; a NULL has length 0 and is not present."""
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks)
        array = array.cast(pa.large_string())
        offsets, data = _offsets(array), array.buffers()[2]
        known = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
        present = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
        lengths = np.where(present, np.diff(offsets), 0)
        return cls(known, offsets[:-1], lengths, present)

    def __len__(self) -> int:
        return len(self.starts)

    def of_length(self, width: int) -> Numbers:
        """Positions of the values that are `width` bytes long."""
        return np.flatnonzero(self.lengths == width)

    def matrix(self, positions: Numbers, width: int) -> Bytes:
        """The first `width` bytes of the chosen values, (width, rows): one place of the text is one straight row.

        Every chosen value must be at least `width` bytes long.
        """
        if not len(positions):
            return np.zeros((width, 0), np.uint8)
        windows = np.lib.stride_tricks.sliding_window_view(self.data, width)
        return np.ascontiguousarray(windows[self.starts[positions]].T)

    def padded(self, positions: Numbers, width: int) -> Bytes:
        """The chosen values cut or filled with zero bytes to `width`, (width, rows)."""
        places = np.arange(width, dtype=np.int64)[:, None]
        inside = places < self.lengths[positions]
        found = np.minimum(places + self.starts[positions], max(len(self.data) - 1, 0))
        return np.where(inside, self.data[found], 0).astype(np.uint8) if len(self.data) else inside.astype(np.uint8)


def _offsets(array: Any) -> Numbers:  # noqa: ANN401 - pyarrow ships no types
    if not len(array):
        return np.zeros(1, np.int64)
    return np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
