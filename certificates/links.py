"""Links from a hall's own system to the officer's page: signed by a registered client, short-lived, for one use.

A link fills in the form and asks nothing: the officer sees what was filled in and asks. It is a request of another
type than questions, so that neither can stand in for the other.

Example:
    >>> from datetime import UTC, datetime
    >>> from certificates.jose import ES256, new_key
    >>> key, now = new_key(ES256), datetime(2024, 1, 1, tzinfo=UTC)
    >>> place = {"audience": "hub", "url": "https://hub.example/officer", "now": now}
    >>> token = make_link({"case": "ST-1"}, key, issuer="hall-1", jti="c" * 32, **place)
    >>> read_link(token, {key.kid: key}, **place).fields
    {'case': 'ST-1'}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from certificates.jose import Key, sign, signing_input
from certificates.requests import RequestRefused, common_claims, read_claims, token_digest

TYP_LINK: Final = "hub-link+jwt"
MEMBERS: Final = frozenset(
    {
        *("certificate_type", "certificate_number", "holder_name", "holder_code", "holder_code_type"),
        *("purpose", "service_item", "case", "as_of"),
    }
)
"""What a link may fill in: the members of a question, any of them."""

LONGEST: Final = 200
"""Characters of one member."""


class MalformedPrefill(RequestRefused):
    """Raised when a link fills in something else than members of a question, or no short text."""

    def __init__(self) -> None:
        super().__init__(
            f"prefill 只能含有核验请求的成员，每项为不超过 {LONGEST} 个字符的文本。请改正后重新签名。",
            f"prefill holds members of a question only, each a text of at most {LONGEST} characters. Mend it and sign "
            "it again.",
        )


@dataclass(frozen=True)
class Link:
    """A verified link.

    Attributes:
        fields: Of the question's form, by name.
        digest: 32 bytes, SHA-256 of the token.
    """

    iss: str
    jti: str
    fields: Mapping[str, str]
    digest: bytes


def read_link(token: str, client_keys: Mapping[str, Key], *, audience: str, url: str, now: datetime) -> Link:
    """Verify a link; arguments are those of ``requests.read_request``, `url` the page that it leads to.

    Raises:
        VerificationError: Form, type, key, algorithm or signature are wrong.
        RequestRefused: A claim is wrong; the subclass says which.
    """
    claims = read_claims(token, client_keys, TYP_LINK, "prefill", audience=audience, url=url, now=now)
    return Link(claims["iss"], claims["jti"], _fields(claims["prefill"]), token_digest(token))


def make_link(
    fields: Mapping[str, str], key: Key, *, issuer: str, audience: str, url: str, now: datetime, jti: str
) -> str:
    """A signed link, valid for 60 s; put it behind ``?link=`` of the page's address. Arguments as in ``read_link``."""
    claims = common_claims(issuer, audience, url, now, jti) | {"prefill": dict(fields)}
    return sign(signing_input(claims, key, TYP_LINK), key)


def _fields(content: Mapping[str, Any]) -> dict[str, str]:
    if not content.keys() <= MEMBERS:
        raise MalformedPrefill
    if not all(isinstance(text, str) and len(text) <= LONGEST for text in content.values()):
        raise MalformedPrefill
    return dict(content)
