"""A local folder that deliveries are dropped into.

    Folder("shops_drop", Path("/srv/drop/shops")).entries()

Only plain files directly in it count: a link would let whoever drops files read any file of this machine.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from registries.connectors.faults import SourceDown
from registries.connectors.place import Entry


class Folder:
    """A folder of this machine; `server` is what faults call it, as its path tells about the machine."""

    def __init__(self, server: str, path: Path) -> None:
        self._server = server
        self._path = path

    def entries(self) -> list[Entry]:
        """The plain files in it."""
        try:
            found = [(path.name, path.lstat()) for path in self._path.iterdir()]
        except OSError as error:
            raise SourceDown(self._server, error.strerror or "I/O") from None
        return [_entry(name, status) for name, status in found if stat.S_ISREG(status.st_mode)]

    def open(self, entry: Entry) -> BinaryIO:
        """The file; not what a link of its name leads to."""
        return open(self._path / entry.name, "rb", opener=_no_link)

    def unchanged(self, entry: Entry) -> bool:
        """Whether the file is still as it was listed."""
        try:
            return _entry(entry.name, (self._path / entry.name).lstat()).state == entry.state
        except FileNotFoundError:
            return False


def _entry(name: str, status: os.stat_result) -> Entry:
    # ctime, not mtime: a finished file is renamed into its place
    return Entry(name, status.st_size, f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}", status.st_ctime)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
