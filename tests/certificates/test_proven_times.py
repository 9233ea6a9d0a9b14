"""What a stolen key signed: good if a time stamp shows that it was logged before, refused if it was dated back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certificates import merkle
from certificates.checkpoints import (
    BadCheckpoint,
    BadProof,
    Checkpoint,
    open_checkpoint,
    parse_proof,
    prove,
    sign_checkpoint,
    verify_proof,
)
from certificates.cosignatures import cosign
from certificates.jose import ED25519, BadKey, Key, new_key
from certificates.keys import KeyPurpose, KeyRing
from certificates.proven_times import log_keys, proven_time, sound_keys, stamped_bytes, stamped_time, with_token
from certificates.receipts import BadReceipt, Receipt, compose, draft_receipt, open_receipt, receipt_keys, sign
from certificates.trusted_time import BadTimeStamp, read_anchors
from tests.time_authority import TimeAuthority

ORIGIN = "hub.example/ledger"
FORMER = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass
class Ledger:
    """A ledger in memory, with the hub's keys."""

    ring: KeyRing
    authority: TimeAuthority

    def receipt(self, key: Key, issued_at: datetime) -> tuple[str, bytes]:
        payload = compose(
            issuer="https://hub.example",
            audience="client",
            issued_at=int(issued_at.timestamp()),
            jti="0" * 32,
            request_digest=bytes(32),
            salt=bytes(16),
            data_as_of=None,
            answer={"code": "valid"},
        )
        draft = draft_receipt(payload, key)
        return sign(draft.signing_input, key), draft.leaf_data

    def proof(self, leaf: bytes, key: Key | None = None) -> str:
        """A proof that the leaf is the second of three."""
        hashes = [merkle.leaf_hash(data) for data in (b"a" * 32, leaf, b"c" * 32)]
        nodes = {(0, place): node for place, node in enumerate(hashes)}
        nodes[1, 0] = merkle.node_hash(hashes[0], hashes[1])
        root = merkle.node_hash(nodes[1, 0], hashes[2])
        checkpoint = Checkpoint(ORIGIN, 3, root)
        note = sign_checkpoint(checkpoint, key or self.ring.active(KeyPurpose.CHECKPOINT))
        return prove(1, checkpoint, note, lambda level, index: nodes[level, index]).text()

    def stamped(self, proof: str) -> str:
        return with_token(proof, self.authority.stamp(stamped_bytes(parse_proof(proof).checkpoint)))

    def opened(self, token: str, proof: str | None) -> Receipt:
        jwks: Any = self.ring.jwks()
        anchors = read_anchors(self.authority.root)

        def proven(receipt: Receipt) -> int | None:
            if proof is None:
                return None
            return proven_time(proof, receipt.leaf_data, log_keys(jwks), anchors).latest

        return open_receipt(token, receipt_keys(jwks), proven)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    return TimeAuthority.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def ledger(tmp_path: Path, authority: TimeAuthority) -> Ledger:
    return Ledger(KeyRing.open(tmp_path / "keys", "passphrase", now=FORMER), authority)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_receipt_signed_before_the_theft_stays_good(ledger: Ledger) -> None:
    key = ledger.ring.active(KeyPurpose.RECEIPT)
    token, leaf = ledger.receipt(key, now())
    proof = ledger.stamped(ledger.proof(leaf))
    ledger.ring.compromise(key.kid, now() + timedelta(hours=1), now() + timedelta(hours=2))
    assert ledger.opened(token, proof).answer == {"code": "valid"}


def test_one_dated_back_after_the_theft_does_not(ledger: Ledger) -> None:
    """Whoever has the key can write any time into a receipt, but not get an older time stamp over it."""
    key = ledger.ring.active(KeyPurpose.RECEIPT)
    since = now() - timedelta(days=1)
    ledger.ring.compromise(key.kid, since, now())
    token, leaf = ledger.receipt(key, since - timedelta(days=30))
    unstamped = ledger.proof(leaf)
    for proof in (None, ledger.stamped(unstamped)):
        with pytest.raises(BadReceipt) as caught:
            ledger.opened(token, proof)
        assert caught.value.reason == "key compromised"
    with pytest.raises(BadTimeStamp) as stamp:
        ledger.opened(token, unstamped)
    assert stamp.value.reason == "none"


