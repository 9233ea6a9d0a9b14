"""Text columns as bytes: what canonical form and rules calculate on, without one Python object per row.

Identifiers are ASCII, so the UTF-8 bytes of a good one are its code points; any other text has a byte above
127 somewhere and fits no alphabet. Values of one length that stand side by side, as most identifiers and dates do, are
read in strides; others are picked by their places.

    >>> text = TextColumn.of(pa.array(["ab", None, "abc"]))
    >>> text.lengths.tolist(), text.present.tolist()
    ([2, 0, 3], [True, False, True])
    >>> text.matrix(np.array([0]), 2).tobytes()
    b'ab'
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Lengths = NDArray[np.int32] | NDArray[np.int64]
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]

_WORD = 8
_ASCII = 0x80


@dataclass(frozen=True)
class TextColumn:
    """One Arrow column of text.

    Attributes:
        array: the pyarrow array, whose memory this is a view of.
        data: the bytes that its values stand in, those of other arrays among them.
        offsets: in `data`, one more than there are values.
    """

    array: Any
    data: Bytes
    offsets: Lengths

    @classmethod
    def of(cls, values: Any) -> "TextColumn":  # noqa: ANN401 - pyarrow ships no types
        """Views a pyarrow Array or ChunkedArray of string or large_string; what else holds text is cast first."""
        array = one_array(values)
        if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
            array = array.cast(pa.large_string())
        kind = np.dtype(np.int32 if pa.types.is_string(array.type) else np.int64)
        _, offsets, data = array.buffers()
        known = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
        if not len(array):
            return cls(array, known, np.zeros(1, kind))
        return cls(array, known, np.frombuffer(offsets, kind, len(array) + 1, array.offset * kind.itemsize))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def present(self) -> Bools:
        """Where there is a value."""
        if not self.array.null_count:
            return np.ones(len(self), np.bool_)
        return np.asarray(self.array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)

    @cached_property
    def starts(self) -> Numbers:
        """Where in `data` each value begins."""
        return self.offsets[:-1].astype(np.int64)

    @cached_property
    def lengths(self) -> Lengths:
        """How long each value is, in bytes; 0 where there is none."""
        lengths: Lengths = np.diff(self.offsets)
        return np.where(self.present, lengths, lengths.dtype.type(0)) if self.array.null_count else lengths

    @cached_property
    def own(self) -> Bytes:
        """The bytes from the first value's begin to the last one's end."""
        return self.data[int(self.offsets[0]) : int(self.offsets[-1])]

    @cached_property
    def width(self) -> int | None:
        """The one length that all values have, none missing; otherwise None."""
        if not len(self) or self.array.null_count:
            return None
        width = int(self.offsets[1] - self.offsets[0])
        return width if width * len(self) == len(self.own) and bool((self.lengths == width).all()) else None

    @property
    def is_ascii(self) -> bool:
        """Whether every byte is."""
        return not len(self.own) or int(self.own.max()) < _ASCII

    def of_length(self, width: int) -> Numbers | None:
        """Positions of the values that are `width` bytes long; None: all are."""
        return None if self.width == width else np.flatnonzero(self.lengths == width)

    def words(self, at: int, positions: Numbers | None) -> Words:
        """Eight bytes of each chosen value from place `at` on, the first one lowest; each must be long enough."""
        if positions is None and self.width is not None:
            start, stride = int(self.offsets[0]) + at, self.width
            strided: Words = np.ndarray((len(self),), "<u8", buffer=self.data, offset=start, strides=(stride,))
            return strided.copy()
        if positions is not None and not len(positions):
            return np.zeros(0, np.uint64)
        anywhere: Words = np.ndarray((len(self.data) - _WORD + 1,), "<u8", buffer=self.data, strides=(1,))
        return anywhere[(self.starts if positions is None else self.starts[positions]) + at]

    def words_of_all(self, at: int) -> Words:
        """The same of every value, however long; of one that is too short they mean nothing.

        Where nearly all values have the length that is asked about, that is quicker than choosing them first.
        """
        if self.width is not None and self.width >= at + _WORD:
            return self.words(at, None)
        last = len(self.data) - _WORD
        if last < 0:
            return np.zeros(len(self), np.uint64)
        places = self.starts + at
        places[np.searchsorted(places, last, "right") :] = last
        anywhere: Words = np.ndarray((last + 1,), "<u8", buffer=self.data, strides=(1,))
        return anywhere[places]

    def bytes_at(self, places: Numbers) -> Bytes:
        """One byte for each place in `data`; places before its begin or behind its end give its first or last byte."""
        return self.data.take(places, mode="clip")

    def rows_with(self, marked: Bools) -> Bools:
        """Which values have at least one of the marked bytes of `own`."""
        return self.rows_at(np.flatnonzero(marked))

    def rows_at(self, places: Numbers) -> Bools:
        """Which values have at least one of these bytes, whose places in `own` are given."""
        found = np.zeros(len(self), np.bool_)
        if len(places):
            found[np.searchsorted(self.offsets[1:], places + int(self.offsets[0]), "right")] = True
        return found

    def matrix(self, positions: Numbers | None, width: int) -> Bytes:
        """The first `width` bytes of the chosen values, (width, rows): one place of the text is one straight row.

        Every chosen value must be at least `width` bytes long; None chooses all.
        """
        if positions is None and self.width is not None:
            return np.ascontiguousarray(self.own.reshape(len(self), self.width)[:, :width].T)
        starts = self.starts if positions is None else self.starts[positions]
        if not len(starts):
            return np.zeros((width, 0), np.uint8)
        windows = np.lib.stride_tricks.sliding_window_view(self.data, width)
        return np.ascontiguousarray(windows[starts].T)


def one_array(values: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """The values of a ChunkedArray in one piece, without a copy where they are."""
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else pa.concat_arrays(values.chunks or [pa.array([], values.type)])
