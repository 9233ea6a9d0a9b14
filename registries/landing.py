"""Landing: what a source gave, kept as it came, sealed, before anybody judges it.

    landing = Landing(home.landed, sealing_key(home.secret("landing_key")))
    landed = landing.land(7, connector)
    for first_row, batch in landing.read(landed): ...

A file's bytes are kept as `7.original`, and every source's rows as `7.parquet`, text columns only, in groups of
200,000. Both are written as `.part` and renamed, the Parquet last: when it is there, the batch has landed. A row's
number is its place in the delivery, from 1; quarantine and pages refer to rows by it, and the values stay here.
"""

import contextlib
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from certificates.sealing import SealBroken, SealedReader, SealedWriter
from registries import landed_rows
from registries.connectors.kinds import Connector
from registries.errors import RegistriesError
from registries.landed_writing import write_rows
from registries.landing_faults import LandedMissing, LandingFailed, UploadTooLarge

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_BLOCK: Final = 1 << 20
_UPLOAD_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
UPLOAD_LIMIT: Final = 50 << 20
"""Bytes of an upload; larger deliveries go through a drop folder."""


@dataclass(frozen=True)
class Landed:
    """A landed batch.

    Attributes:
        digest: SHA-256, in hex, of the original bytes, or of the Parquet where there are none.
        rows: of the delivery, chunks: its row groups.
    """

    batch: int
    digest: str
    rows: int
    chunks: int
    original_path: Path | None
    parquet_path: Path


