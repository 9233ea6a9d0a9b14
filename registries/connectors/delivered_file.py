"""One file that was delivered, whatever its format and place: a connector, read as often as needed.

connector = DeliveredFile(dataset, "enterprises_20260131.csv", lambda: open(path, "rb"))
for batch in connector.chunks(): ...
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from registries.connectors.faults import SourceDown, SourceFault, StillBeingWritten
from registries.connectors.file_faults import LateDelivery
from registries.connectors.formats import format_told, reader_of
from registries.connectors.manifest import Manifest
from registries.contracts.model import Dataset, Delivery, FileFormat

_BLOCK = 1 << 20


class DeliveredFile:
    """One file of a dataset.

    Args:
        name: what the department calls it: stands in faults and in the batch's record.
        open_file: opens the file for reading from its start.
        unchanged: whether the file still is what it was at first; asked when reading is over.
        file_format: what its content says, unless told.
        delivery: as the contract says, unless told.
        late: it belongs before what was taken: it is named, and can't be read.
        manifest: reads what vouches for it; None: nothing does.
    """

    def __init__(
        self,
        dataset: Dataset,
        name: str,
        open_file: Callable[[], BinaryIO],
        unchanged: Callable[[], bool] = lambda: True,
        *,
        file_format: FileFormat | None = None,
        position: str | None = None,
        delivery: Delivery | None = None,
        late: bool = False,
        manifest: Callable[[], Manifest | None] = lambda: None,
    ) -> None:
        self._dataset = dataset
        self._name = name
        self._open = open_file
        self._unchanged = unchanged
        self._format = file_format
        self._position = position
        self._delivery = delivery or dataset.delivery
        self._late = late
        self._manifest = manifest
        self._digest: str | None = None

    @property
    def description(self) -> str:
        """The file's name."""
        return self._name

    @property
    def delivery(self) -> Delivery:
        """All rows, or those that changed."""
        return self._delivery

    @property
    def position(self) -> str | None:
        """Where it stands among the dataset's files, by its name; None where names don't tell."""
        return self._position

    def identity(self) -> str:
        """SHA-256 of its bytes, in hex."""
        if self._digest is None:
            with self._reading() as file:
                digest = hashlib.sha256()
                while block := file.read(_BLOCK):
                    digest.update(block)
            self._digest = digest.hexdigest()
        return self._digest

    def original(self) -> BinaryIO:
        """The bytes as they came."""
        self._stop_if_late()
        try:
            return self._open()
        except OSError as error:
            raise _down(self._name, error) from None

    def watermark(self) -> None:
        """None: a file is not asked for by watermark."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of text columns named as the contract's, in the file's order; SourceFault for what is wrong."""
        self._stop_if_late()
        manifest, rows = self._manifest(), 0
        if manifest is not None:
            manifest.check_bytes(self.identity())
        for batch in reader_of(self.file_format())(self._dataset, self._name, self._reading):
            rows += batch.num_rows
            yield batch
        if manifest is not None:
            manifest.check_rows(rows)

    def file_format(self) -> FileFormat:
        """The format: as told, or what its first bytes and its name say."""
        if self._format is None:
            with self._reading() as file:
                self._format = format_told(file, self._name)
        return self._format

    @contextlib.contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        """The file, open; a file that changed meanwhile is that fault, whatever else it looked like."""
        try:
            with self._open() as file:
                yield file
        except OSError as error:
            raise _down(self._name, error) from None
        except SourceFault:
            self._stop_if_changed()
            raise
        self._stop_if_changed()

    def _stop_if_late(self) -> None:
        if self._late:
            raise LateDelivery(self._name)

    def _stop_if_changed(self) -> None:
        if not self._unchanged():
            raise StillBeingWritten(self._name)


def _down(name: str, error: OSError) -> SourceDown:
    return SourceDown(name, error.strerror or "I/O")
