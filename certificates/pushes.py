"""Publishers' signed requests: what is pushed beside them, and questions about what became of it.

The body itself is not in the token: the token says its SHA-256, its rows, its dataset and its place in the publisher's
own order. A token of this type answers no question, and one that asks a question pushes nothing.

Example:
    >>> from datetime import UTC, datetime
    >>> from certificates.jose import ES256, new_key
    >>> key, now = new_key(ES256), datetime(2024, 1, 1, tzinfo=UTC)
    >>> place = {"audience": "hub", "url": "https://hub.example/v1/datasets/housing.deeds/batches", "now": now}
    >>> delivery = PushedDelivery.of("housing.deeds", 1, [b'{"number": "1"}'])
    >>> token = make_push(delivery, key, issuer="client-1", jti="b" * 32, **place)
    >>> read_push(token, {key.kid: key}, **place).delivery.rows
    1
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from certificates import compact
from certificates.jose import Key, sign, signing_input
from certificates.requests import RequestRefused, common_claims, read_claims, token_digest

TYP_PUSH: Final = "hub-push+jwt"
MAX_SEQUENCE: Final = 2**53 - 1
"""The greatest integer that every reader of JSON keeps."""

_DELIVERY = frozenset({"dataset", "sequence", "body_digest", "rows"})
_DATASET = re.compile(r"[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}", re.ASCII)
_DIGEST_BYTES = 32


class MalformedDelivery(RequestRefused):
    """Raised when a member of a pushed delivery is missing, unknown or not as it should be; names the member."""

    def __init__(self, member: str) -> None:
        super().__init__(
            f"delivery 的成员 {member} 不合规：应当且仅有 dataset（数据资源名）、sequence（≥ 1 的整数）、"
            "body_digest（正文 SHA-256 的 base64url）、rows（≥ 1 的整数）。请改正后重新签名。",
            f"Member {member} of delivery is wrong: it has exactly dataset (its name), sequence (an integer from 1), "
            "body_digest (the body's SHA-256 in base64url) and rows (an integer from 1). Mend it and sign it again.",
        )
        self.member = member


class BodyCount:
    """Counts a body while it passes by: bytes, SHA-256, and lines that end or at least begin."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._line_ends = 0
        self._within_line = False
        self.bytes = 0

    def add(self, block: bytes) -> None:
        """Count some more bytes."""
        if block:
            self._digest.update(block)
            self._line_ends += block.count(b"\n")
            self._within_line = not block.endswith(b"\n")
            self.bytes += len(block)

    @property
    def digest(self) -> bytes:
        """32 bytes, SHA-256 of what was added."""
        return self._digest.digest()

    @property
    def rows(self) -> int:
        """Lines; the last one may lack its end."""
        return self._line_ends + self._within_line


@dataclass(frozen=True)
class PushedDelivery:
    """What a publisher says of the body that it sends.

    Attributes:
        sequence: the publisher's own order of the dataset's deliveries, from 1; gaps are allowed.
        body_digest: 32 bytes, SHA-256 of the body as it is sent.
        rows: lines of the body.
    """

    dataset: str
    sequence: int
    body_digest: bytes
    rows: int

    @classmethod
    def of(cls, dataset: str, sequence: int, blocks: Iterable[bytes]) -> Self:
        """The delivery of a body that comes in blocks: NDJSON, one row a line."""
        body = BodyCount()
        for block in blocks:
            body.add(block)
        return cls(dataset, sequence, body.digest, body.rows)

    @classmethod
    def parse(cls, members: object) -> Self:
        """Read a request's member ``delivery``; MalformedDelivery names what is wrong."""
        if not isinstance(members, dict) or members.keys() != _DELIVERY:
            raise MalformedDelivery("delivery")
        dataset, digest = members["dataset"], members["body_digest"]
        if not isinstance(dataset, str) or _DATASET.fullmatch(dataset) is None:
            raise MalformedDelivery("dataset")
        for name in ("sequence", "rows"):
            if type(members[name]) is not int or not 1 <= members[name] <= MAX_SEQUENCE:
                raise MalformedDelivery(name)
        return cls(dataset, members["sequence"], _sha256_of(digest), members["rows"])

    def to_json(self) -> dict[str, Any]:
        """The request's member ``delivery``."""
        return {
            "dataset": self.dataset,
            "sequence": self.sequence,
            "body_digest": compact.encode(self.body_digest),
            "rows": self.rows,
        }


def _sha256_of(text: object) -> bytes:
    try:
        digest = compact.decode(text) if isinstance(text, str) else b""
    except compact.NotCompact:
        digest = b""
    if len(digest) != _DIGEST_BYTES:
        raise MalformedDelivery("body_digest")
    return digest


@dataclass(frozen=True)
class PushRequest:
    """A verified request of a publisher; `delivery` is None where it asks what became of one.

    Attributes:
        digest: 32 bytes, SHA-256 of the token; equal digests mean the same request again.
    """

    iss: str
    jti: str
    delivery: PushedDelivery | None
    digest: bytes


def read_push(
    token: str, client_keys: Mapping[str, Key], *, audience: str, url: str, now: datetime, asks_only: bool = False
) -> PushRequest:
    """Verify a publisher's request; arguments and errors are those of ``requests.read_request``.

    One that `asks_only` is about deliveries and brings none.

    Raises:
        MalformedDelivery: names the member that is wrong.
    """
    content = None if asks_only else "delivery"
    claims = read_claims(token, client_keys, TYP_PUSH, content, audience=audience, url=url, now=now)
    delivery = None if asks_only else PushedDelivery.parse(claims["delivery"])
    return PushRequest(claims["iss"], claims["jti"], delivery, token_digest(token))


def make_push(
    delivery: PushedDelivery | None, key: Key, *, issuer: str, audience: str, url: str, now: datetime, jti: str
) -> str:
    """A publisher's signed request, valid for 60 s; without a delivery it asks what became of one."""
    claims = common_claims(issuer, audience, url, now, jti)
    if delivery is not None:
        claims["delivery"] = delivery.to_json()
    return sign(signing_input(claims, key, TYP_PUSH), key)
