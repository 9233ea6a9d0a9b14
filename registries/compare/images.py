"""Images of what the store holds of a dataset: narrow rows of its current state, sealed, tagged with their batch.

    images = Images(home.spill, sealing_key(home.secret("landing_key")))
    images.keep(dataset, batch, narrow_rows)
    image = images.find(dataset, batches.last_taken_over(conn, dataset.name))     # None: another state, or none kept

An image only spares work. One that is absent, damaged or of another batch is made again from PostgreSQL; whatever it
says is looked at by the merge before anything is written. Marked rows are never in it: they are looked at each time.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from certificates.sealing import SealBroken, SealedReader, SealedWriter
from registries.compare.narrow import HASHED_BY
from registries.contracts.model import Dataset
from registries.store.batches import Batch

KEPT: Final = ("key", "content")
_TAG: Final = b"mianzheng image"


class Images:
    """The folder of images (0700), sealed with the hub's key (32 bytes)."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def keep(self, dataset: Dataset, batch: Batch, narrow_rows: pa.Table) -> None:
        """Write the image of the state after `batch`; a disk that is full costs the image only."""
        path = self._path(dataset)
        part = path.with_name(path.name + ".part")
        names = [*KEPT, *(name for name in narrow_rows.column_names if name.startswith("text_"))]
        rows = narrow_rows.select(names).replace_schema_metadata({_TAG: _tag(dataset, batch)})
        try:
            with self._opened(part) as file, SealedWriter(file, self._key) as sink:
                pq.write_table(rows, pa.PythonFile(sink, "w"), compression="lz4", use_dictionary=False)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def find(self, dataset: Dataset, batch: Batch | None) -> pa.Table | None:
        """The image of the state after just that batch; None if there is none."""
        if batch is None:
            return None
        try:
            with self._path(dataset).open("rb") as file, SealedReader(file, self._key) as source:
                rows = pq.read_table(pa.PythonFile(source, "r"))
        except (OSError, SealBroken, pa.ArrowException):
            return None
        return rows if (rows.schema.metadata or {}).get(_TAG) == _tag(dataset, batch) else None

    def forget(self, dataset: Dataset) -> None:
        """Remove the dataset's image: its rows were changed by something else than a batch."""
        self._path(dataset).unlink(missing_ok=True)

    def _path(self, dataset: Dataset) -> Path:
        return self._folder / f"{dataset.table_name}.image"

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[BinaryIO]:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file


def _tag(dataset: Dataset, batch: Batch) -> bytes:
    """Which state an image shows: of that batch, under that contract, by that hash."""
    return f"{batch.number} {batch.landed_digest} {dataset.contract_version} {HASHED_BY}".encode()
