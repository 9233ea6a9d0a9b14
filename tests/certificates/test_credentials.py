"""Credentials: what is shown and what stays hidden, key binding, and every trick that a holder could try."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import compact, sd_jwt
from certificates.credentials import (
    BINDING_AGE,
    TYP_CREDENTIAL,
    BadCredential,
    Binding,
    Credential,
    CredentialDraft,
    Salts,
    bind,
    draft_credential,
    keyed_salts,
    open_credential,
    present,
    random_salts,
)
from certificates.jose import ED25519, ES256, Key, new_key, sign, signing_input
from certificates.published_keys import PublishedKey, published_keys
from certificates.receipts import TYP_RECEIPT
from certificates.status_lists import StatusReference

NOW = 1_704_067_200
KEY, HOLDER, OTHER = new_key(ES256), new_key(ES256), new_key(ED25519)
KEYS = {KEY.kid: PublishedKey(KEY.public_only())}
STATUS = StatusReference("https://hub.example/v1/status-lists/1", 7)
DATA = {
    "certificate_type": "11100000MB0143028R001",
    "certificate_number": "4405080001234",
    "holder_name": "汕头示例有限公司",
    "holder_code": "91110000600037341L",
    "valid_until": None,
    "long_term": True,
}
DEMAND = Binding("https://office.example", "n-0123456789")


def draft(holder_key: Key | None = None, salts: Salts = random_salts) -> CredentialDraft:
    return draft_credential(
        DATA,
        KEY,
        issuer="https://hub.example",
        issued_at=NOW,
        expires=NOW + 86_400,
        receipt="0" * 32,
        status=STATUS,
        salts=salts,
        holder_key=holder_key,
    )


def whole(holder_key: Key | None = None) -> str:
    made = draft(holder_key)
    return made.signed(sign(made.signing_input, KEY))


def opened(text: str, at: int | None = NOW, demanded: Binding | None = None) -> Credential:
    return open_credential(text, KEYS, at=at, demanded=demanded)


def reason_of(text: str, at: int | None = NOW, demanded: Binding | None = None) -> str:
    with pytest.raises(BadCredential) as refused:
        opened(text, at, demanded)
    assert refused.value.zh
    return refused.value.reason


def payload_of(text: str) -> dict[str, Any]:
    return compact.parse(sd_jwt.split(text).token).payload | {}


def issued(change: Callable[[dict[str, Any]], None], *disclosures: str, typ: str = TYP_CREDENTIAL) -> str:
    """A credential that the hub's key signed after somebody changed its payload: as a faulty issuer would."""
    made = draft()
    payload = compact.parse(made.signing_input.decode() + ".AA").payload | {}
    change(payload)
    return sd_jwt.Parts(sign(signing_input(payload, KEY, typ), KEY), (*made.disclosures, *disclosures)).text()


def test_everything_is_shown_by_the_whole_credential() -> None:
    credential = opened(whole())
    assert credential.certificate == DATA
    assert (credential.iss, credential.issued_at, credential.expires) == ("https://hub.example", NOW, NOW + 86_400)
    assert (credential.receipt, credential.status, credential.kid) == ("0" * 32, STATUS, KEY.kid)
    assert not credential.bound


@pytest.mark.parametrize("names", [set(), {"holder_name"}, {"certificate_number", "long_term"}, set(DATA)])
def test_only_what_is_disclosed(names: set[str]) -> None:
    shown = present(whole(), names)
    assert opened(shown).certificate == {name: DATA[name] for name in DATA if name in names}
    hidden = json.dumps(payload_of(shown), ensure_ascii=False)
    assert "示例" not in hidden
    assert "91110000600037341L" not in hidden


def test_the_heading_is_always_there_and_the_number_of_digests_tells_nothing() -> None:
    payload = payload_of(whole())
    assert payload["heading"].startswith("核验件（非电子证照原件）")
    assert len(payload["_sd"]) == len(DATA) + 4
    assert payload["_sd"] == sorted(payload["_sd"])
    assert payload_of(whole())["_sd"] != payload["_sd"]  # salts are new each time


