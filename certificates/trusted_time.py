"""Trusted time: that an authority's clock saw something before a moment (RFC 3161), verified offline.

The hub has its checkpoints stamped, off the way of answers. What is stamped is the checkpoint's text with the ledger's
own signature (``stamped_bytes``), so that a token proves that the ledger's key had signed this head by then: everything
in that tree is older than the token. A witness's cosignature may be added later and changes nothing.

A token counts under an anchor that the verifier knows: the authority's own certificate, or that of the authority
which issued it. Certificates are judged at the token's time: a token of ten years ago stays good. Revocation lists are
not looked at; whoever learns that an authority's key was stolen takes its certificate from the anchors.

    anchors = read_anchors(Path("tsa.pem").read_bytes())
    verify_token(token, stamped_bytes(note, origin, keys), anchors).at
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates import der, time_stamps
from certificates.der import Node, NotDer
from certificates.errors import CertificatesError
from certificates.time_stamps import TST_INFO, Signer, TimeStampToken, parse_token, token_of

_HASHES: Final[dict[str, HashAlgorithm]] = {
    time_stamps.SHA256: SHA256(),
    "2.16.840.1.101.3.4.2.2": SHA384(),
    "2.16.840.1.101.3.4.2.3": SHA512(),
}
_SIGNATURE_HASHES: Final[dict[str, HashAlgorithm | None]] = {
    "1.2.840.113549.1.1.1": None,  # RSA: with the signer's digest
    "1.2.840.113549.1.1.11": SHA256(),
    "1.2.840.113549.1.1.12": SHA384(),
    "1.2.840.113549.1.1.13": SHA512(),
    "1.2.840.10045.4.3.2": SHA256(),
    "1.2.840.10045.4.3.3": SHA384(),
    "1.2.840.10045.4.3.4": SHA512(),
    "1.3.101.112": None,  # Ed25519 has its own
}
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_LONGEST_CHAIN = 5
_UNREADABLE = (x509.InvalidVersion, x509.ExtensionNotFound, x509.DuplicateExtension, UnsupportedAlgorithm)

Attributes = dict[str, tuple[Node, ...]]
"""Signed attributes by their type."""


class BadTimeStamp(CertificatesError):
    """Raised when a token is malformed, is about something else, or no known authority gave it.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "时间戳未通过验证：已损坏、所盖内容不符，或不是所给时间戳机构签发。请核对时间戳机构证书，并重新获取时间戳。",
            "The time stamp could not be verified: damaged, over something else, or not of the authority given. Check "
            "the authority's certificate and get the stamp again.",
        )


class BadAnchor(CertificatesError):
    """Raised when a file holds no certificate in PEM that can be used."""

    def __init__(self) -> None:
        super().__init__(
            "时间戳机构证书无法读取。请提供 PEM 格式的 X.509 证书（RSA、P-256、P-384 或 Ed25519）。",
            "The time authority's certificate cannot be read. Give an X.509 certificate in PEM (RSA, P-256, P-384 or "
            "Ed25519).",
        )


@dataclass(frozen=True)
class TrustedTime:
    """What a verified token proves.

    Attributes:
        at: The authority's clock, with zone.
        latest: Unix time: the clock with its stated inaccuracy; what was stamped existed by then.
        authority: The signing certificate's subject (RFC 4514).
        serial: The token's number at that authority.
        policy: The authority's policy, as an object identifier.
    """

    at: datetime
    latest: int
    authority: str
    serial: int
    policy: str


