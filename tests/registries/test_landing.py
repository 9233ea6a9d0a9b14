"""Landing: everything sealed, whole or not at all, and found again by row number."""

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pytest

from certificates.sealing import SealedWriter
from registries import landed_writing
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import SourceDown
from registries.contracts.loading import load_contract
from registries.landing import Landing
from registries.landing_faults import LandedMissing, LandingFailed, UploadTooLarge

SHOPS = load_contract(Path(__file__).parent / "good" / "shops.odcs.yaml")[0]
HEADER = ",".join(column.source for column in SHOPS.columns)
KEY = bytes(range(32))
NAME = "被种下的店名"


class Table:
    """A source without bytes of its own, as a database is."""

    description = "table"

    def __init__(self, sizes: list[int], fails_after: int | None = None) -> None:
        self._sizes = sizes
        self._fails_after = fails_after

    def identity(self) -> str:
        return "1"

    def original(self) -> BinaryIO | None:
        return None

    def chunks(self) -> Iterator[pa.RecordBatch]:
        first = 1
        for position, size in enumerate(self._sizes):
            if position == self._fails_after:
                raise SourceDown("table", "57P01")
            yield pa.RecordBatch.from_pydict({"number": [str(n) for n in range(first, first + size)]})
            first += size


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, KEY)


def shops(rows: int) -> DeliveredFile:
    text = f"{HEADER}\n" + "".join(f"x,{NAME},44050{n % 10},1,,\n" for n in range(rows))
    return DeliveredFile(SHOPS, "shops.csv", lambda: io.BytesIO(text.encode("gb18030")))


def test_a_file_lands_as_its_bytes_and_as_rows(landing: Landing) -> None:
    connector = shops(3)
    landed = landing.land(7, connector)
    assert (landed.batch, landed.rows, landed.chunks) == (7, 3, 1)
    assert landed.digest == connector.identity()
    original = landing.original(landed)
    assert original is not None
    with original, connector.original() as before:
        assert original.read() == before.read()
    ((first, batch),) = landing.read(landed)
    assert first == 1
    assert batch.column("division_code").to_pylist() == ["440500", "440501", "440502"]


def test_a_tables_parquet_is_its_original(landing: Landing) -> None:
    told: list[int] = []
    landed = landing.land(1, Table([3, 2, 4]), told.append)
    assert told == [3, 5, 9]
    assert landed.original_path is None
    assert landing.original(landed) is None
    assert [(first, batch.num_rows) for first, batch in landing.read(landed)] == [(1, 9)]


def test_the_same_rows_have_the_same_digest(landing: Landing) -> None:
    assert landing.land(1, Table([3, 2])).digest == landing.land(2, Table([3, 2])).digest
    assert landing.land(1, Table([3, 2])).digest != landing.land(2, Table([3, 3])).digest
    assert landing.land(1, Table([30_000, 50_000, 1])).digest == landing.land(2, Table([1, 80_000])).digest


@pytest.mark.usefixtures("small_chunks")
def test_rows_are_found_by_their_numbers_across_chunks(landing: Landing) -> None:
    landed = landing.land(1, Table([9]))
    assert landing.rows(landed, [9, 1, 4, 4, 5]).column("number").to_pylist() == ["9", "1", "4", "4", "5"]


