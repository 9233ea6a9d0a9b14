"""Receipts (回执): the signed, logged proof of an answer, negative ones and refusals too.

The order is the design's: compose the payload, write its leaf down durably, then sign. The signature is outside the
leaf, so that after a crash the stored payload is signed again and the leaf still fits. Receipts under an SM2 key are
signed in groups (``certificates.groups``): those of one moment share a signature, and each stands alone.

Example:
    >>> from certificates.jose import ES256, new_key
    >>> key = new_key(ES256)
    >>> payload = compose(
    ...     issuer="https://hub.example", audience="client-1", issued_at=1704067200, jti="0" * 32,
    ...     request_digest=bytes(32), salt=bytes(16), data_as_of=None, answer={"code": "refused"})
    >>> draft = draft_receipt(payload, key)
    >>> (token,) = sign_drafts([draft], key)
    >>> open_receipt(token, {key.kid: ReceiptKey(key.public_only())}).answer["code"]
    'refused'
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from certificates import compact
from certificates.answer_texts import ToldAnswer, json_text
from certificates.groups import group_algorithm, is_grouped, sign_group, verify
from certificates.jose import (
    ES256,
    SM2_SM3,
    BadKey,
    Key,
    VerificationError,
    Verified,
    digest,
    key_from_jwk,
    sign,
    signing_input_of,
)

TYP_RECEIPT: Final = "hub-receipt+jwt"
TYP_REQUEST: Final = "hub-req+jwt"

SALT_LENGTH: Final = 16
"""Bytes. Keeps the leaf from telling anything once the payload is erased."""

DIGEST_LENGTH: Final = 32

__all__ = [
    "TYP_RECEIPT", "TYP_REQUEST", "BadReceipt", "Receipt", "ReceiptDraft", "ReceiptKey", "answer_of", "compose",
    "draft_receipt", "leaf_data", "open_receipt", "receipt_keys", "request_digest", "resume", "sign", "sign_drafts",
    "upstream_digest", "verify_receipt",
]  # fmt: skip

_MEMBERS = frozenset({"iss", "aud", "iat", "jti", "req", "salt", "data_as_of"})
ANSWERS: Final = (
    "verification", "verifications", "matching", "query", "certificates", "retrieval", "case_check", "watch", "feed",
    "dispute",
)  # fmt: skip
"""Names of the nested member that holds the answer: what was asked."""


class BadReceipt(VerificationError):
    """Raised when a receipt is not one that the hub signed, or not one whose key counted at its time."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.zh = "回执未通过验证：不是本平台签发，或已被改动。请以原始回执文件重新验证。"
        self.en = "This receipt is not the hub's, or was changed. Verify the original file again."
        self.args = (f"{self.zh} | {self.en}",)


@dataclass(frozen=True)
class ReceiptDraft:
    """A receipt before its signature: what the ledger keeps and what will be signed.

    Attributes:
        leaf_data: 32 bytes, SHA-256 of the signing input: the ledger's leaf, in the SM profile too.
        grouped: Whether it is signed together with others.
        answer_text: The answer as JSON, as it stands in the payload; "" where the draft comes from the ledger.
    """

    payload: Mapping[str, Any]
    signing_input: bytes
    leaf_data: bytes
    grouped: bool = False
    answer_text: str = field(default="", compare=False)


@dataclass(frozen=True)
class ReceiptKey:
    """A published key for receipts. Times are Unix seconds.

    Attributes:
        signs_until: Up to when what it signed counts; None while it is active.
        compromised_since: The earliest moment at which somebody else may have had it; None for a key in order.
    """

    key: Key
    signs_until: int | None = None
    compromised_since: int | None = None


Proven = Callable[["Receipt"], int | None]
"""The Unix time by which a receipt stood in the ledger, by a trusted clock; None if nothing proves one."""


@dataclass(frozen=True)
class Receipt:
    """A verified receipt.

    Attributes:
        data_as_of: Unix time of the source's last delivery, if there was one.
        act: What was asked, one of ``ANSWERS``.
        answer: The nested member of that name: the verdict and what was asked, as the use case composed it.
        leaf_data: 32 bytes to look up in the ledger or to check an inclusion proof with.
    """

    iss: str
    aud: str
    iat: int
    jti: str
    req: str
    salt: str
    data_as_of: int | None
    act: str
    answer: Mapping[str, Any]
    kid: str
    leaf_data: bytes


