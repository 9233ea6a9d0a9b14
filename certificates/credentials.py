"""Credentials (核验件, SD-JWT VC): what the hub found about a certificate, for its holder to show as far as is needed.

Headed 核验件（非电子证照原件）: the hub says what it verified, it does not mint certificates in an issuer's name. What
is about the certificate and its holder stands behind salted digests; the holder hands over those disclosures that a
purpose needs. Whether it still holds tells the status list that it names; it lives shortly.

After draft-ietf-oauth-sd-jwt-vc (``typ`` ``dc+sd-jwt``), SD-JWT (RFC 9901) and Token Status List; ``cnf`` binds keys.

Example:
    >>> from certificates.jose import ES256, new_key, sign
    >>> from certificates.status_lists import StatusReference
    >>> key = new_key(ES256)
    >>> draft = draft_credential(
    ...     {"holder_name": "张三", "certificate_number": "1"}, key, issuer="https://hub.example", issued_at=1704067200,
    ...     expires=1704153600, receipt="0" * 32, status=StatusReference("https://hub.example/v1/status-lists/1", 7))
    >>> whole = draft.signed(sign(draft.signing_input, key))
    >>> shown = present(whole, {"certificate_number"})
    >>> keys = {key.kid: PublishedKey(key.public_only())}
    >>> open_credential(shown, keys, at=1704067200).certificate
    {'certificate_number': '1'}
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from certificates import compact, sd_jwt
from certificates.jose import BadKey, Key, VerificationError, key_from_jwk, sign, signature_holds, signing_input
from certificates.published_keys import PublishedKey, verify_published
from certificates.sd_jwt import BadDisclosure
from certificates.status_lists import StatusReference

TYP_CREDENTIAL: Final = "dc+sd-jwt"
TYP_KEY_BINDING: Final = "kb+jwt"
MEDIA_TYPE: Final = "application/dc+sd-jwt"

VCT: Final = "urn:mianzheng:certificate-check:1"
"""The type of the hub's credentials."""

HEADING: Final = "核验件（非电子证照原件） Verification by the hub, not the certificate itself"

LIFETIME: Final = 30 * 86_400
"""Seconds for which a credential counts at most."""

BINDING_AGE: Final = 300
"""Seconds that a key-binding token may be old, or its clock ahead."""

DECOYS: Final = 4
"""Digests of nothing, so that their number doesn't tell how much is hidden."""

_ALWAYS_OPEN = frozenset({"iss", "nbf", "iat", "exp", "cnf", "vct", "vct#integrity", "status", "heading", "receipt"})
_BINDING_HEADER = frozenset({"alg", "typ", "kid"})
_BINDING_CLAIMS = frozenset({"iat", "aud", "nonce", "sd_hash"})


Salts = Callable[[str], bytes]
"""From a member's name to 16 bytes that nobody else can guess."""


def random_salts(_name: str) -> bytes:
    """A salt that is new each time."""
    return secrets.token_bytes(sd_jwt.SALT_LENGTH)


def keyed_salts(secret: bytes, credential: str) -> Salts:
    """Salts that come again for the same credential: whoever keeps the secret need not keep what they hide."""
    return lambda name: hmac.digest(secret, f"{credential}\n{name}".encode(), "sha256")[: sd_jwt.SALT_LENGTH]


class BadCredential(VerificationError):
    """Raised when a credential is not one that the hub signed, was changed, or does not count now and here.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.zh = "核验件未通过验证：不是本平台签发、已被改动、已过期，或未按要求出示。请持有人重新出示，或重新核验。"
        self.en = (
            "This credential is not the hub's, was changed, has expired, or was not presented as asked. "
            "Have it presented again, or verify the certificate again."
        )
        self.args = (f"{self.zh} | {self.en}",)


@dataclass(frozen=True)
class CredentialDraft:
    """A credential before its signature: what the ledger keeps and what will be signed.

    Attributes:
        signing_input: Of the issuer's token.
        disclosures: Of everything that is hidden in it.
    """

    signing_input: bytes
    disclosures: tuple[str, ...]

    @property
    def leaf_data(self) -> bytes:
        """32 bytes: the ledger's leaf."""
        return hashlib.sha256(self.signing_input).digest()

    @classmethod
    def resume(cls, stored: bytes, certificate: Mapping[str, Any], salts: "Salts") -> tuple[str, "CredentialDraft"]:
        """From a stored signing input, which holds nothing personal, the ``kid`` that must sign it and the draft.

        Raises:
            BadCredential: It is no credential, or one about something else.
        """
        try:
            parts = compact.parse(f"{stored.decode('ascii')}.AA")
        except (UnicodeDecodeError, compact.NotCompact):
            raise BadCredential("form") from None
        if parts.header["typ"] != TYP_CREDENTIAL:
            raise BadCredential("typ")
        disclosures = _disclosures(certificate, salts)
        if not {sd_jwt.digest(each) for each in disclosures} <= set(parts.payload["_sd"]):
            raise BadCredential("content")
        return parts.header["kid"], cls(stored, disclosures)

    def signed(self, token: str) -> str:
        """The whole credential, from the issuer's signed token."""
        return sd_jwt.Parts(token, self.disclosures).text()


