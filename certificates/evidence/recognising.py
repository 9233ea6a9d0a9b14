r"""What a file is, told from its content alone: for those who drop a file and don't know its name.

Example:
    >>> recognise(b"c2sp.org/tlog-proof@v1\nindex 0\n"), recognise(b"%PDF-1.7")
    ('proof', 'code')
"""

from collections.abc import Callable

from certificates.bundles import STARTS
from certificates.checkpoints import PROOF_HEADER
from certificates.code_images import is_image
from certificates.compact import NotCompact, parse_object, split
from certificates.delivery_receipts import STARTS as DELIVERY
from certificates.offline_code import looks_like
from certificates.receipts import TYP_RECEIPT

TYP_STATUS_LIST = "statuslist+jwt"

_FIRST_NAME = 30
"""Where a zip file names its first member."""

_ATTACHED = b"/Type /Filespec /F <" + b"receipt.jws".hex().upper().encode() + b">"
"""In a PDF of the hub, unlike in a scan of one, the receipt is attached."""

_KIND_OF_TYP = {TYP_RECEIPT: "receipt", TYP_STATUS_LIST: "status"}


def recognise(content: bytes) -> str:
    """The kind, as ``offline.examine`` takes it; "jws" where nothing else fits, which then says what is wrong."""
    found = (kind for kind, fits in _TESTS if fits(content))
    return next(found, None) or _kind_of_token(content)


_TESTS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("proof", lambda content: content.startswith(PROOF_HEADER.encode())),
    ("document", lambda content: content.startswith(b"PK\x03\x04") and content[_FIRST_NAME:].startswith(b"OFD.xml")),
    ("package", lambda content: content.startswith(b"PK\x03\x04")),
    ("document", lambda content: content.startswith(b"%PDF-") and _ATTACHED in content),
    ("code", lambda content: is_image(content) or looks_like(content[:100].decode("ascii", "replace"))),
    ("bundle", lambda content: content.startswith(STARTS)),
    ("delivery", lambda content: DELIVERY.match(content) is not None),
    ("keys", lambda content: content.lstrip().startswith(b"{")),
    ("note", lambda content: b"\n\n\xe2\x80\x94 " in content),
)
"""Kinds with how they are told, the first that fits."""


def _kind_of_token(content: bytes) -> str:
    text = content.decode("ascii", "replace").removesuffix("\n")
    token, tilde, _ = text.partition("~")
    if tilde:
        return "credential"
    try:
        return _KIND_OF_TYP.get(str(parse_object(split(token)[0]).get("typ")), "jws")
    except NotCompact:
        return "jws"
