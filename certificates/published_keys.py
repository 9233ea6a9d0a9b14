"""The keys of one purpose in a published key set, and whether what one of them signed at a time counts.

For what lives shortly (credentials, status lists, bundles): a stolen key's are refused whole, since they can be made
anew. Receipts, which must last, have rules of their own in ``certificates.receipts``.

Example:
    >>> from certificates.jose import ES256, new_key
    >>> key = new_key(ES256)
    >>> jwks = {"keys": [{**key.to_jwk(), "purpose": "status", "status": "verify_only", "signs_until": 100}]}
    >>> [published] = published_keys(jwks, "status").values()
    >>> published.counts_at(100), published.counts_at(101)
    (True, False)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certificates.jose import BadKey, Key, VerificationError, Verified, key_from_jwk, verify

_COMPROMISED = "compromised"


@dataclass(frozen=True)
class PublishedKey:
    """A published key, the Unix time up to which what it signed counts (None: still active), and whether it is lost."""

    key: Key
    signs_until: int | None = None
    compromised: bool = False

    def counts_at(self, moment: int) -> bool:
        """Whether what the key says that it signed at this Unix time counts."""
        return not self.compromised and (self.signs_until is None or moment <= self.signs_until)


def published_keys(jwks: object, purpose: str) -> dict[str, PublishedKey]:
    """The keys of a purpose in a published JWK set, by ``kid``; keys for other purposes are left aside.

    Raises:
        BadKey: It is no JWK set, or a key of this purpose in it cannot be used.
    """
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadKey("不是 JWK Set", "this is no JWK set")
    found = [_published(entry) for entry in entries if entry.get("purpose") == purpose]
    return {entry.key.kid: entry for entry in found}


def _published(entry: Mapping[str, Any]) -> PublishedKey:
    until = entry.get("signs_until")
    if not (until is None or type(until) is int):
        raise BadKey("signs_until 不是整数", "its signs_until is no integer")
    lost = entry.get("status") == _COMPROMISED or entry.get("compromised_since") is not None
    return PublishedKey(key_from_jwk(entry), until, lost)


def verify_published(token: str, keys: Mapping[str, PublishedKey], typ: str) -> Verified:
    """Verify a token that says when it was made (``iat``) with keys that count at that time.

    Raises:
        VerificationError: As ``jose.verify``; "iat" without an integer time, "key retired" or "key compromised".
    """
    verified = verify(token, {kid: entry.key for kid, entry in keys.items()}, typ)
    made = verified.payload.get("iat")
    if type(made) is not int:
        raise VerificationError("iat")
    entry = keys[verified.header["kid"]]
    if not entry.counts_at(made):
        raise VerificationError("key compromised" if entry.compromised else "key retired")
    return verified
