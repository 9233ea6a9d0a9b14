"""Time stamps (RFC 3161) as bytes: what is sent to an authority, what comes back, and what a token says.

Nothing is verified here; ``certificates.trusted_time`` does that.

Example:
    >>> len(request_for(bytes(32), nonce=7))
    62
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from certificates import der
from certificates.der import Node, NotDer

SHA256: Final = "2.16.840.1.101.3.4.2.1"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"

_VERSION = 1
_SIGNED_DATA_VERSION = 3
_MIDDLE = frozenset({0xA0, 0xA1})  # certificates, and revocation lists, which are not read
_NO_PARAMETERS = bytes((der.NULL, 0))
_GRANTED = frozenset({0, 1})
_MAX_TOKEN = 65_536
_MICROS = 1_000_000
_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,17}[1-9]))?Z")


@dataclass(frozen=True)
class Attribute:
    """A signed attribute: its type, and the elements of its value."""

    kind: str
    values: tuple[Node, ...]


@dataclass(frozen=True)
class Signer:
    """Who signed a token and how.

    Attributes:
        identity: Issuer and serial number (SEQUENCE), or the key's identifier ([0]), as an element.
        signed: The bytes that are signed: the attributes as a SET OF.
    """

    identity: Node
    digest_alg: str
    signature_alg: str
    signature: bytes
    signed: bytes
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True)
class TimeStampToken:
    """What a token says, taken apart.

    Attributes:
        info: The TSTInfo as it was signed.
        imprint: The digest that was stamped.
        time: The authority's clock, rounded up to whole seconds.
        accuracy: Seconds by which that clock may be wrong, rounded up.
        certificates: Those in the token, DER.
    """

    info: bytes
    policy: str
    imprint_alg: str
    imprint: bytes
    serial: int
    time: datetime
    accuracy: int
    nonce: int | None
    certificates: tuple[bytes, ...]
    signer: Signer


def request_for(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq for a SHA-256 digest; the authority's certificate shall be in the token."""
    imprint = der.sequence(der.sequence(der.oid(SHA256), der.element(der.NULL, b"")), der.octets(digest))
    return der.sequence(der.integer(_VERSION), imprint, der.integer(nonce), der.element(der.BOOLEAN, b"\xff"))


def token_of(response: bytes) -> bytes:
    """The token in a TimeStampResp.

    Raises:
        NotDer: It is malformed, or the authority granted none.
    """
    if len(response) > _MAX_TOKEN:
        raise NotDer("too long")
    parts = der.children(der.read(response), der.SEQUENCE)
    status = der.number(der.children(parts[0], der.SEQUENCE)[0]) if parts else -1
    if status not in _GRANTED or len(parts) != len(("status", "token")):
        raise NotDer("not granted")
    return parts[1].whole


def parse_token(token: bytes) -> TimeStampToken:
    """Take a token apart; one signer, DER throughout.

    Raises:
        NotDer: It is not a time stamp token.
    """
    if len(token) > _MAX_TOKEN:
        raise NotDer("too long")
    try:
        return _signed_data(_content(der.read(token), SIGNED_DATA))
    except NotDer:
        raise
    except (ValueError, IndexError) as error:  # fewer or more elements than there should be; a day of no calendar
        raise NotDer("form") from error


def _content(node: Node, expected: str) -> Node:
    """The content of a ContentInfo (RFC 5652, 3), which must be of this type."""
    kind, wrapped = der.children(node, der.SEQUENCE)
    (inner,) = der.children(wrapped, _context(0))
    if der.dotted(kind) != expected:
        raise NotDer("content type")
    return inner


def _signed_data(signed_data: Node) -> TimeStampToken:
    version, digests, encapsulated, *middle, signers = der.children(signed_data, der.SEQUENCE)
    if der.number(version) != _SIGNED_DATA_VERSION or any(node.tag not in _MIDDLE for node in middle):
        raise NotDer("version")
    (signer,) = der.children(signers, der.SET)
    info = der.content(_content(encapsulated, TST_INFO), der.OCTETS)
    held = [child.whole for node in middle if node.tag == _context(0) for child in der.children(node)]
    told = _signer(der.children(signer, der.SEQUENCE))
    if [_algorithm(node) for node in der.children(digests, der.SET)] != [told.digest_alg]:
        raise NotDer("digest")
    return _info(info, tuple(held), told)


def _info(info: bytes, certificates: tuple[bytes, ...], signer: Signer) -> TimeStampToken:
    version, policy, imprint, serial, time, *rest = der.children(der.read(info), der.SEQUENCE)
    alg, digest = der.children(imprint, der.SEQUENCE)
    if der.number(version) != _VERSION:
        raise NotDer("version")
    nonces = [der.number(node) for node in rest if node.tag == der.INTEGER]
    return TimeStampToken(
        info=info,
        policy=der.dotted(policy),
        imprint_alg=_algorithm(alg),
        imprint=der.content(digest, der.OCTETS),
        serial=der.number(serial),
        time=_time(der.content(time, der.GENERALIZED_TIME)),
        accuracy=sum(_accuracy(node) for node in rest if node.tag == der.SEQUENCE),
        nonce=nonces[0] if nonces else None,
        certificates=certificates,
        signer=signer,
    )


def _signer(parts: Sequence[Node]) -> Signer:
    version, identity, digest_alg, attributes, signature_alg, signature, *unsigned = parts
    if der.number(version) != (1 if identity.tag == der.SEQUENCE else 3) or len(unsigned) > 1:
        raise NotDer("version")
    if any(node.tag != _context(1) for node in unsigned):
        raise NotDer("form")
    found = [der.children(node, der.SEQUENCE) for node in der.children(attributes, _context(0))]
    return Signer(
        identity=identity,
        digest_alg=_algorithm(digest_alg),
        signature_alg=_algorithm(signature_alg),
        signature=der.content(signature, der.OCTETS),
        signed=der.element(der.SET, attributes.content),
        attributes=tuple(Attribute(der.dotted(kind), tuple(der.children(values, der.SET))) for kind, values in found),
    )


def _algorithm(node: Node) -> str:
    """An AlgorithmIdentifier without parameters, or with NULL in their place."""
    name, *parameters = der.children(node, der.SEQUENCE)
    if len(parameters) > 1 or any(parameter.whole != _NO_PARAMETERS for parameter in parameters):
        raise NotDer("parameters")
    return der.dotted(name)


def _time(text: bytes) -> datetime:
    found = _TIME.fullmatch(text)
    if found is None:
        raise NotDer("time")
    whole = datetime.strptime(found[1].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return datetime.fromtimestamp(whole.timestamp() + (found[2] is not None), UTC)


def _accuracy(node: Node) -> int:
    """Seconds, [0] milliseconds, [1] microseconds; rounded up."""
    factors = {der.INTEGER: _MICROS, _primitive(0): 1000, _primitive(1): 1}
    micros = sum(int.from_bytes(part.content, "big") * factors[part.tag] for part in _accuracy_parts(node, factors))
    return -(-micros // _MICROS)


def _accuracy_parts(node: Node, known: dict[int, int]) -> list[Node]:
    parts = der.children(node, der.SEQUENCE)
    if any(part.tag not in known for part in parts):
        raise NotDer("accuracy")
    return parts


def _context(number: int) -> int:
    return 0xA0 | number


def _primitive(number: int) -> int:
    return 0x80 | number