class Landing:
    """The folder of landed files (0700), each sealed with a key of its own made from `key` (32 bytes)."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._last: tuple[Landed, _State] | None = None

    # --- batches

    def land(self, batch_number: int, connector: Connector, progress: Callable[[int], None] = lambda _: None) -> Landed:
        """Pull everything from a source into sealed files; memory holds one chunk.

        Args:
            batch_number: what earlier attempts of this batch left is replaced.
            connector: the source; its SourceFault passes through, and nothing stays behind.
            progress: is told the number of rows so far after each chunk.

        Raises:
            LandingFailed: The folder can't be written.
        """
        self.discard(batch_number)
        try:
            original_digest = self._land_original(batch_number, connector)
            parquet_digest = self._land_rows(batch_number, connector, progress)
            if original_digest is not None:
                self._finish(self._original(batch_number))
            self._finish(self._parquet(batch_number))
        except OSError as error:
            self.discard(batch_number)
            raise LandingFailed(error.strerror or "I/O") from None
        except RegistriesError:
            self.discard(batch_number)
            raise
        landed = self._landed(batch_number, original_digest or parquet_digest)
        self._last = landed, _state(landed)
        return landed

    def land_again(self, landed: Landed, batch_number: int) -> Landed:
        """The same bytes as another batch's: what was landed once and is judged anew. Errors as `land`."""
        self.discard(batch_number)
        pairs = [(landed.original_path, self._original(batch_number))] if landed.original_path is not None else []
        try:
            for path, other in (*pairs, (landed.parquet_path, self._parquet(batch_number))):
                os.link(path, _part(other))
                self._finish(other)
        except OSError as error:
            self.discard(batch_number)
            raise LandingFailed(error.strerror or "I/O") from None
        return self._landed(batch_number, landed.digest)

    def landed(self, batch_number: int) -> Landed | None:
        """What an earlier attempt of this batch landed whole; None if it did not get there.

        Its digest is made again unless this object landed it last, and nobody has touched the files since: each chunk
        that is read is authenticated in any case.
        """
        if not self._parquet(batch_number).exists():
            return None
        if self._last is not None and self._last[0].batch == batch_number and self._last[1] == _state(self._last[0]):
            return self._last[0]
        original = self._original(batch_number)
        path = original if original.exists() else self._parquet(batch_number)
        with self._open(path) as file:
            digest = hashlib.sha256()
            while block := file.read(_BLOCK):
                digest.update(block)
        return self._landed(batch_number, digest.hexdigest())

    def read(self, landed: Landed) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The rows as text, chunk by chunk, each with the number of its first row."""
        with self._open(landed.parquet_path) as file:
            yield from landed_rows.batches(file)

    def groups(self, landed: Landed) -> list[tuple[int, int]]:
        """Of every chunk the number of its first row, and how many rows it has."""
        with self._open(landed.parquet_path) as file:
            return landed_rows.groups(file)

    def group(self, landed: Landed, index: int, columns: Sequence[str] | None = None) -> pa.RecordBatch:
        """One chunk as text, of the named columns (None: all); threads may ask for chunks side by side.

        Args:
            landed: the batch.
            index: place of the chunk in `groups`, from 0.
            columns: their names, in the order wanted.

        Raises:
            IndexError: There is no such chunk.
            KeyError: There is no such column.
            LandedMissing: The file is gone or damaged.
        """
        with self._open(landed.parquet_path) as file:
            return landed_rows.group(file, index, columns)

    def coded_group(self, landed: Landed, index: int) -> pa.RecordBatch:
        """One chunk, in which columns whose values repeat stay dictionaries of text. Errors and threads as `group`."""
        with self._open(landed.parquet_path) as file:
            return landed_rows.coded_group(file, index)

    def of_group(self, landed: Landed, index: int, places: NDArray[np.int64]) -> pa.RecordBatch:
        """The rows at some places, from 0, of one chunk, in the order asked for. Errors and threads as `group`."""
        with self._open(landed.parquet_path) as file:
            return landed_rows.of_group(file, index, places)

    def rows(self, landed: Landed, numbers: Sequence[int]) -> pa.Table:
        """The rows of these numbers, in the order asked for; only their chunks are read.

        Raises:
            IndexError: There is no row of a number.
        """
        with self._open(landed.parquet_path) as file:
            return landed_rows.picked(file, numbers)

    def original(self, landed: Landed) -> BinaryIO | None:
        """The original bytes, seekable; None for a database."""
        return None if landed.original_path is None else self._opened(landed.original_path)

    def discard(self, batch_number: int) -> None:
        """Remove all of a batch's files, unfinished ones too; the Parquet first, so that half of it is never whole."""
        for path in (self._parquet(batch_number), self._original(batch_number)):
            path.unlink(missing_ok=True)
            _part(path).unlink(missing_ok=True)

    # --- uploads

    def land_upload(self, upload_id: str, file: BinaryIO, limit: int = UPLOAD_LIMIT) -> Path:
        """Seal an uploaded file; its path.

        Raises:
            UploadTooLarge: It has more bytes than `limit`.
            LandingFailed: The folder can't be written.
        """
        path = self.upload_path(upload_id)
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with self._sealed(path) as sink:
                _copy(file, sink, limit)
            self._finish(path)
        except OSError as error:
            _part(path).unlink(missing_ok=True)
            raise LandingFailed(error.strerror or "I/O") from None
        except UploadTooLarge:
            _part(path).unlink(missing_ok=True)
            raise
        return path

    def open_upload(self, path: Path) -> BinaryIO:
        """An upload's bytes, seekable."""
        return self._opened(path)

    def discard_upload(self, upload_id: str) -> None:
        """Remove an upload, also one that was not received whole."""
        for path in (self.upload_path(upload_id), _part(self.upload_path(upload_id))):
            path.unlink(missing_ok=True)

    def upload_path(self, upload_id: str) -> Path:
        """Where an upload is; ValueError for an id that is no name."""
        if not _UPLOAD_ID.fullmatch(str(upload_id)):
            raise ValueError("not an id of an upload")
        return self._folder / "uploads" / f"{upload_id}.original"

    # --- how

    def _land_original(self, batch_number: int, connector: Connector) -> str | None:
        source = connector.original()
        if source is None:
            return None
        with source, self._sealed(self._original(batch_number)) as sink:
            _copy(source, sink)
            return sink.digest

    def _land_rows(self, batch_number: int, connector: Connector, progress: Callable[[int], None]) -> str:
        with self._sealed(self._parquet(batch_number)) as sink:
            write_rows(connector.chunks(), sink, progress)
        return sink.digest

    def _landed(self, batch_number: int, digest: str) -> Landed:
        path, original = self._parquet(batch_number), self._original(batch_number)
        with self._open(path) as file:
            rows, chunks = landed_rows.size(file)
        kept = original if original.exists() else None
        return Landed(batch_number, digest, rows, chunks, kept, path)

    def _original(self, batch_number: int) -> Path:
        return self._folder / f"{batch_number}.original"

    def _parquet(self, batch_number: int) -> Path:
        return self._folder / f"{batch_number}.parquet"

    @contextlib.contextmanager
    def _sealed(self, path: Path) -> Iterator["_DigestingWriter"]:
        """A sealed `.part` file; durable when the block ends well."""
        with open(_part(path), "wb", opener=_private) as file:
            with _DigestingWriter(file, self._key) as sink:
                yield sink
            file.flush()
            os.fsync(file.fileno())

    def _finish(self, path: Path) -> None:
        _part(path).replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[BinaryIO]:
        with self._opened(path) as file:
            try:
                yield file
            except (SealBroken, pa.ArrowException):
                raise LandedMissing(path.name) from None

    def _opened(self, path: Path) -> BinaryIO:
        try:
            file = path.open("rb")
        except OSError:
            raise LandedMissing(path.name) from None
        try:
            return cast("BinaryIO", _OwningReader(file, self._key))
        except SealBroken:
            file.close()
            raise LandedMissing(path.name) from None


_State = tuple[tuple[int, int, int, int] | None, ...]


def _state(landed: Landed) -> _State:
    """What tells that a file was replaced, cut or written to; None of one that is gone."""
    return tuple(_state_of(path) for path in (landed.parquet_path, landed.original_path) if path is not None)


def _state_of(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class _DigestingWriter(SealedWriter):
    """Seals, and knows the SHA-256 of the content."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        super().__init__(file, key)
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: "ReadableBuffer", /) -> int:
        self._digest.update(data)
        return super().write(data)


class _OwningReader(SealedReader):
    """Closes the file below, too."""

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _copy(source: BinaryIO, sink: io.RawIOBase, limit: int | None = None) -> None:
    copied = 0
    while block := source.read(_BLOCK):
        copied += len(block)
        if limit is not None and copied > limit:
            raise UploadTooLarge(limit)
        sink.write(block)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
