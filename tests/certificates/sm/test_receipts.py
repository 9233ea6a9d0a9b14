"""Receipts, requests and key sets in the SM profile: the same calls as everywhere, other algorithms inside."""

import json

import pytest

from certificates import compact
from certificates.groups import place_of
from certificates.jose import (
    ES256,
    SM2_SM3,
    BadKey,
    KeyInModule,
    VerificationError,
    key_from_jwk,
    key_in_module,
    new_key,
    sign,
    signing_input,
    verify,
)
from certificates.receipts import (
    TYP_RECEIPT,
    BadReceipt,
    ReceiptDraft,
    compose,
    draft_receipt,
    leaf_data,
    open_receipt,
    receipt_keys,
    request_digest,
    resume,
    sign_drafts,
)
from certificates.sm.sm3 import sm3

KEY = new_key(SM2_SM3)
JWKS = {"keys": [{**KEY.to_jwk(), "purpose": "receipt", "status": "active"}]}
KEYS = receipt_keys(JWKS)
REQUEST = b"the request as it came"


def draft(number: int = 0) -> ReceiptDraft:
    payload = compose(
        issuer="https://hub.example",
        audience="client-1",
        issued_at=1704067200,
        jti=f"{number:032x}",
        request_digest=request_digest(REQUEST, KEY),
        salt=number.to_bytes(16, "big"),
        data_as_of=None,
        answer={"code": "refused"},
    )
    return draft_receipt(payload, KEY)


def test_receipts_of_one_moment_share_a_signature_and_each_verifies() -> None:
    drafts = [draft(number) for number in range(5)]
    tokens = sign_drafts(drafts, KEY)
    for number, token in enumerate(tokens):
        receipt = open_receipt(token, KEYS)
        assert (receipt.jti, receipt.kid) == (f"{number:032x}", KEY.kid)
        assert receipt.leaf_data == drafts[number].leaf_data
        assert receipt.req == compact.encode(sm3(REQUEST))
    assert len({compact.parse(token).signature[:64] for token in tokens}) == 1


def test_after_a_crash_one_is_signed_alone_and_stands_for_the_same_leaf() -> None:
    first = sign_drafts([draft(0), draft(1)], KEY)[1]
    kid, again = resume(compact.parse(first).signing_input)
    assert (kid, again.grouped) == (KEY.kid, True)
    (alone,) = sign_drafts([again], KEY)
    place = place_of(alone)
    assert place is not None
    assert (place.index, place.size, place.path) == (0, 1, ())
    assert open_receipt(alone, KEYS) == open_receipt(first, KEYS)
    assert leaf_data(compact.parse(alone).signing_input) == again.leaf_data


def test_every_changed_byte_of_a_receipt_is_found() -> None:
    token = sign_drafts([draft(number) for number in range(3)], KEY)[2].encode()
    changed = [
        token[:place] + bytes([token[place] ^ mask]) + token[place + 1 :]
        for place in range(len(token))
        for mask in (0x01, 0x80)
    ]
    for each in changed:
        with pytest.raises((BadReceipt, UnicodeDecodeError)):
            open_receipt(each.decode("utf-8"), KEYS)
    print(f"{len(changed)} changes of a receipt of the SM profile, all found")  # noqa: T201 - the count is what is wanted


def test_another_key_and_another_type_are_refused() -> None:
    other = receipt_keys({"keys": [{**new_key(SM2_SM3).to_jwk(), "purpose": "receipt"}]})
    (token,) = sign_drafts([draft()], KEY)
    for keys, reason in ((other, "kid"), ({}, "kid")):
        with pytest.raises(BadReceipt) as caught:
            open_receipt(token, keys)
        assert caught.value.reason == reason
    with pytest.raises(VerificationError) as caught_too:
        verify(token, {KEY.kid: KEY}, TYP_RECEIPT)  # the door for what is never grouped
    assert caught_too.value.reason == "alg"


def test_a_key_is_named_by_sm3_of_its_members() -> None:
    jwk = KEY.to_jwk()
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    assert (jwk["alg"], members["crv"], members["kty"]) == ("SM2-SM3", "SM2", "EC")
    assert KEY.kid == compact.encode(sm3(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()))
    assert key_from_jwk(jwk) == KEY.public_only()


def test_what_is_no_sm2_key_is_refused() -> None:
    jwk = KEY.to_jwk()
    p256 = new_key(ES256).to_jwk()
    bad = [
        {**jwk, "alg": ES256},
        {**jwk, "crv": "P-256"},
        {**jwk, "y": jwk["x"]},
        {**jwk, "x": jwk["x"][:-1]},
        {**p256, "crv": "SM2", "alg": SM2_SM3},  # a point of another curve
        {**jwk, "kid": p256["kid"]},
        {**jwk, "d": "AA"},
    ]
    for each in bad:
        with pytest.raises(BadKey):
            key_from_jwk(each)


class Module(KeyInModule):
    """A stand-in for a module that holds the key: what a key in a module has to give."""

    def sign_raw(self, data: bytes) -> bytes:
        assert KEY.private is not None
        return KEY.private.sign(data)


def test_a_key_in_a_module_signs_through_the_same_interface() -> None:
    key = key_in_module(KEY.public, Module())
    assert (key.kid, key.alg) == (KEY.kid, SM2_SM3)
    assert verify(sign(signing_input({"a": 1}, key, "example+jwt"), key), {KEY.kid: KEY}, "example+jwt").payload
    assert open_receipt(sign_drafts([draft()], key)[0], KEYS).kid == KEY.kid