def test_what_is_stored_is_signed_again_and_holds_nothing_personal() -> None:
    salts = keyed_salts(b"secret", "credential-1")
    made = draft(salts=salts)
    assert "示例" not in json.dumps(compact.parse(made.signing_input.decode() + ".AA").payload, ensure_ascii=False)
    kid, again = CredentialDraft.resume(made.signing_input, DATA, salts)
    assert (kid, again) == (KEY.kid, made)
    assert opened(again.signed(sign(again.signing_input, KEY))).certificate == DATA
    assert len(again.leaf_data) == 32
    for wrong in (b"", b"\xff", b"a.b~c", signing_input({}, KEY, TYP_RECEIPT)):
        with pytest.raises(BadCredential):
            CredentialDraft.resume(wrong, DATA, salts)
    for data, others in (({**DATA, "holder_name": "别人"}, salts), (DATA, keyed_salts(b"secret", "credential-2"))):
        with pytest.raises(BadCredential):
            CredentialDraft.resume(made.signing_input, data, others)


@pytest.mark.parametrize(
    ("at", "reason"), [(NOW - 1, "not yet"), (NOW, None), (NOW + 86_399, None), (NOW + 86_400, "expired"), (None, None)]
)
def test_times(at: int | None, reason: str | None) -> None:
    if reason is None:
        assert opened(whole(), at).certificate == DATA
    else:
        assert reason_of(whole(), at) == reason


def test_keys() -> None:
    text = whole()
    for members, reason in (({"signs_until": NOW - 1}, "key retired"), ({"status": "compromised"}, "key compromised")):
        keys = published_keys({"keys": [{**KEY.to_jwk(), "purpose": "credential", **members}]}, "credential")
        with pytest.raises(BadCredential) as refused:
            open_credential(text, keys, at=NOW)
        assert refused.value.reason == reason
    receipts_only = published_keys({"keys": [{**KEY.to_jwk(), "purpose": "receipt"}]}, "credential")
    with pytest.raises(BadCredential):
        open_credential(text, receipts_only, at=NOW)


# --- key binding


def test_a_bound_credential_presented_as_asked() -> None:
    shown = bind(present(whole(HOLDER), {"holder_name"}), HOLDER, DEMAND, NOW + 60)
    credential = opened(shown, NOW + 60, DEMAND)
    assert credential.bound
    assert credential.presented_to == DEMAND
    assert credential.certificate == {"holder_name": DATA["holder_name"]}
    assert credential.holder_key is not None
    assert credential.holder_key.kid == HOLDER.kid


def test_a_wallet_that_does_not_name_its_key() -> None:
    parts = sd_jwt.split(whole(HOLDER))
    header = compact.encode(b'{"alg":"ES256","typ":"kb+jwt"}')
    claims = {"iat": NOW, "aud": DEMAND.audience, "nonce": DEMAND.nonce, "sd_hash": sd_jwt.digest(parts.presented())}
    token = sign(f"{header}.{compact.encode(json.dumps(claims).encode())}".encode(), HOLDER)
    assert opened(parts.presented() + token, NOW, DEMAND).bound


@pytest.mark.parametrize(
    "demanded", [Binding("https://other.example", DEMAND.nonce), Binding(DEMAND.audience, "other")]
)
def test_a_proof_for_somebody_else(demanded: Binding) -> None:
    assert reason_of(bind(whole(HOLDER), HOLDER, DEMAND, NOW), NOW, demanded) == "key binding"


