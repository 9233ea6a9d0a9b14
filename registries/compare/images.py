"""Images of what the store holds of a dataset: narrow rows of its current state, sealed, tagged with their batch.

    images = Images(home.spill, sealing_key(home.secret("landing_key")))
    images.keep(dataset, batch, narrow_rows)                # of the state after the batch
    image = images.find(dataset, batches.last_taken_over(conn, dataset.name))     # None: another state, or none kept
    images.keep_change(dataset, batch, former, change)      # the same image, with what became different beside it

An image only spares work. One that is absent, damaged or of another batch is made again from PostgreSQL; whatever it
says is looked at by the merge before anything is written. Marked rows are never in it: they are looked at each time.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from certificates.sealing import SealBroken, SealedReader, SealedWriter
from registries.compare.image import Hashes, Image, Part, hashes, texts_of
from registries.compare.lookup import Change
from registries.compare.narrow import HASHED_BY
from registries.contracts.model import Dataset
from registries.store.batches import Batch

_TAG: Final = b"mianzheng image"
_OF: Final = b"mianzheng image of"
_HASHES: Final = ("content", "key", "place", "gone")
_UNREADABLE: Final = (OSError, SealBroken, pa.ArrowException)
SMALL_PART: Final = 8
"""One in so many rows may differ before the image is written anew."""


class Images:
    """The folder of images (0700), sealed with the hub's key (32 bytes)."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def keep(self, dataset: Dataset, batch: Batch, narrow_rows: pa.Table) -> None:
        """Write the image of the state after `batch`; a disk that is full costs the image only.

        Args:
            dataset: whose rows these are.
            batch: taken over last.
            narrow_rows: of all rows that are current, each with a key.
        """
        self._write(self._path(dataset), _columns(narrow_rows), {_TAG: _tag(dataset, batch)})
        self._remove_changes(dataset)

    def keep_change(self, dataset: Dataset, batch: Batch, former: Image, change: Change) -> bool:
        """Write beside the former image's large part how it differs after `batch`; False: it differs too much."""
        whole = self._tag_of(self._path(dataset))
        if whole is None or (len(change.gone) + change.added.num_rows) * SMALL_PART > len(former.parts[0].contents):
            return False
        rows = pa.concat_tables([_columns(change.added), _gone(change.gone)], promote_options="default")
        self._write(self._path(dataset, batch), rows, {_TAG: _tag(dataset, batch), _OF: whole})
        return True

    def find(self, dataset: Dataset, batch: Batch | None) -> Image | None:
        """The image of the state after just that batch, which was taken over last; None if there is none.

        What is left of other states (a batch that failed, one before) is removed.
        """
        if batch is None:
            return None
        self._remove_changes(dataset, but=self._path(dataset, batch))
        whole, tag = self._path(dataset), _tag(dataset, batch)
        found = self._tag_of(whole)
        try:
            if found == tag:
                return Image((self._part(whole),))
            changed = self._path(dataset, batch)
            return self._changed(whole, changed) if self._tags(changed) == (tag, found) else None
        except _UNREADABLE:
            return None

    def forget(self, dataset: Dataset) -> None:
        """Remove the dataset's image: its rows were changed by something else than a batch."""
        self._path(dataset).unlink(missing_ok=True)
        self._remove_changes(dataset)

    def _changed(self, whole: Path, changed: Path) -> Image:
        rows = self._read(changed, _HASHES)
        gone = rows.column("gone").to_numpy()
        added = _part(rows.filter(pa.array(~gone)), lambda: self._texts(changed))
        left = self._part(whole).without(hashes(rows.filter(pa.array(gone)), "content"))
        return Image((left, added))

    def _part(self, path: Path) -> Part:
        return _part(self._read(path, _HASHES), lambda: self._texts(path))

    def _texts(self, path: Path) -> pa.Table:
        return texts_of(self._read(path, None))

    def _read(self, path: Path, names: tuple[str, ...] | None) -> pa.Table:
        with self._opened(path) as file:
            return file.read(None if names is None else list(names))

    def _tag_of(self, path: Path) -> bytes | None:
        return self._tags(path)[0]

    def _tags(self, path: Path) -> tuple[bytes | None, bytes | None]:
        """Which state a file shows, and of which image it is a change."""
        try:
            with self._opened(path) as file:
                said = file.schema_arrow.metadata or {}
        except _UNREADABLE:
            return None, None
        return said.get(_TAG), said.get(_OF)

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[pq.ParquetFile]:
        with path.open("rb") as file, SealedReader(file, self._key) as source:
            yield pq.ParquetFile(pa.PythonFile(source, "r"))

    def _write(self, path: Path, rows: pa.Table, tags: Mapping[bytes, bytes]) -> None:
        part = path.with_name(path.name + ".part")
        try:
            with _made(part) as file, SealedWriter(file, self._key) as sink:
                # hashes and numbers of people are as good as random: neither compresses
                pq.write_table(
                    rows.replace_schema_metadata(dict(tags)),
                    pa.PythonFile(sink, "w"),
                    compression="none",
                    use_dictionary=False,
                    write_statistics=False,
                )
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def _remove_changes(self, dataset: Dataset, but: Path | None = None) -> None:
        for path in self._folder.glob(f"{self._path(dataset).name}.*"):
            if path != but:
                path.unlink(missing_ok=True)

    def _path(self, dataset: Dataset, batch: Batch | None = None) -> Path:
        name = f"{dataset.table_name}.image"
        return self._folder / (name if batch is None else f"{name}.{batch.number}")


@contextlib.contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file


def _columns(narrow_rows: pa.Table) -> pa.Table:
    """As a file has them: hashes in the order of contents, `place` where their texts are, texts in the rows' order."""
    part = Part.of(narrow_rows)
    numbers = {"content": part.contents, "key": part.keys, "place": part.places, "gone": ~part.held}
    columns = {name: pa.array(values) for name, values in numbers.items()}
    texts = part.texts()
    return pa.table(columns | dict(zip(texts.column_names, texts.columns, strict=True)))


def _gone(contents: Hashes) -> pa.Table:
    return pa.table({"content": contents, "gone": np.ones(len(contents), np.bool_)})


def _part(rows: pa.Table, texts: Callable[[], pa.Table]) -> Part:
    held = np.ones(rows.num_rows, np.bool_)
    return Part(hashes(rows, "content"), hashes(rows, "key"), rows.column("place").to_numpy(), texts, held)


def _tag(dataset: Dataset, batch: Batch) -> bytes:
    """Which state an image shows: of that batch, under that contract, by that hash."""
    return f"{batch.number} {batch.landed_digest} {dataset.contract_version} {HASHED_BY}".encode()
