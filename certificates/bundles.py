"""Offline bundles (离线包): what an office without network needs for a while, in one file that says until when.

It holds the published keys, the ledger's latest checkpoint and every status list. Each of these is signed by itself;
the bundle's manifest, signed too (``typ`` ``hub-bundle+jwt``), says that they belong together, that none is missing,
and when all of it expires: with the first of its lists. A JSON object in UTF-8: ``format``, ``manifest``,
``keys``, ``checkpoint`` (a signed note, or null while the ledger is empty) and ``status_lists``.

Trust begins at the trust root's fingerprint, as printed on receipts, or at a key set that the office has already.

Example:
    >>> from certificates.jose import ES256, new_key
    >>> from certificates.trust_root import fingerprint, sign_key_set
    >>> root, key = new_key(ES256), new_key(ES256)
    >>> keys = [{**root.to_jwk(), "purpose": "root"}, {**key.to_jwk(), "purpose": "status"}]
    >>> jwks = {"keys": keys, "signatures": [sign_key_set(keys, root, 1704067200)]}
    >>> content = make_bundle("https://hub.example", jwks, None, [], key, now=1704067200, expires=1704153600)
    >>> open_bundle(content, root=fingerprint(jwks), at=1704067300).issuer
    'https://hub.example'
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certificates import compact
from certificates.checkpoints import BadCheckpoint, Checkpoint, open_checkpoint
from certificates.compact import NotCompact
from certificates.jose import BadKey, Key, VerificationError, key_from_jwk, sign, signing_input
from certificates.published_keys import PublishedKey, published_keys, verify_published
from certificates.status_lists import BadStatusList, State, StatusListToken, StatusReference, open_status_list
from certificates.trust_root import UntrustedKeys, verify_key_set

TYP_BUNDLE: Final = "hub-bundle+jwt"
FORMAT: Final = "mianzheng-bundle-1"
STARTS: Final = b'{"format":"mianzheng-bundle-1"'
"""How such a file begins."""

MOST_BYTES: Final = 64_000_000
MOST_LISTS: Final = 1_000

_MEMBERS = frozenset({"format", "manifest", "keys", "checkpoint", "status_lists"})
_CLAIMS = frozenset({"iss", "iat", "exp", "parts"})


class BadBundle(VerificationError):
    """Raised when a bundle is not the hub's, is not whole, was changed, or has expired.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.zh = "离线包未通过验证：不是本平台签发、不完整、已被改动或已过期。请向平台重新获取离线包。"
        self.en = "The offline bundle is not the hub's, is not whole, or has expired. Get a new one from the hub."
        self.args = (f"{self.zh} | {self.en}",)


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        issued_at: Unix time: what it tells is as of then.
        expires: Unix time from which it counts no more.
        jwks: The hub's published keys.
        checkpoint: The ledger's head at that time, if there was one.
        lists: Status lists by their addresses.
    """

    issuer: str
    issued_at: int
    expires: int
    jwks: Mapping[str, Any]
    checkpoint: Checkpoint | None
    lists: Mapping[str, StatusListToken]
    tokens: Mapping[str, str]

    def state(self, reference: StatusReference) -> State:
        """The state at a credential's place.

        Raises:
            BadStatusList: The bundle lacks the list, or the list the place.
        """
        found = self.lists.get(reference.uri)
        if found is None:
            raise BadStatusList("no such list")
        return found.state(reference.idx)


def make_bundle(
    issuer: str,
    jwks: Mapping[str, Any],
    checkpoint: str | None,
    lists: Sequence[str],
    key: Key,
    *,
    now: int,
    expires: int,
) -> bytes:
    """A bundle's file.

    Args:
        issuer: The hub's name.
        jwks: The published key set, with its roots' signatures.
        checkpoint: The latest signed note; None while the ledger is empty.
        lists: The tokens of all status lists.
        key: For statuses; signs the manifest.
        now: Unix time.
        expires: Unix time from which it counts no more; not after the first of its lists expires.
    """
    parts = _digests(jwks, checkpoint, lists)
    claims = {"iss": issuer, "iat": now, "exp": expires, "parts": parts}
    content = {
        "format": FORMAT,
        "manifest": sign(signing_input(claims, key, TYP_BUNDLE), key),
        "keys": dict(jwks),
        "checkpoint": checkpoint,
        "status_lists": list(lists),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def open_bundle(
    content: bytes, *, root: str | None = None, jwks: Mapping[str, Any] | None = None, at: int | None = None
) -> Bundle:
    """Verify a bundle and everything in it.

    Args:
        content: The file.
        root: The trust root's fingerprint, as printed.
        jwks: A key set that is trusted already; one of the two must be given.
        at: Unix time at which it must count; None leaves that to the caller.

    Raises:
        BadBundle: With a ``reason``.
    """
    members = _parse(content)
    try:
        keys = _trusted(members["keys"], root, jwks)
        opened = _opened(members, keys)
    except (UntrustedKeys, BadStatusList, BadCheckpoint) as error:
        raise BadBundle(error.reason) from None
    except BadKey:
        raise BadBundle("keys") from None
    if at is not None and not opened.issued_at <= at < opened.expires:
        raise BadBundle("not yet" if at < opened.issued_at else "expired")
    return opened


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise BadBundle("too large")
    try:
        members = compact.parse_object(content)
    except NotCompact:
        raise BadBundle("form") from None
    lists = members.get("status_lists")
    if members.keys() != _MEMBERS or members["format"] != FORMAT or not isinstance(lists, list):
        raise BadBundle("form")
    texts = [members["manifest"], *lists]
    if len(lists) > MOST_LISTS or not all(isinstance(text, str) for text in texts):
        raise BadBundle("form")
    if not isinstance(members["keys"], dict) or not isinstance(members["checkpoint"], str | None):
        raise BadBundle("form")
    return members


def _trusted(own: dict[str, Any], root: str | None, jwks: Mapping[str, Any] | None) -> dict[str, PublishedKey]:
    """The bundle's keys, if the root signed them; those of them that are known already, where a set is given."""
    if root is None and jwks is None:
        raise BadBundle("no trust")
    keys = published_keys(own, "status")
    if root is not None:
        verify_key_set(own, root)
    if jwks is not None:
        known = published_keys(jwks, "status")
        keys = {kid: known[kid] if known[kid].compromised else entry for kid, entry in keys.items() if kid in known}
    return keys


