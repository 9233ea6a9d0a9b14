"""Replays a log from its files: entries, tiles, checkpoint; names the index of whatever does not fit.

Works on a folder that was mirrored (``folder``) as on anything else that gives a path's content. Memory stays bounded:
two tiles at a time.

Example:
    >>> from certificates import merkle, tiles
    >>> leaf = bytes(32)
    >>> log = {"tile/0/000.p/1": merkle.leaf_hash(leaf), "tile/entries/000.p/1": tiles.bundle([leaf])}
    >>> replay(1, merkle.leaf_hash(leaf), log.get)
    []
    >>> replay(1, merkle.leaf_hash(leaf), {**log, "tile/entries/000.p/1": tiles.bundle([b"other"])}.get)[0].index
    0
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from certificates import merkle
from certificates.tiles import (
    HEIGHT,
    WIDTH,
    BadTile,
    Fetch,
    Tile,
    bundles_of,
    parse_bundle,
    parse_tile,
    subtree_root,
    tiles_of,
)


@dataclass(frozen=True, order=True)
class ReplayFault:
    """Something that does not fit.

    Attributes:
        index: of the first entry that is concerned.
        path: of the file in which it was found.
        what: a code: ``missing`` (no such file, or not of its form), ``entry`` (its hash is not the leaf's),
            ``subtree`` (the hash is not that of the tile below), ``root`` (of the checkpoint).
    """

    index: int
    path: str
    what: str


def folder(prefix: Path) -> Fetch:
    """What lies below a log's prefix in a folder; only paths that the replay makes itself are asked for."""

    def fetch(path: str) -> bytes | None:
        try:
            return (prefix / path).read_bytes()
        except OSError:
            return None

    return fetch


def replay(size: int, root: bytes, fetch: Fetch, *, entries: bool = True) -> list[ReplayFault]:
    """Recompute the tree of a checkpoint from its files.

    Args:
        size: of the checkpoint.
        root: of the checkpoint, 32 bytes.
        fetch: gives each file; where a partial one is not kept any more, the full one is taken.
        entries: whether the bundles of entries are replayed too, or only the tree.
    """
    return sorted(
        {*(_entry_faults(size, fetch) if entries else ()), *_tile_faults(size, fetch), *_root_faults(size, root, fetch)}
    )


def _entry_faults(size: int, fetch: Fetch) -> Iterator[ReplayFault]:
    for place in bundles_of(size):
        try:
            leaves = _read(place, fetch, parse_bundle)
            hashes = _read(Tile(0, place.index, place.width), fetch, parse_tile)
        except BadTile as error:
            yield ReplayFault(place.start, error.path, "missing")
            continue
        for number, (leaf, known) in enumerate(zip(leaves, hashes, strict=True), start=place.start):
            if merkle.leaf_hash(leaf) != known:
                yield ReplayFault(number, str(place), "entry")


def _tile_faults(size: int, fetch: Fetch) -> Iterator[ReplayFault]:
    """Every tile above the leaves: each of its hashes is that of the full tile below it."""
    for tile in tiles_of(size):
        try:
            hashes = _read(tile, fetch, parse_tile)
        except BadTile as error:
            yield ReplayFault(tile.start, error.path, "missing")
            continue
        for place, known in enumerate(hashes if tile.level else (), start=tile.index * WIDTH):
            below = Tile(tile.level - 1, place)
            if _hash_of(below, fetch) not in {known, None}:
                yield ReplayFault(below.start, str(tile), "subtree")


def _hash_of(tile: Tile, fetch: Fetch) -> bytes | None:
    try:
        return subtree_root(_read(tile, fetch, parse_tile))
    except BadTile:
        return None  # told where that tile itself is read


def _root_faults(size: int, root: bytes, fetch: Fetch) -> Iterator[ReplayFault]:
    try:
        found = merkle.root(size, node_reader(size, fetch))
    except BadTile:
        return  # told where that tile itself is read
    if found != root:
        yield ReplayFault(max(size - 1, 0), "checkpoint", "root")


def node_reader(size: int, fetch: Fetch) -> merkle.NodeReader:
    """A reader of the nodes of a tree of ``size`` leaves from its tiles: for roots, and for proofs by oneself.

    Raises:
        BadTile: when it reads: a tile is missing or malformed.
    """

    def read(level: int, index: int) -> bytes:
        tile_level, up = divmod(level, HEIGHT)
        first = index << up
        filled = min(WIDTH, (size >> (HEIGHT * tile_level)) - first // WIDTH * WIDTH)
        hashes = _read(Tile(tile_level, first // WIDTH, filled), fetch, parse_tile)
        return subtree_root(hashes[first % WIDTH : first % WIDTH + (1 << up)])

    return read


def _read(tile: Tile, fetch: Fetch, parse: Callable[[bytes, Tile], list[bytes]]) -> list[bytes]:
    content = fetch(str(tile))
    if content is not None:
        return parse(content, tile)
    full = Tile(tile.level, tile.index)
    content = fetch(str(full)) if tile != full else None
    if content is None:
        raise BadTile(str(tile))
    return parse(content, full)[: tile.width]
