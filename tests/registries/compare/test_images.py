"""An image is of one batch, sealed; whatever is wrong with it, there is none."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from registries.compare.image import Image
from registries.compare.images import SMALL_PART, Images
from registries.compare.lookup import Lookup
from registries.contracts.model import Dataset
from registries.departments import load_catalogue
from registries.store.batches import Batch
from tests.quality.conftest import NOW, NUMBERS, RESIDENTS

BATCH = Batch(7, RESIDENTS, 1, "taken_over", "a test", "x", "1.0.0", "test", NOW, landed_digest="ab")
ROWS = pa.table({"key": [11, 12], "content": [1, 2], "text_0": NUMBERS[:2]})


@pytest.fixture
def dataset() -> Dataset:
    return load_catalogue().dataset(RESIDENTS)


def test_what_was_kept_is_found(tmp_path: Path, dataset: Dataset) -> None:
    images = Images(tmp_path, bytes(32))
    assert images.find(dataset, BATCH) is None
    images.keep(dataset, BATCH, ROWS)
    found = images.find(dataset, BATCH)
    assert found is not None
    assert found.rows().to_pydict() == {"key": [11, 12], "content": [1, 2], "text_0": NUMBERS[:2]}
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


def narrow_rows(values: Mapping[int, int], order: np.random.Generator) -> pa.Table:
    """Rows of keys with values, in any order; contents as unlike each other as hashes are."""
    keys = order.permutation(np.array(sorted(values), np.int64))
    contents = np.array([hash((int(key), values[int(key)])) & (1 << 63) - 1 for key in keys], np.int64)
    texts = [f"{key:05}" for key in keys]
    return pa.table({"key": keys, "content": contents, "text_0": pa.array(texts, pa.string())})


def as_set(rows: pa.Table) -> set[tuple[int, int, str]]:
    return set(zip(*(rows.column(name).to_pylist() for name in ("key", "content", "text_0")), strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_what_became_different_is_kept_beside_the_image(tmp_path: Path, dataset: Dataset, seed: int) -> None:
    """Snapshot after snapshot, against a plain dictionary; some keys go, come back, or become what they were."""
    dice = np.random.default_rng(seed)
    images, values = Images(tmp_path, bytes(32)), dict.fromkeys(range(400), 0)
    images.keep(dataset, BATCH, narrow_rows(values, dice))
    batch, beside = BATCH, 0
    for number in range(8, 30):
        image = images.find(dataset, batch)
        assert image is not None
        assert len(list(tmp_path.iterdir())) == len(image.parts)
        for key in dice.choice(450, dice.integers(0, 12), replace=False).tolist():
            values[key] = int(dice.integers(0, 3))
        for key in dice.choice(450, dice.integers(0, 5), replace=False).tolist():
            values.pop(key, None)
        rows = narrow_rows(values, dice)
        current = dice.random(rows.num_rows) > 0.01
        expected = rows.filter(pa.array(current))
        lookup = looked_up(image, rows)
        assert lookup[1] == {text for key, _, text in as_set(image.rows()) if key not in values}
        batch = replace(BATCH, number=number)
        if images.keep_change(dataset, batch, image, lookup[0].change(rows, current)):
            beside += 1
        else:
            images.keep(dataset, batch, expected)
        found = images.find(dataset, batch)
        assert found is not None
        assert as_set(found.rows()) == as_set(expected)
        assert found.rows().num_rows == expected.num_rows
    assert beside > 5


def looked_up(image: Image, rows: pa.Table) -> tuple[Lookup, set[str]]:
    """A lookup that was asked about the rows in chunks, and which keys it says are absent; checked on the way."""
    lookup, there = Lookup(image), {content for _, content, _ in as_set(image.rows())}
    for first in range(0, rows.num_rows, 150):
        chunk = rows.slice(first, 150)
        unknown = [content not in there for content in chunk.column("content").to_pylist()]
        assert lookup.unknown(chunk).tolist() == unknown
    return lookup, set(lookup.absent().column("text_0").to_pylist())


def test_one_that_differs_too_much_is_written_anew(tmp_path: Path, dataset: Dataset) -> None:
    dice = np.random.default_rng(1)
    images = Images(tmp_path, bytes(32))
    images.keep(dataset, BATCH, narrow_rows(dict.fromkeys(range(80), 0), dice))
    image = images.find(dataset, BATCH)
    assert image is not None
    rows = narrow_rows({key: int(key < 80 // SMALL_PART) for key in range(80)}, dice)
    lookup, _ = looked_up(image, rows)
    assert not images.keep_change(dataset, replace(BATCH, number=8), image, lookup.change(rows, np.ones(80, np.bool_)))


def test_what_a_batch_that_failed_left_is_no_image(tmp_path: Path, dataset: Dataset) -> None:
    """The state is still that before it; and a change of an image that was written anew meanwhile is none."""
    dice = np.random.default_rng(1)
    images, rows = Images(tmp_path, bytes(32)), narrow_rows(dict.fromkeys(range(80), 0), dice)
    images.keep(dataset, BATCH, rows)
    image = images.find(dataset, BATCH)
    assert image is not None
    other = narrow_rows({key: int(key == 3) for key in range(80)}, dice)
    change = looked_up(image, other)[0].change(other, np.ones(80, np.bool_))
    failed = replace(BATCH, number=8)
    assert images.keep_change(dataset, failed, image, change)
    found = images.find(dataset, BATCH)
    assert found is not None
    assert as_set(found.rows()) == as_set(rows)
    assert images.keep_change(dataset, failed, image, change)
    images.keep(dataset, replace(BATCH, number=9), rows)
    assert images.find(dataset, failed) is None
    images.forget(dataset)
    assert list(tmp_path.iterdir()) == []