@dataclass(frozen=True)
class Binding:
    """What a verifier demands of a holder: a fresh token for this audience and nonce, signed by the holder's key."""

    audience: str
    nonce: str


@dataclass(frozen=True)
class Credential:
    """A verified credential.

    Attributes:
        iss: Who issued it.
        issued_at: Unix time.
        expires: Unix time from which it counts no more.
        receipt: Id of the receipt whose verdict it states.
        certificate: What was disclosed.
        status: Where its status stands.
        holder_key: The key it is bound to, if any.
        presented_to: Audience and nonce of that proof; to be compared where none were demanded.
    """

    iss: str
    issued_at: int
    expires: int
    receipt: str
    certificate: Mapping[str, Any]
    status: StatusReference
    kid: str
    holder_key: Key | None = None
    presented_to: Binding | None = None

    @property
    def bound(self) -> bool:
        """Whether the holder proved to have the key that it is bound to."""
        return self.presented_to is not None


def draft_credential(
    certificate: Mapping[str, Any],
    key: Key,
    *,
    issuer: str,
    issued_at: int,
    expires: int,
    receipt: str,
    status: StatusReference,
    salts: Salts = random_salts,
    holder_key: Key | None = None,
) -> CredentialDraft:
    """What is to be written down before it is signed with this key.

    Args:
        certificate: What is known of certificate and holder; each member can be disclosed by itself.
        key: For credentials.
        issuer: The hub's name.
        issued_at: Unix time in seconds.
        expires: Unix time from which it counts no more.
        receipt: Id of the receipt whose verdict it states.
        status: Its place in a status list.
        salts: Where a member's salt comes from.
        holder_key: Public key that it is bound to.
    """
    disclosures = _disclosures(certificate, salts)
    hidden = [sd_jwt.digest(each) for each in disclosures]
    decoys = [compact.encode(secrets.token_bytes(32)) for _ in range(DECOYS)]
    payload: dict[str, Any] = {
        "iss": issuer,
        "iat": issued_at,
        "exp": expires,
        "vct": VCT,
        "heading": HEADING,
        "receipt": receipt,
        "status": status.to_json(),
        "_sd_alg": sd_jwt.HASH_NAME,
        "_sd": sorted(hidden + decoys),  # their order tells nothing
    }
    if holder_key is not None:
        payload["cnf"] = {"jwk": holder_key.to_jwk()}
    return CredentialDraft(signing_input(payload, key, TYP_CREDENTIAL), disclosures)


def _disclosures(certificate: Mapping[str, Any], salts: Salts) -> tuple[str, ...]:
    return tuple(sd_jwt.disclose(name, value, salts(name)) for name, value in certificate.items())


def present(credential: str, names: Collection[str]) -> str:
    """The credential with these members disclosed and no others.

    Raises:
        BadCredential: It is malformed.
    """
    try:
        return sd_jwt.keep(sd_jwt.split(credential), names).text()
    except BadDisclosure as error:
        raise BadCredential(error.reason) from None


def bind(presented: str, holder_key: Key, demanded: Binding, now: int) -> str:
    """A presentation with the holder's proof for one verifier, at a Unix time."""
    parts = sd_jwt.split(presented)
    claims = {
        "iat": now,
        "aud": demanded.audience,
        "nonce": demanded.nonce,
        "sd_hash": sd_jwt.digest(parts.presented()),
    }
    binding = sign(signing_input(claims, holder_key, TYP_KEY_BINDING), holder_key)
    return sd_jwt.Parts(parts.token, parts.disclosures, binding).text()