def read_anchors(pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM file: the authority's own, or of those that issued it.

    Raises:
        BadAnchor: There is none, or one is of a kind that is not supported.
    """
    try:
        found = x509.load_pem_x509_certificates(pem)
        for certificate in found:
            certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise BadAnchor from None
    return found


def open_response(
    response: bytes, data: bytes, nonce: int, anchors: Sequence[x509.Certificate]
) -> tuple[bytes, TrustedTime]:
    """The token in an authority's answer to ``time_stamps.request_for``, verified.

    Raises:
        BadTimeStamp: As ``verify_token``; "refused" if the authority granted none; "nonce" if it answers another.
    """
    try:
        token = token_of(response)
        answered = parse_token(token).nonce
    except NotDer:
        raise BadTimeStamp("refused") from None
    if answered != nonce:
        raise BadTimeStamp("nonce")
    return token, verify_token(token, data, anchors)


def verify_token(token: bytes, data: bytes, anchors: Sequence[x509.Certificate]) -> TrustedTime:
    """Verify that an authority under one of the anchors stamped these bytes.

    Raises:
        BadTimeStamp: With a ``reason``: "form", "imprint", "attributes", "certificate", "signature", "purpose" or
            "chain".
    """
    try:
        stamp = parse_token(token)
    except NotDer:
        raise BadTimeStamp("form") from None
    if (stamp.imprint_alg, stamp.imprint) != (time_stamps.SHA256, hashlib.sha256(data).digest()):
        raise BadTimeStamp("imprint")
    attributes = _attributes(stamp)
    signer = _signing_certificate(stamp, attributes, anchors)
    _check_signature(stamp.signer, signer)
    _check_purpose(signer)
    _check_chain(signer, [*anchors, *_readable(stamp.certificates)], anchors, stamp.time)
    latest = int(stamp.time.timestamp()) + stamp.accuracy
    return TrustedTime(stamp.time, latest, signer.subject.rfc4514_string(), stamp.serial, stamp.policy)


def _attributes(stamp: TimeStampToken) -> Attributes:
    """The signed attributes, once it is clear that they are about this TSTInfo (RFC 5652, 5.4)."""
    attributes = {attribute.kind: attribute.values for attribute in stamp.signer.attributes}
    if len(attributes) != len(stamp.signer.attributes) or stamp.signer.digest_alg not in _HASHES:
        raise BadTimeStamp("attributes")
    expected = _digest(stamp.info, _HASHES[stamp.signer.digest_alg])
    try:
        (kind,), (digest,) = attributes[_CONTENT_TYPE], attributes[_MESSAGE_DIGEST]
        right = der.dotted(kind) == TST_INFO and der.content(digest, der.OCTETS) == expected
    except (KeyError, ValueError):  # NotDer is a ValueError
        raise BadTimeStamp("attributes") from None
    if not right:
        raise BadTimeStamp("attributes")
    return attributes


def _signing_certificate(
    stamp: TimeStampToken, attributes: Attributes, anchors: Sequence[x509.Certificate]
) -> x509.Certificate:
    """The certificate whose digest was signed, so that no other can be put in its place (RFC 5816)."""
    known = (*stamp.certificates, *(anchor.public_bytes(Encoding.DER) for anchor in anchors))
    try:
        algorithm, digest = _named(attributes)
        found = next(data for data in known if _digest(data, algorithm) == digest)
        certificate = x509.load_der_x509_certificate(found)
        right = _is_identity(stamp.signer.identity, certificate)
    except (KeyError, ValueError, IndexError, StopIteration, *_UNREADABLE):
        raise BadTimeStamp("certificate") from None
    if not right:
        raise BadTimeStamp("certificate")
    return certificate


def _named(attributes: Attributes) -> tuple[HashAlgorithm, bytes]:
    if _SIGNING_CERTIFICATE_V2 not in attributes:
        return SHA1(), der.content(_certificate_id(attributes[_SIGNING_CERTIFICATE])[0], der.OCTETS)  # noqa: S303 - as RFC 2634 has it
    first, *more = _certificate_id(attributes[_SIGNING_CERTIFICATE_V2])
    if first.tag != der.SEQUENCE:
        return SHA256(), der.content(first, der.OCTETS)
    return _HASHES[der.dotted(der.children(first)[0])], der.content(more[0], der.OCTETS)


def _certificate_id(values: tuple[Node, ...]) -> list[Node]:
    (value,) = values
    listed = der.children(value, der.SEQUENCE)[0]
    return der.children(der.children(listed, der.SEQUENCE)[0], der.SEQUENCE)


def _is_identity(identity: Node, certificate: x509.Certificate) -> bool:
    if identity.tag != der.SEQUENCE:  # the key's identifier
        named = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return identity.content == named.value.digest
    issuer, serial = der.children(identity)
    return issuer.whole == certificate.issuer.public_bytes() and der.number(serial) == certificate.serial_number


def _readable(certificates: Sequence[bytes]) -> Iterator[x509.Certificate]:
    """Those in a token; what is none is passed over, since it can lead to no anchor."""
    for data in certificates:
        with suppress(ValueError, *_UNREADABLE):
            yield x509.load_der_x509_certificate(data)


def _check_signature(signer: Signer, certificate: x509.Certificate) -> None:
    if signer.signature_alg not in _SIGNATURE_HASHES:
        raise BadTimeStamp("signature")
    algorithm = _SIGNATURE_HASHES[signer.signature_alg] or _HASHES[signer.digest_alg]
    try:
        key = certificate.public_key()
        if isinstance(key, RSAPublicKey):
            key.verify(signer.signature, signer.signed, PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signer.signature, signer.signed, ECDSA(algorithm))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signer.signature, signer.signed)
        else:
            raise BadTimeStamp("signature")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise BadTimeStamp("signature") from None


def _check_purpose(certificate: x509.Certificate) -> None:
    """RFC 3161, 2.3: the key stamps time, and does nothing else; everybody must know so."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        raise BadTimeStamp("purpose") from None
    if not found.critical or list(found.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadTimeStamp("purpose")


def _check_chain(
    certificate: x509.Certificate, known: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], at: datetime
) -> None:
    """Up from the signing certificate to an anchor, every one of them in its time."""
    current = certificate
    for _ in range(_LONGEST_CHAIN):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise BadTimeStamp("chain")
        if current in anchors:
            return
        issuers = [one for one in known if _issued(current, one)]
        if not issuers:
            raise BadTimeStamp("chain")
        current = issuers[0]
    raise BadTimeStamp("chain")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False


def _digest(data: bytes, algorithm: HashAlgorithm) -> bytes:
    return hashlib.new(algorithm.name, data, usedforsecurity=False).digest()