def compose(
    *,
    issuer: str,
    audience: str,
    issued_at: int,
    jti: str,
    request_digest: bytes,
    salt: bytes,
    data_as_of: datetime | None,
    answer: Mapping[str, Any],
    member: str = "verification",
) -> dict[str, Any]:
    """A receipt's payload.

    Args:
        issuer: The hub's name.
        audience: Who asked; one text.
        issued_at: Unix time in seconds.
        jti: The receipt's own id.
        request_digest: 32 bytes, ``request_digest`` of the signed request, or of the canonical question of an officer's
            session.
        salt: 16 random bytes.
        data_as_of: Time of the source's last delivery, with zone; None if there was none, or a refusal.
        answer: ``Verdict.to_json()``, with what was asked where the use case adds it.
        member: The name under which it stands, one of ``ANSWERS``.
    """
    if member not in ANSWERS:
        raise ValueError("a receipt's answer has one of the names in ANSWERS")
    if len(request_digest) != DIGEST_LENGTH or len(salt) != SALT_LENGTH:
        raise ValueError("a request digest has 32 bytes, a salt 16")
    return {
        "iss": issuer,
        "aud": audience,
        "iat": issued_at,
        "jti": jti,
        "req": compact.encode(request_digest),
        "salt": compact.encode(salt),
        "data_as_of": None if data_as_of is None else int(data_as_of.timestamp()),
        member: answer if isinstance(answer, ToldAnswer) else dict(answer),
    }


