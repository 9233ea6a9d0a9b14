"""An image is of one batch, sealed; whatever is wrong with it, there is none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from registries.compare.images import Images
from registries.contracts.model import Dataset
from registries.departments import load_catalogue
from registries.store.batches import Batch
from tests.quality.conftest import NOW, NUMBERS, RESIDENTS

BATCH = Batch(7, RESIDENTS, 1, "taken_over", "a test", "x", "1.0.0", "test", NOW, landed_digest="ab")
ROWS = pa.table({"row_number": [1, 2], "key": [11, 12], "content": [1, 2], "text_0": NUMBERS[:2], "unique_0": [5, 6]})


@pytest.fixture
def dataset() -> Dataset:
    return load_catalogue().dataset(RESIDENTS)


def test_what_was_kept_is_found(tmp_path: Path, dataset: Dataset) -> None:
    images = Images(tmp_path, bytes(32))
    assert images.find(dataset, BATCH) is None
    images.keep(dataset, BATCH, ROWS)
    found = images.find(dataset, BATCH)
    assert found is not None
    assert found.to_pydict() == {"key": [11, 12], "content": [1, 2], "text_0": NUMBERS[:2]}
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert NUMBERS[0].encode() not in path.read_bytes()
    images.forget(dataset)
    assert images.find(dataset, BATCH) is None


@pytest.mark.parametrize(
    "other",
    [replace(BATCH, number=8), replace(BATCH, landed_digest="cd"), None],
)
def test_an_image_of_another_state_is_none(tmp_path: Path, dataset: Dataset, other: Batch | None) -> None:
    images = Images(tmp_path, bytes(32))
    images.keep(dataset, BATCH, ROWS)
    assert images.find(dataset, other) is None
    assert images.find(replace(dataset, contract_version="9.9.9"), BATCH) is None
    assert Images(tmp_path, b"1" * 32).find(dataset, BATCH) is None


@pytest.mark.parametrize("spoil", [lambda content: content[:-1], lambda content: content[:90] + b"x" + content[91:]])
def test_a_damaged_image_is_none(tmp_path: Path, dataset: Dataset, spoil: Callable[[bytes], bytes]) -> None:
    images = Images(tmp_path, bytes(32))
    images.keep(dataset, BATCH, ROWS)
    (path,) = tmp_path.iterdir()
    path.write_bytes(spoil(path.read_bytes()))
    assert images.find(dataset, BATCH) is None