def test_a_proof_that_is_missing_or_by_another_key_or_too_old() -> None:
    assert reason_of(whole(HOLDER), NOW, DEMAND) == "key binding"
    assert reason_of(bind(whole(HOLDER), new_key(ES256), DEMAND, NOW), NOW, DEMAND) == "key binding"
    assert reason_of(bind(whole(HOLDER), OTHER, DEMAND, NOW), NOW) == "key binding"
    assert reason_of(bind(whole(), HOLDER, DEMAND, NOW), NOW) == "key binding"
    late = NOW + BINDING_AGE + 1
    assert reason_of(bind(whole(HOLDER), HOLDER, DEMAND, NOW), late, DEMAND) == "key binding age"


def test_a_proof_over_other_disclosures() -> None:
    parts = sd_jwt.split(bind(present(whole(HOLDER), {"holder_name"}), HOLDER, DEMAND, NOW))
    all_of_it = sd_jwt.split(whole(HOLDER)).disclosures
    less = sd_jwt.Parts(parts.token, (), parts.binding).text()
    assert reason_of(less, NOW, DEMAND) == "sd_hash"
    assert reason_of(sd_jwt.Parts(parts.token, all_of_it, parts.binding).text(), NOW) in {
        "disclosure not referred to",
        "sd_hash",
    }


@pytest.mark.parametrize("holder_key", [None, {}, {"jwk": "x"}, {"jwk": {"kty": "oct"}}, {"x5c": []}])
def test_a_holder_key_that_is_none(holder_key: object) -> None:
    assert reason_of(issued(lambda payload: payload.update(cnf=holder_key))) == "holder key"


# --- tricks


def hide(name: str, value: object) -> tuple[str, Callable[[dict[str, Any]], None]]:
    disclosure = sd_jwt.disclose(name, value, bytes(16))
    return disclosure, lambda payload: payload["_sd"].append(sd_jwt.digest(disclosure))


@pytest.mark.parametrize("name", ["cnf", "nbf", "vct#integrity"])
def test_claims_that_may_not_be_hidden(name: str) -> None:
    disclosure, add = hide(name, 1)
    assert reason_of(issued(add, disclosure)) == "hidden claim"


@pytest.mark.parametrize("name", ["iss", "status", "exp"])
def test_a_name_that_is_there_already(name: str) -> None:
    disclosure, add = hide(name, 1)
    assert reason_of(issued(add, disclosure)) == "name twice"


@pytest.mark.parametrize("name", ["_sd", "..."])
def test_reserved_names(name: str) -> None:
    disclosure, add = hide(name, [])
    assert reason_of(issued(add, disclosure)) == "reserved name"


def test_two_disclosures_of_one_name() -> None:
    disclosure, add = hide("holder_name", "别人")
    assert reason_of(issued(add, disclosure)) == "name twice"


def test_a_disclosure_that_nothing_refers_to() -> None:
    parts = sd_jwt.split(whole())
    smuggled = sd_jwt.disclose("holder_name", "别人", bytes(16))
    only = sd_jwt.Parts(parts.token, (smuggled,)).text()
    assert reason_of(only) == "disclosure not referred to"
    twice = sd_jwt.Parts(parts.token, (*parts.disclosures, parts.disclosures[0])).text()
    assert reason_of(twice) == "disclosure twice"


def test_a_digest_that_stands_twice() -> None:
    assert reason_of(issued(lambda payload: payload["_sd"].append(payload["_sd"][0]))) == "digests"

    def in_another_place(payload: dict[str, Any]) -> None:
        payload["more"] = {"_sd": [payload["_sd"][0]]}

    assert reason_of(issued(in_another_place)) == "digests"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_sd_alg": "md5"}, "hash"),
        ({"_sd_alg": None}, "hash"),
        ({"_sd": "x"}, "digests"),
        ({"_sd": [1]}, "digests"),
        ({"...": "x"}, "reserved name"),
        ({"list": [{"...": "x", "more": 1}]}, "reserved name"),
        ({"vct": "urn:other"}, "vct"),
        ({"iss": 5}, "claims"),
        ({"heading": ""}, "claims"),
        ({"exp": "never"}, "claims"),
        ({"exp": True}, "claims"),
        ({"iat": None}, "iat"),
        ({"nbf": 1}, "claims"),
        ({"status": {}}, "reference"),
        ({"status": {"status_list": {"idx": -1, "uri": "u"}}}, "reference"),
    ],
)
def test_payloads_that_are_refused(change: dict[str, Any], reason: str) -> None:
    text = issued(lambda payload: payload.update(change))
    if change.keys() & {"_sd"}:
        text = sd_jwt.Parts(sd_jwt.split(text).token, ()).text()
    assert reason_of(text) == reason


