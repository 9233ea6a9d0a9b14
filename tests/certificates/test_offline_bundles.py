"""Offline bundles at the verifier: by themselves, and with their keys and lists for a credential."""

import json
from pathlib import Path

import pytest

from certificates.bundles import make_bundle
from certificates.evidence.gathering import gather
from certificates.evidence.given import Given
from certificates.evidence.recognising import recognise
from certificates.evidence.times import read_time
from certificates.offline import examine
from certificates.offline_command import GENUINE, REFUSED, main
from certificates.trust_root import fingerprint
from tests.vectors import material as made
from tests.vectors.credential_cases import credential, list_token, presented

NOW = read_time(str(made.NOW + 60))
ROOT = fingerprint(made.JWKS)
LEDGER = made.receipts_ledger()
TIMES = {"now": made.NOW, "expires": made.NOW + 3_600}
BUNDLE = make_bundle(made.HUB, made.JWKS, LEDGER.note, [list_token()], made.STATUS, **TIMES)
SHOWN = presented(*credential())
SUSPENDED = presented(*credential(index=7))


def test_a_bundle_by_itself() -> None:
    assert recognise(BUNDLE) == "bundle"
    for trusted in (Given({}, NOW, root=ROOT), Given(made.JWKS, NOW)):
        report = examine(None, BUNDLE, trusted)
        assert report.genuine
        assert report.to_json()["verdict"] == {"integrity": "pass", "status": "pass", "issuer": "pass"}
        assert report.content["status_lists"] == 1
    assert {point.name for point in examine("bundle", BUNDLE, Given(made.JWKS)).open_points} == {
        "time",
        "later changes",
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Given({}, NOW), "no trust"),
        (Given({}, NOW, root="0000"), "no such root"),
        (Given(made.JWKS, read_time(str(made.NOW + 3_600))), "expired"),
        (Given(made.JWKS, read_time(str(made.NOW - 1))), "not yet"),
    ],
)
def test_bundles_that_do_not_count(given: Given, reason: str) -> None:
    report = examine("bundle", BUNDLE, given)
    assert not report.genuine
    assert [check.reason for check in report.checks] == [reason]


def test_every_byte_of_a_bundle() -> None:
    given = Given({}, NOW, root=ROOT)
    others = (BUNDLE[:n] + bytes([BUNDLE[n] ^ mask]) + BUNDLE[n + 1 :] for n in range(len(BUNDLE)) for mask in (1, 128))
    assert not any(examine("bundle", other, given).genuine for other in others)


def test_dropped_beside_a_credential() -> None:
    for shown, genuine in ((SHOWN, True), (SUSPENDED, False)):
        kind, name, content, given = gather([("b.json", BUNDLE), ("c.txt", shown)], Given({}, NOW, root=ROOT))
        assert (kind, name) == ("credential", "c.txt")
        report = examine(kind, content, given, name)
        assert report.genuine == genuine
        assert "status" not in {point.name for point in report.open_points}


def test_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle, shown, suspended = (tmp_path / name for name in ("bundle.json", "shown.txt", "suspended.txt"))
    for file, content in ((bundle, BUNDLE), (shown, SHOWN), (suspended, SUSPENDED)):
        file.write_bytes(content)
    beside = ["--bundle", str(bundle), "--root", ROOT, "--json"]
    assert main(["credential", str(shown), *beside], now=NOW) == GENUINE
    assert json.loads(capsys.readouterr().out)["verdict"]["status"] == "pass"
    assert main(["credential", str(suspended), *beside], now=NOW) == REFUSED
    assert main(["bundle", str(bundle), "--root", ROOT], now=NOW) == GENUINE
    capsys.readouterr()
    assert main(["credential", str(shown), "--bundle", str(bundle), "--json"], now=NOW) == REFUSED
    assert json.loads(capsys.readouterr().out)["usable"] is False
    with pytest.raises(SystemExit) as ended:
        main(["credential", str(shown)], now=NOW)
    assert ended.value.code == REFUSED
