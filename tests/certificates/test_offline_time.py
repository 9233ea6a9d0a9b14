"""The verifier with trusted time and witnesses: stolen keys, a real authority's stamps, cosignatures, the command."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certificates.checkpoints import parse_proof
from certificates.cosignatures import cosign, verifier
from certificates.evidence.findings import Report
from certificates.evidence.given import Given
from certificates.jose import ED25519, new_key
from certificates.offline import examine
from certificates.offline_command import GENUINE, REFUSED, main
from certificates.proven_times import stamped_bytes, with_token
from tests.time_authority import TimeAuthority
from tests.vectors import material as made

LEDGER = made.receipts_ledger()
RECEIPT, PROOF = made.receipt(2), LEDGER.proof(1)
NOTE = parse_proof(PROOF).checkpoint


def seconds(**ago: float) -> int:
    return int((datetime.now(UTC) - timedelta(**ago)).timestamp())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    return TimeAuthority.found(tmp_path_factory.mktemp("authority"))


@dataclass(frozen=True)
class Stolen:
    """Receipt and log keys that were stolen at some Unix time."""

    since: int

    def jwks(self, *purposes: str) -> dict[str, object]:
        stolen = {"status": "compromised", "compromised_since": self.since}
        return {"keys": [{**key, **(stolen if key["purpose"] in purposes else {})} for key in made.KEYS]}


def look(jwks: object, proof: str | None, anchors: bytes | None, **more: object) -> Report:
    given = Given(jwks, datetime.now(UTC), proof, anchors=anchors, **more)  # type: ignore[arg-type] # members of Given
    return examine("receipt", RECEIPT.encode(), given)


def reason(report: Report) -> str | None:
    return next((check.reason for check in report.checks if check.reason), None)


def test_a_receipt_of_a_stolen_key_takes_a_time_stamp_from_before(authority: TimeAuthority) -> None:
    stamped = with_token(PROOF, authority.stamp(stamped_bytes(NOTE)))
    for purposes in (("receipt",), ("receipt", "checkpoint")):
        later, earlier = Stolen(seconds(hours=-1)).jwks(*purposes), Stolen(seconds(hours=1)).jwks(*purposes)
        assert look(later, stamped, authority.root).genuine
        for proof, anchors in ((None, None), (PROOF, authority.root), (stamped, None)):
            assert reason(look(later, proof, anchors)) == "key compromised"
        assert reason(look(earlier, stamped, authority.root)) == "key compromised"


def test_the_stamp_beside_the_proof_and_of_another_authority(authority: TimeAuthority, tmp_path: Path) -> None:
    token = authority.stamp(stamped_bytes(NOTE))
    report = look(made.JWKS, PROOF, authority.root, time_stamp=token)
    assert report.genuine
    assert "trusted time" in {check.name for check in report.checks}
    assert "trusted time" in {point.name for point in look(made.JWKS, PROOF, None).open_points}
    other = TimeAuthority.found(tmp_path / "other")
    assert not look(made.JWKS, PROOF, other.root, time_stamp=token).genuine
    assert not look(made.JWKS, PROOF, authority.root, time_stamp=b"no token").genuine
    assert not look(made.JWKS, PROOF, b"no certificate", time_stamp=token).usable
    elsewhere = authority.stamp(stamped_bytes(made.receipts_ledger(4).note))
    assert reason(look(made.JWKS, PROOF, authority.root, time_stamp=elsewhere)) == "imprint"


def test_a_checkpoint_of_a_stolen_log_key(authority: TimeAuthority) -> None:
    jwks, token = Stolen(seconds(hours=-1)).jwks("checkpoint"), authority.stamp(stamped_bytes(NOTE))
    stamped = Given(jwks, time_stamp=token, anchors=authority.root)
    assert examine("note", NOTE.encode(), stamped).genuine
    assert reason(examine("note", NOTE.encode(), Given(jwks))) == "unsigned"
    beside = Given(jwks, receipt=RECEIPT, anchors=authority.root)
    assert examine("proof", with_token(PROOF, token).encode(), beside).genuine
    assert reason(examine("proof", PROOF.encode(), beside)) == "unsigned"


def test_witnesses_that_must_have_cosigned() -> None:
    key, other = new_key(ED25519), new_key(ED25519)
    cosigned = NOTE + cosign(NOTE, "office.example/w1", key, at=made.NOW)
    wanted = str(verifier("office.example/w1", key))
    assert examine("note", cosigned.encode(), Given(made.JWKS, witnesses=(wanted,))).genuine
    assert reason(examine("note", NOTE.encode(), Given(made.JWKS, witnesses=(wanted,)))) == "cosignature"
    stranger = str(verifier("office.example/w1", other))
    assert reason(examine("note", cosigned.encode(), Given(made.JWKS, witnesses=(stranger,)))) == "cosignature"
    assert not examine("note", cosigned.encode(), Given(made.JWKS, witnesses=("nonsense",))).usable


def test_at_the_command_line(authority: TimeAuthority, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "receipt.jws": RECEIPT.encode(),
        "keys.jwks": json.dumps(Stolen(seconds(hours=-1)).jwks("receipt")).encode(),
        "proof": PROOF.encode(),
        "stamp": authority.stamp(stamped_bytes(NOTE)),
        "tsa.pem": authority.root,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    words = ["verify-receipt", str(tmp_path / "receipt.jws"), "--keys", str(tmp_path / "keys.jwks"), "--json"]
    beside = ["--proof", str(tmp_path / "proof"), "--anchors", str(tmp_path / "tsa.pem")]
    stamp = ["--time-stamp", str(tmp_path / "stamp")]
    assert main([*words, *beside, *stamp], now=datetime.now(UTC)) == GENUINE
    assert main([*words, *beside, *stamp, "--strict"], now=datetime.now(UTC)) == REFUSED
    capsys.readouterr()
    assert main([*words, *beside], now=datetime.now(UTC)) == REFUSED
    assert json.loads(capsys.readouterr().out)["verdict"] == {
        "integrity": "pass",
        "status": "unknown",
        "issuer": "fail",
    }
