"""Offline bundles: whole, in time and from the trust root on, or refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from certificates.bundles import STARTS, BadBundle, make_bundle, open_bundle
from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.jose import ED25519, ES256, Key, new_key, sign, signing_input
from certificates.status_lists import (
    TYP_STATUS_LIST,
    BadStatusList,
    State,
    StatusList,
    StatusReference,
    compose_list,
)
from certificates.trust_root import fingerprint, sign_key_set

NOW, DAY = 1_704_067_200, 86_400
ROOT, STATUS, LOG, OTHER = new_key(ES256), new_key(ES256), new_key(ED25519), new_key(ES256)
URI = "https://hub.example/v1/status-lists/"


def published(*more: dict[str, Any], status: Key = STATUS) -> dict[str, Any]:
    keys = [
        {**ROOT.to_jwk(), "purpose": "root", "status": "active"},
        {**status.to_jwk(), "purpose": "status", "status": "active"},
        {**LOG.to_jwk(), "purpose": "checkpoint", "status": "active"},
        *more,
    ]
    return {"keys": keys, "signatures": [sign_key_set(keys, ROOT, NOW)]}


JWKS = published()
FINGERPRINT = fingerprint(JWKS)
NOTE = sign_checkpoint(Checkpoint("hub.example/ledger", 5, bytes(32)), LOG)


def a_list(number: int, issued_at: int = NOW, lifetime: int = DAY) -> str:
    states = StatusList.of({number: State.INVALID, 9: State.SUSPENDED}, 64)
    payload = compose_list(states, f"{URI}{number}", issued_at=issued_at, lifetime=lifetime)
    return sign(signing_input(payload, STATUS, TYP_STATUS_LIST), STATUS)


def a_bundle(
    jwks: dict[str, Any] = JWKS, note: str | None = NOTE, key: Key = STATUS, lists: tuple[str, ...] = ()
) -> bytes:
    given = lists or (a_list(1), a_list(2))
    return make_bundle("https://hub.example", jwks, note, given, key, now=NOW, expires=NOW + DAY)


def reason_of(content: bytes, **how: Any) -> str:  # noqa: ANN401 -- arguments of open_bundle
    with pytest.raises(BadBundle) as refused:
        open_bundle(content, **({"root": FINGERPRINT, "at": NOW} | how))
    assert refused.value.zh
    return refused.value.reason


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    content = json.loads(a_bundle())
    change(content)
    return json.dumps(content, separators=(",", ":")).encode()


def test_an_office_with_only_the_fingerprint() -> None:
    content = a_bundle()
    assert content.startswith(STARTS)
    bundle = open_bundle(content, root=FINGERPRINT.lower().replace(" ", ""), at=NOW + DAY - 1)
    assert (bundle.issuer, bundle.issued_at, bundle.expires) == ("https://hub.example", NOW, NOW + DAY)
    assert bundle.checkpoint == Checkpoint("hub.example/ledger", 5, bytes(32))
    assert bundle.state(StatusReference(f"{URI}1", 1)) == State.INVALID
    assert bundle.state(StatusReference(f"{URI}2", 9)) == State.SUSPENDED
    assert bundle.state(StatusReference(f"{URI}2", 1)) == State.VALID
    for reference in (StatusReference(f"{URI}3", 1), StatusReference(f"{URI}1", 64)):
        with pytest.raises(BadStatusList):
            bundle.state(reference)
    assert bundle.tokens[f"{URI}1"].count(".") == 2


def test_an_office_with_the_keys() -> None:
    assert open_bundle(a_bundle(), jwks=JWKS, at=NOW).issuer == "https://hub.example"
    assert reason_of(a_bundle(), root=None) == "no trust"
    assert reason_of(a_bundle(), root=None, jwks=published(status=OTHER)) == "kid"


def test_a_key_that_became_known_to_others() -> None:
    lost = published()
    lost["keys"][1]["status"] = "compromised"
    assert reason_of(a_bundle(), root=None, jwks=lost) == "key compromised"
    assert reason_of(a_bundle(), jwks=lost) == "key compromised"


def test_without_a_ledger_yet() -> None:
    assert open_bundle(a_bundle(note=None), root=FINGERPRINT, at=NOW).checkpoint is None


@pytest.mark.parametrize(("at", "reason"), [(NOW - 1, "not yet"), (NOW + DAY, "expired")])
def test_times(at: int, reason: str) -> None:
    assert reason_of(a_bundle(), at=at) == reason
    assert open_bundle(a_bundle(), root=FINGERPRINT).expires == NOW + DAY


def test_lists_that_do_not_last_as_long_or_are_not_of_then() -> None:
    assert reason_of(a_bundle(lists=(a_list(1, lifetime=60),))) == "lists expire before"
    assert reason_of(a_bundle(lists=(a_list(1, issued_at=NOW + 5),))) == "not yet"
    assert reason_of(a_bundle(lists=(a_list(1, issued_at=NOW - DAY),))) == "expired"


def test_another_root_another_signer() -> None:
    assert reason_of(a_bundle(), root="0123 " * 10) == "no such root"
    assert reason_of(a_bundle(key=OTHER)) == "kid"
    assert reason_of(a_bundle(key=LOG)) == "kid"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content["status_lists"].pop(), "parts"),
        (lambda content: content["status_lists"].reverse(), "parts"),
        (lambda content: content["status_lists"].append(content["status_lists"][0]), "parts"),
        (lambda content: content.update(checkpoint=None), "parts"),
        (lambda content: content.update(checkpoint=content["checkpoint"].replace("5", "6")), "parts"),
        (lambda content: content["keys"]["keys"].pop(), "digest"),
        (lambda content: content["keys"].update(more=1), "parts"),
        (lambda content: content["keys"].update(signatures=[]), "unsigned"),
        (lambda content: content.update(format="x"), "form"),
        (lambda content: content.update(more=1), "form"),
        (lambda content: content.pop("checkpoint"), "form"),
        (lambda content: content.update(status_lists="x"), "form"),
        (lambda content: content.update(status_lists=[1]), "form"),
        (lambda content: content.update(keys=[]), "form"),
        (lambda content: content.update(keys={"keys": 5}), "keys"),
        (lambda content: content.update(checkpoint=5), "form"),
    ],
)
def test_what_was_changed(change: Callable[[dict[str, Any]], None], reason: str) -> None:
    assert reason_of(changed(change)) == reason


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format":1,"format":2}'])
def test_no_bundle_at_all(content: bytes) -> None:
    assert reason_of(content) == "form"


def test_every_changed_byte_is_found() -> None:
    content = a_bundle(lists=(a_list(1),))
    for place in range(len(content)):
        for mask in (0x01, 0x80):
            other = bytearray(content)
            other[place] ^= mask
            with pytest.raises(BadBundle):
                open_bundle(bytes(other), root=FINGERPRINT, at=NOW)
