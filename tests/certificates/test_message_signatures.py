"""HTTP Message Signatures: the RFC's own example, each algorithm, and whatever must not hold."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.compact import decode
from certificates.jose import ED25519, ES256, SM2_SM3, Key, key_from_private, new_key, raw_signature, signature_holds
from certificates.message_signatures import (
    SKEW,
    SignatureRefused,
    Signed,
    content_digest,
    digest_matches,
    sign_message,
    signature_base,
    verify_message,
)

NOW = 1_770_000_000
BODY = b'{"event":"w.1","changed":["status"]}'
TOLD = {
    "@method": "POST",
    "@target-uri": "https://approval.example/hook?x=1",
    "content-type": "application/json",
    "content-digest": content_digest(BODY),
}

# RFC 9421, B.1.4 and B.2.6
RFC_PRIVATE = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU"
RFC_COMPONENTS = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}
RFC_PARAMETERS = (
    '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473'
    ';keyid="test-key-ed25519"'
)
RFC_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


def signed_by(key: Key, **more: int) -> Signed:
    return sign_message(TOLD, key, **{"created": NOW, "expires": NOW + 300} | more, tag="test")


def refusal(signed: Signed, *keys: Key, told: dict[str, str] = TOLD, tag: str = "test", now: int = NOW) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify_message(told, signed, {key.kid: key.public_only() for key in keys}, tag=tag, now=now)
    return refused.value.reason


def test_the_rfcs_example() -> None:
    key = key_from_private(Ed25519PrivateKey.from_private_bytes(decode(RFC_PRIVATE)))
    base = signature_base(RFC_COMPONENTS, RFC_PARAMETERS)
    assert base.decode().splitlines()[-1] == f'"@signature-params": {RFC_PARAMETERS}'
    assert base64.b64encode(raw_signature(base, key)).decode() == RFC_SIGNATURE
    assert signature_holds(base, base64.b64decode(RFC_SIGNATURE), key.public_only())


@pytest.mark.parametrize(("alg", "name"), [(ES256, "ecdsa-p256-sha256"), (ED25519, "ed25519"), (SM2_SM3, None)])
def test_signed_by_any_algorithm_of_the_hub(alg: str, name: str | None) -> None:
    key = new_key(alg)
    signed = signed_by(key)
    holds = verify_message(TOLD, signed, {key.kid: key.public_only()}, tag="test", now=NOW + 5)
    assert (holds.kid, holds.created) == (key.kid, NOW)
    assert (f'alg="{name}"' in signed.signature_input) == (name is not None)
    assert ("alg=" in signed.signature_input) == (name is not None)
    assert set(signed.to_headers()) == {"Signature-Input", "Signature"}


def test_among_other_signatures_ours_is_found() -> None:
    key = new_key(ES256)
    ours = signed_by(key)
    both = Signed(f'proxy=("@method");created=1, {ours.signature_input}', f"proxy=:AAAA:, {ours.signature}")
    assert verify_message(TOLD, both, {key.kid: key}, tag="test", now=NOW).kid == key.kid


def test_an_answer_is_bound_to_its_request() -> None:
    key = new_key(ED25519)
    told = {"@status": "200", "content-digest": content_digest(BODY), "@target-uri;req": "https://hub.example/feed"}
    signed = sign_message(told, key, created=NOW, expires=NOW + 60, tag="feed")
    assert '"@target-uri";req' in signed.signature_input
    keys = {key.kid: key}
    assert verify_message(told, signed, keys, tag="feed", now=NOW).kid == key.kid
    with pytest.raises(SignatureRefused):
        verify_message(told | {"@target-uri;req": "https://hub.example/other"}, signed, keys, tag="feed", now=NOW)


def test_whatever_is_not_what_was_signed_is_refused() -> None:
    key, other = new_key(ES256), new_key(ES256)
    signed = signed_by(key)
    assert refusal(signed, other) == "key"
    assert refusal(signed, key, tag="other") == "tag"
    assert refusal(signed, key, told={**TOLD, "@method": "PUT"}) == "signature"
    assert refusal(signed, key, told=dict(list(TOLD.items())[:3])) == "components"
    assert refusal(signed, key, told=dict(reversed(TOLD.items()))) == "components"
    assert refusal(signed, key, now=NOW - SKEW - 1) == "time"
    assert refusal(signed, key, now=NOW + 300 + SKEW + 1) == "time"
    assert refusal(Signed(signed.signature_input.replace("ecdsa-p256-sha256", "ed25519"), signed.signature), key) == (
        "algorithm"
    )
    assert refusal(Signed(signed.signature_input, "hub=:AAAA:"), key) == "signature"
    assert refusal(Signed(signed.signature_input, "hub=AAAA"), key) == "form"
    assert refusal(Signed(signed.signature_input, "hub=:A*A:"), key) == "form"
    assert refusal(Signed(f"{signed.signature_input}, {signed.signature_input}", signed.signature), key) == "form"
    assert refusal(Signed(signed.signature_input.replace(";tag", ";created=1;tag"), signed.signature), key) == "form"
    assert refusal(Signed("", ""), key) == "form"


@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), character=st.characters(min_codepoint=32, max_codepoint=126))
def test_one_changed_character_is_found(place: int, character: str) -> None:
    key = new_key(ED25519)
    field = signed_by(key).signature_input
    at = place % len(field)
    changed = field[:at] + character + field[at + 1 :]
    if changed != field:
        refusal(Signed(changed, signed_by(key).signature), key)


def test_the_digest_of_a_body() -> None:
    sha512 = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
    assert digest_matches(content_digest(BODY), BODY)
    assert digest_matches(f"sha-512=:{sha512}:, {content_digest(BODY)}", BODY)
    assert not digest_matches(content_digest(BODY), BODY + b" ")
    assert not digest_matches(f"sha-512=:{sha512}:", BODY)
    assert not digest_matches("", b"")
