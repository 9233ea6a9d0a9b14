"""What an officer scanned, pasted or photographed, told from its content alone: which fields of the form it fills.

    >>> identifier = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S"
    >>> read_code([identifier], Desk({}, now=None)).fields["certificate_number"]
    '20230000403'

Understood are: offline codes (`MZ1`, one line for each QR code) and receipts of this hub, its credentials (核验件),
certificate identifiers of GB/T 36904 alone or inside an address, and plain numbers. A receipt or credential counts only
if it is genuine; what it said then is no verdict now, it only spares the typing.
"""

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, Literal

from certificates.code_images import UnreadableImage, read_codes
from certificates.evidence.findings import Report
from certificates.evidence.given import Given
from certificates.identifiers import CertificateIdentifier, MalformedIdentifier, check_citizen_number, check_uscc
from certificates.offline import examine
from exchange_api.counter.errors import CodeNotGenuine, CodeNotRead
from exchange_api.errors import Overloaded

Kind = Literal["number", "holder", "identifier", "receipt", "credential", "parts"]

MOST_TEXTS: Final = 32
PICTURES_AT_A_TIME: Final = 2
LONGEST_TEXT: Final = 65_536
CITIZEN, ORGANISATION = "111", "001"
"""Holder code types of the two numbers that say by themselves what they are."""

_PLACE = re.compile(r"MZ1:([0-9A-F]{8}):([1-9][0-9]?):([1-9][0-9]?):", re.ASCII)
_IDENTIFIER = re.compile(r"1\.2\.156\.3005\.2(?:\.[0-9A-Z]{1,64}){5}(?![0-9A-Z.])", re.ASCII)
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_.~=-]+", re.ASCII)
_NUMBER = re.compile(r"(?!.*://)[^?#<>\"'\x00-\x1f]{1,128}")
"""Numbers of certificates have letters of any script, digits, blanks, brackets and hyphens; an address is none."""


@dataclass(frozen=True)
class Desk:
    """What a scanned receipt is held against: the hub's published keys, and the time."""

    jwks: Mapping[str, Any]
    now: datetime | None


@dataclass(frozen=True)
class Scanned:
    """What was understood.

    Attributes:
        fields: of the question's form, by name.
        have, of: of an offline code in several parts, how many were scanned.
        said, said_at: what a receipt said when it was made: its verdict's code, and the moment.
    """

    kind: Kind
    fields: Mapping[str, str] = field(default_factory=dict)
    have: int = 0
    of: int = 0
    said: str = ""
    said_at: str = ""


def looks_like_code(text: str) -> bool:
    """Whether a text is more than a number: what has to be read before it can be asked for."""
    folded = unicodedata.normalize("NFKC", text)
    return (
        _PLACE.search(folded) is not None
        or _IDENTIFIER.search(folded.upper()) is not None
        or folded.lstrip().startswith("eyJ")
        or "://" in folded
    )


