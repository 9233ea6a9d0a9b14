"""Links: signed by a client for one page, short-lived, and nothing else than members of a question in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certificates.jose import ES256, VerificationError, new_key, sign, signing_input
from certificates.links import MalformedPrefill, make_link, read_link
from certificates.requests import BadRequestId, LivesTooLong, Stale, WrongAudience, WrongUrl, make_request

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
KEY = new_key(ES256)
KEYS = {KEY.kid: KEY}
PLACE: dict[str, Any] = {"audience": "hub", "url": "https://hub.example/officer", "now": NOW}
FIELDS = {"certificate_number": "S05", "case": "ST-1"}
JTI = "c" * 32


def link(**other: Any) -> str:  # noqa: ANN401 - any argument of make_link
    return make_link(other.pop("fields", FIELDS), KEY, issuer="hall-1", **(PLACE | {"jti": JTI} | other))


def test_a_link_is_read_once_it_is_signed_for_this_page() -> None:
    read = read_link(link(), KEYS, **PLACE)
    assert (read.iss, read.jti, read.fields, len(read.digest)) == ("hall-1", JTI, FIELDS, 32)


@pytest.mark.parametrize(
    ("other", "refusal"),
    [
        ({"audience": "another"}, WrongAudience),
        ({"url": "https://hub.example/officer/panel"}, WrongUrl),
        ({"now": NOW - timedelta(seconds=121)}, Stale),
        ({"jti": "short"}, BadRequestId),
        ({"fields": {"holder": "x"}}, MalformedPrefill),
        ({"fields": {"case": "x" * 201}}, MalformedPrefill),
        ({"fields": {"case": 5}}, MalformedPrefill),
    ],
)
def test_another_link_is_refused(other: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read_link(link(**other), KEYS, **PLACE)


def test_a_link_lives_for_two_minutes_at_most() -> None:
    issued = int(NOW.timestamp())
    claims = {"iss": "hall-1", "aud": "hub", "iat": issued, "exp": issued + 121, "jti": JTI, "url": PLACE["url"]}
    token = sign(signing_input(claims | {"prefill": FIELDS}, KEY, "hub-link+jwt"), KEY)
    with pytest.raises(LivesTooLong):
        read_link(token, KEYS, **PLACE)


def test_a_question_is_no_link_and_another_key_signs_none() -> None:
    with pytest.raises(VerificationError):
        read_link(make_request(FIELDS, KEY, issuer="hall-1", jti=JTI, **PLACE), KEYS, **PLACE)
    other = new_key(ES256)
    with pytest.raises(VerificationError):
        read_link(make_link(FIELDS, other, issuer="hall-1", jti=JTI, **PLACE), KEYS, **PLACE)
