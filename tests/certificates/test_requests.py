"""Clients' requests: each claim at its bounds, and each refusal by its own name."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.jose import ED25519, ES256, VerificationError, new_key, sign, signing_input
from certificates.receipts import TYP_RECEIPT, TYP_REQUEST
from certificates.requests import (
    BadRequestId,
    ClientRequest,
    FromTheFuture,
    LivesTooLong,
    MalformedRequest,
    RequestRefused,
    Stale,
    WrongAudience,
    WrongUrl,
    make_request,
    read_request,
)

KEY = new_key(ES256)
KEYS = {KEY.kid: KEY.public_only()}
NOW = datetime(2024, 1, 1, tzinfo=UTC)
T = int(NOW.timestamp())
AUDIENCE, URL = "https://hub.example", "https://hub.example/v1/verifications"
CLAIMS: dict[str, Any] = {
    "iss": "client-1",
    "aud": AUDIENCE,
    "iat": T,
    "exp": T + 60,
    "jti": "0123456789abcdef",
    "url": URL,
    "question": {"case": "1"},
}


def read(claims: dict[str, Any], *, typ: str = TYP_REQUEST, now: datetime = NOW) -> ClientRequest:
    token = sign(signing_input(claims, KEY, typ), KEY)
    return read_request(token, KEYS, audience=AUDIENCE, url=URL, now=now)


def test_a_good_request() -> None:
    token = make_request({"case": "1"}, KEY, issuer="client-1", audience=AUDIENCE, url=URL, now=NOW, jti="j" * 16)
    request = read_request(token, KEYS, audience=AUDIENCE, url=URL, now=NOW)
    assert (request.iss, request.jti, request.iat, request.exp) == ("client-1", "j" * 16, T, T + 60)
    assert request.question_json == {"case": "1"}
    assert request.digest == hashlib.sha256(token.encode()).digest()
    assert request.expires == T + 120


def test_an_ed25519_client() -> None:
    key = new_key(ED25519)
    token = make_request({}, key, issuer="c", audience=AUDIENCE, url=URL, now=NOW, jti="j" * 16)
    assert read_request(token, {key.kid: key}, audience=AUDIENCE, url=URL, now=NOW).iss == "c"


@pytest.mark.parametrize("member", CLAIMS)
@pytest.mark.parametrize("value", [None, 1.5, True, [], ["https://hub.example"], "", -1])
def test_wrong_types_and_values_are_refused(member: str, value: object) -> None:
    with pytest.raises((RequestRefused, VerificationError)):
        read({**CLAIMS, member: value}) if value != 1.5 else read({**CLAIMS, member: [value]})


@pytest.mark.parametrize("member", CLAIMS)
def test_missing_claims(member: str) -> None:
    with pytest.raises(MalformedRequest):
        read({name: value for name, value in CLAIMS.items() if name != member})


@pytest.mark.parametrize("member", ["nbf", "sub", "scope", "verification"])
def test_unknown_claims(member: str) -> None:
    with pytest.raises(MalformedRequest):
        read({**CLAIMS, member: 1})


@pytest.mark.parametrize("audience", [[AUDIENCE], "https://hub.example/", URL, "", "HTTPS://HUB.EXAMPLE", None])
def test_audiences(audience: object) -> None:
    with pytest.raises(WrongAudience):
        read({**CLAIMS, "aud": audience})


@pytest.mark.parametrize("url", ["https://other.example/v1/verifications", URL + "/", URL + "?a=1", "http" + URL[5:]])
def test_urls(url: str) -> None:
    with pytest.raises(WrongUrl):
        read({**CLAIMS, "url": url})


@pytest.mark.parametrize("jti", ["", "short", "a" * 15, "a" * 129, "a" * 15 + " ", "a" * 16 + "\n", "a" * 15 + "é"])
def test_ids_that_are_refused(jti: str) -> None:
    with pytest.raises(BadRequestId):
        read({**CLAIMS, "jti": jti})


@pytest.mark.parametrize("jti", ["a" * 16, "a" * 128, "0.-_~" * 4])
def test_ids_that_are_accepted(jti: str) -> None:
    assert read({**CLAIMS, "jti": jti}).jti == jti


@given(st.integers(-400, 400), st.integers(-200, 400), st.integers(-400, 400))
def test_times_at_their_bounds(issued: int, lifetime: int, now: int) -> None:
    claims = {**CLAIMS, "iat": T + issued, "exp": T + issued + lifetime}
    moment = NOW + timedelta(seconds=now)
    if not 0 < lifetime <= 120:
        expected: type[RequestRefused] | None = LivesTooLong
    elif issued > now + 60:
        expected = FromTheFuture
    elif now > issued + lifetime + 60:
        expected = Stale
    else:
        expected = None
    if expected is None:
        assert read(claims, now=moment).iat == T + issued
    else:
        with pytest.raises(expected):
            read(claims, now=moment)


@pytest.mark.parametrize(
    ("shift", "error"), [(120, None), (121, Stale), (-60, None), (-61, FromTheFuture), (86_400, Stale)]
)
def test_the_second_on_either_side(shift: int, error: type[RequestRefused] | None) -> None:
    moment = NOW + timedelta(seconds=shift)
    if error is None:
        assert read(CLAIMS, now=moment)
    else:
        with pytest.raises(error):
            read(CLAIMS, now=moment)


def test_a_receipt_is_no_request_and_another_clients_key_is_none() -> None:
    with pytest.raises(VerificationError) as caught:
        read(CLAIMS, typ=TYP_RECEIPT)
    assert caught.value.reason == "typ"
    other = new_key(ES256)
    token = sign(signing_input(CLAIMS, other, TYP_REQUEST), other)
    with pytest.raises(VerificationError) as caught:
        read_request(token, KEYS, audience=AUDIENCE, url=URL, now=NOW)
    assert caught.value.reason == "kid"


def test_refusals_tell_cause_and_next_step_and_no_value() -> None:
    with pytest.raises(WrongUrl) as caught:
        read({**CLAIMS, "url": "https://secret.example"})
    assert "secret" not in str(caught.value)
    assert caught.value.zh.count("。") >= 2
