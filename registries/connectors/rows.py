"""What all formats agree on: the names that a file's columns must have, and how large a batch of rows may be.

>>> ROWS
50000
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Final

import pyarrow as pa

from registries.connectors.faults import SourceChangedShape
from registries.connectors.file_faults import shape_fault
from registries.contracts.model import Dataset

Opened = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens a file from its start, as often as needed."""

OUR_COLUMNS: Final = "免证:"
"""How headers begin that the hub adds to refused rows; a clerk who sends those back need not take them out."""

ROWS: Final = 50_000
"""The most rows of a batch."""


def sources(dataset: Dataset) -> list[str]:
    """The names of the columns at the source, in the contract's order."""
    return [column.source for column in dataset.columns]


def check_names(dataset: Dataset, name: str, names: Sequence[str]) -> None:
    """SourceChangedShape unless a file's column names are the contract's, each once; the hub's own are passed over."""
    expected = sources(dataset)
    missing = [one for one in expected if one not in names]
    unknown = [one for one in dict.fromkeys(names) if one not in expected and not one.startswith(OUR_COLUMNS)]
    double = sorted({one for one in names if names.count(one) > 1})
    if missing or unknown or double:
        raise shape_fault(SourceChangedShape(name, missing, unknown, double), len(expected))


def sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most ROWS."""
    for first in range(0, batch.num_rows, ROWS):
        yield batch.slice(first, ROWS)
