"""A witness cosigns what goes on from what it knows, and nothing else; its answers are those of C2SP tlog-witness."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import merkle
from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.cosignatures import LOG, Cosigned, verifier, verify_cosignatures
from certificates.jose import ED25519, Key, new_key
from certificates.witness import (
    SIZE_TYPE,
    Decision,
    KnownLog,
    MalformedSubmission,
    Submission,
    WitnessKey,
    decide,
    parse_submission,
)

ORIGIN = "hub.example/ledger"
LOG_KEY = new_key(ED25519)
OWN = WitnessKey("office.example/w1", new_key(ED25519))
KNOWN = (verifier(ORIGIN, LOG_KEY, LOG),)


class Log:
    """A tree with `mark` in its leaves: logs with other marks are forks."""

    def __init__(self, size: int, mark: str = "", same: int = 0) -> None:
        leaves = [merkle.leaf_hash(f"{'' if number < same else mark}{number}".encode()) for number in range(size)]
        self.nodes = {(level, index): value for level, index, value in merkle.new_nodes(0, leaves, lambda *_: b"")}

    def read(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def at(self, size: int) -> Checkpoint:
        return Checkpoint(ORIGIN, size, merkle.root(size, self.read))

    def submission(self, old: int, new: int, key: Key = LOG_KEY) -> Submission:
        proof = merkle.consistency_proof(old, new, self.read) if old else []
        return Submission(old, tuple(proof), sign_checkpoint(self.at(new), key))


def ask(submission: Submission, last: Checkpoint | None) -> Decision:
    return decide(parse_submission(submission.text()), KnownLog(KNOWN, last), OWN, at=1000)


@given(st.integers(0, 40), st.integers(1, 40))
@settings(max_examples=60)
def test_what_goes_on_is_cosigned(old: int, new: int) -> None:
    log = Log(80)
    submission = log.submission(old, old + new)
    found = ask(submission, log.at(old) if old else None)
    assert (found.status, found.cosigned) == (200, log.at(old + new))
    assert verify_cosignatures(submission.note + found.body, [verifier(OWN.name, OWN.key)]) == [
        Cosigned(OWN.name, 1000)
    ]


def test_the_same_checkpoint_again_is_cosigned_again() -> None:
    log = Log(9)
    assert ask(log.submission(7, 7), log.at(7)).status == 200


def test_a_smaller_or_stale_one_is_told_the_known_size() -> None:
    log = Log(9)
    found = ask(log.submission(3, 5), log.at(7))
    assert (found.status, found.body, found.content_type, found.cosigned) == (409, "7\n", SIZE_TYPE, None)
    assert ask(log.submission(0, 5), None).status == 200


def test_a_fork_is_not_cosigned_and_is_evidence() -> None:
    log, fork = Log(20), Log(20, mark="fork", same=5)
    found = ask(fork.submission(9, 15), log.at(9))
    assert (found.status, found.cosigned, found.suspicious) == (422, None, True)
    same_size = ask(fork.submission(9, 9), log.at(9))
    assert (same_size.status, same_size.body, same_size.suspicious) == (409, "9\n", True)
    assert ask(fork.submission(4, 9), log.at(9)).suspicious


def test_another_key_another_order_another_origin() -> None:
    log = Log(9)
    assert ask(log.submission(3, 5, new_key(ED25519)), log.at(3)).status == 403
    turned = Submission(5, (), sign_checkpoint(log.at(3), LOG_KEY))
    assert ask(turned, log.at(5)).status == 400
    proof = log.submission(3, 5)
    assert ask(Submission(0, proof.proof, proof.note), None).status == 422


@pytest.mark.parametrize(
    "text",
    ["", "old", "old 1", "old 01\n\nx", "old -1\n\nx", "old 1\nAAAA\n\nx", "old 1\n" + "A" * 43 + "\n\nx",
     "OLD 1\n\nx", "old 1 \n\nx", "old 1\n" + ("A" * 43 + "=\n") * 64 + "\nx"],
)  # fmt: skip
def test_malformed_submissions_are_refused(text: str) -> None:
    with pytest.raises(MalformedSubmission):
        parse_submission(text)


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    for tried in (text, f"old 3\n\n{text}"):
        try:
            found = decide(parse_submission(tried), KnownLog(KNOWN, None), OWN, at=0)
        except MalformedSubmission:
            continue
        assert found.cosigned is None
