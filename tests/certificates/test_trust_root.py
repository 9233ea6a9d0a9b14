"""The trust root: its fingerprint as people read it, key sets that it signed, and those that it did not."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.jose import ES256, SM2_SM3, BadKey, Key, new_key, sign, signing_input
from certificates.trust_root import (
    TYP_KEY_SET,
    UntrustedKeys,
    fingerprint,
    fingerprint_of,
    same_fingerprint,
    sign_key_set,
    verify_key_set,
)

NOW = 1_704_067_200
ROOT, RECEIPTS = new_key(ES256), new_key(ES256)


def key_set(root: Key = ROOT, *, status: str = "active") -> dict[str, Any]:
    keys = [
        {**root.to_jwk(), "purpose": "root", "status": status},
        {**RECEIPTS.to_jwk(), "purpose": "receipt", "status": "active", "made_at": NOW},
    ]
    return {"keys": keys, "signatures": [sign_key_set(keys, root, NOW)]}


def reason(jwks: dict[str, Any], known: str) -> str:
    with pytest.raises(UntrustedKeys) as caught:
        verify_key_set(jwks, known)
    return caught.value.reason


def test_a_fingerprint_is_ten_groups_of_four_hex_digits() -> None:
    shown = fingerprint(key_set())
    assert [len(group) for group in shown.split(" ")] == [4] * 10
    assert len(bytes.fromhex(shown)) == 20
    assert shown == fingerprint_of(ROOT)


def test_the_fingerprint_of_a_known_key() -> None:
    jwk = {  # the key of RFC 7517, appendix A.1
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    assert fingerprint({"keys": [{**jwk, "purpose": "root"}]}) == "727F 88FD 634C 0A57 A189 5A79 D62F F456 9384 356D"


def test_fingerprints_compare_as_people_write_them() -> None:
    shown = fingerprint(key_set())
    assert same_fingerprint(shown, shown.lower().replace(" ", "-"))
    assert same_fingerprint(shown, f" {shown.replace(' ', '')}\n")
    assert not same_fingerprint(shown, shown[:-1])
    assert not same_fingerprint("", "")
    assert not same_fingerprint(shown[:4], shown[:4])


@pytest.mark.parametrize("alg", [ES256, SM2_SM3])
def test_a_signed_set_is_trusted(alg: str) -> None:
    root = new_key(alg)
    jwks = json.loads(json.dumps(key_set(root)))
    found = verify_key_set(jwks, fingerprint(jwks).lower())
    assert (found.fingerprint, found.made_at) == (fingerprint_of(root), NOW)


def test_another_root_is_not_trusted() -> None:
    other = new_key(ES256)
    assert reason(key_set(other), fingerprint_of(ROOT)) == "no such root"
    lying = key_set(other)
    lying["keys"].append({**ROOT.to_jwk(), "purpose": "root", "status": "verify_only"})
    assert reason(lying, fingerprint_of(ROOT)) == "unsigned"


def test_a_stolen_root_is_not_trusted() -> None:
    assert reason(key_set(status="compromised"), fingerprint_of(ROOT)) == "root compromised"


def test_an_older_root_leads_to_the_set_of_today() -> None:
    new = new_key(ES256)
    keys = [
        {**ROOT.to_jwk(), "purpose": "root", "status": "verify_only"},
        {**new.to_jwk(), "purpose": "root", "status": "active"},
    ]
    jwks = {"keys": keys, "signatures": [sign_key_set(keys, ROOT, NOW), sign_key_set(keys, new, NOW + 1)]}
    assert fingerprint(jwks) == fingerprint_of(new)
    assert verify_key_set(jwks, fingerprint_of(ROOT)).made_at == NOW
    assert verify_key_set(jwks, fingerprint_of(new)).made_at == NOW + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda jwks: jwks["keys"][1].update(signs_until=NOW),
        lambda jwks: jwks["keys"][1].pop("status"),
        lambda jwks: jwks["keys"].append({**new_key(ES256).to_jwk(), "purpose": "receipt"}),
        lambda jwks: jwks["keys"].pop(1),
        lambda jwks: jwks["keys"].reverse(),
    ],
)
def test_any_change_of_a_key_is_seen(change: Callable[[dict[str, Any]], None]) -> None:
    jwks = copy.deepcopy(key_set())
    change(jwks)
    assert reason(jwks, fingerprint_of(ROOT)) == "digest"


def test_signatures_of_a_wrong_form() -> None:
    whole = key_set()
    for signatures, expected in ((None, "form"), ([1], "form"), (["a.b"], "form"), ([], "unsigned")):
        assert reason({**whole, "signatures": signatures}, fingerprint_of(ROOT)) == expected
    token = whole["signatures"][0]
    assert reason({**whole, "signatures": [token[:-4] + "AAAA"]}, fingerprint_of(ROOT)) == "signature"
    for payload, typ in (({"iat": NOW}, TYP_KEY_SET), ({"iat": True, "digest": ""}, TYP_KEY_SET)):
        forged = sign(signing_input(payload, ROOT, typ), ROOT)
        assert reason({**whole, "signatures": [forged]}, fingerprint_of(ROOT)) == "claims"
    receipt = sign(signing_input({"iat": NOW, "digest": ""}, ROOT, "hub-receipt+jwt"), ROOT)
    assert reason({**whole, "signatures": [receipt]}, fingerprint_of(ROOT)) == "typ"


def test_sets_without_one_root() -> None:
    whole = key_set()
    for jwks in ({}, {"keys": "no"}, {"keys": []}, {"keys": whole["keys"] + [whole["keys"][0]]}):
        with pytest.raises(BadKey):
            fingerprint(jwks)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=2)))
def test_anything_in_the_place_of_signatures_is_refused_in_our_words(signatures: object) -> None:
    with pytest.raises(UntrustedKeys):
        verify_key_set({**key_set(), "signatures": signatures}, fingerprint_of(ROOT))