def open_credential(
    text: str, keys: Mapping[str, PublishedKey], *, at: int | None, demanded: Binding | None = None
) -> Credential:
    """Verify a credential as it was presented. Its status is another question: see ``status`` of the result.

    Args:
        text: The SD-JWT.
        keys: Published keys for credentials (``published_keys(jwks, "credential")``).
        at: Unix time at which it is presented; None leaves times to the caller.
        demanded: A verifier's demand for key binding. Without it a proof that is there must be right all the same.

    Raises:
        BadCredential: With a ``reason``.
    """
    try:
        parts = sd_jwt.split(text)
        verified = verify_published(parts.token, keys, TYP_CREDENTIAL)
        claims = sd_jwt.reveal(verified.payload, parts.disclosures)
        credential = _credential(claims, verified.payload, verified.header["kid"])
        if at is not None:
            _check_time(credential, at)
        presented_to = _opened_binding(parts, credential.holder_key, at)
    except (VerificationError, BadKey) as error:
        raise BadCredential(getattr(error, "reason", "holder key")) from None
    if demanded is not None and presented_to != demanded:
        raise BadCredential("key binding")
    return Credential(**{**vars(credential), "presented_to": presented_to})


def _credential(claims: Mapping[str, Any], signed: Mapping[str, Any], kid: str) -> Credential:
    if any((name in claims) != (name in signed) for name in _ALWAYS_OPEN):
        raise BadCredential("hidden claim")
    if claims.get("vct") != VCT:
        raise BadCredential("vct")
    texts = all(isinstance(claims.get(name), str) and claims[name] for name in ("iss", "receipt", "heading"))
    if not texts or type(claims.get("exp")) is not int or "nbf" in claims:
        raise BadCredential("claims")
    certificate = {name: value for name, value in claims.items() if name not in _ALWAYS_OPEN}
    if certificate.keys() & signed.keys():
        raise BadCredential("claims")
    reference = StatusReference.parse(claims.get("status"))
    holder_key = _holder_key(claims["cnf"]) if "cnf" in claims else None
    return Credential(
        *(claims["iss"], claims["iat"], claims["exp"], claims["receipt"], certificate, reference, kid), holder_key
    )


def _holder_key(confirmation: object) -> Key:
    jwk = confirmation.get("jwk") if isinstance(confirmation, Mapping) else None
    if not isinstance(jwk, Mapping):
        raise BadCredential("holder key")
    return key_from_jwk(jwk)


def _check_time(credential: Credential, at: int) -> None:
    if at < credential.issued_at:
        raise BadCredential("not yet")
    if at >= credential.expires:
        raise BadCredential("expired")


def _opened_binding(parts: sd_jwt.Parts, key: Key | None, at: int | None) -> Binding | None:
    if not parts.binding:
        return None
    if key is None:
        raise BadCredential("key binding")
    claims = _binding_claims(parts.binding, key)
    if claims.keys() != _BINDING_CLAIMS or type(claims["iat"]) is not int:
        raise BadCredential("key binding")
    if not all(isinstance(claims[name], str) for name in ("aud", "nonce")):
        raise BadCredential("key binding")
    if claims["sd_hash"] != sd_jwt.digest(parts.presented()):
        raise BadCredential("sd_hash")
    if at is not None and abs(at - claims["iat"]) > BINDING_AGE:
        raise BadCredential("key binding age")
    return Binding(claims["aud"], claims["nonce"])


def _binding_claims(binding: str, key: Key) -> Mapping[str, Any]:
    """A key-binding token's claims. Holders' wallets need not name the key in it: ``cnf`` does."""
    try:
        header, payload, signature, signed = compact.split(binding)
        members, claims = compact.parse_object(header), compact.parse_object(payload)
    except compact.NotCompact:
        raise BadCredential("key binding") from None
    if not members.keys() <= _BINDING_HEADER or members.get("typ") != TYP_KEY_BINDING or members.get("alg") != key.alg:
        raise BadCredential("key binding")
    if not signature_holds(signed, signature, key):
        raise BadCredential("key binding")
    return claims
