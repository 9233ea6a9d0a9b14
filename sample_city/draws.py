"""Random draws by index: what is drawn for row 1,234 depends on the seed and on 1,234, never on what was drawn before.

So a city is the same however it is cut into chunks, and any one row can be made again alone.

    >>> import numpy as np
    >>> rows = np.arange(3)
    >>> below(stream(7, "surname"), rows, 100).tolist() == below(stream(7, "surname"), rows[::-1], 100)[::-1].tolist()
    True
    >>> order = Shuffle(stream(7, "order"), 5)
    >>> sorted(order.forth(np.arange(5)).tolist())
    [0, 1, 2, 3, 4]
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
Bits = NDArray[np.uint64]

ROUNDS = 3
# Constants of splitmix64 (Steele, Lea, Flood 2014).
_GOLDEN, _FIRST, _SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


def stream(seed: int, name: str) -> int:
    """The key of one named stream of draws, 64 bits."""
    return int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little")


def bits(key: int, index: Index) -> Bits:
    """64 random bits for each index (splitmix64's mixing of key and index)."""
    mixed = (index.astype(np.uint64) + np.uint64(1)) * _GOLDEN ^ np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


def below(key: int, index: Index, limit: int | Index) -> Index:
    """For each index a whole number in [0, limit); limit, one or one for each index, is at most 2**31."""
    high = bits(key, index) >> np.uint64(33)
    spread = high * np.asarray(limit).astype(np.uint64) >> np.uint64(31)
    return spread.astype(np.int64)


def unit(key: int, index: Index) -> NDArray[np.float64]:
    """For each index a number in [0, 1)."""
    return (bits(key, index) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def choose(key: int, index: Index, weights: NDArray[np.float64]) -> Index:
    """For each index a position in `weights`, as often as its weight says."""
    edges = np.cumsum(weights) / np.sum(weights)
    found = np.searchsorted(edges, unit(key, index), side="right")
    return np.minimum(found, len(weights) - 1).astype(np.int64)


@dataclass(frozen=True)
class Shuffle:
    """A fixed random order of `size` things that needs no list: `forth` says where one stands, `back` who stands there.

    Rounds that lose nothing (odd multiplication, xor with the upper half) on the next power of two; whoever lands
    outside `size` walks on until it is inside, so both ways stay one-to-one.
    """

    key: int
    size: int

    @cached_property
    def _width(self) -> int:
        return max(2, (self.size - 1).bit_length())

    @cached_property
    def _rounds(self) -> list[tuple[int, int]]:
        mask = (1 << self._width) - 1
        drawn = bits(self.key, np.arange(2 * ROUNDS)).tolist()
        return [((drawn[2 * i] | 1) & mask, drawn[2 * i + 1] & mask) for i in range(ROUNDS)]

    def _step(self, places: Bits) -> Bits:
        mask, half = np.uint64((1 << self._width) - 1), np.uint64((self._width + 1) // 2)
        for factor, offset in self._rounds:
            places = (places * np.uint64(factor) + np.uint64(offset)) & mask
            places = places ^ (places >> half)
        return places

    def _step_back(self, places: Bits) -> Bits:
        modulus = 1 << self._width
        mask, half = np.uint64(modulus - 1), np.uint64((self._width + 1) // 2)
        for factor, offset in reversed(self._rounds):
            places = places ^ (places >> half)
            places = ((places - np.uint64(offset)) * np.uint64(pow(factor, -1, modulus))) & mask
        return places

    def forth(self, index: Index) -> Index:
        """Where each of `index` (in [0, size)) stands in the random order."""
        places = self._step(index.astype(np.uint64))
        while len(outside := np.flatnonzero(places >= np.uint64(self.size))):
            places[outside] = self._step(places[outside])
        return places.astype(np.int64)

    def back(self, places: Index) -> Index:
        """Who stands at each of `places`: the inverse of `forth`."""
        index = self._step_back(places.astype(np.uint64))
        while len(outside := np.flatnonzero(index >= np.uint64(self.size))):
            index[outside] = self._step_back(index[outside])
        return index.astype(np.int64)
