"""Publishers' requests: their own type, their own member, and never taken for a question."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from certificates.client_keys import NoClientKey, read_client_key
from certificates.jose import ED25519, ES256, VerificationError, new_key, sign, signing_input
from certificates.pushes import (
    MAX_SEQUENCE,
    TYP_PUSH,
    BodyCount,
    MalformedDelivery,
    PushedDelivery,
    PushRequest,
    make_push,
    read_push,
)
from certificates.requests import MalformedRequest, WrongUrl, make_request, read_request

KEY = new_key(ES256)
KEYS = {KEY.kid: KEY.public_only()}
NOW = datetime(2024, 1, 1, tzinfo=UTC)
URL = "https://hub.example/v1/datasets/housing.deeds/batches"
PLACE: dict[str, Any] = {"audience": "https://hub.example", "url": URL, "now": NOW}
DELIVERY = PushedDelivery.of("housing.deeds", 3, [b'{"a": 1}\n{"a"', b": 2}\n"])


def made(delivery: PushedDelivery | None, **place: object) -> str:
    return make_push(delivery, KEY, issuer="deeds", jti="j" * 16, **(PLACE | place))


def signed(delivery: object, **claims: object) -> str:
    issued = int(NOW.timestamp())
    payload = {"iss": "deeds", "aud": PLACE["audience"], "iat": issued, "exp": issued + 60, "jti": "j" * 16, "url": URL}
    return sign(signing_input(payload | {"delivery": delivery} | claims, KEY, TYP_PUSH), KEY)


def test_a_delivery_comes_back_as_it_was_signed() -> None:
    token = made(DELIVERY)
    digest = hashlib.sha256(token.encode()).digest()
    assert read_push(token, KEYS, **PLACE) == PushRequest("deeds", "j" * 16, DELIVERY, digest)
    assert (DELIVERY.rows, DELIVERY.body_digest) == (2, hashlib.sha256(b'{"a": 1}\n{"a": 2}\n').digest())


def test_a_question_is_no_delivery_and_a_delivery_no_question() -> None:
    question = make_request({"case": "1"}, KEY, issuer="deeds", jti="j" * 16, **PLACE)
    for token, read in ((question, read_push), (made(DELIVERY), read_request), (made(None), read_request)):
        with pytest.raises(VerificationError) as caught:
            read(token, KEYS, **PLACE)
        assert caught.value.reason == "typ"
    with pytest.raises(MalformedRequest):
        read_push(made(None), KEYS, **PLACE)
    with pytest.raises(MalformedRequest):
        read_push(made(DELIVERY), KEYS, **PLACE, asks_only=True)
    assert read_push(made(None), KEYS, **PLACE, asks_only=True).delivery is None
    with pytest.raises(WrongUrl):
        read_push(made(None, url=URL + "/1"), KEYS, **PLACE, asks_only=True)


@pytest.mark.parametrize("member", ["dataset", "sequence", "body_digest", "rows"])
@pytest.mark.parametrize("value", [None, "", 0, -1, True, "1", [1], {}, "A" * 42, "A" * 44, "=" * 43, MAX_SEQUENCE + 1])
def test_each_member_is_exact_and_named(member: str, value: object) -> None:
    with pytest.raises(MalformedDelivery) as caught:
        read_push(signed(DELIVERY.to_json() | {member: value}), KEYS, **PLACE)
    assert caught.value.member == member


@pytest.mark.parametrize("members", [{}, {"dataset": "a.b"}, DELIVERY.to_json() | {"more": 1}])
def test_no_member_lacks_and_none_is_unknown(members: dict[str, Any]) -> None:
    with pytest.raises(MalformedDelivery):
        read_push(signed(members), KEYS, **PLACE)


@pytest.mark.parametrize("dataset", ["deeds", "a.b.c", "A.b", "a.b\n", "../a.b", "a.b ", "a.é"])
def test_names_that_no_dataset_has(dataset: str) -> None:
    with pytest.raises(MalformedDelivery):
        PushedDelivery.parse(DELIVERY.to_json() | {"dataset": dataset})


@given(st.lists(st.binary(max_size=8), max_size=8))
def test_a_body_counts_the_same_in_any_blocks(blocks: list[bytes]) -> None:
    count, whole = BodyCount(), b"".join(blocks)
    for block in blocks:
        count.add(block)
    lines = whole.split(b"\n")
    assert count.rows == len(lines) - (lines[-1] == b"")
    assert (count.bytes, count.digest) == (len(whole), hashlib.sha256(whole).digest())


@pytest.mark.parametrize("alg", [ES256, ED25519])
def test_a_clients_key_is_read_from_its_file(alg: str) -> None:
    key = new_key(alg)
    assert key.private is not None
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert read_client_key(pem).kid == key.kid


def test_what_is_no_clients_key_is_refused() -> None:
    other = generate_private_key(SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert KEY.private is not None
    locked = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    for pem in (b"", b"-----BEGIN PRIVATE KEY-----\n", other, locked):
        with pytest.raises(NoClientKey):
            read_client_key(pem)
