"""Sealed files: what goes in comes out, and no change, cut, swap or other key goes unnoticed."""

import gc
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import sealing
from certificates.sealing import CHUNK, BadSealingKey, SealBroken, SealedReader, SealedWriter, sealing_key

KEY = bytes(range(32))
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]


def seal(content: bytes, key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    with SealedWriter(file, key) as writer:
        writer.write(content)
    return file.getvalue()


def unseal(sealed: bytes, key: bytes = KEY) -> bytes:
    return SealedReader(io.BytesIO(sealed), key).read()


@pytest.mark.parametrize("size", SIZES)
def test_round_trip_at_chunk_borders(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert unseal(seal(content)) == content
    assert SealedReader(io.BytesIO(seal(content)), KEY).size == size


@settings(max_examples=50, deadline=None)
@given(parts=st.lists(st.integers(0, CHUNK + 9), max_size=6), seed=st.integers(0, 2**32))
def test_written_in_any_parts(parts: list[int], seed: int) -> None:
    source = random.Random(seed)
    pieces = [source.randbytes(size) for size in parts]
    file = io.BytesIO()
    with SealedWriter(file, KEY) as writer:
        for piece in pieces:
            assert writer.write(piece) == len(piece)
        assert writer.tell() == sum(parts)
    assert unseal(file.getvalue()) == b"".join(pieces)


@settings(max_examples=100, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, 3 * CHUNK + 20), st.integers(0, 2 * CHUNK)), max_size=8))
def test_seeks_and_full_reads(places: list[tuple[int, int]]) -> None:
    content = random.Random(1).randbytes(3 * CHUNK + 7)
    reader = SealedReader(io.BytesIO(seal(content)), KEY)
    for start, length in places:
        reader.seek(start)
        assert reader.read(length) == content[start : start + length]
        assert reader.tell() == max(start, min(start + length, len(content)))


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_reads_longer_than_what_is_taken_at_once(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", at_once)
    content = random.Random(2).randbytes(5 * CHUNK + 7)
    reader = SealedReader(io.BytesIO(seal(content)), KEY)
    for start, length in ((0, len(content)), (CHUNK + 9, 3 * CHUNK), (CHUNK - 1, 2), (4 * CHUNK, CHUNK + 7)):
        reader.seek(start)
        assert reader.read(length) == content[start : start + length]
        assert reader.read(3) == content[start + length : start + length + 3]


def test_seek_from_current_place_and_end() -> None:
    reader = SealedReader(io.BytesIO(seal(b"0123456789")), KEY)
    assert reader.seek(-3, io.SEEK_END) == 7
    assert reader.read(1) == b"7"
    assert reader.seek(1, io.SEEK_CUR) == 9
    assert reader.read() == b"9"
    with pytest.raises(ValueError, match="negative"):
        reader.seek(-1)
    assert (reader.readable(), reader.seekable(), reader.writable()) == (True, True, False)


@pytest.mark.parametrize("size", [0, 40, CHUNK])
def test_every_flipped_bit_is_found(size: int) -> None:
    sealed = seal(bytes(size))
    places = range(len(sealed)) if size < 100 else [0, 8, 40, 41, len(sealed) // 2, len(sealed) - 16, len(sealed) - 1]
    for place in places:
        for bit in range(8):
            bad = bytearray(sealed)
            bad[place] ^= 1 << bit
            with pytest.raises(SealBroken):
                unseal(bytes(bad))


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(0, 2 * (CHUNK + 16) + 40 + 15))
def test_truncated_files_do_not_open(cut: int) -> None:
    with pytest.raises(SealBroken):
        SealedReader(io.BytesIO(_THREE[:cut]), KEY)


_THREE = seal(random.Random(3).randbytes(2 * CHUNK + 5))


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_truncation_at_a_chunk_border_is_found_on_opening(chunks: int) -> None:
    with pytest.raises(SealBroken):
        SealedReader(io.BytesIO(_THREE[: 40 + chunks * (CHUNK + 16)]), KEY)


def test_lengthened_and_swapped_chunks_are_found() -> None:
    head, first, second, third = _THREE[:40], *(_THREE[40 + n * (CHUNK + 16) :][: CHUNK + 16] for n in range(3))
    for bad in (head + second + first + third, head + first + third, _THREE + b"x", _THREE + third):
        with pytest.raises(SealBroken):
            unseal(bad)


def test_another_key_and_another_files_chunk() -> None:
    with pytest.raises(SealBroken):
        unseal(seal(b"x"), bytes(32))
    one, two = seal(b"content"), seal(b"content")
    assert one != two
    with pytest.raises(SealBroken):
        unseal(one[:40] + two[40:])


def test_a_writer_left_by_an_error_leaves_a_file_that_does_not_open() -> None:
    file = io.BytesIO()
    with pytest.raises(io.UnsupportedOperation), SealedWriter(file, KEY) as writer:
        writer.write(b"half" * CHUNK + bytes(writer.fileno()))
    with pytest.raises(SealBroken):
        unseal(file.getvalue())


def test_a_forgotten_writer_seals_nothing() -> None:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY)
    writer.write(bytes(CHUNK * 2))
    del writer
    gc.collect()
    with pytest.raises(SealBroken):
        unseal(file.getvalue())


def test_closing_twice_and_writing_after() -> None:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY)
    writer.write(b"x")
    writer.close()
    writer.close()
    assert unseal(file.getvalue()) == b"x"
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"y")
    assert not file.closed


def test_keys() -> None:
    assert sealing_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") == KEY
    for bad in ("", "AAEC", "!" * 43):
        with pytest.raises(BadSealingKey):
            sealing_key(bad)
    with pytest.raises(BadSealingKey):
        SealedWriter(io.BytesIO(), b"short")


def test_parquet_is_read_through_the_seal() -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    table = pyarrow.table({"number": [str(n) for n in range(50_000)]})
    file = io.BytesIO()
    with SealedWriter(file, KEY) as writer, parquet.ParquetWriter(writer, table.schema) as sink:
        sink.write_table(table, row_group_size=10_000)
    source = parquet.ParquetFile(SealedReader(file, KEY))
    assert source.read().equals(table)
    assert source.read_row_group(3).column("number")[0].as_py() == "30000"
