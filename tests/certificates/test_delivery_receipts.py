"""Receipts of deliveries, verified by who has nothing but the file and the hub's published keys."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certificates.delivery_receipts import make_delivery_receipt
from certificates.evidence.given import Given
from certificates.key_states import KeyPurpose
from certificates.keys import KeyRing
from certificates.offline import examine
from certificates.offline_command import GENUINE, REFUSED, main

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
RECEIPT = {
    "dataset": "market_regulation.enterprises",
    "file": "shops_1.csv",
    "state": "done",
    "zh": "已接收全部 3 行",
    "sha256": "ab" * 32,
    "counts": {"pulled": 3, "accepted": 3},
    "made_at": NOW.isoformat(),
}
Hub = tuple[KeyRing, dict[str, Any]]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    ring = KeyRing.open(tmp_path / "keys", "passphrase", now=NOW)
    return ring, ring.jwks()


def made(ring: KeyRing, purpose: KeyPurpose = KeyPurpose.MESSAGE, **changes: object) -> bytes:
    return make_delivery_receipt({**RECEIPT, **changes}, ring.active(purpose))


@pytest.mark.parametrize("kind", ["delivery", None])
def test_a_receipt_is_verified_and_recognised(hub: Hub, kind: str | None) -> None:
    ring, jwks = hub
    report = examine(kind, made(ring), Given(jwks))
    assert (report.kind, report.genuine) == ("delivery", True)
    assert report.content["counts"] == {"pulled": 3, "accepted": 3}
    assert "ab" * 32 in next(point.zh for point in report.open_points if point.name == "file")
    anew = json.dumps(json.loads(made(ring))).encode()  # laid out by another program
    assert examine(None, anew, Given(jwks)).genuine


def test_what_was_changed_cut_or_signed_by_another_key_is_refused(hub: Hub, tmp_path: Path) -> None:
    ring, jwks = hub
    told = json.loads(made(ring))
    told["receipt"]["counts"]["accepted"] = 2
    other = KeyRing.open(tmp_path / "other", "passphrase", now=NOW)
    cases = {
        "payload": json.dumps(told).encode(),
        "form": made(ring)[:-40],
        "kid": made(other),
        "claims": made(ring, made_at="yesterday"),
    }
    for reason, content in cases.items():
        report = examine("delivery", content, Given(jwks))
        assert not report.genuine, reason
        assert getattr(report.refusal, "reason", "") == reason
    assert not examine("delivery", made(ring, KeyPurpose.RECEIPT), Given(jwks)).genuine  # no key for messages


def test_a_key_that_did_not_count_any_more_signs_nothing(hub: Hub) -> None:
    ring, jwks = hub
    content = made(ring)
    for change, reason in (
        ({"signs_until": int(NOW.timestamp()) - 1, "status": "verify_only"}, "key retired"),
        ({"status": "compromised"}, "key compromised"),
    ):
        keys = [{**key, **change} if key.get("purpose") == "message" else key for key in jwks["keys"]]
        report = examine("delivery", content, Given({"keys": keys}))
        assert (report.genuine, getattr(report.refusal, "reason", "")) == (False, reason)


def test_the_command_says_so(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ring, jwks = hub
    file, keys = tmp_path / "shops_1.csv.receipt.json", tmp_path / "keys.jwks"
    file.write_bytes(made(ring))
    keys.write_text(json.dumps(jwks))
    assert main(["delivery", str(file), "--keys", str(keys)]) == GENUINE
    assert "投递回执真实" in capsys.readouterr().out
    assert main(["verify", str(file), "--keys", str(keys), "--json"]) == GENUINE
    assert json.loads(capsys.readouterr().out)["file"] == "shops_1.csv"
    file.write_bytes(made(ring).replace(b"shops_1", b"shops_2", 1))
    assert main(["delivery", str(file), "--keys", str(keys)]) == REFUSED
