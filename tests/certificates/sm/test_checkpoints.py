"""Checkpoints in the SM profile: a line by Ed25519 for everybody, a line by SM2 for those who need it."""

import base64
import hashlib

import pytest

from certificates import merkle
from certificates.checkpoints import BadCheckpoint, Checkpoint, open_checkpoint, prove, sign_checkpoint, verify_proof
from certificates.jose import ED25519, ES256, SM2_SM3, Key, new_key
from certificates.sm.sm2 import Sm2PublicKey

KEY, SM_KEY = new_key(ED25519), new_key(SM2_SM3)
CHECKPOINT = Checkpoint("hub.example/ledger", 5, bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, KEY, SM_KEY)


def refusal(note: str, *keys: Key) -> str:
    with pytest.raises(BadCheckpoint) as caught:
        open_checkpoint(note, keys)
    return caught.value.reason


@pytest.mark.parametrize("keys", [(KEY,), (SM_KEY,), (KEY, SM_KEY), (SM_KEY, KEY)])
def test_each_key_alone_and_both_together(keys: tuple[Key, ...]) -> None:
    assert open_checkpoint(NOTE, keys) == CHECKPOINT


def test_the_line_of_sm2_is_what_the_module_says() -> None:
    head, _, lines = NOTE.rpartition("\n\n")
    assert head + "\n" == CHECKPOINT.text()
    assert NOTE.startswith(sign_checkpoint(CHECKPOINT, KEY))  # as everybody else writes it, and one line more
    raw = base64.b64decode(lines.split("\n")[1].split(" ")[2])
    public = SM_KEY.public
    assert isinstance(public, Sm2PublicKey)
    point = public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")
    named = hashlib.sha256(b"hub.example/ledger\n\xffmianzheng SM2-SM3" + point).digest()[:4]
    assert raw[:4] == named
    assert public.verifies(CHECKPOINT.text().encode(), raw[4:])


def test_a_wrong_line_of_either_key_refuses_the_note() -> None:
    text, _, lines = NOTE.rpartition("\n\n")
    for place in (0, 1):
        changed = lines.split("\n")
        name, _, signature = changed[place].rpartition(" ")
        raw = bytearray(base64.b64decode(signature))
        raw[-1] ^= 1
        changed[place] = f"{name} {base64.b64encode(raw).decode()}"
        assert refusal("\n".join([text, "", *changed]), KEY, SM_KEY) == "signature"


def test_every_changed_byte_is_found_by_who_asks_for_both() -> None:
    data, found = NOTE.encode(), 0
    keys = (KEY.public_only(), SM_KEY.public_only())
    for place in range(len(data)):
        for mask in (0x01, 0x80):
            changed = data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
            try:
                note = changed.decode()
            except UnicodeDecodeError:
                found += 1
                continue
            refused = []
            for key in keys:
                try:
                    open_checkpoint(note, [key])
                except BadCheckpoint:
                    refused.append(key.alg)
            found += bool(refused)
    assert found == 2 * len(data)
    print(f"{found} changes of a checkpoint with two signatures, all found")  # noqa: T201 - the count is what is wanted


def test_no_line_no_acceptance() -> None:
    without = sign_checkpoint(CHECKPOINT, KEY)
    assert refusal(without, SM_KEY) == "unsigned"
    assert refusal(sign_checkpoint(CHECKPOINT, SM_KEY), KEY) == "unsigned"
    assert refusal(NOTE, new_key(SM2_SM3), new_key(ED25519)) == "unsigned"
    assert refusal(NOTE, new_key(ES256)) == "unsigned"


def test_keys_that_sign_no_notes() -> None:
    for keys in ((), (new_key(ES256),), (KEY, new_key(ES256)), (KEY.public_only(),)):
        with pytest.raises(BadCheckpoint):
            sign_checkpoint(CHECKPOINT, *keys)


def test_proofs_hold_under_sm2_alone() -> None:
    leaf = bytes(32)
    node = merkle.leaf_hash(leaf)
    checkpoint = Checkpoint("hub.example/ledger", 1, node)
    note = sign_checkpoint(checkpoint, KEY, SM_KEY)
    proof = prove(0, checkpoint, note, lambda *_: node).text()
    assert verify_proof(proof, leaf, [SM_KEY.public_only()]) == checkpoint