class Pictures:
    """Reads codes from pictures, few at a time: a large photograph takes a processor for seconds."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(PICTURES_AT_A_TIME)

    def read(self, content: bytes) -> list[str]:
        """The texts of the QR codes in a picture or PDF.

        Raises:
            CodeNotRead: there are none, or it is no picture.
            Overloaded: others are being looked at.
            certificates.code_images.ImageExtraMissing: nothing here reads pictures.
        """
        if not self._free.acquire(blocking=False):
            raise Overloaded
        try:
            texts = read_codes(content)
        except UnreadableImage:
            raise CodeNotRead from None
        finally:
            self._free.release()
        if not texts:
            raise CodeNotRead
        return texts


def read_code(texts: Sequence[str], desk: Desk) -> Scanned:
    """What some scanned texts are together.

    Raises:
        CodeNotRead: nothing that names a certificate.
        CodeNotGenuine: a receipt or credential that is not this hub's, or was changed.
    """
    if len(texts) > MOST_TEXTS or any(len(text) > LONGEST_TEXT for text in texts):
        raise CodeNotRead
    folded = [unicodedata.normalize("NFKC", text).strip() for text in texts]
    lines = [line for text in folded for line in _code_lines(text)]
    if lines:
        return _of_lines(lines, desk)
    for text in filter(None, folded):
        found = _of_text(text, desk)
        if found is not None:
            return found
    raise CodeNotRead


# --- offline codes, receipts, credentials


def _code_lines(text: str) -> list[str]:
    """The lines of offline codes in a text; a one-line field has swallowed the ends of lines."""
    starts = [found.start() for found in _PLACE.finditer(text)]
    return [text[start:end].strip() for start, end in pairwise([*starts, len(text)])]


def _of_lines(lines: Sequence[str], desk: Desk) -> Scanned:
    """The receipt whose code was scanned last, or how many of its parts are there; those of others are left aside."""
    places = [(found[1], int(found[2]), int(found[3])) for found in map(_PLACE.match, lines) if found is not None]
    name, _, of = places[-1]
    have = {place for other, place, count in places if (other, count) == (name, of)}
    if len(have) < of:
        return Scanned("parts", have=len(have), of=of)
    whole = "\n".join(line for line in lines if line.startswith(f"MZ1:{name}:"))
    return _of_report(examine("code", whole.encode(), Given(desk.jwks, at=desk.now)))


def _of_report(report: Report) -> Scanned:
    if not report.genuine:
        raise CodeNotGenuine
    if report.kind == "credential":
        return _of_credential(report.content)
    verification: Mapping[str, Any] = report.content.get("verification") or {}
    certificate: Mapping[str, Any] = verification.get("certificate") or {}
    asked: Mapping[str, str] = verification.get("asked") or {}
    fields = {
        "certificate_type": certificate.get("type") or asked.get("certificate_type") or "",
        "certificate_number": certificate.get("number") or "",
        **_open_holder(certificate),
    }
    known = {name: text for name, text in fields.items() if text}
    return Scanned("receipt", known, said=str(verification.get("code", "")), said_at=str(report.content["issued_at"]))


def _open_holder(certificate: Mapping[str, Any]) -> dict[str, str]:
    """The holder's name where it is no secret: organisations' names are whole in receipts, people's are masked."""
    names = [one.get("name", "") for one in certificate.get("holders") or () if isinstance(one, Mapping)]
    return {"holder_name": names[0]} if len(names) == 1 and names[0] and "*" not in names[0] else {}


def _of_credential(content: Mapping[str, Any]) -> Scanned:
    disclosed = content.get("disclosed")
    told: Mapping[str, Any] = disclosed if isinstance(disclosed, Mapping) else {}
    names = ("certificate_type", "certificate_number", "holder_name")
    fields = {name: str(told[name]) for name in names if told.get(name)}
    if not fields:
        raise CodeNotRead
    return Scanned("credential", fields)


# --- everything else


def _of_text(text: str, desk: Desk) -> Scanned | None:
    identifier = _IDENTIFIER.search(text.upper())
    if identifier is not None:
        return _of_identifier(identifier[0])
    token = _TOKEN.fullmatch(text)
    if token is not None:
        return _of_report(examine(None, text.encode(), Given(desk.jwks, at=desk.now)))
    if check_citizen_number(text.upper()):
        return Scanned("holder", {"holder_code": text.upper(), "holder_code_type": CITIZEN})
    if check_uscc(text.upper()):
        return Scanned("holder", {"holder_code": text.upper(), "holder_code_type": ORGANISATION})
    number = _NUMBER.fullmatch(text)
    return None if number is None else Scanned("number", {"certificate_number": text.upper()})


def _of_identifier(text: str) -> Scanned | None:
    """Type and serial of an identifier; the serial is the certificate's number with most issuers, not with all."""
    try:
        found = CertificateIdentifier.parse(text)
    except MalformedIdentifier:
        return None
    return Scanned("identifier", {"certificate_type": found.type_code, "certificate_number": found.serial})
