"""Token Status Lists: the standard's vectors, the hub's own tokens, bounds, and whatever was changed."""

import contextlib
import json
import os
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import compact
from certificates.jose import ES256, new_key, sign, signing_input
from certificates.published_keys import PublishedKey, published_keys
from certificates.status import Status
from certificates.status_lists import (
    MOST_BYTES,
    TYP_STATUS_LIST,
    BadStatusList,
    State,
    StatusList,
    StatusReference,
    compose_list,
    decode_list,
    open_status_list,
)

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "status_list" / "encoding.json"
URI = "https://hub.example/v1/status-lists/1"
MADE = 1_704_067_200
KEY = new_key(ES256)
KEYS = {KEY.kid: PublishedKey(KEY.public_only())}
STATES = {0: State.INVALID, 5: State.SUSPENDED, 6: State.BEING_CHECKED, 4_095: State.INVALID}


def vectors() -> list[dict[str, Any]]:
    return json.loads(VECTORS.read_bytes())["vectors"] if VECTORS.is_file() else []


def signed(payload: dict[str, Any], typ: str = TYP_STATUS_LIST) -> str:
    return sign(signing_input(payload, KEY, typ), KEY)


def a_list(**changes: object) -> dict[str, Any]:
    return compose_list(StatusList.of(STATES, 4_096), URI, issued_at=MADE) | changes


@pytest.mark.skipif(not VECTORS.is_file(), reason="the folder shared/vectors is not here")
def test_the_standards_vectors() -> None:
    for vector in vectors():
        states = decode_list(vector["bits"], vector["lst"])
        assert states.size == vector["size"]
        if "bytes" in vector:
            assert list(states.data) == vector["bytes"]
            continue
        told = {int(place): value for place, value in vector["statuses"].items()}
        assert {place: states[place] for place in told} == told
        others = random.Random(3).sample(range(states.size), min(states.size, 5_000))
        assert all(states[place] == told.get(place, 0) for place in others)


def test_a_list_comes_back() -> None:
    opened = open_status_list(signed(a_list()), KEYS, uri=URI, at=MADE)
    assert opened.states.size == 4_096
    assert {place: opened.state(place) for place in range(4_096) if opened.state(place)} == STATES
    assert (opened.uri, opened.issued_at, opened.expires, opened.ttl) == (URI, MADE, MADE + 86_400, 300)
    assert not opened.stale_at(MADE + 300)
    assert opened.stale_at(MADE + 301)


@given(st.dictionaries(st.integers(0, 255), st.sampled_from(State), max_size=60))
def test_any_states(states: dict[int, State]) -> None:
    packed = StatusList.of(states, 256)
    assert decode_list(2, packed.encode()) == packed
    assert all(packed[place] == states.get(place, State.VALID) for place in range(256))


def test_a_list_of_nothing_but_noise_can_be_read() -> None:
    noise = StatusList(2, os.urandom(len(StatusList.of({}).data)))
    token = signed(compose_list(noise, "https://a-hub-with-a-long-name.gov.example/v1/status-lists/12", issued_at=MADE))
    assert open_status_list(token, KEYS, at=MADE).states == noise


@pytest.mark.parametrize(
    ("at", "reason"), [(MADE - 1, "not yet"), (MADE + 86_400, "expired"), (MADE, None), (MADE + 86_399, None)]
)
def test_times(at: int, reason: str | None) -> None:
    if reason is None:
        assert open_status_list(signed(a_list()), KEYS, at=at).uri == URI
        return
    with pytest.raises(BadStatusList) as refused:
        open_status_list(signed(a_list()), KEYS, at=at)
    assert refused.value.reason == reason


