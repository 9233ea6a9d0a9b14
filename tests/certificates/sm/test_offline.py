"""Offline verification in the SM profile: a receipt needs both signatures of its checkpoint."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from certificates import merkle
from certificates.checkpoints import Checkpoint, prove, sign_checkpoint
from certificates.evidence.findings import Found
from certificates.evidence.given import Given
from certificates.evidence.ledgers import examine_note
from certificates.evidence.receipts import examine_receipt
from certificates.evidence.tokens import examine_jws
from certificates.key_states import PROFILES, KeyPurpose, KeyRules
from certificates.keys import KeyRing
from certificates.receipts import ReceiptDraft, compose, draft_receipt, sign_drafts

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(name="ring", scope="module")
def ring_(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    rules = KeyRules(algorithms=PROFILES["sm"])
    return KeyRing.open(tmp_path_factory.mktemp("keys"), "passphrase", now=NOW, rules=rules)


def drafts(ring: KeyRing, count: int) -> list[ReceiptDraft]:
    key = ring.active(KeyPurpose.RECEIPT)
    return [
        draft_receipt(
            compose(
                issuer="https://hub.example",
                audience="client-1",
                issued_at=int(NOW.timestamp()),
                jti=f"{number:032x}",
                request_digest=bytes(32),
                salt=bytes(16),
                data_as_of=None,
                answer={"code": "refused"},
            ),
            key,
        )
        for number in range(count)
    ]


def proof_of(ring: KeyRing, leaf_data: bytes, *purposes: KeyPurpose) -> str:
    leaf = merkle.leaf_hash(leaf_data)
    checkpoint = Checkpoint("hub.example/ledger", 1, leaf)
    note = sign_checkpoint(checkpoint, *(ring.active(purpose) for purpose in purposes))
    return prove(0, checkpoint, note, lambda *_: leaf).text()


BOTH = (KeyPurpose.CHECKPOINT, KeyPurpose.CHECKPOINT_SM2)


def test_each_of_a_group_verifies_with_its_proof(ring: KeyRing) -> None:
    made = drafts(ring, 3)
    tokens = sign_drafts(made, ring.active(KeyPurpose.RECEIPT))
    for draft, token in zip(made, tokens, strict=True):
        given = Given(ring.jwks(), proof=proof_of(ring, draft.leaf_data, *BOTH))
        report = examine_receipt(token, given)
        assert report.genuine
        assert report.checkpoint is not None
        assert examine_jws(token, given).genuine


@pytest.mark.parametrize("purposes", [BOTH[:1], BOTH[1:]])
def test_one_of_the_two_signatures_is_not_enough(ring: KeyRing, purposes: tuple[KeyPurpose, ...]) -> None:
    (draft,) = drafts(ring, 1)
    (token,) = sign_drafts([draft], ring.active(KeyPurpose.RECEIPT))
    report = examine_receipt(token, Given(ring.jwks(), proof=proof_of(ring, draft.leaf_data, *purposes)))
    assert not report.genuine
    assert report.checks[-1].name == "logging"
    assert report.checks[-1].reason == "unsigned"


def test_a_receipt_from_before_the_profile_needs_no_second_signature(tmp_path: Path) -> None:
    before = KeyRing.open(tmp_path, "passphrase", now=NOW)
    (draft,) = drafts(before, 1)
    (token,) = sign_drafts([draft], before.active(KeyPurpose.RECEIPT))
    proof = proof_of(before, draft.leaf_data, KeyPurpose.CHECKPOINT)
    after = KeyRing.open(tmp_path, "passphrase", now=NOW, rules=KeyRules(algorithms=PROFILES["sm"]))
    assert examine_receipt(token, Given(after.jwks(), proof=proof)).genuine


def test_a_note_without_the_second_signature_is_told_apart(ring: KeyRing) -> None:
    checkpoint = Checkpoint("hub.example/ledger", 1, bytes(32))
    both = sign_checkpoint(checkpoint, *ring.checkpoint_keys())
    report = examine_note(both, Given(ring.jwks()))
    assert [check.name for check in report.checks if check.found == Found.PASS][-1] == "sm2"
    line = both.index("hub.example", both.index("—"))
    line = both.index("hub.example", line + 1)
    for note in (sign_checkpoint(checkpoint, ring.checkpoint_keys()[0]), f"{both[:line]}HUB{both[line + 3 :]}"):
        report = examine_note(note, Given(ring.jwks()))
        assert report.genuine
        assert "sm2" in {point.name for point in report.open_points}
    only_sm2 = sign_checkpoint(checkpoint, ring.checkpoint_keys()[1])
    for note in (only_sm2, both.replace("— hub", "— HUB", 1)):  # every checkpoint is signed by Ed25519
        assert not examine_note(note, Given(ring.jwks())).genuine


def test_a_changed_path_is_a_failed_signature(ring: KeyRing) -> None:
    tokens = sign_drafts(drafts(ring, 2), ring.active(KeyPurpose.RECEIPT))
    swapped = f"{tokens[0].rpartition('.')[0]}.{tokens[1].rpartition('.')[2]}"
    report = examine_receipt(swapped, Given(ring.jwks()))
    assert not report.genuine
    assert (report.checks[-1].name, report.checks[-1].reason) == ("signature", "signature")
    report = examine_receipt(tokens[0][:-43], Given(ring.jwks()))
    assert not report.genuine
    assert report.checks[-1].reason in {"group", "encoding", "form"}
