"""Clients' signed requests: one compact JWS per call, reads included, and no bearer tokens.

Example:
    >>> from datetime import UTC, datetime
    >>> from certificates.jose import ES256, new_key
    >>> key, now = new_key(ES256), datetime(2024, 1, 1, tzinfo=UTC)
    >>> place = {"audience": "hub", "url": "https://hub.example/v1/verifications", "now": now}
    >>> token = make_request({"case": "1"}, key, issuer="client-1", jti="a" * 32, **place)
    >>> request = read_request(token, {key.kid: key}, **place)
    >>> request.iss, request.question_json
    ('client-1', {'case': '1'})

Publishers' requests are of another type and stand in ``certificates.pushes``; both are read by the same strict wrapper.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from certificates.compact import Compact
from certificates.errors import CertificatesError
from certificates.jose import Key, sign, signing_input, verify
from certificates.receipts import TYP_REQUEST

LIFETIME: Final = 120
"""Seconds that may lie between ``iat`` and ``exp``."""

SKEW: Final = 60
"""Seconds that a client's clock may differ."""

_MEMBERS = frozenset({"iss", "aud", "iat", "exp", "jti", "url"})
_JTI = re.compile(r"[A-Za-z0-9._~-]{16,128}", re.ASCII)
_MAX_ISSUER = 256


class RequestRefused(CertificatesError):
    """Any reason to refuse a request whose signature is right; its subclasses say which."""


class MalformedRequest(RequestRefused):
    """Raised when a claim is missing, unknown, or of another type than it should have; `content` is the nested one."""

    def __init__(self, content: str | None = "question") -> None:
        names = ["iss", "aud", "iat", "exp", "jti", "url", *([content] if content else [])]
        super().__init__(
            f"请求的声明应当且仅为 {'、'.join(names)}。请改正后重新签名。",
            f"A request has exactly {', '.join(names[:-1])} and {names[-1]}. Mend it and sign it again.",
        )


class Stale(RequestRefused):
    """Raised when a request has expired, the allowed difference of clocks included."""

    def __init__(self) -> None:
        super().__init__(
            "请求已过期。请核对本机时钟，重新签名后发送。",
            "The request has expired. Check your clock and sign it again.",
        )


class FromTheFuture(RequestRefused):
    """Raised when a request's ``iat`` lies ahead by more than the allowed difference of clocks."""

    def __init__(self) -> None:
        super().__init__(
            "请求的签发时间在将来。请校准本机时钟后重新签名。",
            "The request lies in the future. Set your clock and sign again.",
        )


class LivesTooLong(RequestRefused):
    """Raised when ``exp`` is not after ``iat``, or more than 120 s after it."""

    def __init__(self) -> None:
        super().__init__(
            f"请求有效期须大于 0 且不超过 {LIFETIME} 秒。请缩短 exp 后重新签名。",
            f"A request lives for more than 0 and at most {LIFETIME} seconds. Set exp closer to iat and sign again.",
        )


class WrongAudience(RequestRefused):
    """Raised when ``aud`` is not this hub's name, as one text."""

    def __init__(self) -> None:
        super().__init__(
            "aud 不是本平台。请填写本平台的标识（单个文本）后重新签名。",
            "Its aud is not this hub. Put this hub's name there, as one text, and sign again.",
        )


class WrongUrl(RequestRefused):
    """Raised when ``url`` is not the address that the request was sent to."""

    def __init__(self) -> None:
        super().__init__(
            "url 与实际接口地址不一致。请填写所调用接口的完整地址后重新签名。",
            "Its url is not the address it was sent to. Put the whole address there and sign again.",
        )


class BadRequestId(RequestRefused):
    """Raised when ``jti`` does not have 16 to 128 characters of A-Z a-z 0-9 . _ ~ -."""

    def __init__(self) -> None:
        super().__init__(
            "jti 应为 16 至 128 个字符（字母、数字、. _ ~ -）。请用随机值重新生成。",
            "A jti has 16 to 128 characters of letters, digits and . _ ~ -. Make a random one.",
        )