def bomb() -> str:
    return compact.encode(zlib.compress(bytes(MOST_BYTES + 1), 9))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": ""}, "claims"),
        ({"sub": f"{URI}0"}, "sub"),
        ({"iat": None}, "iat"),
        ({"iat": True}, "iat"),
        ({"exp": "soon"}, "claims"),
        ({"exp": 0}, "claims"),
        ({"ttl": -1}, "claims"),
        ({"status_list": None}, "claims"),
        ({"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}}, "list"),
        ({"status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}}, "list"),
        ({"status_list": {"bits": 2}}, "list"),
        ({"status_list": {"bits": 2, "lst": "not zlib"}}, "list"),
        ({"status_list": {"bits": 2, "lst": "eNrbuRgAAhcBXQ=="}}, "list"),
        ({"status_list": {"bits": 2, "lst": "eNrbuRgAAhcB"}}, "list"),
        ({"status_list": {"bits": 2, "lst": bomb()}}, "list"),
    ],
)
def test_bad_lists(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadStatusList) as refused:
        open_status_list(signed(a_list(**changes)), KEYS, uri=URI, at=MADE)
    assert refused.value.reason == reason


def test_another_type_and_other_keys() -> None:
    with pytest.raises(BadStatusList, match="状态列表"):
        open_status_list(signed(a_list(), "hub-receipt+jwt"), KEYS)
    with pytest.raises(BadStatusList):
        open_status_list(signed(a_list()), {})


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"signs_until": MADE - 1}, "key retired"),
        ({"status": "compromised"}, "key compromised"),
        ({"compromised_since": MADE + 5}, "key compromised"),
        ({"signs_until": MADE}, None),
    ],
)
def test_keys_that_count_no_more(members: dict[str, Any], reason: str | None) -> None:
    keys = published_keys({"keys": [{**KEY.to_jwk(), "purpose": "status", **members}]}, "status")
    if reason is None:
        assert open_status_list(signed(a_list()), keys).uri == URI
        return
    with pytest.raises(BadStatusList) as refused:
        open_status_list(signed(a_list()), keys)
    assert refused.value.reason == reason


def test_places_beyond_the_end() -> None:
    opened = open_status_list(signed(a_list()), KEYS)
    for place in (-1, 4_096, 2**60):
        with pytest.raises(BadStatusList):
            opened.state(place)


def test_a_value_that_is_no_state() -> None:
    wide = compose_list(StatusList(8, b"\x04"), URI, issued_at=MADE)
    with pytest.raises(BadStatusList):
        open_status_list(signed(wide), KEYS).state(0)


def test_every_changed_character_is_found() -> None:
    token = signed(a_list())
    for place, character in enumerate(token):
        for mask in (0x01, 0x80):
            with pytest.raises(BadStatusList):
                open_status_list(token[:place] + chr(ord(character) ^ mask) + token[place + 1 :], KEYS)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([1, 2, 4, 8]))
def test_any_bytes_as_a_list(data: bytes, bits: int) -> None:
    for text in (compact.encode(data), compact.encode(zlib.compress(data))):
        with contextlib.suppress(BadStatusList):
            states = decode_list(bits, text)
            assert states.size == len(states.data) * 8 // bits


def test_references() -> None:
    reference = StatusReference(URI, 12)
    assert StatusReference.parse(reference.to_json()) == reference
    for wrong in (None, {}, {"status_list": {"idx": "1", "uri": URI}}, {"status_list": {"idx": -1, "uri": URI}}):
        with pytest.raises(BadStatusList):
            StatusReference.parse(wrong)


def test_every_state_of_a_certificate_has_one_of_a_place() -> None:
    assert State.of(Status.VALID) == State.VALID
    assert State.of(Status.SUSPENDED) == State.SUSPENDED
    assert State.of(Status.DRAFT) == State.of(None) == State.BEING_CHECKED
    bad = {Status.CANCELLED, Status.REVOKED_VOID, Status.REVOKED_PENALTY, Status.SUPERSEDED, Status.TRANSFERRED}
    assert {State.of(status) for status in bad} == {State.INVALID}


def test_doubt_turns_good_news_into_a_question_and_leaves_bad_news() -> None:
    assert State.of(Status.VALID, doubtful=True) == State.BEING_CHECKED
    assert State.of(Status.REVOKED_VOID, doubtful=True) == State.INVALID
    assert State.of(Status.SUSPENDED, doubtful=True) == State.SUSPENDED
