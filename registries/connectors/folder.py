"""A local folder that deliveries are dropped into, and replies are left in.

    Folder("shops_drop", Path("/srv/drop/shops")).entries()

Only plain files directly in it count: a link would let whoever drops files read any file of this machine, and
would lead what the hub writes anywhere. What is written belongs to whom the folder belongs to, and is for nobody else.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from registries.connectors.faults import SourceDown
from registries.connectors.place import Entry

_BLOCK = 1 << 20


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

    def put(self, folder: str, name: str, content: BinaryIO) -> None:
        """Write a file into a folder below."""
        part = f".{name}.part"
        try:
            with self._below(folder, make=True) as (below, owner):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=below)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(os.open(part, flags, 0o600, dir_fd=below), "wb") as file:
                    shutil.copyfileobj(content, file, _BLOCK)
                    _hand_over(file.fileno(), owner, owner.st_mode & 0o660)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(part, name, src_dir_fd=below, dst_dir_fd=below)
                os.fsync(below)
        except OSError as error:
            raise SourceDown(self._server, error.strerror or "I/O") from None

    def remove(self, folder: str, name: str) -> None:
        """Remove a file from a folder below."""
        try:
            with self._below(folder, make=False) as (below, _):
                os.unlink(name, dir_fd=below)
        except FileNotFoundError:
            return
        except OSError as error:
            raise SourceDown(self._server, error.strerror or "I/O") from None

    @contextlib.contextmanager
    def _below(self, folder: str, *, make: bool) -> Iterator[tuple[int, os.stat_result]]:
        """A folder right below, open, and whose the drop folder is; no link is followed."""
        with _opened(self._path) as own:
            owner = os.fstat(own)
            with contextlib.suppress(FileExistsError):
                if make:
                    os.mkdir(folder, 0o700, dir_fd=own)
                    with _opened(folder, own) as made:
                        _hand_over(made, owner, owner.st_mode & 0o770)
            with _opened(folder, own) as below:
                yield below, owner


def _entry(name: str, status: os.stat_result) -> Entry:
    # ctime, not mtime: a finished file is renamed into its place
    return Entry(name, status.st_size, f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}", status.st_ctime)


@contextlib.contextmanager
def _opened(folder: str | Path, below: int | None = None) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_DIRECTORY | (0 if below is None else os.O_NOFOLLOW)
    opened = os.open(folder, flags, dir_fd=below)
    try:
        yield opened
    finally:
        os.close(opened)


def _hand_over(file: int, owner: os.stat_result, mode: int) -> None:
    """To whom the drop folder belongs, where this process may give things away; others see nothing."""
    with contextlib.suppress(PermissionError):
        os.fchown(file, owner.st_uid, owner.st_gid)
    os.fchmod(file, mode)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