@dataclass(frozen=True)
class ClientRequest:
    """A verified request; the question inside is not parsed yet.

    Attributes:
        digest: 32 bytes, SHA-256 of the token; equal digests mean the same request again.
        expires: Unix time after which the request counts no more, skew included: keep its ``jti`` until then.
    """

    iss: str
    jti: str
    iat: int
    exp: int
    question_json: Mapping[str, Any]
    digest: bytes

    @property
    def expires(self) -> int:
        """Unix time from which a replay is refused as stale."""
        return self.exp + SKEW


def read_request(
    token: str,
    client_keys: Mapping[str, Key],
    *,
    audience: str,
    url: str,
    now: datetime,
    parts: Compact | None = None,
    signed_by: Key | None = None,
) -> ClientRequest:
    """Verify a client's request.

    Args:
        token: Compact JWS as received.
        client_keys: The keys, by ``kid``, of the client that ``jose.parse_unverified_issuer`` named: of that one only.
        audience: This hub's name.
        url: The whole address that the request was sent to, as this hub publishes it.
        now: Time with zone.
        parts: The token as it was taken apart before, so that it is not done twice.
        signed_by: The key whose signature was found to hold before, likewise (``jose.verify``).

    Raises:
        VerificationError: Form, type, key, algorithm or signature are wrong.
        RequestRefused: A claim is wrong; the subclass says which.
    """
    here = {"audience": audience, "url": url}
    claims = read_claims(parts or token, client_keys, TYP_REQUEST, "question", **here, now=now, signed_by=signed_by)
    digest = token_digest(token)
    return ClientRequest(claims["iss"], claims["jti"], claims["iat"], claims["exp"], claims["question"], digest)


def token_digest(token: str) -> bytes:
    """32 bytes that name a request: SHA-256 of the token as received."""
    return hashlib.sha256(token.encode("ascii")).digest()


def read_claims(
    token: str | Compact,
    client_keys: Mapping[str, Key],
    typ: str,
    content: str | None,
    *,
    audience: str,
    url: str,
    now: datetime,
    signed_by: Key | None = None,
) -> Mapping[str, Any]:
    """The claims of a client's request of type `typ`, all checked but what stands inside the member `content`.

    A type without a nested member has no `content`. All other arguments and the errors are those of ``read_request``.
    """
    claims = verify(token, client_keys, typ, signed_by).payload
    _check_form(claims, content)
    if claims["aud"] != audience:
        raise WrongAudience
    if claims["url"] != url:
        raise WrongUrl
    if _JTI.fullmatch(claims["jti"]) is None:
        raise BadRequestId
    _check_times(claims["iat"], claims["exp"], now.timestamp())
    return claims


def _check_form(claims: Mapping[str, Any], content: str | None) -> None:
    expected = _MEMBERS | {content} if content else _MEMBERS
    if claims.keys() != expected or (content and not isinstance(claims[content], dict)):
        raise MalformedRequest(content)
    if not isinstance(claims["aud"], str):
        raise WrongAudience
    if not all(isinstance(claims[name], str) for name in ("iss", "jti", "url")):
        raise MalformedRequest(content)
    if not 0 < len(claims["iss"]) <= _MAX_ISSUER or not all(type(claims[name]) is int for name in ("iat", "exp")):
        raise MalformedRequest(content)


def _check_times(issued: int, expires: int, now: float) -> None:
    if not 0 < expires - issued <= LIFETIME:
        raise LivesTooLong
    if issued > now + SKEW:
        raise FromTheFuture
    if now > expires + SKEW:
        raise Stale


def make_request(
    question: Mapping[str, Any], key: Key, *, issuer: str, audience: str, url: str, now: datetime, jti: str
) -> str:
    """A client's signed request, valid for 60 s.

    The question's members are those of ``Question.to_json``; ``jti`` is 16 to 128 random characters, new each time;
    the others are as in ``read_request``.
    """
    claims = common_claims(issuer, audience, url, now, jti) | {"question": dict(question)}
    return sign(signing_input(claims, key, TYP_REQUEST), key)


def common_claims(issuer: str, audience: str, url: str, now: datetime, jti: str) -> dict[str, Any]:
    """What every client's request says, valid for 60 s; arguments as in ``make_request``."""
    issued = int(now.timestamp())
    return {"iss": issuer, "aud": audience, "iat": issued, "exp": issued + LIFETIME // 2, "jti": jti, "url": url}
