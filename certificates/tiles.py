"""The ledger as static files (C2SP tlog-tiles): Merkle tree and entries in tiles of 256, to fetch, mirror and replay.

A log is a prefix with ``checkpoint``, ``tile/<level>/<index>`` and ``tile/entries/<index>`` below it. The bundles of
entries hold leaf data only: 32 bytes, SHA-256 of an entry's payload, which holds 128 random bits. So anybody can replay
the tree, and nobody can find out by guessing what an entry says.

Example:
    >>> str(Tile(0, 1234067)), str(Tile(ENTRIES, 0, 44))
    ('tile/0/x001/x234/067', 'tile/entries/000.p/44')
    >>> parse_path("tile/entries/000.p/44") == Tile(ENTRIES, 0, 44)
    True
    >>> [str(tile) for tile in tiles_of(300)]
    ['tile/0/000', 'tile/0/001.p/44', 'tile/1/000.p/1']
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from certificates import merkle
from certificates.errors import CertificatesError

WIDTH: Final = 256
"""Hashes in a full tile, entries in a full bundle."""

HEIGHT: Final = 8
"""Levels of the tree in a tile."""

ENTRIES: Final = -1
"""In place of a level: the bundle of entries."""

HASH: Final = 32
MOST_LEVELS: Final = 63
_LENGTH: Final = 2
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)
_MOST_PARTS = 6
Fetch = Callable[[str], bytes | None]
"""The content of a path below the log's prefix, or None where there is nothing."""


class BadTile(CertificatesError):
    """Raised when a tile or a bundle of entries is missing, or has not the form or length that its path says.

    Attributes:
        path: below the log's prefix.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"日志文件 {path} 缺失或格式不符。请重新下载该文件；若仍不符，请联系日志运营方。",
            f"The log's file {path} is missing or malformed. Fetch it again; if it stays so, ask the log's operator.",
        )


@dataclass(frozen=True, order=True)
class Tile:
    """One tile: its level (``ENTRIES`` for a bundle), its index there, and how much of it is filled (1 to 256)."""

    level: int
    index: int
    width: int = WIDTH

    def __str__(self) -> str:
        """Its path below the log's prefix."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"

    @property
    def start(self) -> int:
        """The first entry that it covers."""
        return self.index << HEIGHT * (max(self.level, 0) + 1)

    def nodes(self) -> Iterator[tuple[int, int]]:
        """Which stored nodes (level and index in the tree of ``certificates.merkle``) it is made of, in order."""
        return ((self.level * HEIGHT, self.index * WIDTH + place) for place in range(self.width))

    def within(self, size: int) -> bool:
        """Whether a tree of ``size`` leaves has it: full, or of a width that some smaller or equal tree had."""
        return self.index * WIDTH + self.width <= size >> (HEIGHT * max(self.level, 0))


def parse_path(path: str) -> Tile | None:
    """The tile of a path below the log's prefix; None for what is no tile's path. One tile has one spelling."""
    found = _PATH.fullmatch(path)
    if found is None or found["index"].count("/") >= _MOST_PARTS:
        return None
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    index = int(found["index"].replace("/", "").replace("x", ""))
    tile = Tile(level, index, int(found["width"] or WIDTH))
    return tile if str(tile) == path and 0 < tile.width <= WIDTH and level <= MOST_LEVELS else None


def tiles_of(size: int) -> Iterator[Tile]:
    """The tiles of the tree of ``size`` leaves, level by level; the last one of a level may be partial."""
    level, count = 0, size
    while count:
        yield from _filled(level, count)
        level, count = level + 1, count >> HEIGHT


def bundles_of(size: int) -> Iterator[Tile]:
    """The bundles of entries of a log of ``size`` entries."""
    return _filled(ENTRIES, size)


def _filled(level: int, count: int) -> Iterator[Tile]:
    yield from (Tile(level, index) for index in range(count // WIDTH))
    if count % WIDTH:
        yield Tile(level, count // WIDTH, count % WIDTH)


def bundle(leaves: Sequence[bytes]) -> bytes:
    """A bundle of entries: each one's leaf data behind its length (two bytes, big-endian)."""
    return b"".join(len(leaf).to_bytes(_LENGTH, "big") + leaf for leaf in leaves)


def parse_bundle(content: bytes, tile: Tile) -> list[bytes]:
    """The leaf data in a bundle.

    Raises:
        BadTile: It is cut, or holds another number of entries than its path says.
    """
    leaves: list[bytes] = []
    place = 0
    while place < len(content):
        end = place + _LENGTH + int.from_bytes(content[place : place + _LENGTH], "big")
        if end > len(content) or place + _LENGTH > len(content):
            raise BadTile(str(tile))
        leaves.append(content[place + _LENGTH : end])
        place = end
    if len(leaves) != tile.width:
        raise BadTile(str(tile))
    return leaves


def parse_tile(content: bytes, tile: Tile) -> list[bytes]:
    """The hashes in a tile.

    Raises:
        BadTile: Its length is not that of its width.
    """
    if len(content) != tile.width * HASH:
        raise BadTile(str(tile))
    return [content[place : place + HASH] for place in range(0, len(content), HASH)]


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of complete subtrees of one height: of a full tile, its hash in the tile above."""
    level = list(hashes)
    while len(level) > 1:
        joined = [merkle.node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = joined + level[len(joined) * 2 :]  # one without a neighbour goes up as it is
    return level[0]
