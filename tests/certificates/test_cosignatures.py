"""Cosignatures verify for whom they are from, over what they are over; whatever byte is changed, they don't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from certificates.cosignatures import (
    LOG,
    BadVerifier,
    Cosigned,
    cosign,
    parse_verifier,
    verifier,
    verify_cosignatures,
    witness_lines,
)
from certificates.jose import ED25519, ES256, new_key

LOG_KEY, KEY, OTHER = new_key(ED25519), new_key(ED25519), new_key(ED25519)
ORIGIN, NAME, AT = "hub.example/ledger", "office.example/w1", 1_679_315_147
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 300, bytes(range(32))), LOG_KEY)
WITNESS = verifier(NAME, KEY)


def test_a_cosignature_is_known_by_name_key_and_note() -> None:
    line = cosign(NOTE, NAME, KEY, at=AT)
    assert verify_cosignatures(NOTE + line, [WITNESS]) == [Cosigned(NAME, AT)]
    assert verify_cosignatures(NOTE + line, [verifier("office.example/w2", KEY), verifier(NAME, OTHER)]) == []
    other = sign_checkpoint(Checkpoint(ORIGIN, 301, bytes(range(32))), LOG_KEY)
    assert verify_cosignatures(other + line, [WITNESS]) == []
    assert open_checkpoint(NOTE + line, [LOG_KEY.public_only()]).size == 300


def test_several_witnesses_each_count_once() -> None:
    lines = cosign(NOTE, NAME, KEY, at=AT) * 2 + cosign(NOTE, "b", OTHER, at=AT + 1)
    known = [WITNESS, verifier("b", OTHER)]
    assert verify_cosignatures(NOTE + lines, known) == [Cosigned(NAME, AT), Cosigned("b", AT + 1)]
    assert witness_lines(lines, known, NOTE).keys() == {NAME, "b"}


def test_every_byte_of_a_cosigned_checkpoint_changed_is_found() -> None:
    whole = (NOTE + cosign(NOTE, NAME, KEY, at=AT)).encode()
    count = 0
    for place in range(len(whole)):
        for mask in (0x01, 0x80):
            changed = bytearray(whole)
            changed[place] ^= mask
            text = bytes(changed).decode("utf-8", "replace")
            genuine = verify_cosignatures(text, [WITNESS]) == [Cosigned(NAME, AT)]
            assert not (genuine and opened(text)), (place, mask)
            count += 1
    print(f"\n{count} changes of a cosigned checkpoint: all found")  # noqa: T201 - the count


def opened(text: str) -> bool:
    try:
        open_checkpoint(text, [LOG_KEY.public_only()], origin=ORIGIN)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be ours
        assert type(error).__name__ == "BadCheckpoint"  # noqa: PT017 - as above
        return False
    return True


def test_verifier_keys_are_read_back_and_bad_ones_refused() -> None:
    assert parse_verifier(str(WITNESS)) == WITNESS
    assert parse_verifier(f"{verifier(ORIGIN, LOG_KEY, LOG)}\n").kind == LOG
    name, identity, key = str(WITNESS).split("+", 2)
    for bad in (
        "",
        name,
        f"{name}+{identity}",
        f"x{name}+{identity}+{key}",
        f"{name}+{identity}+{key}AAAA",
        f"+{identity}+{key}",
    ):
        with pytest.raises(BadVerifier):
            parse_verifier(bad)
    with pytest.raises(BadVerifier):
        verifier(NAME, new_key(ES256))
    with pytest.raises(BadVerifier):
        verifier("two words", KEY)


@given(st.text(max_size=200))
def test_no_text_raises_anything_raw(text: str) -> None:
    assert verify_cosignatures(text, [WITNESS]) == []
    assert witness_lines(text, [WITNESS], NOTE) == {}
