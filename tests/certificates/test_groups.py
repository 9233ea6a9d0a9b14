"""Groups of tokens under one signature: every member verifies alone, and nothing about it can be changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import compact, groups, merkle
from certificates.groups import group_algorithm, place_of, sign_group, verify
from certificates.jose import ES256, SM2_SM3, BadKey, Key, VerificationError, new_key, sign, signing_input
from certificates.jose import verify as verify_alone

TYP = "example+jwt"
KEYS = {alg: new_key(alg) for alg in (ES256, SM2_SM3)}
both = pytest.mark.parametrize("alg", [ES256, SM2_SM3])


def drafts(count: int, key: Key) -> list[bytes]:
    return [signing_input({"n": n, "salt": "x" * 22}, key, TYP, group_algorithm(key.alg)) for n in range(count)]


def refusal(token: str, key: Key) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(token, {key.kid: key}, TYP)
    return caught.value.reason


def with_signature(token: str, signature: bytes) -> str:
    return f"{token.rpartition('.')[0]}.{compact.encode(signature)}"


@both
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100])
def test_every_member_verifies_alone(alg: str, count: int) -> None:
    key = KEYS[alg]
    tokens = sign_group(drafts(count, key), key)
    chosen = {0, 1, count // 2, count - 2, count - 1} & set(range(count))
    for index in chosen:
        verified = verify(tokens[index], {key.kid: key.public_only()}, TYP)
        assert verified.payload["n"] == index
        assert verified.signing_input == drafts(count, key)[index]
    assert len({compact.parse(token).signature[:64] for token in tokens}) == 1  # one signature for all


def test_the_tree_is_the_ledgers_where_the_digest_is() -> None:
    key = KEYS[ES256]
    for count in range(1, 40):
        inputs = drafts(count, key)
        nodes: dict[tuple[int, int], bytes] = {}
        for level, place, value in merkle.new_nodes(0, map(merkle.leaf_hash, inputs), lambda *_: b""):
            nodes[level, place] = value
        tokens = sign_group(inputs, key)
        for index in (0, count // 2, count - 1):
            place = place_of(tokens[index])
            assert place is not None
            expected = merkle.inclusion_proof(index, count, lambda level, at, nodes=nodes: nodes[level, at])
            assert (place.index, place.size, list(place.path)) == (index, count, expected)


@both
def test_every_changed_byte_is_found(alg: str) -> None:
    key = KEYS[alg]
    token = sign_group(drafts(6, key), key)[4]
    found = 0
    for part, text in enumerate(token.split(".")):
        raw = compact.decode(text)
        for place in range(len(raw)):
            for mask in (0x01, 0x80):
                changed = token.split(".")
                changed[part] = compact.encode(raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :])
                refusal(".".join(changed), key)
                found += 1
    assert found == 2 * sum(len(compact.decode(part)) for part in token.split("."))
    print(f"{alg}: {found} changes of a grouped token, all found")  # noqa: T201 - the count is what is wanted


@both
def test_members_cannot_be_exchanged_or_cut(alg: str) -> None:
    key = KEYS[alg]
    first, second, third = sign_group(drafts(3, key), key)
    signature = compact.parse(first).signature
    assert refusal(with_signature(second, signature), key) == "signature"
    for cut in (signature[:-1], signature[:-32], signature + bytes(32), signature[:71], signature[:64], b"\0"):
        assert refusal(with_signature(first, cut), key) in {"group", "signature"}
    index_beyond = signature[:64] + (3).to_bytes(4, "big") + signature[68:]
    assert refusal(with_signature(first, index_beyond), key) == "group"
    too_large = signature[:68] + (groups.MOST + 1).to_bytes(4, "big") + signature[72:]
    assert refusal(with_signature(first, too_large), key) == "group"
    assert verify(third, {key.kid: key}, TYP).payload["n"] == 2


@both
def test_alone_and_in_a_group_are_two_algorithms(alg: str) -> None:
    key = KEYS[alg]
    (token,) = sign_group(drafts(1, key), key)
    with pytest.raises(VerificationError, match="签名") as caught:
        verify_alone(token, {key.kid: key}, TYP)  # the door for everything that is never grouped
    assert caught.value.reason == "alg"
    alone = sign(signing_input({"n": 1}, key, TYP), key)
    assert verify(alone, {key.kid: key}, TYP).payload == {"n": 1}
    assert place_of(alone) is None
    # a plain signature under a group's header, and a group's under a plain header
    assert refusal(sign(drafts(1, key)[0], key), key) == "group"
    assert refusal(sign_group([signing_input({"n": 1}, key, TYP)], key)[0], key) == "signature"
    # the algorithm of another key's groups
    other = group_algorithm(ES256 if alg == SM2_SM3 else SM2_SM3)
    assert refusal(sign_group([signing_input({}, key, TYP, other)], key)[0], key) == "alg"


def test_a_signed_token_is_no_groups_text() -> None:
    key = KEYS[ES256]
    text = groups.group_text(bytes(32), 1, ES256)
    assert b"\n" in text
    assert all(data.count(b"\n") == 0 for data in drafts(2, key))


def test_empty_groups_and_keys_without_private_half_are_refused() -> None:
    key = KEYS[SM2_SM3]
    with pytest.raises(ValueError, match="a group"):
        sign_group([], key)
    with pytest.raises(BadKey):
        sign_group(drafts(1, key), key.public_only())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_signatures_are_refused(signature: bytes) -> None:
    key = KEYS[ES256]
    token = f"{drafts(1, key)[0].decode()}.{compact.encode(signature)}"
    assert refusal(token, key) in {"form", "group", "signature"}
