"""HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530): what the hub sends by itself, and signed answers.

A signature covers its components in their order, each on a line of the signature base, and last its own parameters.
The algorithm is the key's: `ed25519`, `ecdsa-p256-sha256`, or SM2-SM3, which has no registered name and goes without.

Example:
    >>> from certificates.jose import ES256, new_key
    >>> key, body = new_key(ES256), b'{"event":"1"}'
    >>> digest = content_digest(body)
    >>> told = {"@method": "POST", "@target-uri": "https://a.example/hook", "content-digest": digest}
    >>> signed = sign_message(told, key, created=1_700_000_000, expires=1_700_000_300, tag="example")
    >>> verify_message(told, signed, {key.kid: key.public_only()}, tag="example", now=1_700_000_001).created
    1700000000
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from certificates.errors import CertificatesError
from certificates.jose import ED25519, ES256, Key, raw_signature, signature_holds

LABEL: Final = "hub"
"""Under which label the hub's signatures stand in both fields."""

SKEW: Final = 60
"""Seconds that the clock of whoever verifies may differ."""

_NAMES: Final[Mapping[str, str]] = {ES256: "ecdsa-p256-sha256", ED25519: "ed25519"}
_COMPONENT = re.compile(r'"(?P<name>@?[a-z0-9-]+)"(?P<parameters>;req)?', re.ASCII)
_INNER = re.compile(r'\((?P<components>[^()]*)\)(?P<parameters>(?:;[a-z][a-z0-9_.*-]*=(?:"[^"\\]*"|-?\d{1,15}))*)')
_PARAMETER = re.compile(r';([a-z][a-z0-9_.*-]*)=(?:"([^"\\]*)"|(-?\d{1,15}))')
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):", re.ASCII)
_MOST_FIELD: Final = 4_096


class SignatureRefused(CertificatesError):
    """Raised when a message's signature does not hold for what it should cover.

    Attributes:
        reason: a code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            "报文签名未通过验证。请核对公钥、所覆盖的内容和时间后重试。",
            "The message's signature does not hold. Check the key, what is covered, and the time.",
        )
        self.reason = reason


@dataclass(frozen=True)
class Signed:
    """The two fields of a signature, as they are sent."""

    signature_input: str
    signature: str

    def to_headers(self) -> dict[str, str]:
        """As HTTP fields."""
        return {"Signature-Input": self.signature_input, "Signature": self.signature}


@dataclass(frozen=True)
class Holds:
    """A signature that holds: by which key, and when it says that it was made (Unix time)."""

    kid: str
    created: int


def content_digest(body: bytes) -> str:
    """The field Content-Digest of a body, SHA-256."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def digest_matches(field: str, body: bytes) -> bool:
    """Whether a field Content-Digest is that of the body; one that names other digests only is not."""
    found = _DIGEST.search(field)
    return found is not None and hmac.compare_digest(found.group(0), content_digest(body))


def signature_base(components: Mapping[str, str], parameters: str) -> bytes:
    """The bytes that are signed (RFC 9421, 2.5): a line for each component, then the parameters.

    A component's name may end in `;req`: that part of the request which an answer belongs to.
    """
    lines = [f"{_identifier(name)}: {value.strip()}" for name, value in components.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def sign_message(components: Mapping[str, str], key: Key, *, created: int, expires: int, tag: str) -> Signed:
    """Sign the components, in their order. Times are Unix seconds; `tag` says for what the signature is.

    Raises:
        certificates.jwk.BadKey: the key has no private half.
    """
    algorithm = f';alg="{_NAMES[key.alg]}"' if key.alg in _NAMES else ""
    names = " ".join(_identifier(name) for name in components)
    parameters = f'({names});created={created};expires={expires};keyid="{key.kid}"{algorithm};tag="{tag}"'
    signature = raw_signature(signature_base(components, parameters), key)
    return Signed(f"{LABEL}={parameters}", f"{LABEL}=:{base64.b64encode(signature).decode('ascii')}:")


def verify_message(
    components: Mapping[str, str], signed: Signed, keys: Mapping[str, Key], *, tag: str, now: int, label: str = LABEL
) -> Holds:
    """Verify a signature over just these components, in this order.

    Args:
        components: name -> value as the verifier sees them: never taken from the signature.
        signed: the two fields as they came; other labels in them are left aside.
        keys: by `kid`, those of the signer.
        tag: for what the signature has to be.
        now: Unix time; the signature must have begun and not have expired, SKEW apart.
        label: of the signature.

    Raises:
        SignatureRefused: `form`, `components`, `tag`, `key`, `algorithm`, `time` or `signature`.
    """
    parameters = _member(signed.signature_input, label)
    found = _INNER.fullmatch(parameters)
    if found is None:
        raise SignatureRefused("form")
    if _names(found["components"]) != list(components):
        raise SignatureRefused("components")
    told = _parameters(found["parameters"])
    key = _key(told, keys, tag)
    created = _times(told, now)
    if not signature_holds(signature_base(components, parameters), _bytes(_member(signed.signature, label)), key):
        raise SignatureRefused("signature")
    return Holds(key.kid, created)


def _identifier(name: str) -> str:
    bare, _, parameter = name.partition(";")
    return f'"{bare}";{parameter}' if parameter else f'"{bare}"'


def _member(field: str, label: str) -> str:
    """One member of a dictionary (RFC 8941); neither of the two fields holds a comma inside a member of ours."""
    if len(field) > _MOST_FIELD or not field.isascii():
        raise SignatureRefused("form")
    members = [one.strip().partition("=") for one in field.split(",")]
    found = [value for name, _, value in members if name == label]
    if len(found) != 1:
        raise SignatureRefused("form")
    return found[0]


def _names(components: str) -> Sequence[str]:
    found = [_COMPONENT.fullmatch(one) for one in components.split(" ")] if components else []
    if any(one is None for one in found):
        raise SignatureRefused("form")
    return [f"{one['name']}{one['parameters'] or ''}" for one in found if one is not None]


def _parameters(text: str) -> dict[str, str | int]:
    found = [(name, words if not number else int(number)) for name, words, number in _PARAMETER.findall(text)]
    if len(dict(found)) != len(found):
        raise SignatureRefused("form")
    return dict(found)


def _key(told: Mapping[str, str | int], keys: Mapping[str, Key], tag: str) -> Key:
    """The key that is named, if the signature is for this use; its own algorithm counts, whatever is said."""
    if told.get("tag") != tag:
        raise SignatureRefused("tag")
    key = keys.get(str(told.get("keyid")))
    if key is None:
        raise SignatureRefused("key")
    if told.get("alg", _NAMES.get(key.alg)) != _NAMES.get(key.alg):
        raise SignatureRefused("algorithm")
    return key


def _times(told: Mapping[str, str | int], now: int) -> int:
    created, expires = told.get("created"), told.get("expires")
    if not isinstance(created, int) or not isinstance(expires, int):
        raise SignatureRefused("time")
    if not created - SKEW <= now <= expires + SKEW:
        raise SignatureRefused("time")
    return created


def _bytes(member: str) -> bytes:
    if not (member.startswith(":") and member.endswith(":")):
        raise SignatureRefused("form")
    try:
        return base64.b64decode(member[1:-1], validate=True)
    except binascii.Error:
        raise SignatureRefused("form") from None
