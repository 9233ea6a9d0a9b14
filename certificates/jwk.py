"""Keys that have one algorithm, and their JWKs (RFC 7517): read by value and strictly, named by their thumbprint.

The thumbprint is that of RFC 7638, with SM3 for keys on the SM2 curve and SHA-256 for all others.

Example:
    >>> key = new_key(ES256)
    >>> key_from_jwk(key.to_jwk()).kid == key.kid
    True
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certificates import compact
from certificates.errors import CertificatesError
from certificates.sm.names import CURVE, SM2_SM3
from certificates.sm.sm2 import Sm2PrivateKey, Sm2PublicKey, new_private_key
from certificates.sm.sm3 import sm3

ES256: Final = "ES256"
ED25519: Final = "Ed25519"
"""Fully specified name of EdDSA with Ed25519 (RFC 9864)."""


class KeyInModule(Protocol):
    """A private key that never leaves its module (PKCS#11 or another): it gives signatures, and nothing else."""

    def sign_raw(self, data: bytes) -> bytes:
        """64 bytes over the data: r||s for ES256 and SM2-SM3, as Ed25519 has it for Ed25519."""


PublicKey = EllipticCurvePublicKey | Ed25519PublicKey | Sm2PublicKey
PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey | Sm2PrivateKey
"""Keys in memory."""

_COORDINATE_LENGTH = 32
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_ALGORITHMS = {
    ("EC", "P-256"): (ES256, frozenset({ES256})),
    ("EC", CURVE): (SM2_SM3, frozenset({SM2_SM3})),
    ("OKP", "Ed25519"): (ED25519, frozenset({ED25519, "EdDSA"})),
}


class BadKey(CertificatesError):
    """Raised when a JWK (RFC 7517) is not a public key for ES256, Ed25519 or SM2-SM3, given by value."""

    def __init__(self, cause_zh: str, cause_en: str) -> None:
        super().__init__(
            f"公钥不可用：{cause_zh}。请提供 P-256（ES256）、Ed25519 或 SM2 公钥的 JWK。",
            f"This key cannot be used: {cause_en}. Give the JWK of a public key: P-256 (ES256), Ed25519 or SM2.",
        )


@dataclass(frozen=True)
class Key:
    """A key with its one algorithm; made once and kept, so that no call parses a key again.

    Attributes:
        kid: RFC 7638 thumbprint.
        alg: ``ES256``, ``Ed25519`` or ``SM2-SM3``.
        private: None for a key that only verifies.
    """

    kid: str
    alg: str
    public: PublicKey = field(repr=False)
    private: PrivateKey | KeyInModule | None = field(default=None, repr=False)

    def public_only(self) -> "Key":
        """The same key without its private half."""
        return Key(self.kid, self.alg, self.public)

    def to_jwk(self) -> dict[str, str]:
        """The public half as JWK with ``kid``, ``alg`` and ``use``."""
        return {**_bare_jwk(self.public), "kid": self.kid, "alg": self.alg, "use": "sig"}


def new_key(alg: str) -> Key:
    """A fresh key for ``ES256``, ``Ed25519`` or ``SM2-SM3``."""
    return key_from_private(_NEW[alg]())


_NEW: Final[Mapping[str, Callable[[], PrivateKey]]] = {
    ES256: lambda: generate_private_key(SECP256R1()),
    ED25519: Ed25519PrivateKey.generate,
    SM2_SM3: new_private_key,
}


def key_from_private(private: PrivateKey) -> Key:
    """A signing key; its curve decides the algorithm."""
    public = private.public_key()
    return Key(_thumbprint(public), _algorithm(public), public, private)


def key_in_module(public: PublicKey, module: KeyInModule) -> Key:
    """A signing key whose private half stays where it is."""
    return Key(_thumbprint(public), _algorithm(public), public, module)


def _algorithm(public: PublicKey) -> str:
    if isinstance(public, Sm2PublicKey):
        return SM2_SM3
    return ES256 if isinstance(public, EllipticCurvePublicKey) else ED25519


def digest(data: bytes, alg: str) -> bytes:
    """32 bytes, by the digest that goes with an algorithm: SM3 in the SM profile, otherwise SHA-256."""
    return sm3(data) if alg.startswith(SM2_SM3) else hashlib.sha256(data).digest()


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
    if not names or jwk.get("alg", alg) not in tuple(names):
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
        if jwk["crv"] == CURVE:
            return Sm2PublicKey(x, y)
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
    crv, point = (CURVE, public) if isinstance(public, Sm2PublicKey) else ("P-256", public.public_numbers())
    x, y = (compact.encode(number.to_bytes(_COORDINATE_LENGTH, "big")) for number in (point.x, point.y))
    return {"crv": crv, "kty": "EC", "x": x, "y": y}


def _thumbprint(public: PublicKey) -> str:
    members = json.dumps(_bare_jwk(public), sort_keys=True, separators=(",", ":"))
    return compact.encode(digest(members.encode(), _algorithm(public)))
