"""An image in memory: what the store holds of a dataset, as hashes in their order and, where they are asked for, texts.

    image = Image.of(narrow_rows)                  # rows with `key` and `content` hashes and the key's texts
    image.parts[0].contents                        # shape (rows,), int64, ascending
    image.rows()                                   # all of it as one table, for engines that join

An image has two parts at most: a large one that stays as it is for a while, and what became different since. Texts stay
in the order in which they came, as bringing ten million of them into another takes longer than everything else here;
`places` says which of them belongs to a hash.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Hashes = NDArray[np.int64]

BITS: Final = 63
"""Of a hash: from 0 to below 2^63."""


@dataclass(frozen=True)
class Part:
    """Rows of an image, in the order of their contents.

    Attributes:
        contents: hashes of whole rows, ascending, none twice.
        keys: hashes of their keys.
        places: where their texts are, from 0.
        texts: reads the texts of the keys' parts, named `text_0`, ...
        held: whether the store still holds the row just so.
    """

    contents: Hashes
    keys: Hashes
    places: NDArray[np.int32]
    texts: Callable[[], pa.Table]
    held: Bools

    @classmethod
    def of(cls, narrow_rows: pa.Table) -> Self:
        """Of rows that all have a key."""
        contents = hashes(narrow_rows, "content")
        order = in_order(contents)
        keys, texts = hashes(narrow_rows, "key")[order], texts_of(narrow_rows)
        return cls(contents[order], keys, order.astype(np.int32), lambda: texts, np.ones(len(order), np.bool_))

    def find(self, contents: Hashes) -> tuple[Bools, NDArray[np.intp]]:
        """Per content whether it is held, and where; a place means nothing for those that are not.

        A hash's upper bits say where those like it begin, of which there is one or none mostly.
        """
        shift, begins = self._begins
        upper = contents >> shift
        places, ends = begins[upper].astype(np.intp), begins[upper + 1]
        found = np.zeros(len(contents), np.bool_)
        left = np.flatnonzero(places < ends)
        while len(left):
            same = self.contents[places[left]] == contents[left]
            found[left[same]] = True
            left = left[~same]
            places[left] += 1
            left = left[places[left] < ends[left]]
        found[found] = self.held[places[found]]
        return found, places

    @cached_property
    def _begins(self) -> tuple[int, NDArray[np.int32]]:
        """How far a hash is shifted, and where the contents begin that have some upper bits; the end follows."""
        shift = BITS - max(1, len(self.contents).bit_length())
        counts = np.bincount(self.contents >> shift, minlength=1 << (BITS - shift))
        return shift, np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])

    def without(self, contents: Hashes) -> "Part":
        """The same rows, those of these contents no longer held."""
        there, places = self.find(contents)
        held = self.held.copy()
        held[places[there]] = False
        return Part(self.contents, self.keys, self.places, self.texts, held)

    def rows(self, chosen: Bools) -> pa.Table:
        """Chosen rows as `key`, `content` and the key's texts."""
        texts = self.texts().take(pa.array(self.places[chosen]))
        found = {"key": pa.array(self.keys[chosen]), "content": pa.array(self.contents[chosen])}
        return pa.table(found | dict(zip(texts.column_names, texts.columns, strict=True)))


@dataclass(frozen=True)
class Image:
    """What a store holds of a dataset. The first part is the large one; the others tell what became different."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, narrow_rows: pa.Table) -> Self:
        """All in one part."""
        return cls((Part.of(narrow_rows),))

    def rows(self) -> pa.Table:
        """Everything that is held."""
        return pa.concat_tables(part.rows(part.held) for part in self.parts)


def in_order(values: Hashes) -> NDArray[np.int64]:
    """The places of hashes that bring them into ascending order: some four times as fast as `argsort`."""
    rough = roughly_in_order(values)
    return rough[np.argsort(values[rough], kind="stable")]  # which takes what is nearly in order in one pass


def roughly_in_order(values: Hashes) -> NDArray[np.int64]:
    """Places that bring hashes (from 0 to below 2^63) into the order of their upper bits.

    Numbers are sorted by machine instructions that move several at once, and places are not; so a value's place goes
    where its lower bits were.
    """
    bits = max(1, len(values) - 1).bit_length()
    packed = (values >> bits << bits) | np.arange(len(values))
    packed.sort()
    return packed & ((1 << bits) - 1)


def texts_of(narrow_rows: pa.Table) -> pa.Table:
    """The texts of the keys' parts."""
    return narrow_rows.select([name for name in narrow_rows.column_names if name.startswith("text_")])


def hashes(narrow_rows: pa.Table, name: str) -> Hashes:
    """A column of hashes without NULL."""
    numbers: Hashes = narrow_rows.column(name).to_numpy()
    return numbers


def among(hashes: pa.ChunkedArray, few: Hashes | pa.ChunkedArray) -> Bools:
    """Per row whether its hash is one of a few."""
    found: Bools = pc.is_in(hashes, value_set=pa.array(few) if isinstance(few, np.ndarray) else few).to_numpy()
    return found
