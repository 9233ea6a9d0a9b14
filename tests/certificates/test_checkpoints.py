"""Checkpoints and proofs: any changed character is refused, others' signatures are ignored, keys are the log's own."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates.checkpoints import (
    BadCheckpoint,
    BadProof,
    Checkpoint,
    open_checkpoint,
    parse_proof,
    proof_texts,
    prove,
    sign_checkpoint,
    verify_proof,
)
from certificates.jose import ED25519, ES256, key_from_private, new_key
from certificates.merkle import leaf_hash, new_nodes, root

KEY = key_from_private(Ed25519PrivateKey.from_private_bytes(bytes(32)))
ORIGIN = "hub.example/ledger"
LEAVES = [bytes([n]) * 32 for n in range(11)]
NODES = {(level, index): value for level, index, value in new_nodes(0, map(leaf_hash, LEAVES), lambda *_: b"")}


def read(level: int, index: int) -> bytes:
    return NODES[level, index]


HEAD = Checkpoint(ORIGIN, len(LEAVES), root(len(LEAVES), read))
NOTE = sign_checkpoint(HEAD, KEY)
PROOF = prove(6, HEAD, NOTE, read).text()


def test_round_trip() -> None:
    assert open_checkpoint(NOTE, [KEY.public_only()]) == HEAD
    assert open_checkpoint(NOTE, [new_key(ED25519), KEY], origin=ORIGIN) == HEAD
    assert verify_proof(PROOF, LEAVES[6], [KEY]) == HEAD
    for index, leaf in enumerate(LEAVES):
        assert verify_proof(prove(index, HEAD, NOTE, read).text(), leaf, [KEY], origin=ORIGIN).size == 11


def test_the_form_is_that_of_the_specifications() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "11", base64.b64encode(HEAD.root).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert PROOF.split("\n")[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]
    assert PROOF.endswith("\n\n" + NOTE)


@pytest.mark.parametrize("place", range(len(NOTE)))
def test_any_changed_character_of_a_checkpoint_is_refused(place: int) -> None:
    for other in "\n A1+é":
        if other != NOTE[place]:
            with pytest.raises(BadCheckpoint):
                open_checkpoint(NOTE[:place] + other + NOTE[place + 1 :], [KEY])


@pytest.mark.parametrize("place", range(len(PROOF)))
def test_any_changed_character_of_a_proof_is_refused(place: int) -> None:
    for other in "\n A1+é":
        if other != PROOF[place]:
            with pytest.raises((BadProof, BadCheckpoint)):
                verify_proof(PROOF[:place] + other + PROOF[place + 1 :], LEAVES[6], [KEY])


def test_another_leaf_index_key_or_origin() -> None:
    with pytest.raises(BadProof):
        verify_proof(PROOF, LEAVES[7], [KEY])
    with pytest.raises(BadProof):
        verify_proof(PROOF.replace("index 6", "index 7"), LEAVES[6], [KEY])
    for keys in ([], [new_key(ED25519)], [new_key(ES256)]):
        with pytest.raises(BadCheckpoint):
            open_checkpoint(NOTE, keys)
    with pytest.raises(BadCheckpoint) as caught:
        open_checkpoint(NOTE, [KEY], origin="other.example/ledger")
    assert caught.value.reason == "origin"


def test_witnesses_are_ignored_and_do_not_count() -> None:
    witness = new_key(ED25519)
    theirs = sign_checkpoint(Checkpoint("witness.example", HEAD.size, HEAD.root), witness).split("\n\n")[1]
    assert open_checkpoint(NOTE + theirs, [KEY]) == HEAD
    with pytest.raises(BadCheckpoint):
        open_checkpoint(HEAD.text() + "\n" + theirs, [KEY, witness])


def test_extra_lines_are_skipped_in_proofs_and_refused_in_checkpoints() -> None:
    with_extra = PROOF.replace("index 6", "extra AAAA\nindex 6")
    assert verify_proof(with_extra, LEAVES[6], [KEY]) == HEAD
    text = HEAD.text() + "extension\n"
    signature = NOTE.split("\n\n")[1]
    with pytest.raises(BadCheckpoint):
        open_checkpoint(f"{text}\n{signature}", [KEY])


@pytest.mark.parametrize(
    "text", ["", "\n\n", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\n", "x" * 70_000]
)
def test_other_texts_are_no_proofs(text: str) -> None:
    with pytest.raises(BadProof):
        parse_proof(text)


def test_what_cannot_be_signed() -> None:
    for origin, size_key in (
        (" ", KEY),
        ("a b", KEY),
        ("a+b", KEY),
        (ORIGIN, new_key(ES256)),
        (ORIGIN, KEY.public_only()),
    ):
        with pytest.raises(BadCheckpoint):
            sign_checkpoint(Checkpoint(origin, 1, bytes(32)), size_key)
    with pytest.raises(BadCheckpoint):
        sign_checkpoint(Checkpoint(ORIGIN, 1, b"short"), KEY)


def test_proofs_of_many_entries_are_those_of_each() -> None:
    alone = {index: prove(index, HEAD, NOTE, read).text() for index in range(HEAD.size)}
    assert proof_texts(range(HEAD.size), HEAD, NOTE, read) == alone
    assert proof_texts([4], HEAD, NOTE, read) == {4: alone[4]}
