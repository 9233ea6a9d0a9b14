"""Several files dropped together: which one is to be verified, and which ones stand beside it.

Example:
    >>> kind, name, content, given = gather([("a.txt", b"c2sp.org/tlog-proof@v1"), ("r.jws", b"e30.e30.AA")], Given({}))
    >>> kind, name, given.proof
    ('jws', 'r.jws', 'c2sp.org/tlog-proof@v1')
"""

from collections.abc import Sequence
from dataclasses import replace

from certificates.evidence.bundles import with_bundle
from certificates.evidence.given import Given
from certificates.evidence.reading import as_json, as_text, as_token
from certificates.evidence.recognising import recognise

File = tuple[str, bytes]
"""A name, for messages, and the content."""

ORDER = (
    *("package", "document", "code", "credential", "receipt", "delivery", "jws"),
    *("proof", "note", "status", "bundle", "keys"),
)
"""What is verified if several are there: the first of these; the others stand beside it."""


def gather(files: Sequence[File], given: Given) -> tuple[str, str, bytes, Given]:
    """Kind, name and content of the file to verify, and what is given with the others added.

    Args:
        files: At least one.
        given: What is known without them; a key set among the files takes the place of its keys.

    Raises:
        UnusableFile, BadBundle: One that stands beside is not what it seems.
    """
    known = sorted(((recognise(content), name, content) for name, content in files), key=lambda each: _place(each[0]))
    for kind, name, content in known[1:]:
        given = _beside(kind, name, content, given)
    return (*known[0], given)


def _place(kind: str) -> int:
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _beside(kind: str, name: str, content: bytes, given: Given) -> Given:
    if kind == "keys":
        return replace(given, jwks=as_json(name, content))
    if kind == "bundle":
        return with_bundle(given, content)
    if kind == "proof":
        return replace(given, proof=as_text(name, content))
    if kind == "receipt":
        return replace(given, receipt=as_token(name, content))
    if kind == "status":
        return replace(given, status_list=as_token(name, content))
    return given
