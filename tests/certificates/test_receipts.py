"""Receipts: what is signed is what was composed, a changed character is refused, and keys count in their time."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.jose import ED25519, ES256, BadKey, VerificationError, new_key, signing_input
from certificates.keys import ROTATION_OVERLAP, KeyPurpose, KeyRing
from certificates.receipts import (
    TYP_RECEIPT,
    TYP_REQUEST,
    BadReceipt,
    ReceiptKey,
    compose,
    draft_receipt,
    open_receipt,
    receipt_keys,
    resume,
    sign,
    verify_receipt,
)

KEY = new_key(ES256)
JWKS = {"keys": [{**KEY.to_jwk(), "purpose": "receipt", "status": "active"}]}
KEYS = receipt_keys(JWKS)
T = 1_704_067_200


def payload(**changes: object) -> dict[str, Any]:
    members: dict[str, Any] = {
        "issuer": "https://hub.example",
        "audience": "client-1",
        "issued_at": T,
        "jti": "0" * 32,
        "request_digest": bytes(range(32)),
        "salt": bytes(range(16)),
        "data_as_of": datetime(2023, 12, 31, tzinfo=UTC),
        "answer": {"code": "valid", "zh": "证照有效。"},
    }
    return compose(**{**members, **changes})


TOKEN = sign(draft_receipt(payload(), KEY).signing_input, KEY)


def test_round_trip() -> None:
    draft = draft_receipt(payload(), KEY)
    receipt = verify_receipt(sign(draft.signing_input, KEY), JWKS)
    assert (receipt.iss, receipt.aud, receipt.iat, receipt.jti) == ("https://hub.example", "client-1", T, "0" * 32)
    assert receipt.req == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert receipt.salt == "AAECAwQFBgcICQoLDA0ODw"
    assert receipt.data_as_of == T - 86_400
    assert receipt.answer == {"code": "valid", "zh": "证照有效。"}
    assert receipt.leaf_data == draft.leaf_data == hashlib.sha256(draft.signing_input).digest()
    assert set(draft.payload) == {"iss", "aud", "iat", "jti", "req", "salt", "data_as_of", "verification"}


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_any_changed_character_is_refused(place: int) -> None:
    # In the last character of each part base64url leaves unused bits: all its neighbours are tried there.
    last = place + 1 == len(TOKEN) or TOKEN[place + 1] == "."
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if last else "AQgw-_"
    for other in f"{alphabet}=. \n\x00é":
        if other != TOKEN[place]:
            with pytest.raises(BadReceipt):
                open_receipt(TOKEN[:place] + other + TOKEN[place + 1 :], KEYS)


@settings(max_examples=300)
@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_any_character_of_unicode_in_any_place_is_refused(place: int, other: str) -> None:
    if other != TOKEN[place]:
        with pytest.raises(BadReceipt):
            open_receipt(TOKEN[:place] + other + TOKEN[place + 1 :], KEYS)


@given(st.integers(0, len(TOKEN)), st.text(max_size=3), st.integers(0, 3))
def test_anything_put_in_or_left_out_is_refused(place: int, extra: str, cut: int) -> None:
    other = TOKEN[:place] + extra + TOKEN[place + cut :]
    if other != TOKEN:
        with pytest.raises(BadReceipt):
            open_receipt(other, KEYS)


@given(
    st.dictionaries(st.text(max_size=10), st.text(max_size=20) | st.integers() | st.booleans() | st.none(), max_size=6)
)
def test_any_verification_comes_back(verification: dict[str, Any]) -> None:
    draft = draft_receipt(payload(answer=verification), KEY)
    assert open_receipt(sign(draft.signing_input, KEY), KEYS).answer == verification


def test_the_stored_signing_input_is_signed_again_after_a_crash() -> None:
    draft = draft_receipt(payload(), KEY)
    kid, again = resume(draft.signing_input)
    assert kid == KEY.kid
    assert again == draft
    assert open_receipt(sign(again.signing_input, KEY), KEYS).leaf_data == draft.leaf_data
    for bad in (b"", b"a.b", b"\xff", signing_input({}, KEY, TYP_REQUEST)):
        with pytest.raises(BadReceipt):
            resume(bad)


def test_before_and_after_a_rotation(tmp_path: Path) -> None:
    made = datetime(2024, 1, 1, tzinfo=UTC)
    ring = KeyRing.open(tmp_path, "passphrase", now=made)
    old = ring.active(KeyPurpose.RECEIPT)
    early = draft_receipt(payload(), old)
    token = sign(early.signing_input, old)
    rotated = made + timedelta(days=1)
    new = ring.rotate(KeyPurpose.RECEIPT, rotated)
    reopened = KeyRing.open(tmp_path, "passphrase", now=rotated)
    keys = receipt_keys(reopened.jwks())
    assert set(keys) == {old.kid, new.kid}
    assert open_receipt(token, keys).leaf_data == early.leaf_data
    finished = sign(early.signing_input, reopened.signing_key(resume(early.signing_input)[0]))
    assert open_receipt(finished, keys).leaf_data == early.leaf_data
    until = int((rotated + ROTATION_OVERLAP).timestamp())
    for moment, counts in ((until, True), (until + 1, False)):
        late = sign(draft_receipt(payload(issued_at=moment), old).signing_input, old)
        if counts:
            assert open_receipt(late, keys).iat == moment
        else:
            with pytest.raises(BadReceipt) as caught:
                open_receipt(late, keys)
            assert caught.value.reason == "key retired"


def refuse_payload(content: dict[str, Any]) -> None:
    with pytest.raises(BadReceipt):
        open_receipt(sign(signing_input(content, KEY, TYP_RECEIPT), KEY), KEYS)


@pytest.mark.parametrize("member", payload())
def test_signed_payloads_that_are_no_receipts(member: str) -> None:
    good = payload()
    refuse_payload({name: value for name, value in good.items() if name != member})
    refuse_payload({**good, member: [1]})
    refuse_payload({**good, "more": 1})


def test_other_tokens_are_no_receipts() -> None:
    request = sign(signing_input(payload(), KEY, TYP_REQUEST), KEY)
    with pytest.raises(BadReceipt) as caught:
        open_receipt(request, KEYS)
    assert caught.value.reason == "typ"
    assert isinstance(caught.value, VerificationError)
    with pytest.raises(BadReceipt):
        open_receipt(TOKEN, {})


def test_key_sets() -> None:
    checkpoint = {**new_key(ED25519).to_jwk(), "purpose": "checkpoint"}
    client = {**new_key(ES256).to_jwk(), "purpose": "client"}
    assert receipt_keys({"keys": [*JWKS["keys"], checkpoint, client]}) == {KEY.kid: ReceiptKey(KEY.public_only())}
    with pytest.raises(BadReceipt):
        verify_receipt(TOKEN, {"keys": [{**JWKS["keys"][0], "purpose": "client"}]})
    bad: list[Any] = [None, [], {}, {"keys": {}}, {"keys": [1]}, {"keys": [{"purpose": "receipt"}]}]
    bad += [{"keys": [{**checkpoint, "purpose": "receipt"}]}, {"keys": [{**JWKS["keys"][0], "signs_until": "1"}]}]
    for jwks in bad:
        with pytest.raises(BadKey):
            receipt_keys(jwks)


def test_lengths_of_digest_and_salt() -> None:
    for changes in ({"request_digest": bytes(31)}, {"salt": bytes(15)}):
        with pytest.raises(ValueError, match="bytes"):
            payload(**changes)
    assert payload(data_as_of=None)["data_as_of"] is None
