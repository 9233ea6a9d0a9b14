"""Rows of an erased subject in what was landed: blanked, so that the rows of everybody else can still be read.

    purged = purge(landing, landed_of(batch), lambda rows: mask)          # how many rows

A landed file holds other people too. It is written anew beside itself, with empty rows for the subject's (row numbers
stay), takes the old one's place, and the original bytes, which can't be mended, go. Done again, it finds nothing to do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from registries.landing import Landed, Landing
from registries.landing_faults import LandingFailed

FOLDER = "purged"
Bools = NDArray[np.bool_]


@dataclass
class _Blanked:
    """A landed batch as a source whose chunks lack some rows' values; counts them."""

    landing: Landing
    landed: Landed
    chosen: Callable[[pa.RecordBatch], Bools]
    rows: int = 0

    description = "landed files"
    position = None
    delivery = "snapshot"

    def identity(self) -> str:
        return self.landed.digest

    def original(self) -> BinaryIO | None:
        return None

    def watermark(self) -> str | None:
        return None

    def chunks(self) -> Iterator[pa.RecordBatch]:
        for _, batch in self.landing.read(self.landed):
            mask = self.chosen(batch)
            self.rows += int(mask.sum())
            yield _without(batch, mask) if mask.any() else batch


def purge(landing: Landing, beside: Landing, landed: Landed, chosen: Callable[[pa.RecordBatch], Bools]) -> int:
    """Blank the chosen rows of a landed batch; how many there were.

    Args:
        landing: where the batch landed.
        beside: of the same key, in a folder of the same disk, for the new file.
        landed: the batch.
        chosen: the rows of a chunk that are to go, shape (rows,).

    Raises:
        LandedMissing: the files are gone or damaged.
        LandingFailed: the new file can't be written.
    """
    source: Any = _Blanked(landing, landed, chosen)
    written = beside.land(landed.batch, source)
    try:
        if source.rows:
            if landed.original_path is not None:
                landed.original_path.unlink(missing_ok=True)
            written.parquet_path.replace(landed.parquet_path)
    except OSError as error:
        raise LandingFailed(error.strerror or "I/O") from None
    finally:
        beside.discard(landed.batch)
    return int(source.rows)


def _without(batch: pa.RecordBatch, mask: Bools) -> pa.RecordBatch:
    kept = pa.array(~mask)
    columns = [pc.if_else(kept, column, pa.scalar(None, column.type)) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def folder_beside(folder: Path) -> Path:
    """Where new files are written before they take the old ones' places; made (0700) if need be; or LandingFailed."""
    beside = folder / FOLDER
    try:
        beside.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LandingFailed(error.strerror or "I/O") from None
    return beside
