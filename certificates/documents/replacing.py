"""Where a marked copy's signed statement stands in its file: to put it in, to take it out, to find what is attached.

Only files as the hub writes them are read; nothing else has to be understood, and nothing may stand where it does not.

Example:
    >>> attached(b"no document at all")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    certificates.documents.errors.BadDocument: ...
"""

import re
from collections.abc import Mapping
from typing import Final

from certificates.documents.errors import BadDocument
from certificates.documents.ofd import ATTACHED
from certificates.documents.stored_zip import read_zip, write_zip

COPY: Final = "copy.jws"
NAMES: Final = frozenset({"receipt.jws", "proof.txt", "metadata.xml", "sheet.json", COPY})
MOST_BYTES: Final = 20_000_000

_PDF: Final = b"%PDF-1.7\n"
_ZIP: Final = b"PK\x03\x04"
_EMBEDDED = re.compile(rb"\n([0-9]+) 0 obj\n<< /Type /EmbeddedFile [^\n]{0,300} /Length ([0-9]{1,8}) >>\nstream\n")
_FILESPEC = re.compile(
    rb"\n[0-9]+ 0 obj\n<< /Type /Filespec /F <([0-9A-F]{2,64})> [^\n]{0,600} /EF << /F ([0-9]+) 0 R "
)


def kind_of(data: bytes) -> str:
    """``pdf`` or ``ofd``, by how the file begins. Raises BadDocument."""
    if data.startswith(_PDF):
        return "pdf"
    if data.startswith(_ZIP):
        return "ofd"
    raise BadDocument("form")


def attached(data: bytes) -> dict[str, bytes]:
    """The files inside a document, by name.

    Raises:
        BadDocument: It is none as the hub writes them.
    """
    if len(data) > MOST_BYTES:
        raise BadDocument("size")
    found = _of_pdf(data) if kind_of(data) == "pdf" else _of_ofd(data)
    if not {"receipt.jws", "sheet.json"} <= found.keys() <= NAMES:
        raise BadDocument("attachments")
    return found


def replace_statement(data: bytes, statement: bytes, kind: str) -> bytes:
    """The file with another statement of the same length in the place of the one that it has.

    Raises:
        BadDocument: It has none, or one of another length.
    """
    if kind == "ofd":
        members = read_zip(data)
        _check_length(members.get(ATTACHED + COPY, b""), statement)
        return write_zip({**members, ATTACHED + COPY: statement})
    start, length = _places(data).get(COPY, (0, 0))
    _check_length(data[start : start + length], statement)
    return data[:start] + statement + data[start + length :]


def _check_length(there: bytes, statement: bytes) -> None:
    if not there or len(there) != len(statement):
        raise BadDocument("statement")


def _of_pdf(data: bytes) -> dict[str, bytes]:
    return {name: data[start : start + length] for name, (start, length) in _places(data).items()}


def _places(data: bytes) -> Mapping[str, tuple[int, int]]:
    """Where the embedded files of a PDF lie: name to start and length."""
    streams = {found[1]: (found.end(), int(found[2])) for found in _EMBEDDED.finditer(data)}
    places: dict[str, tuple[int, int]] = {}
    for found in _FILESPEC.finditer(data):
        name = bytes.fromhex(found[1].decode("ascii")).decode("latin-1") if len(found[1]) % 2 == 0 else ""
        if name in places or found[2] not in streams:
            raise BadDocument("attachments")
        places[name] = streams[found[2]]
    if any(data[start + length : start + length + 10] != b"\nendstream" for start, length in places.values()):
        raise BadDocument("attachments")
    return places


def _of_ofd(data: bytes) -> dict[str, bytes]:
    members = read_zip(data)
    inside = {name.removeprefix(ATTACHED): content for name, content in members.items() if name.startswith(ATTACHED)}
    inside.pop("Attachments.xml", None)
    return inside