@pytest.mark.parametrize(
    "disclosure",
    [
        "!",
        compact.encode(b"[]"),
        compact.encode(b'["s","n"'),
        compact.encode(b'["s","n","v"],"disclosure":["a","b","c"]'),
        compact.encode(b'["s","n",1.5]'),
        compact.encode(b'["s",5,"v"]'),
        compact.encode(b'[5,"n","v"]'),
        compact.encode(b'["s","n",{"a":1,"a":2}]'),
        compact.encode(b'["s","n","v"]') + "=",
        compact.encode(b'{"s":1}'),
    ],
)
def test_disclosures_that_cannot_be_read(disclosure: str) -> None:
    parts = sd_jwt.split(whole())
    assert reason_of(sd_jwt.Parts(parts.token, (disclosure,)).text()) == "disclosure"


def test_elements_of_arrays() -> None:
    element = compact.encode(b'["salt","shown"]')
    payload = {"list": [{"...": sd_jwt.digest(element)}, {"...": "decoy"}, "open", {"a": 1}]}
    assert sd_jwt.reveal(payload, [element]) == {"list": ["shown", "open", {"a": 1}]}
    assert sd_jwt.reveal(payload, []) == {"list": ["open", {"a": 1}]}
    with pytest.raises(sd_jwt.BadDisclosure):  # an element's disclosure where a member is hidden
        sd_jwt.reveal({"_sd": [sd_jwt.digest(element)]}, [element])


def test_what_is_hidden_inside_of_what_is_hidden() -> None:
    inner = sd_jwt.disclose("inner", 1, bytes(16))
    outer = sd_jwt.disclose("outer", {"_sd": [sd_jwt.digest(inner)]}, bytes(16))
    payload = {"_sd": [sd_jwt.digest(outer)]}
    assert sd_jwt.reveal(payload, [inner, outer]) == {"outer": {"inner": 1}}
    with pytest.raises(sd_jwt.BadDisclosure):
        sd_jwt.reveal(payload, [inner])


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "~", "a.b.c~~", "a.b.c~x~~", "x" * 40_000 + "~", "a.b.c" + "~x" * 70 + "~"]
)
def test_malformed(text: str) -> None:
    assert reason_of(text) in {"form", "too long", "json", "encoding"}
    with pytest.raises(BadCredential):
        present(text, {"holder_name"})


def test_a_receipt_is_no_credential() -> None:
    assert reason_of(issued(lambda _: None, typ=TYP_RECEIPT)) == "typ"


def test_every_changed_character_is_found() -> None:
    text = bind(present(whole(HOLDER), {"holder_name", "long_term"}), HOLDER, DEMAND, NOW)
    for place, character in enumerate(text):
        for mask in (0x01, 0x80):
            changed = text[:place] + chr(ord(character) ^ mask) + text[place + 1 :]
            with pytest.raises(BadCredential):
                opened(changed, NOW, DEMAND)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_nothing_raw_is_raised(text: str) -> None:
    token = sd_jwt.split(whole()).token
    for each in (
        text,
        f"{token}~{text}",
        f"{token}~{text}~",
        f"{token}~{compact.encode(text.encode('utf-8', 'replace'))}~",
    ):
        try:
            assert opened(each).certificate == {}
        except BadCredential:
            continue
