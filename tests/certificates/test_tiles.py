"""A log as static files: paths, widths, bundles; and every changed byte of a log of 300 entries is found."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import merkle
from certificates.tile_replay import ReplayFault, folder, node_reader, replay
from certificates.tiles import (
    ENTRIES,
    BadTile,
    Tile,
    bundle,
    bundles_of,
    parse_bundle,
    parse_path,
    parse_tile,
    tiles_of,
)

SIZE = 300


def leaves_of(size: int) -> list[bytes]:
    return [hashlib.sha256(f"entry {number}".encode()).digest() for number in range(size)]


def log_of(size: int) -> tuple[dict[str, bytes], bytes]:
    """A whole log's files, and its root, made by the tree alone."""
    leaves = leaves_of(size)
    made = merkle.new_nodes(0, [merkle.leaf_hash(leaf) for leaf in leaves], lambda *_: b"")
    nodes = {(level, index): value for level, index, value in made}
    files = {str(tile): b"".join(nodes[place] for place in tile.nodes()) for tile in tiles_of(size)}
    files |= {str(part): bundle(leaves[part.start : part.start + part.width]) for part in bundles_of(size)}
    return files, merkle.root(size, lambda level, index: nodes[level, index])


def test_the_tiles_of_seventy_thousand_are_those_of_the_standard() -> None:
    tiles = list(tiles_of(70_000))
    assert [sum(tile.level == level and tile.width == 256 for tile in tiles) for level in range(3)] == [273, 1, 0]
    assert [str(tile) for tile in tiles if tile.width < 256] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert [str(tile) for tile in tiles_of(256)] == ["tile/0/000", "tile/1/000.p/1"]


@given(st.integers(ENTRIES, 63), st.integers(0, 10**12), st.integers(1, 256))
@settings(max_examples=200)
def test_a_path_is_read_back(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(str(tile)) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/0/000/", "tile/0/../000",
        "tile/entries/000.p/", "tile/-1/000", "tile/0/٠٠٠", "tile/0/000\n", "tile/0/" + "x001/" * 9 + "000",
    ],
)  # fmt: skip
def test_one_tile_has_one_spelling(path: str) -> None:
    assert parse_path(path) is None


@given(st.integers(1, 70_000))
@settings(max_examples=100)
def test_a_tree_has_its_tiles_and_none_beyond(size: int) -> None:
    last = {tile.level: tile for tile in [*tiles_of(size), *bundles_of(size)]}
    for tile in last.values():
        assert tile.within(size)
        beyond = (
            Tile(tile.level, tile.index, tile.width + 1) if tile.width < 256 else Tile(tile.level, tile.index + 1, 1)
        )
        assert not beyond.within(size)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, SIZE, 512, 66_000])
def test_a_log_as_it_was_written_has_no_fault(size: int) -> None:
    files, root = log_of(size)
    assert replay(size, root, files.get) == []


@pytest.mark.parametrize("size", [1, 7, SIZE])
def test_proofs_come_from_tiles_alone(size: int) -> None:
    files, root = log_of(size)
    read = node_reader(size, files.get)
    for index in {0, size // 2, size - 1}:
        proof = merkle.inclusion_proof(index, size, read)
        assert merkle.verify_inclusion(merkle.leaf_hash(leaves_of(size)[index]), index, size, proof, root)


def test_a_partial_tile_that_was_let_go_is_read_from_the_full_one() -> None:
    files, _ = log_of(512)
    _, root = log_of(SIZE)
    files["tile/1/000.p/1"] = files["tile/1/000.p/2"][:32]
    assert replay(SIZE, root, files.get) == []


def test_every_byte_of_the_tiles_of_300_entries_changed_is_found_and_its_index_named() -> None:
    files, root = log_of(SIZE)
    count = 0
    for path, content in files.items():
        tile = parse_path(path)
        assert tile is not None
        step = 34 if tile.level == ENTRIES else 32
        for place in range(len(content)):
            first = tile.start + place // step * 256 ** max(tile.level, 0)
            for mask in (0x01, 0x80):
                changed = bytearray(content)
                changed[place] ^= mask
                found = replay(SIZE, root, (files | {path: bytes(changed)}).get)
                # a length in a bundle that is wrong leaves the whole bundle unreadable: its first entry is named
                told = tile.start if tile.level == ENTRIES and place % step < 2 else first
                assert told in {fault.index for fault in found}, (path, place, mask)
                count += 1
    print(f"\n{count} changes of single bytes in {len(files)} files of a log of {SIZE} entries: all found")  # noqa: T201 - the count
    assert count == 2 * sum(map(len, files.values()))


def test_a_missing_file_is_named_and_so_is_another_root() -> None:
    files, root = log_of(SIZE)
    for path in files:
        found = replay(SIZE, root, {name: content for name, content in files.items() if name != path}.get)
        assert path in {fault.path for fault in found}
        assert {fault.what for fault in found} == {"missing"}
    assert replay(SIZE, bytes(32), files.get) == [ReplayFault(SIZE - 1, "checkpoint", "root")]


def test_a_folder_is_a_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    prefix = tmp_path_factory.mktemp("log")
    files, root = log_of(SIZE)
    for path, content in files.items():
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_bytes(content)
    assert replay(SIZE, root, folder(prefix)) == []


@given(st.binary(max_size=200), st.integers(1, 256))
def test_whatever_comes_as_a_file_raises_nothing_raw(content: bytes, width: int) -> None:
    for parse, level in ((parse_bundle, ENTRIES), (parse_tile, 0)):
        try:
            assert len(parse(content, Tile(level, 0, width))) == width
        except BadTile as error:
            assert error.path == str(Tile(level, 0, width))  # noqa: PT017 - either is right
