"""What PyJWT lets pass and the strict door refuses, each by its named reason; and the differential check, briefly."""

import jwt
import pytest

from certificates.compact import REASONS
from certificates.jose import ES256, VerificationError, new_key, sign, signing_input, verify
from tests.checks.differential import Fuzzer
from tests.quirky_tokens import MISSPELLED, QUIRKY

KEY = new_key(ES256)
TYP = "example+jwt"
PAYLOAD = {"iss": "client-1", "n": 1}
PLAIN = {"verify_aud": False, "verify_iat": False, "verify_nbf": False}


@pytest.mark.parametrize("name", QUIRKY)
def test_pyjwt_lets_it_pass_and_the_strict_door_names_a_reason(name: str) -> None:
    make, reason = QUIRKY[name]
    token = make(KEY, TYP, PAYLOAD)
    assert jwt.decode(token, KEY.public, algorithms=["ES256"], options=PLAIN)["iss"] == "client-1"
    with pytest.raises(VerificationError) as caught:
        verify(token, {KEY.kid: KEY.public_only()}, TYP)
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", MISSPELLED)
def test_other_spellings_are_refused_by_a_named_reason(name: str) -> None:
    make, reason = MISSPELLED[name]
    with pytest.raises(VerificationError) as caught:
        verify(make(KEY, TYP, PAYLOAD), {KEY.kid: KEY.public_only()}, TYP)
    assert caught.value.reason == reason


def test_the_plain_token_passes_both() -> None:
    token = sign(signing_input(PAYLOAD, KEY, TYP), KEY)
    assert jwt.decode(token, KEY.public, algorithms=["ES256"]) == PAYLOAD
    assert verify(token, {KEY.kid: KEY}, TYP).payload == PAYLOAD


def test_every_reason_of_the_form_is_among_them_or_tested_elsewhere() -> None:
    tried = {reason for _, reason in (*QUIRKY.values(), *MISSPELLED.values())}
    assert set(REASONS) - tried == {"json"}  # test_compact has it


def test_what_the_strict_door_accepts_joserfc_reads_the_same() -> None:
    fuzzer = Fuzzer(7)
    for _ in range(2_000):
        fuzzer.compare(fuzzer.make())
    assert fuzzer.tally.differing == []
    assert fuzzer.tally.accepted > 200
    assert {"form", "json", "encoding", "not an integer", "member twice"} <= fuzzer.tally.reasons.keys()
