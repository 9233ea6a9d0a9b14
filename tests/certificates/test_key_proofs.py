"""A proof of possession says one key, one client, one hub and one challenge, for a quarter of an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from certificates.jose import ES256, Key, new_key, sign, signing_input
from certificates.key_proofs import LIFETIME, SKEW, TYP_KEY_PROOF, KeyProofRefused, check_key_proof, make_key_proof
from certificates.receipts import TYP_REQUEST

NOW, CHALLENGE = datetime(2026, 3, 2, tzinfo=UTC), "c" * 43
KEY, OTHER = new_key(ES256), new_key(ES256)
CLIENT, HUB = "approval-1", "https://hub.example"


def check(proof: str, key: Key = KEY, client: str = CLIENT, audience: str = HUB, now: datetime = NOW) -> str:
    return check_key_proof(proof, key, client=client, audience=audience, now=now)


def signed(typ: str = TYP_KEY_PROOF, **changed: object) -> str:
    claims = {"iss": CLIENT, "aud": HUB, "iat": int(NOW.timestamp()), "challenge": CHALLENGE} | changed
    return sign(signing_input({name: value for name, value in claims.items() if value is not None}, KEY, typ), KEY)


def test_a_right_proof_gives_its_challenge_until_it_is_old() -> None:
    proof = make_key_proof(CHALLENGE, KEY, client=CLIENT, audience=HUB, now=NOW)
    assert check(proof) == CHALLENGE
    assert check(proof, now=NOW + timedelta(seconds=LIFETIME)) == CHALLENGE
    assert check(proof, now=NOW - timedelta(seconds=SKEW)) == CHALLENGE
    for now in (NOW + timedelta(seconds=LIFETIME + 1), NOW - timedelta(seconds=SKEW + 1)):
        with pytest.raises(KeyProofRefused):
            check(proof, now=now)


@pytest.mark.parametrize("change", [{"client": "approval-2"}, {"audience": "https://x.example"}, {"key": OTHER}])
def test_it_is_for_its_own_key_client_and_hub(change: dict[str, str]) -> None:
    with pytest.raises(KeyProofRefused):
        check(signed(), **change)  # type: ignore[arg-type] # by name


@pytest.mark.parametrize(
    "proof",
    [
        signed(typ=TYP_REQUEST),
        signed(challenge="short"),
        signed(challenge=7),
        signed(iat="now"),
        signed(iat=True),
        signed(more="x"),
        signed(challenge=None),
        "no token",
        "",
    ],
)
def test_nothing_else_is_a_proof(proof: str) -> None:
    with pytest.raises(KeyProofRefused):
        check(proof)
