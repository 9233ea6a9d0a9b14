"""Proof that who registers a client's key holds its private half: a challenge of the hub's, signed once with that key.

Example:
    >>> from datetime import UTC, datetime
    >>> from certificates.jose import ES256, new_key
    >>> key, now = new_key(ES256), datetime(2026, 1, 1, tzinfo=UTC)
    >>> proof = make_key_proof("d" * 43, key, client="approval-1", audience="https://hub.example", now=now)
    >>> check_key_proof(proof, key, client="approval-1", audience="https://hub.example", now=now)
    'ddddddddddddddddddddddddddddddddddddddddddd'

It is a JWS of a type of its own (`typ: hub-key-proof+jwt`), so that it can be nothing else, with exactly the claims
`iss` (the client), `aud` (the hub), `iat` and `challenge`.
"""

import re
from datetime import datetime
from typing import Final

from certificates.errors import CertificatesError
from certificates.jose import Key, VerificationError, sign, signing_input, verify

TYP_KEY_PROOF: Final = "hub-key-proof+jwt"
LIFETIME: Final = 900
"""Seconds for which a proof counts."""
SKEW: Final = 60
_MEMBERS = frozenset({"iss", "aud", "iat", "challenge"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class KeyProofRefused(CertificatesError):
    """Raised when a proof's form, signature, client, hub or time are not right; it never says which."""

    def __init__(self) -> None:
        super().__init__(
            "持有证明不成立。请用待登记密钥的私钥，对页面上的质询重新签名。",
            "The proof does not hold. Sign the challenge on the page with the private half of the key.",
        )


def make_key_proof(challenge: str, key: Key, *, client: str, audience: str, now: datetime) -> str:
    """Sign a challenge with the key that is to be registered; for the client's own side."""
    claims = {"iss": client, "aud": audience, "iat": int(now.timestamp()), "challenge": challenge}
    return sign(signing_input(claims, key, TYP_KEY_PROOF), key)


def check_key_proof(proof: str, key: Key, *, client: str, audience: str, now: datetime) -> str:
    """The challenge that was signed, once all else is right; whether it was given out and not used is for the caller.

    Args:
        proof: Compact JWS.
        key: The public key that is to be registered.
        client: The client's id.
        audience: This hub's name.
        now: Time with zone.

    Raises:
        KeyProofRefused: Something is not right.
    """
    try:
        claims = verify(proof, {key.kid: key}, TYP_KEY_PROOF).payload
    except VerificationError:
        raise KeyProofRefused from None
    issued, challenge = claims.get("iat"), claims.get("challenge")
    if claims.keys() != _MEMBERS or claims["iss"] != client or claims["aud"] != audience:
        raise KeyProofRefused
    if type(issued) is not int or not -SKEW <= now.timestamp() - issued <= LIFETIME:
        raise KeyProofRefused
    if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
        raise KeyProofRefused
    return challenge
