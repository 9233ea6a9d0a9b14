"""Signatures against Wycheproof's vectors and another library; keys and tokens that must be refused."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from certificates import compact
from certificates.jose import (
    ED25519,
    ES256,
    BadKey,
    Key,
    VerificationError,
    key_from_jwk,
    new_key,
    parse_unverified_issuer,
    sign,
    signature_holds,
    signing_input,
    verify,
)
from certificates.jwk import _verifying_key

WYCHEPROOF = Path(__file__).parents[3] / "shared" / "vectors" / "wycheproof"
MISSING = f"vectors of C2SP/wycheproof are not at {WYCHEPROOF}"
needs_wycheproof = pytest.mark.skipif(not WYCHEPROOF.is_dir(), reason=MISSING)
TYP = "example+jwt"
KEYS = {alg: new_key(alg) for alg in (ES256, ED25519)}


def groups(name: str) -> list[dict[str, Any]]:
    return list(json.loads((WYCHEPROOF / name).read_bytes())["testGroups"])


def refusal(token: str, key: Key = KEYS[ES256], typ: str = TYP) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(token, {key.kid: key}, typ)
    assert caught.value.zh == VerificationError("x").zh  # one message outside
    return caught.value.reason


def token_of(header: dict[str, Any], payload: dict[str, Any], key: Key = KEYS[ES256]) -> str:
    parts = (compact.encode(json.dumps(part).encode()) for part in (header, payload))
    return sign(".".join(parts).encode(), key)


# --- Wycheproof ---


def wycheproof_jws_holds(jwk: dict[str, Any], token: str) -> bool:
    """The strict door without its demand for ``kid`` and ``typ``, which no vector has together."""
    try:
        key = _verifying_key(jwk)
        header, _, signature, data = compact.split(token)
        members = compact.parse_object(header)
    except (BadKey, compact.NotCompact):
        return False
    plain = members.keys() <= {"alg", "kid", "typ"} and members.get("alg") == key.alg
    return plain and members.get("kid", jwk.get("kid")) == jwk.get("kid") and signature_holds(data, signature, key)


@needs_wycheproof
def test_wycheproof_jws() -> None:
    accepted, wrong = [], []
    for group in groups("json_web_signature_test.json"):
        jwk = group.get("public", group["private"])
        for case in group["tests"]:
            token = case["jws"] if isinstance(case["jws"], str) else json.dumps(case["jws"])
            holds = wycheproof_jws_holds(jwk, token)
            if holds:
                accepted.append(case["tcId"])
            ours = jwk.get("alg") == ES256 and jwk.get("kty") == "EC"
            if holds != (case["result"] == "valid" and ours):
                wrong.append((case["tcId"], case["comment"], case["result"]))
            assert not (isinstance(case["jws"], str) and _passes_the_door(jwk, token))
    assert wrong == []
    assert accepted == [18, 378]  # the ES256 tokens that are right


def _passes_the_door(jwk: dict[str, Any], token: str) -> bool:
    try:
        key = _verifying_key(jwk)
        verify(token, {key.kid: key}, TYP)
    except (BadKey, VerificationError):
        return False
    return True


@needs_wycheproof
def test_wycheproof_p256_raw_signatures() -> None:
    checked = 0
    for group in groups("ecdsa_secp256r1_sha256_p1363_test.json"):
        public = EllipticCurvePublicKey.from_encoded_point(
            SECP256R1(), bytes.fromhex(group["publicKey"]["uncompressed"])
        )
        key = Key("x", ES256, public)
        for case in group["tests"]:
            holds = signature_holds(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]), key)
            assert holds == (case["result"] == "valid"), case["tcId"]
            checked += 1
    assert checked > 100


@needs_wycheproof
def test_wycheproof_ed25519() -> None:
    checked = 0
    for group in groups("ed25519_test.json"):
        x = compact.encode(bytes.fromhex(group["publicKey"]["pk"]))
        key = key_from_jwk({"kty": "OKP", "crv": "Ed25519", "x": x})
        for case in group["tests"]:
            holds = signature_holds(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]), key)
            assert holds == (case["result"] == "valid"), case["tcId"]
            checked += 1
    assert checked > 100


# --- another library ---


@pytest.mark.parametrize("alg", [ES256, ED25519])
def test_joserfc_accepts_our_tokens_and_we_accept_its(alg: str) -> None:
    key = KEYS[alg]
    ours = sign(signing_input({"iss": "hub", "n": 1, "名": "值"}, key, TYP), key)
    bare = {name: value for name, value in key.to_jwk().items() if name not in {"alg", "use", "kid"}}
    public = (ECKey if alg == ES256 else OKPKey).import_key(bare)
    theirs = jws.deserialize_compact(ours, public, algorithms=[alg])
    assert theirs.headers() == {"alg": alg, "kid": key.kid, "typ": TYP}
    assert json.loads(theirs.payload) == {"iss": "hub", "n": 1, "名": "值"}
    assert public.thumbprint() == key.kid

    other = (ECKey if alg == ES256 else OKPKey).generate_key("P-256" if alg == ES256 else "Ed25519")
    jwk = other.as_dict(private=False)
    mine = key_from_jwk({name: value for name, value in jwk.items() if name != "kid"})
    token = jws.serialize_compact({"alg": alg, "kid": mine.kid, "typ": TYP}, b'{"iss":"x"}', other, algorithms=[alg])
    assert verify(token, {mine.kid: mine}, TYP).payload == {"iss": "x"}


# --- tokens that must be refused ---


def test_the_payload_decides_the_signing_input() -> None:
    key = KEYS[ES256]
    assert signing_input({"b": 1, "a": 2}, key, TYP) == signing_input({"a": 2, "b": 1}, key, TYP)
    with pytest.raises(ValueError, match="JSON"):
        signing_input({"a": float("nan")}, key, TYP)


def test_reasons() -> None:
    key, payload = KEYS[ES256], {"iss": "x"}
    header = {"alg": ES256, "kid": key.kid, "typ": TYP}
    good = token_of(header, payload)
    assert verify(good, {key.kid: key.public_only()}, TYP).payload == payload
    assert refusal(good, typ="other+jwt") == "typ"
    assert refusal(good, new_key(ES256)) == "kid"
    assert refusal(token_of({**header, "alg": ED25519}, payload)) == "alg"
    assert refusal(token_of({**header, "alg": "none"}, payload)) == "alg"
    assert refusal(good[:-2] + ("AA" if good[-2:] != "AA" else "BA")) in {"signature", "encoding"}
    assert refusal(token_of(header, payload, new_key(ES256))) == "signature"
    assert refusal(token_of(header, payload, KEYS[ED25519])) == "signature"


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "x" * 10_000, "", "\x00", "0"])
def test_kids_that_are_none(kid: str) -> None:
    assert refusal(token_of({"alg": ES256, "kid": kid, "typ": TYP}, {})) in {"kid", "header values"}


def test_a_key_map_with_a_wrong_name_is_no_way_in() -> None:
    good = token_of({"alg": ES256, "kid": "alias", "typ": TYP}, {})
    with pytest.raises(VerificationError):
        verify(good, {"alias": KEYS[ES256]}, TYP)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "crit", "cty", "b64"])
def test_headers_that_name_keys_or_ask_for_more(member: str) -> None:
    key = KEYS[ES256]
    value: Any = key.to_jwk() if member == "jwk" else "https://evil.example/keys"
    assert refusal(token_of({"alg": ES256, "kid": key.kid, "typ": TYP, member: value}, {})) == "header members"


def test_hmac_with_our_public_key_in_every_form() -> None:
    key = KEYS[ES256]
    secrets = [
        key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.to_jwk()).encode(),
        b"",
    ]
    for secret in secrets:
        data = ".".join(
            compact.encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": key.kid, "typ": TYP}, {})
        )
        mac = hmac.new(secret, data.encode(), hashlib.sha256).digest()
        assert refusal(f"{data}.{compact.encode(mac)}") == "alg"


def test_der_signatures_are_refused() -> None:
    key = KEYS[ES256]
    data = signing_input({}, key, TYP)
    assert not signature_holds(data, bytes(70), key)
    assert not signature_holds(data, b"", key)


def test_the_issuer_before_verification() -> None:
    key = KEYS[ES256]
    assert parse_unverified_issuer(sign(signing_input({"iss": "client-1"}, key, TYP), key)) == "client-1"
    for payload in ({}, {"iss": 1}, {"iss": ""}, {"iss": "x" * 257}, {"iss": ["a"]}):
        with pytest.raises(VerificationError):
            parse_unverified_issuer(sign(signing_input(payload, key, TYP), key))
    with pytest.raises(VerificationError):
        parse_unverified_issuer("not a token")


# --- keys ---


@pytest.mark.parametrize("alg", [ES256, ED25519])
def test_jwk_round_trip(alg: str) -> None:
    key = KEYS[alg]
    found = key_from_jwk(key.to_jwk())
    assert (found.kid, found.alg, found.private) == (key.kid, alg, None)
    assert "private" not in repr(key)


def test_the_thumbprint_of_rfc_8037() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert key_from_jwk(jwk).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_jwks_that_are_refused() -> None:
    good = KEYS[ES256].to_jwk()
    other = new_key(ES256).to_jwk()
    bad: list[dict[str, Any]] = [
        {},
        {**good, "d": good["x"]},
        {"kty": "oct", "k": "AAAA"},
        {**good, "alg": "ES384"},
        {**good, "alg": "HS256"},
        {**good, "alg": ED25519},
        {**good, "crv": "P-384"},
        {**good, "kty": "OKP"},
        {**good, "kty": ["EC"]},
        {**good, "use": "enc"},
        {**good, "key_ops": ["sign", "verify"]},
        {**good, "kid": "another"},
        {**good, "y": other["y"]},
        {**good, "x": good["x"] + "="},
        {**good, "x": good["x"][:-2]},
        {**good, "x": 12345},
        {name: value for name, value in good.items() if name != "y"},
        {**KEYS[ED25519].to_jwk(), "x": "AAAA"},
    ]
    for jwk in bad:
        with pytest.raises(BadKey):
            key_from_jwk(jwk)


def test_a_public_key_does_not_sign() -> None:
    with pytest.raises(BadKey):
        sign(b"x", KEYS[ES256].public_only())
