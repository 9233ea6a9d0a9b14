"""The one strict door to JOSE: signing and verifying compact JWS (RFC 7515) with keys that fix their algorithm.

PyJWT makes and checks the signatures; the form is read by ``certificates.compact``. A key has one algorithm, an
endpoint one ``typ``, and a key is found by its thumbprint (RFC 7638) among those that the caller gives. Nothing is ever
fetched.

Example:
    >>> key = new_key(ES256)
    >>> token = sign(signing_input({"iss": "a"}, key, "example+jwt"), key)
    >>> verify(token, {key.kid: key.public_only()}, "example+jwt").payload
    {'iss': 'a'}
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from certificates import compact
from certificates.compact import NotCompact
from certificates.errors import CertificatesError

ES256: Final = "ES256"
ED25519: Final = "Ed25519"
"""Fully specified name of EdDSA with Ed25519 (RFC 9864)."""

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
PublicKey = EllipticCurvePublicKey | Ed25519PublicKey

_ES256 = ECAlgorithm(ECAlgorithm.SHA256, SECP256R1)
_EDDSA = OKPAlgorithm()
_SIGNATURE_LENGTH = 64
_COORDINATE_LENGTH = 32
_MEMBERS = {"EC": frozenset({"kty", "crv", "x", "y"}), "OKP": frozenset({"kty", "crv", "x"})}
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_ALGORITHMS = {
    ("EC", "P-256"): (ES256, frozenset({ES256})),
    ("OKP", "Ed25519"): (ED25519, frozenset({ED25519, "EdDSA"})),
}


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


class BadKey(CertificatesError):
    """Raised when a JWK (RFC 7517) is not a public key for ES256 or Ed25519, given by value."""

    def __init__(self, cause_zh: str, cause_en: str) -> None:
        super().__init__(
            f"公钥不可用：{cause_zh}。请提供 P-256（ES256）或 Ed25519 公钥的 JWK。",
            f"This key cannot be used: {cause_en}. Give the JWK of a public key for P-256 (ES256) or Ed25519.",
        )


@dataclass(frozen=True)
class Key:
    """A key with its one algorithm; made once and kept, so that no call parses a key again.

    Attributes:
        kid: RFC 7638 thumbprint.
        private: None for a key that only verifies.
    """

    kid: str
    alg: str
    public: PublicKey = field(repr=False)
    private: PrivateKey | None = field(default=None, repr=False)

    def public_only(self) -> "Key":
        """The same key without its private half."""
        return Key(self.kid, self.alg, self.public)

    def to_jwk(self) -> dict[str, str]:
        """The public half as JWK with ``kid``, ``alg`` and ``use``."""
        return {**_bare_jwk(self.public), "kid": self.kid, "alg": self.alg, "use": "sig"}


@dataclass(frozen=True)
class Verified:
    """A token whose signature, algorithm, key and type have been checked; claims have not."""

    header: Mapping[str, str]
    payload: Mapping[str, Any]
    signing_input: bytes


def new_key(alg: str) -> Key:
    """A fresh key for ``ES256`` or ``Ed25519``."""
    return key_from_private(generate_private_key(SECP256R1()) if alg == ES256 else Ed25519PrivateKey.generate())


def key_from_private(private: PrivateKey) -> Key:
    """A signing key; its curve decides the algorithm."""
    public = private.public_key()
    alg = ES256 if isinstance(private, EllipticCurvePrivateKey) else ED25519
    return Key(_thumbprint(public), alg, public, private)


def key_from_jwk(jwk: Mapping[str, Any]) -> Key:
    """A verifying key from a JWK given by value. Further members (dates, states) are left aside.

    Raises:
        BadKey: Private members, another curve or algorithm, another use than signing, a point that is not on the curve,
            or a ``kid`` that claims to be another key's thumbprint.
    """
    key = _verifying_key(jwk)
    if jwk.get("kid", key.kid) != key.kid:
        raise BadKey("kid 不是该公钥的 RFC 7638 指纹", "its kid is not its RFC 7638 thumbprint")
    return key


def _verifying_key(jwk: Mapping[str, Any]) -> Key:
    if _PRIVATE_MEMBERS & jwk.keys():
        raise BadKey("含有私钥成员", "it has private members")
    alg, names = _ALGORITHMS.get((str(jwk.get("kty")), str(jwk.get("crv"))), ("", frozenset()))
    if not names or jwk.get("alg", alg) not in names:
        raise BadKey("曲线或算法不支持", "its curve or algorithm is another one")
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise BadKey("用途不是验证签名", "its use is not to verify signatures")
    public = _public_key(jwk)
    return Key(_thumbprint(public), alg, public)


def _public_key(jwk: Mapping[str, Any]) -> PublicKey:
    try:
        if jwk["kty"] == "OKP":
            return Ed25519PublicKey.from_public_bytes(_coordinate(jwk["x"]))
        x, y = (int.from_bytes(_coordinate(jwk[name]), "big") for name in ("x", "y"))
        return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except (KeyError, ValueError):  # NotCompact, and a point that is not on the curve
        raise BadKey("坐标有误", "its coordinates are wrong") from None


def _coordinate(text: object) -> bytes:
    data = compact.decode(text) if isinstance(text, str) else b""
    if len(data) != _COORDINATE_LENGTH:
        raise ValueError("length")
    return data


def _bare_jwk(public: PublicKey) -> dict[str, str]:
    if isinstance(public, Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"crv": "Ed25519", "kty": "OKP", "x": compact.encode(raw)}
    numbers = public.public_numbers()
    x, y = (compact.encode(number.to_bytes(_COORDINATE_LENGTH, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _thumbprint(public: PublicKey) -> str:
    members = json.dumps(_bare_jwk(public), sort_keys=True, separators=(",", ":"))
    return compact.encode(hashlib.sha256(members.encode()).digest())


def signing_input(payload: Mapping[str, Any], key: Key, typ: str) -> bytes:
    """The bytes that will be signed: encoded header, dot, encoded payload. The same payload gives the same bytes."""
    header = {"alg": key.alg, "kid": key.kid, "typ": typ}
    return f"{compact.encode(_json(header))}.{compact.encode(_json(payload))}".encode("ascii")


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sign(data: bytes, key: Key) -> str:
    """The compact token of a signing input.

    Raises:
        BadKey: The key has no private half.
    """
    if isinstance(key.private, EllipticCurvePrivateKey):
        signature = _ES256.sign(data, key.private)
    elif isinstance(key.private, Ed25519PrivateKey):
        signature = _EDDSA.sign(data, key.private)
    else:
        raise BadKey("没有私钥", "it has no private half")
    return f"{data.decode('ascii')}.{compact.encode(signature)}"


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


def verify(token: str, keys: Mapping[str, Key], typ: str) -> Verified:
    """Check a token's form, type, key, algorithm and signature, in this order.

    Args:
        token: Compact JWS.
        keys: The keys that may have signed it, by ``kid``.
        typ: The one type that is accepted.

    Raises:
        VerificationError: Always this, with a ``reason``: "form", "typ", "kid", "alg", "signature" and the like.
    """
    parts = _parse(token)
    if parts.header["typ"] != typ:
        raise VerificationError("typ")
    key = keys.get(parts.header["kid"])
    if key is None or key.kid != parts.header["kid"]:
        raise VerificationError("kid")
    if parts.header["alg"] != key.alg:
        raise VerificationError("alg")
    if not signature_holds(parts.signing_input, parts.signature, key):
        raise VerificationError("signature")
    return Verified(parts.header, parts.payload, parts.signing_input)


def signature_holds(data: bytes, signature: bytes, key: Key) -> bool:
    """Whether a raw signature (r||s for ES256, 64 bytes in both algorithms) is the key's over the data."""
    if len(signature) != _SIGNATURE_LENGTH:
        return False
    if isinstance(key.public, EllipticCurvePublicKey):
        return _ES256.verify(data, key.public, signature)
    return _EDDSA.verify(data, key.public, signature)


def _parse(token: str) -> compact.Compact:
    try:
        return compact.parse(token)
    except NotCompact as error:
        raise VerificationError(str(error)) from None
