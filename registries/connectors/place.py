"""Where files are delivered, and replies to them: a local folder, an SFTP server, an S3-compatible store.

    for entry in place.entries(): entry.name, entry.size
    with place.open(entry) as file: ...
    place.put("out", "shops.csv.receipt.json", content)

A place lists plain files and opens them; what is in them, and which of them is next, it does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Entry:
    """A file as its place lists it.

    Attributes:
        name: without any folder.
        size: bytes.
        state: differs as soon as something was written to the file, or another one took its name.
        changed_at: when it got its place, as its place says, in seconds since 1970.
    """

    name: str
    size: int
    state: str
    changed_at: float


class Place(Protocol):
    """One folder of files; every method raises a SourceFault when it can't be reached or read."""

    def entries(self) -> Sequence[Entry]:
        """The plain files in it: no folders, no links, nothing below."""

    def open(self, entry: Entry) -> BinaryIO:
        """A file from its start, seekable; what it gives is what `entry` lists, or a fault."""

    def unchanged(self, entry: Entry) -> bool:
        """Whether what `open` gives is still what `entry` lists; asked when reading is over."""

    def put(self, folder: str, name: str, content: BinaryIO) -> None:
        """Write a file into a folder right below, whole or not at all; another one of its name is replaced.

        The folder is made where it is missing. `folder` and `name` are names, not paths.
        """

    def remove(self, folder: str, name: str) -> None:
        """Remove a file from a folder right below; nothing where there is none."""