def test_a_stolen_ledger_key_makes_no_older_checkpoints(ledger: Ledger) -> None:
    """A stamp over a head that nobody had signed then proves nothing: the signature is under the stamp."""
    ring = ledger.ring
    receipts, logs = ring.active(KeyPurpose.RECEIPT), ring.active(KeyPurpose.CHECKPOINT)
    token, leaf = ledger.receipt(receipts, now())
    stranger = new_key(ED25519)
    early = ledger.authority.stamp(stamped_bytes(parse_proof(ledger.proof(leaf, stranger)).checkpoint))
    since = now() + timedelta(hours=1)
    for kid in (receipts.kid, logs.kid):
        ring.compromise(kid, since, since)
    forged = ledger.proof(leaf, logs)
    with pytest.raises(BadTimeStamp) as caught:
        ledger.opened(token, with_token(forged, early))
    assert caught.value.reason == "imprint"
    assert ledger.opened(token, ledger.stamped(forged)).jti == "0" * 32  # the same head, signed before the theft


def test_checkpoints_of_a_stolen_key_need_a_stamp(ledger: Ledger) -> None:
    key = ledger.ring.active(KeyPurpose.CHECKPOINT)
    _, leaf = ledger.receipt(ledger.ring.active(KeyPurpose.RECEIPT), now())
    proof = ledger.proof(leaf)
    note = parse_proof(proof).checkpoint
    stamp = ledger.authority.stamp(stamped_bytes(note))
    ledger.ring.compromise(key.kid, now() - timedelta(hours=1), now())
    keys = log_keys(ledger.ring.jwks())
    with pytest.raises(BadCheckpoint) as caught:
        open_checkpoint(note, sound_keys(keys))
    assert caught.value.reason == "unsigned"
    with pytest.raises(BadCheckpoint):
        stamped_time(note, stamp, keys, read_anchors(ledger.authority.root))


def test_a_witness_may_sign_after_the_stamp(ledger: Ledger) -> None:
    _, leaf = ledger.receipt(ledger.ring.active(KeyPurpose.RECEIPT), now())
    note = parse_proof(ledger.proof(leaf)).checkpoint
    token = ledger.authority.stamp(stamped_bytes(note))
    cosigned = note + cosign(note, "office.example/w", new_key(ED25519), at=1)
    keys, anchors = log_keys(ledger.ring.jwks()), read_anchors(ledger.authority.root)
    assert stamped_time(cosigned, token, keys, anchors) == stamped_time(note, token, keys, anchors)


def test_a_stamp_travels_in_the_proof(ledger: Ledger) -> None:
    token, leaf = ledger.receipt(ledger.ring.active(KeyPurpose.RECEIPT), now())
    plain = ledger.proof(leaf)
    stamped = ledger.stamped(plain)
    keys, anchors = log_keys(ledger.ring.jwks()), read_anchors(ledger.authority.root)
    assert verify_proof(stamped, leaf, sound_keys(keys)) == verify_proof(plain, leaf, sound_keys(keys))
    assert parse_proof(stamped).text() == stamped
    beside = parse_proof(stamped).extra
    assert proven_time(plain, leaf, keys, anchors, token=beside) == proven_time(stamped, leaf, keys, anchors)
    with pytest.raises(BadProof):
        proven_time(stamped, b"x" * 32, keys, anchors)
    with pytest.raises(BadProof) as caught:
        parse_proof(stamped.replace("extra ", "extra !", 1))
    assert caught.value.reason == "extra"
    assert ledger.opened(token, None).jti == "0" * 32  # no key was stolen: nobody asks for a time


def test_key_sets_that_hide_the_date_of_a_theft(ledger: Ledger) -> None:
    kid = ledger.ring.active(KeyPurpose.RECEIPT).kid
    ledger.ring.compromise(kid, FORMER, FORMER)
    ledger.ring.compromise(ledger.ring.active(KeyPurpose.CHECKPOINT).kid, FORMER, FORMER)
    for wrong in (None, "yesterday", True):
        jwks = ledger.ring.jwks()
        for entry in jwks["keys"]:
            if "compromised_since" in entry:
                entry["compromised_since"] = wrong
        for read in (receipt_keys, log_keys):
            with pytest.raises(BadKey):
                read(jwks)
