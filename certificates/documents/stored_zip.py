"""Zip files that are the same bytes for the same members: stored, in their order, with one fixed date.

Reading is as strict as writing: a file is taken only if writing its members again gives it back byte for byte, so that
nothing can hide beside or between them.

Example:
    >>> read_zip(write_zip({"a.txt": b"1"}))
    {'a.txt': b'1'}
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

from certificates.documents.errors import BadDocument

DATE: Final = (1980, 1, 1, 0, 0, 0)
MOST_MEMBERS: Final = 5_000
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


def write_zip(members: Mapping[str, bytes]) -> bytes:
    """A zip file of these members, name to content."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, content)
    return made.getvalue()


def read_zip(data: bytes) -> dict[str, bytes]:
    """The members of a zip file that ``write_zip`` wrote.

    Raises:
        BadDocument: It is none, or anything in it was changed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            plain = all(entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 1 for entry in entries)
            if not plain or len(entries) > MOST_MEMBERS or sum(entry.file_size for entry in entries) > len(data):
                raise BadDocument("zip")
            members = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, KeyError):
        raise BadDocument("zip") from None  # all that zipfile raises for what is no zip file of this kind
    if len(members) != len(entries) or write_zip(members) != data:
        raise BadDocument("zip")
    return members
