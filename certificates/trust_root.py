"""The trust root (信任根): one long-lived key that signs the hub's published key set, known by its fingerprint.

The fingerprint is printed on every receipt and kept by archives: whoever has it needs no network, and no trust in
whoever handed over the key set, to know that the keys are the hub's. It is the first 160 bits of the root's thumbprint
(RFC 7638; SHA-256, SM3 in the SM profile) in hex, in ten groups of four, so that it can be read aloud, typed and
compared.

A published key set is a JWK set (RFC 7517) with one member more, ``signatures``: a compact JWS by each root, of
``typ`` ``hub-keys+jwt``, over ``{"iat": when, "digest": base64url of the digest of keys}``. The digest is taken over
``keys`` as JSON in UTF-8 with sorted members and no blanks. The roots stand among ``keys`` with the purpose ``root``.

Example:
    >>> from certificates.jose import ES256, new_key
    >>> root = new_key(ES256)
    >>> keys = [{**root.to_jwk(), "purpose": "root", "status": "active"}]
    >>> published = {"keys": keys, "signatures": [sign_key_set(keys, root, 1704067200)]}
    >>> verify_key_set(published, fingerprint(published)).made_at
    1704067200
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certificates import compact
from certificates.jose import BadKey, Key, VerificationError, digest, key_from_jwk, sign, signing_input, verify

TYP_KEY_SET: Final = "hub-keys+jwt"
"""A type of its own: a statement about keys can never pass for anything else."""

PURPOSE: Final = "root"
"""``purpose`` of a root among the published keys."""

ACTIVE: Final = "active"
COMPROMISED: Final = "compromised"
"""``status`` of the root that signs now, and of a stolen one."""

GROUPS: Final = 10
GROUP: Final = 4
"""A fingerprint's groups, and the hex digits in each: 160 bits."""

_MEMBERS = frozenset({"iat", "digest"})
_BLANKS = str.maketrans("", "", " -:\t\r\n\u00a0\u3000")


class UntrustedKeys(VerificationError):
    """Raised when a key set is not one that the trust root of this fingerprint signed.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.zh = "公钥文件不是该信任根签署的，或已被改动。请核对回执上印的信任根指纹，并从平台重新获取公钥文件。"
        self.en = (
            "The key set is not signed by the trust root of this fingerprint, or was changed. Compare the fingerprint "
            "with the one printed on the receipt, and get the key set from the hub again."
        )
        self.args = (f"{self.zh} | {self.en}",)


@dataclass(frozen=True)
class TrustedKeys:
    """A key set that its trust root signed.

    Attributes:
        fingerprint: The root's, as printed.
        made_at: Unix time at which the root signed; what became known later (a stolen key) is not in the set.
    """

    fingerprint: str
    made_at: int


def fingerprint(jwks: Mapping[str, Any]) -> str:
    """The fingerprint of the root that signs now, of a published key set: ``A1B2 C3D4 ...``. Nothing is verified.

    Raises:
        BadKey: The set has no active root, or several.
    """
    active = [key for key, entry in _roots(jwks) if entry.get("status", ACTIVE) == ACTIVE]
    if len(active) != 1:
        raise BadKey("公钥文件中没有唯一的信任根", "the key set does not have one trust root")
    return fingerprint_of(active[0])


def fingerprint_of(key: Key) -> str:
    """A root's fingerprint: ten groups of four hex digits."""
    digits = compact.decode(key.kid).hex().upper()[: GROUPS * GROUP]
    return " ".join(digits[start : start + GROUP] for start in range(0, len(digits), GROUP))


def same_fingerprint(one: str, other: str) -> bool:
    """Whether two fingerprints are one, however they are spaced, hyphenated and cased; all their digits count."""
    left, right = _digits(one), _digits(other)
    return left == right and len(left) == GROUPS * GROUP


def sign_key_set(keys: Sequence[Mapping[str, Any]], root: Key, now: int) -> str:
    """The root's statement about the keys: a compact JWS for ``signatures``.

    Args:
        keys: The JWKs as they are published, the roots among them.
        root: The signing root.
        now: Unix time in seconds.

    Raises:
        BadKey: The root has no private half.
    """
    payload = {"iat": now, "digest": _keys_digest(keys, root)}
    return sign(signing_input(payload, root, TYP_KEY_SET), root)


def verify_key_set(jwks: Mapping[str, Any], known: str) -> TrustedKeys:
    """That the trust root with this fingerprint signed the key set as it is.

    A set names an older root, too, as long as that one has not been stolen: a receipt printed ten years ago still leads
    to the set of today.

    Args:
        jwks: The published key set, as parsed from its file.
        known: The fingerprint, from paper or from an archive's own record; blanks, hyphens and case don't matter.

    Raises:
        UntrustedKeys: With a ``reason``: "form", "no such root", "root compromised", "unsigned", "claims", "digest", or
            one of ``jose.verify``.
        BadKey: A root in the set cannot be used.
    """
    found = [(key, entry) for key, entry in _roots(jwks) if same_fingerprint(fingerprint_of(key), known)]
    if not found:
        raise UntrustedKeys("no such root")
    root, entry = found[0]
    if entry.get("status") == COMPROMISED:
        raise UntrustedKeys("root compromised")
    return TrustedKeys(fingerprint_of(root), _signed_at(jwks, root))


def _signed_at(jwks: Mapping[str, Any], root: Key) -> int:
    signatures = jwks.get("signatures")
    if not isinstance(signatures, list) or not all(isinstance(token, str) for token in signatures):
        raise UntrustedKeys("form")
    for token in signatures:
        try:
            claims = verify(token, {root.kid: root}, TYP_KEY_SET).payload
        except VerificationError as error:
            if error.reason == "kid":  # another root's
                continue
            raise UntrustedKeys(error.reason) from None
        if claims.keys() != _MEMBERS or type(claims["iat"]) is not int:
            raise UntrustedKeys("claims")
        if claims["digest"] != _keys_digest(jwks["keys"], root):
            raise UntrustedKeys("digest")
        return int(claims["iat"])
    raise UntrustedKeys("unsigned")


def _roots(jwks: Mapping[str, Any]) -> list[tuple[Key, Mapping[str, Any]]]:
    entries = jwks.get("keys")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadKey("不是 JWK Set", "this is no JWK set")
    return [(key_from_jwk(entry), entry) for entry in entries if entry.get("purpose") == PURPOSE]


def _keys_digest(keys: Sequence[Mapping[str, Any]], root: Key) -> str:
    text = json.dumps(keys, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return compact.encode(digest(text.encode("utf-8", "surrogatepass"), root.alg))


def _digits(text: str) -> str:
    return text.translate(_BLANKS).upper()