def _opened(members: Mapping[str, Any], keys: Mapping[str, PublishedKey]) -> Bundle:
    claims = _manifest(members["manifest"], keys)
    own, note, lists = members["keys"], members["checkpoint"], members["status_lists"]
    if claims["parts"] != _digests(own, note, lists):
        raise BadBundle("parts")
    tokens = [(open_status_list(token, keys, at=claims["iat"]), token) for token in lists]
    if any(each.expires is not None and each.expires < claims["exp"] for each, _ in tokens):
        raise BadBundle("lists expire before")
    log_keys = [key_from_jwk(entry) for entry in own["keys"] if entry.get("purpose") == "checkpoint"]
    return Bundle(
        claims["iss"],
        claims["iat"],
        claims["exp"],
        own,
        None if note is None else open_checkpoint(note, log_keys),
        {each.uri: each for each, _ in tokens},
        {each.uri: token for each, token in tokens},
    )


def _manifest(token: str, keys: Mapping[str, PublishedKey]) -> Mapping[str, Any]:
    try:
        claims = verify_published(token, keys, TYP_BUNDLE).payload
    except VerificationError as error:
        raise BadBundle(error.reason) from None
    if claims.keys() != _CLAIMS or not isinstance(claims["iss"], str) or type(claims["exp"]) is not int:
        raise BadBundle("claims")
    return claims


def _digests(jwks: Mapping[str, Any], checkpoint: str | None, lists: Sequence[str]) -> dict[str, Any]:
    keys = json.dumps(jwks, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {
        "keys": _digest(keys),
        "checkpoint": None if checkpoint is None else _digest(checkpoint),
        "status_lists": [_digest(token) for token in lists],
    }


def _digest(text: str) -> str:
    return compact.encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