def answer_of(payload: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """What was asked, and the answer, of a receipt's payload.

    Raises:
        BadReceipt: It has none, or several.
    """
    found = [name for name in ANSWERS if name in payload]
    if len(found) != 1 or not isinstance(payload[found[0]], dict):
        raise BadReceipt("claims")
    return found[0], payload[found[0]]


def request_digest(request: bytes, key: Key) -> bytes:
    """``req`` of a receipt that a key will sign: SHA-256 of the request as it came, SM3 in the SM profile."""
    return digest(request, key.alg)


def upstream_digest(question_id: str, answer: bytes) -> str:
    """What a receipt says of a live source's answer: SHA-256, base64url, of the question's id and the answer.

    The id (random, 128 bits) was sent to the source and stands in no receipt: who holds the receipt can't try answers
    against the digest, and learn from it what the verdict must not tell. The source can show both to an auditor.

    Args:
        question_id: As sent in the header ``Hub-Question``.
        answer: The body, byte for byte.
    """
    return compact.encode(hashlib.sha256(question_id.encode("ascii") + b"\n" + answer).digest())


def draft_receipt(payload: Mapping[str, Any], key: Key) -> ReceiptDraft:
    """What is to be written down before it is signed with this key."""
    grouped = key.alg == SM2_SM3
    act, answer = answer_of(payload)
    text = answer.text if isinstance(answer, ToldAnswer) else json_text(answer)
    alg = group_algorithm(key.alg) if grouped else key.alg
    data = signing_input_of(_with_answer(payload, act, text), key, TYP_RECEIPT, alg)
    return ReceiptDraft(payload, data, leaf_data(data), grouped, text)


def _with_answer(payload: Mapping[str, Any], act: str, answer: str) -> str:
    """The payload as JSON, sorted like all of them, with the answer as it is in its place."""
    before = json_text({name: value for name, value in payload.items() if name < act})
    after = json_text({name: value for name, value in payload.items() if name > act})
    told = (before[1:-1], f'"{act}":{answer}', after[1:-1])
    return "{" + ",".join([part for part in told if part]) + "}"


def sign_drafts(drafts: Sequence[ReceiptDraft], key: Key) -> list[str]:
    """The receipts, in order, of drafts that name this key: those that are grouped share one signature.

    Raises:
        BadKey: The key has no private half.
    """
    together = [draft.signing_input for draft in drafts if draft.grouped]
    signed = iter(sign_group(together, key) if together else ())
    return [next(signed) if draft.grouped else sign(draft.signing_input, key) for draft in drafts]


def leaf_data(data: bytes) -> bytes:
    """The ledger's leaf of a signing input: its SHA-256."""
    return hashlib.sha256(data).digest()


def resume(data: bytes) -> tuple[str, ReceiptDraft]:
    """From a stored signing input the ``kid`` that must sign it and the draft, to finish after a crash.

    Raises:
        BadReceipt: The stored bytes are no receipt's signing input.
    """
    try:
        parts = compact.parse(f"{data.decode('ascii')}.AA")
    except (UnicodeDecodeError, compact.NotCompact):
        raise BadReceipt("form") from None
    if parts.header["typ"] != TYP_RECEIPT:
        raise BadReceipt("typ")
    draft = ReceiptDraft(parts.payload, data, leaf_data(data), is_grouped(parts.header["alg"]))
    return parts.header["kid"], draft


def receipt_keys(jwks: object) -> dict[str, ReceiptKey]:
    """The receipt keys of a published JWK set, by ``kid``; keys for other purposes are left aside.

    Raises:
        BadKey: It is no JWK set, or a receipt key in it cannot be used.
    """
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadKey("不是 JWK Set", "this is no JWK set")
    found = (_receipt_key(entry) for entry in entries if entry.get("purpose") == "receipt")
    return {entry.key.kid: entry for entry in found}


def _receipt_key(entry: Mapping[str, Any]) -> ReceiptKey:
    key, times = key_from_jwk(entry), (entry.get("signs_until"), entry.get("compromised_since"))
    if key.alg not in {ES256, SM2_SM3} or any(type(time) not in {int, type(None)} for time in times):
        raise BadKey("回执密钥应为 ES256 或 SM2-SM3", "a receipt key is for ES256 or SM2-SM3")
    if times[1] is None and entry.get("status") == "compromised":
        raise BadKey("失密密钥未注明时间", "a compromised key says since when")
    return ReceiptKey(key, *times)


def verify_receipt(token: str, jwks: object) -> Receipt:
    """Verify a receipt against a published JWK set. For many receipts use ``receipt_keys`` and ``open_receipt``.

    Raises:
        BadReceipt: Any character of it is not as the hub signed it.
        BadKey: The JWK set cannot be used.
    """
    return open_receipt(token, receipt_keys(jwks))


def open_receipt(token: str, keys: Mapping[str, ReceiptKey], proven: Proven | None = None) -> Receipt:
    """Verify a receipt with keys that were read before.

    What a stolen key signed counts only if it was in the ledger before the key may have been stolen, by a trusted
    clock: its own time says nothing then. ``proven`` is asked for that (``certificates.proven_times``).

    Raises:
        BadReceipt: As ``verify_receipt``; with the reason "key compromised" where no such time is proven.
    """
    try:
        verified = verify(token, {kid: entry.key for kid, entry in keys.items()}, TYP_RECEIPT)
    except VerificationError as error:
        raise BadReceipt(error.reason) from None
    receipt = _receipt(verified)
    until = keys[receipt.kid].signs_until
    if until is not None and receipt.iat > until:
        raise BadReceipt("key retired")
    _check_not_stolen(receipt, keys[receipt.kid].compromised_since, proven)
    return receipt


def _check_not_stolen(receipt: Receipt, since: int | None, proven: Proven | None) -> None:
    if since is None:
        return
    at = None if proven is None else proven(receipt)
    if at is None or at > since:
        raise BadReceipt("key compromised")


def _receipt(verified: Verified) -> Receipt:
    claims = verified.payload
    texts = all(isinstance(claims.get(name), str) for name in ("iss", "aud", "jti", "req", "salt"))
    times = type(claims.get("iat")) is int and type(claims.get("data_as_of")) in {int, type(None)}
    act, answer = answer_of(claims)
    if claims.keys() != _MEMBERS | {act} or not texts or not times:
        raise BadReceipt("claims")
    told = {name: claims[name] for name in _MEMBERS}
    kid = verified.header["kid"]
    return Receipt(**told, act=act, answer=answer, kid=kid, leaf_data=leaf_data(verified.signing_input))
