"""The one strict door to JOSE: signing and verifying compact JWS (RFC 7515) with keys that fix their algorithm.

PyJWT makes and checks the signatures, those of the SM profile ``certificates.sm``; the form is read by
``certificates.compact``. A key (``certificates.jwk``) has one algorithm, an endpoint one ``typ``, and a key is found by
its thumbprint among those that the caller gives. Nothing is ever fetched.

Example:
    >>> key = new_key(ES256)
    >>> token = sign(signing_input({"iss": "a"}, key, "example+jwt"), key)
    >>> verify(token, {key.kid: key.public_only()}, "example+jwt").payload
    {'iss': 'a'}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from certificates import compact
from certificates.compact import NotCompact
from certificates.errors import CertificatesError
from certificates.jwk import (
    ED25519,
    ES256,
    BadKey,
    Key,
    KeyInModule,
    PrivateKey,
    PublicKey,
    digest,
    key_from_jwk,
    key_from_private,
    key_in_module,
    new_key,
)
from certificates.sm.names import SM2_SM3
from certificates.sm.sm2 import Sm2PrivateKey, Sm2PublicKey

__all__ = [
    "ED25519", "ES256", "SM2_SM3", "BadKey", "Key", "KeyInModule", "PrivateKey", "PublicKey", "VerificationError",
    "Verified", "digest", "find_key", "key_from_jwk", "key_from_private", "key_in_module", "new_key",
    "parse_unverified_issuer", "raw_signature", "sign", "signature_holds", "signing_input", "signing_input_of",
    "verify",
]  # fmt: skip

_ES256 = ECAlgorithm(ECAlgorithm.SHA256, SECP256R1)
_EDDSA = OKPAlgorithm()
_SIGNATURE_LENGTH = 64


class VerificationError(CertificatesError):
    """Raised when a token is not one that a given key signed for this use. One message outside, whatever the reason.

    Attributes:
        reason: A code for counting and for tests; answers do not carry it.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "签名验证未通过。请使用登记的密钥、规定的类型重新签名后发送。",
            "The signature could not be verified. Sign again with a registered key and the type that is asked for.",
        )


@dataclass(frozen=True)
class Verified:
    """A token whose signature, algorithm, key and type have been checked; claims have not."""

    header: Mapping[str, str]
    payload: Mapping[str, Any]
    signing_input: bytes


def signing_input(payload: Mapping[str, Any], key: Key, typ: str, alg: str = "") -> bytes:
    """The bytes that will be signed: encoded header, dot, encoded payload. The same payload gives the same bytes.

    ``alg`` is the key's own, unless the token will be signed as one of a group (``certificates.groups``).
    """
    return signing_input_of(_ENCODER.encode(payload), key, typ, alg)


def signing_input_of(payload: str, key: Key, typ: str, alg: str = "") -> bytes:
    """As ``signing_input``, of a payload that is JSON already."""
    return f"{_header(alg or key.alg, key.kid, typ)}.{compact.encode(payload.encode())}".encode("ascii")


@lru_cache(64)
def _header(alg: str, kid: str, typ: str) -> str:
    """A key's header is the same each time."""
    return compact.encode(_ENCODER.encode({"alg": alg, "kid": kid, "typ": typ}).encode())


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sign(data: bytes, key: Key) -> str:
    """The compact token of a signing input.

    Raises:
        BadKey: The key has no private half.
    """
    return f"{data.decode('ascii')}.{compact.encode(raw_signature(data, key))}"


def raw_signature(data: bytes, key: Key) -> bytes:
    """64 bytes over the data by a key's one algorithm, wherever its private half is.

    Raises:
        BadKey: The key has no private half.
    """
    private = key.private
    if private is None:
        raise BadKey("没有私钥", "it has no private half")
    if isinstance(private, EllipticCurvePrivateKey):
        return _ES256.sign(data, private)
    if isinstance(private, Ed25519PrivateKey):
        return _EDDSA.sign(data, private)
    return private.sign(data) if isinstance(private, Sm2PrivateKey) else private.sign_raw(data)


def parse_unverified_issuer(token: str) -> str:
    """Who a token says it is from, to look up that one's keys. Nothing has been verified.

    Raises:
        VerificationError: The form is wrong, or ``iss`` is no short text.
    """
    issuer = _parse(token).payload.get("iss")
    if not isinstance(issuer, str) or not 0 < len(issuer) <= _MAX_ISSUER:
        raise VerificationError("iss")
    return issuer


_MAX_ISSUER = 256


def verify(token: str | compact.Compact, keys: Mapping[str, Key], typ: str, signed_by: Key | None = None) -> Verified:
    """Check a token's form, type, key, algorithm and signature, in this order.

    Args:
        token: Compact JWS, or what `compact.parse` made of it.
        keys: The keys that may have signed it, by ``kid``.
        typ: The one type that is accepted.
        signed_by: The key whose signature over this token was found to hold before; it is not checked twice.

    Raises:
        VerificationError: Always this, with a ``reason``: "form", "typ", "kid", "alg", "signature" and the like.
    """
    parts, key = find_key(token, keys, typ)
    if parts.header["alg"] != key.alg:
        raise VerificationError("alg")
    if key is not signed_by and not signature_holds(parts.signing_input, parts.signature, key):
        raise VerificationError("signature")
    return Verified(parts.header, parts.payload, parts.signing_input)


def find_key(token: str | compact.Compact, keys: Mapping[str, Key], typ: str) -> tuple[compact.Compact, Key]:
    """The first half of ``verify``: form, type and key. Algorithm and signature have not been looked at.

    Raises:
        VerificationError: As ``verify``.
    """
    parts = token if isinstance(token, compact.Compact) else _parse(token)
    if parts.header["typ"] != typ:
        raise VerificationError("typ")
    key = keys.get(parts.header["kid"])
    if key is None or key.kid != parts.header["kid"]:
        raise VerificationError("kid")
    return parts, key


def signature_holds(data: bytes, signature: bytes, key: Key) -> bool:
    """Whether a raw signature (r||s for ES256 and SM2-SM3, 64 bytes in all algorithms) is the key's over the data."""
    if len(signature) != _SIGNATURE_LENGTH:
        return False
    if isinstance(key.public, Sm2PublicKey):
        return key.public.verifies(data, signature)
    if isinstance(key.public, EllipticCurvePublicKey):
        return _ES256.verify(data, key.public, signature)
    return _EDDSA.verify(data, key.public, signature)


def _parse(token: str) -> compact.Compact:
    try:
        return compact.parse(token)
    except NotCompact as error:
        raise VerificationError(str(error)) from None
