"""Offline verification as an auditor meets it: the folder ``certificates`` copied elsewhere, files, exit status."""

import json
import os
import random
import shutil
import string
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certificates.checkpoints import Checkpoint, prove, sign_checkpoint
from certificates.evidence.page import page
from certificates.evidence.reading import UnusableFile
from certificates.keys import KeyPurpose, KeyRing
from certificates.merkle import leaf_hash, new_nodes, root
from certificates.offline import verify_file
from certificates.offline_command import GENUINE, REFUSED, main
from certificates.receipts import compose, draft_receipt, sign
from certificates.verdicts import RefusalReason, refuse

ROOM = Path(__file__).parents[2] / "certificates"
NOW = datetime(2024, 1, 1, tzinfo=UTC)
VERIFICATION = {
    **refuse(RefusalReason.NO_GRANT).to_json(),
    "code": "valid",
    "zh": "证照有效。",
    "en": "The certificate is valid.",
    "lines": [{"check": "holder", "outcome": "pass", "zh": "持证主体相符。", "en": "The holder matches."}],
    "asked": {"certificate_type": "11100000MB0143028R001", "case": "ST-2024-0001"},
    "certificate": {
        "type": "11100000MB0143028R001",
        "number": "4405",
        "valid_until": None,
        "holders": ["张*三", "李*"],
    },
}


@dataclass(frozen=True)
class Files:
    """One hub's receipt, keys and proof on disk."""

    receipt: Path
    keys: Path
    proof: Path

    def arguments(self, *more: str) -> list[str]:
        return ["verify-receipt", str(self.receipt), "--keys", str(self.keys), *more]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    ring = KeyRing.open(tmp_path / "keys", "passphrase", now=NOW)
    key = ring.active(KeyPurpose.RECEIPT)
    content = compose(
        issuer="https://hub.example",
        audience="client-1",
        issued_at=int(NOW.timestamp()),
        jti="receipt-0123456789",
        request_digest=bytes(32),
        salt=bytes(16),
        data_as_of=NOW,
        answer=VERIFICATION,
    )
    draft = draft_receipt(content, key)
    leaves = [leaf_hash(b"0"), leaf_hash(b"1"), leaf_hash(draft.leaf_data)]
    nodes = {(level, index): value for level, index, value in new_nodes(0, leaves, lambda *_: b"")}
    head = Checkpoint("hub.example/ledger", 3, root(3, lambda *place: nodes[place]))
    note = sign_checkpoint(head, ring.active(KeyPurpose.CHECKPOINT))
    made = Files(tmp_path / "receipt.jws", tmp_path / "keys.jwks", tmp_path / "receipt.tlog-proof")
    made.receipt.write_text(sign(draft.signing_input, key))
    made.keys.write_text(json.dumps(ring.jwks()))
    made.proof.write_text(prove(2, head, note, lambda *place: nodes[place]).text())
    return made


def run_elsewhere(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    shutil.copytree(ROOM, folder / "certificates", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-m", "certificates", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_with_nothing_but_the_folder(tmp_path: Path, files: Files) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = run_elsewhere(elsewhere, files.arguments("--proof", str(files.proof), "--json"))
    assert (result.returncode, result.stderr) == (GENUINE, "")
    shown = json.loads(result.stdout)
    assert shown["genuine"] is True
    assert shown["verification"] == VERIFICATION
    assert shown["logged"] == {"origin": "hub.example/ledger", "size": 3}
    assert shown["issued_at"] == "2024-01-01T00:00:00+00:00"


def test_only_cryptography_and_pyjwt_are_imported(tmp_path: Path, files: Files) -> None:
    shutil.copytree(ROOM, tmp_path / "certificates")
    code = (
        "import sys; from certificates.offline_command import main; status = main(sys.argv[1:]);"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'yaml', 'pydantic', 'sqlalchemy', 'pyarrow',"
        " 'registries', 'quality', 'exchange_api', 'mianzheng', 'requests', 'httpx'})); sys.exit(status)"
    )
    command = [sys.executable, "-c", code, *files.arguments()]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == GENUINE
    assert result.stdout.endswith("\n[]\n")


def test_the_page(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files.arguments("--proof", str(files.proof))) == GENUINE
    page = capsys.readouterr().out
    for text in (
        "回执真实",
        "valid",
        "证照有效。",
        "hub.example/ledger, 3",
        "张*三、李*",
        "办件 / case  ST-2024-0001",
        "✓ 持证主体相符。",
        "—",
    ):
        assert text in page
    assert main(files.arguments()) == GENUINE
    assert "no proof given" in capsys.readouterr().out


def test_any_one_character_of_the_file_changed(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    whole = files.receipt.read_text()
    source = random.Random(7)
    places = [*source.sample(range(len(whole)), 150), 0, len(whole) - 1, whole.index("."), whole.rindex(".")]
    for place in places:
        other = source.choice([mark for mark in string.printable if mark != whole[place]])
        files.receipt.write_bytes((whole[:place] + other + whole[place + 1 :]).encode())
        assert main(files.arguments()) == REFUSED
    assert "NOT VERIFIED" in capsys.readouterr().out


def test_one_line_feed_may_end_the_file_and_nothing_else(files: Files) -> None:
    whole = files.receipt.read_text()
    for ending, status in (("\n", GENUINE), ("\r\n", REFUSED), ("\n\n", REFUSED), (" ", REFUSED), ("=", REFUSED)):
        files.receipt.write_bytes((whole + ending).encode())
        assert main(files.arguments()) == status


def test_a_proof_that_does_not_fit(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.proof.write_text(files.proof.read_text().replace("index 2", "index 1"))
    assert main(files.arguments("--proof", str(files.proof), "--json")) == REFUSED
    refusal = json.loads(capsys.readouterr().out)
    assert refusal["genuine"] is False
    assert "存证" in refusal["zh"]
    files.proof.write_text("nothing")
    assert main(files.arguments("--proof", str(files.proof))) == REFUSED


def test_files_that_cannot_be_used(tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    absent = ["verify-receipt", str(tmp_path / "absent.jws"), "--keys", str(files.keys)]
    assert main(absent) == REFUSED
    assert "absent.jws" in capsys.readouterr().out
    for content in (b"", b"[]", b"{}", b'{"keys":[1]}', b"\xff", b'{"keys":[{"purpose":"receipt"}]}', b" " * 1_000_001):
        files.keys.write_bytes(content)
        assert main(files.arguments()) == REFUSED
    assert main([*files.arguments("--json")]) == REFUSED
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == REFUSED


def test_a_report_for_other_programs(files: Files) -> None:
    jwks = json.loads(files.keys.read_text())
    report = verify_file(files.receipt, jwks, files.proof)
    assert (report.genuine, report.to_json()["verification"]) == (True, VERIFICATION)
    assert "回执真实" in page(report)
    files.receipt.write_text("changed")
    refused = verify_file(files.receipt, jwks)
    assert (refused.genuine, refused.to_json()["genuine"]) == (False, False)
    assert refused.to_json()["en"] in page(refused)
    with pytest.raises(UnusableFile):
        verify_file(files.receipt.with_name("absent"), jwks)


def test_another_hubs_keys(tmp_path: Path, files: Files) -> None:
    other = KeyRing.open(tmp_path / "other", "passphrase", now=NOW)
    files.keys.write_text(json.dumps(other.jwks()))
    assert main(files.arguments()) == REFUSED
