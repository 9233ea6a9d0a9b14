"""Marked copies (加注件): what a copy was made for, by whom, and until when it may be used; signed over the whole file.

A copy carries a compact JWS, ``typ`` ``hub-copy+jwt``, signed with the hub's key for documents, with the members
``iss``, ``iat``, ``jti``, ``receipt`` (SHA-256 of the receipt's JWS), ``mark`` and ``document``: the SHA-256 of the
file with the JWS itself replaced by as many zeros. So neither the mark nor anything drawn can be changed, and a copy
can't be made of another one.

Example:
    >>> from datetime import date
    >>> mark = Mark.parse("办理许可", "材料留存", "民政局 林小明", date(2026, 4, 1), today=date(2026, 3, 2))
    >>> mark.expired_on(date(2026, 4, 1)), mark.expired_on(date(2026, 4, 2))
    (False, True)
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from certificates import compact
from certificates.china_time import CHINA
from certificates.documents.errors import BadDocument, BadMark
from certificates.jose import Key, VerificationError, sign, signing_input
from certificates.published_keys import PublishedKey, verify_published

TYP_COPY: Final = "hub-copy+jwt"

LONGEST_LIFE: Final = timedelta(days=366)
LONGEST: Final = {"cause": 60, "purpose": 60, "maker": 80}
"""Characters: all of it is printed over every page."""

_MEMBERS: Final = frozenset({"iss", "iat", "jti", "receipt", "document", "mark"})
_MARK: Final = frozenset({"cause", "purpose", "maker", "expires_on"})
_SIGNATURE_CHARACTERS: Final = 86
"""A raw r||s of 64 bytes as base64url."""


@dataclass(frozen=True)
class Mark:
    """What is printed over a copy.

    Attributes:
        cause: 制作事由, why the copy is made.
        purpose: what alone it may be used for.
        maker: 制作者: department and name.
        expires_on: the last day of use, in China's time zone.
    """

    cause: str
    purpose: str
    maker: str
    expires_on: date

    @classmethod
    def parse(cls, cause: str, purpose: str, maker: str, expires_on: date | None, *, today: date) -> "Mark":
        """A mark from what somebody typed.

        Raises:
            BadMark: A text is missing, too long or has control characters; the day has passed, or is too far off.
        """
        texts = {"cause": cause.strip(), "purpose": purpose.strip(), "maker": maker.strip()}
        for member, value in texts.items():
            if not value or len(value) > LONGEST[member] or any(unicodedata.category(one)[0] == "C" for one in value):
                zh = f"“{member}”为空、过长或含控制字符"
                raise BadMark(member, zh, f"{member} is empty, too long or has control characters")
        if expires_on is None or not today <= expires_on <= today + LONGEST_LIFE:
            zh = f"截止日期应在今天至 {LONGEST_LIFE.days} 天之内"
            raise BadMark("expires_on", zh, f"last day must be today or within {LONGEST_LIFE.days} days")
        return cls(**texts, expires_on=expires_on)

    def to_json(self) -> dict[str, str]:
        """As the signed statement holds it."""
        return {**asdict(self), "expires_on": self.expires_on.isoformat()}

    def expired_on(self, day: date) -> bool:
        """Whether the copy must not be used any more on this day."""
        return day > self.expires_on


@dataclass(frozen=True)
class CopyStatement:
    """A verified statement about a marked copy.

    Attributes:
        made_at: Unix time.
        receipt: SHA-256 of the receipt's JWS, base64url.
        document: SHA-256 of the file with the statement zeroed, base64url.
    """

    issuer: str
    made_at: int
    jti: str
    receipt: str
    document: str
    mark: Mark
    kid: str


def compose_copy(issuer: str, made_at: int, jti: str, token: str, mark: Mark, document: bytes) -> dict[str, Any]:
    """The statement's payload; ``document`` is the digest of the file with the statement zeroed."""
    return {
        "iss": issuer,
        "iat": made_at,
        "jti": jti,
        "receipt": receipt_digest(token),
        "document": compact.encode(document),
        "mark": mark.to_json(),
    }


def blank_statement(payload: Mapping[str, Any], key: Key) -> bytes:
    """Zeros, as many as the signed statement will have characters."""
    return b"0" * (len(copy_signing_input(payload, key)) + 1 + _SIGNATURE_CHARACTERS)


def copy_signing_input(payload: Mapping[str, Any], key: Key) -> bytes:
    """What is written down before it is signed."""
    return signing_input(payload, key, TYP_COPY)


def sign_copy(data: bytes, key: Key) -> str:
    """The statement, signed."""
    return sign(data, key)


def receipt_digest(token: str) -> str:
    """By which a statement names its receipt."""
    return compact.encode(hashlib.sha256(token.encode("ascii")).digest())


def open_copy(statement: str, keys: Mapping[str, PublishedKey]) -> CopyStatement:
    """Verify a statement with the hub's published keys for documents.

    Raises:
        BadDocument: Any character of it is not as the hub signed it, or its key did not count at its time.
    """
    try:
        verified = verify_published(statement, keys, TYP_COPY)
    except VerificationError as error:
        raise BadDocument(f"mark: {error.reason}") from None
    claims = verified.payload
    texts = all(isinstance(claims.get(name), str) for name in ("iss", "jti", "receipt", "document"))
    if claims.keys() != _MEMBERS or not texts or type(claims["iat"]) is not int:
        raise BadDocument("mark: claims")
    return CopyStatement(
        issuer=claims["iss"],
        made_at=claims["iat"],
        jti=claims["jti"],
        receipt=claims["receipt"],
        document=claims["document"],
        mark=read_mark(claims["mark"]),
        kid=verified.header["kid"],
    )


def read_mark(content: object) -> Mark:
    """A mark as a statement holds it. Raises BadDocument."""
    if not isinstance(content, Mapping) or content.keys() != _MARK:
        raise BadDocument("mark: members")
    if not all(isinstance(value, str) for value in content.values()):
        raise BadDocument("mark: members")
    try:
        return Mark(content["cause"], content["purpose"], content["maker"], date.fromisoformat(content["expires_on"]))
    except ValueError:
        raise BadDocument("mark: day") from None


def day_of(moment: datetime) -> date:
    """The day in China's time zone, by which copies expire."""
    return moment.astimezone(CHINA).date()