def test_a_folder_that_fills_while_rows_are_written_leaves_nothing(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SealedWriter, "write", full)
    with pytest.raises(LandingFailed) as caught:
        landing.land(1, Table([3, 2]))
    assert "No space left" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_rows_are_found_by_their_numbers_in_the_order_asked_for(landing: Landing) -> None:
    landed = landing.land(1, Table([3, 2, 4]))
    assert landing.rows(landed, [9, 1, 4, 4, 5]).column("number").to_pylist() == ["9", "1", "4", "4", "5"]
    assert landing.rows(landed, []).num_rows == 0
    for number in (0, 10):
        with pytest.raises(IndexError):
            landing.rows(landed, [number])


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Landed chunks of four rows."""
    monkeypatch.setattr(landed_writing, "GROUP_ROWS", 4)


@pytest.mark.usefixtures("small_chunks")
def test_chunks_are_of_equal_size_however_a_source_cuts_its_rows(landing: Landing) -> None:
    for sizes in ([3, 2, 4], [9], [1] * 9, [4, 4, 1]):
        landed = landing.land(1, Table(sizes))
        assert (landed.rows, landed.chunks) == (9, 3)
        assert [(first, batch.num_rows) for first, batch in landing.read(landed)] == [(1, 4), (5, 4), (9, 1)]
    assert landing.groups(landing.land(1, Table([4, 4]))) == [(1, 4), (5, 4)]


def test_long_rows_make_smaller_chunks(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landed_writing, "GROUP_BYTES", 20)
    landed = landing.land(1, Table([3, 2, 4]))
    assert landing.groups(landed) == [(1, 5), (6, 4)]


@pytest.mark.usefixtures("small_chunks")
def test_chunks_are_read_in_any_order_by_several_threads(landing: Landing) -> None:
    landed = landing.land(1, Table([3, 2, 4]))
    assert landing.groups(landed) == [(1, 4), (5, 4), (9, 1)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda index: landing.group(landed, index), [2, 0, 1] * 20))
    one_by_one = [batch for _, batch in landing.read(landed)]
    assert all(batch.equals(one_by_one[index]) for index, batch in zip([2, 0, 1] * 20, found, strict=True))
    for index in (-1, 3):
        with pytest.raises(IndexError):
            landing.group(landed, index)


def test_a_chunk_is_read_in_the_columns_asked_for(landing: Landing) -> None:
    landed = landing.land(1, shops(3))
    batch = landing.group(landed, 0, ["name", "uscc"])
    assert batch.schema.names == ["name", "uscc"]
    assert batch.column("name").to_pylist() == [NAME] * 3
    assert landing.group(landed, 0).schema.names == [column.name for column in SHOPS.columns]
    with pytest.raises(KeyError):
        landing.group(landed, 0, ["none"])


def test_a_chunk_is_read_with_its_dictionaries(landing: Landing) -> None:
    landed = landing.land(1, shops(30))
    coded = landing.coded_group(landed, 0)
    assert pa.types.is_dictionary(coded.column("name").type)
    plain = pa.schema([(name, pa.string()) for name in coded.schema.names])
    assert pa.Table.from_batches([coded]).cast(plain).to_batches() == [landing.group(landed, 0)]
    with pytest.raises(IndexError):
        landing.coded_group(landed, 1)


def test_a_delivery_of_no_rows_lands(landing: Landing) -> None:
    for connector in (Table([]), shops(0)):
        landed = landing.land(1, connector)
        assert (landed.rows, list(landing.read(landed)), landing.groups(landed)) == (0, [], [])
        assert landing.landed(1) == landed


def test_what_landed_is_found_again_after_a_crash(landing: Landing) -> None:
    assert landing.landed(1) is None
    for connector in (Table([3, 2]), shops(5)):
        landed = landing.land(1, connector)
        assert landing.landed(1) == landed


def test_a_digest_is_made_again_once_somebody_touched_the_file(landing: Landing, tmp_path: Path) -> None:
    first, second = landing.land(1, Table([3])), landing.land(2, Table([4]))
    assert (landing.landed(1), landing.landed(2)) == (first, second)
    other = Landing(tmp_path / "other", KEY)
    (tmp_path / "other").mkdir()
    shutil.copy(other.land(2, Table([5])).parquet_path, second.parquet_path)
    found = landing.landed(2)
    assert found is not None
    assert (found.rows, found.digest != second.digest) == (5, True)
    second.parquet_path.unlink()
    assert landing.landed(2) is None


def test_what_was_half_written_did_not_land(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(SourceDown):
        landing.land(1, Table([3, 2], fails_after=1))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "1.parquet.part").write_bytes(b"killed here")
    (tmp_path / "1.original").write_bytes(b"from the attempt before")
    assert landing.landed(1) is None
    landed = landing.land(1, Table([3]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.parquet"]
    assert landed.original_path is None


def test_discarding_leaves_nothing(landing: Landing, tmp_path: Path) -> None:
    landing.land(1, shops(2))
    landing.discard(1)
    landing.discard(1)
    assert list(tmp_path.iterdir()) == []


def test_files_are_sealed_and_for_nobody_else(landing: Landing, tmp_path: Path) -> None:
    landing.land(1, shops(2))
    landing.land_upload("a1", io.BytesIO(NAME.encode()))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        data = path.read_bytes()
        assert NAME.encode("gb18030") not in data
        assert NAME.encode() not in data
        assert b"PAR1" not in data


@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "other key"])
def test_damage_is_told_and_nothing_is_read(landing: Landing, tmp_path: Path, damage: str) -> None:
    landed = landing.land(1, shops(2))
    data = bytearray(landed.parquet_path.read_bytes())
    data[60] ^= 1
    reader = landing
    if damage == "cut":
        os.truncate(landed.parquet_path, len(data) // 2)
    elif damage == "flip":
        landed.parquet_path.write_bytes(data)
    elif damage == "gone":
        landed.parquet_path.unlink()
    else:
        reader = Landing(tmp_path, bytes(32))
    calls: list[Callable[[], object]] = [
        lambda: list(reader.read(landed)),
        lambda: reader.groups(landed),
        lambda: reader.group(landed, 0),
    ]
    for call in calls:
        with pytest.raises(LandedMissing) as caught:
            call()
        assert str(tmp_path) not in str(caught.value)


def test_a_folder_that_cant_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(LandingFailed):
        Landing(tmp_path / "none", KEY).land(1, Table([1]))
    with pytest.raises(LandingFailed):
        Landing(tmp_path / "none", KEY).land_upload("a1", io.BytesIO(b"x"))


def test_uploads_are_kept_and_read_again(landing: Landing) -> None:
    path = landing.land_upload("0b7e-41", io.BytesIO(f"{HEADER}\nx,店,440507,1,,\n".encode()))
    connector = DeliveredFile(SHOPS, "my.csv", lambda: landing.open_upload(path))
    assert landing.land(1, connector).rows == 1
    landing.discard_upload("0b7e-41")
    with pytest.raises(LandedMissing):
        landing.open_upload(path)


def test_an_upload_past_the_limit_leaves_nothing(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(UploadTooLarge) as caught:
        landing.land_upload("a1", io.BytesIO(bytes(3 << 20)), limit=2 << 20)
    assert "2 MB" in caught.value.zh
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("upload_id", ["../a", "", "a/b", "a.b", "x" * 65])
def test_an_id_that_is_no_name_is_refused(landing: Landing, upload_id: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        landing.land_upload(upload_id, io.BytesIO(b""))
