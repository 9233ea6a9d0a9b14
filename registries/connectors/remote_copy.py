"""A file of another machine, brought here once: sealed, whole, and taken up again where a connection was cut.

    copy = brought("health_sftp", entry, blocks_from)
    copy.open().read()

Formats read a file several times and out of order; the network is asked for each byte once. The copy lies on disk
without a name, sealed with a key that only this process has, and is gone with it.
"""

import contextlib
import secrets
import tempfile
import time
from collections.abc import Callable, Generator
from typing import BinaryIO, Final, cast

from certificates.sealing import SealedReader, SealedWriter
from registries.connectors.faults import SourceDown, StillBeingWritten
from registries.connectors.place import Entry

BlocksFrom = Callable[[int], Generator[bytes]]
"""Offset in bytes -> the file's blocks from there on. Raises Interrupted when the connection is cut."""

ATTEMPTS: Final = 5
"""How often in a row a connection may be cut without a single byte having come."""

_FIRST_PAUSE: Final = 0.2
_KEY: Final = 32


class Interrupted(Exception):
    """Raised when a connection is cut: what came so far is good, and the rest can be asked for again."""


class RemoteCopy:
    """The whole of a file, sealed; every `open` starts at its beginning. One reader at a time."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the copy does
        self._key = secrets.token_bytes(_KEY)

    def writer(self) -> SealedWriter:
        """What the file's bytes are written to, once."""
        return SealedWriter(cast("BinaryIO", self._file), self._key)

    def open(self) -> BinaryIO:
        """The file from its start, seekable."""
        return cast("BinaryIO", SealedReader(cast("BinaryIO", self._file), self._key))

    def __del__(self) -> None:
        self._file.close()


def brought(
    source: str, entry: Entry, blocks_from: BlocksFrom, pause: Callable[[float], None] = time.sleep
) -> RemoteCopy:
    """Bring a file here; ATTEMPTS cuts in a row are too many.

    Raises:
        SourceDown: the connection can't be made again.
        StillBeingWritten: it has another length than its place had listed.
    """
    copy = RemoteCopy()
    with copy.writer() as sink:
        cuts = 0
        while sink.tell() < entry.size:
            before = sink.tell()
            try:
                with contextlib.closing(blocks_from(before)) as blocks:
                    _copy(entry, blocks, sink)
                if sink.tell() < entry.size:
                    raise StillBeingWritten(entry.name)
            except Interrupted:
                cuts = cuts + 1 if sink.tell() == before else 1
                if cuts == ATTEMPTS:
                    raise SourceDown(source, "interrupted") from None
                pause(_FIRST_PAUSE * 2**cuts)
    return copy


def _copy(entry: Entry, blocks: Generator[bytes], sink: SealedWriter) -> None:
    for block in blocks:
        sink.write(block)
        if sink.tell() > entry.size:
            raise StillBeingWritten(entry.name)
