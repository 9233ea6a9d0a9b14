"""Every byte of what leaves the hub, changed by XOR 0x01 and 0x80, is found; the counts are printed."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates.credentials import draft_credential
from certificates.evidence.given import Given
from certificates.evidence.log_folders import BrokenLog, examine_folder
from certificates.evidence.times import read_time
from certificates.offline import examine
from certificates.offline_code import pages
from certificates.receipts import sign
from certificates.status_lists import TYP_STATUS_LIST, State, StatusList, StatusReference, compose_list
from certificates.trust_root import fingerprint
from tests.vectors import material as made

AT = read_time(str(made.NOW + 60))
LEDGER = made.receipts_ledger()
RECEIPT, PROOF = made.receipt(2), LEDGER.proof(1)
URI = "https://hub.example/v1/status-lists/1"
GIVEN = Given(made.JWKS, AT)


def status_list() -> str:
    states = compose_list(StatusList.of({7: State.SUSPENDED}, 64), URI, issued_at=made.NOW)
    return made.token(states, made.STATUS, TYP_STATUS_LIST)


def credential() -> str:
    draft = draft_credential(
        {"holder_name": "李明", "certificate_number": "1"},
        made.CREDENTIAL,
        issuer=made.HUB,
        issued_at=made.NOW,
        expires=made.NOW + 3_600,
        receipt="0" * 32,
        status=StatusReference(URI, 3),
    )
    return draft.signed(sign(draft.signing_input, made.CREDENTIAL))


FILES: dict[str, tuple[str, bytes, Given]] = {
    "receipt": ("receipt", RECEIPT.encode(), GIVEN),
    "proof": ("proof", PROOF.encode(), Given(made.JWKS, AT, receipt=RECEIPT)),
    "checkpoint": ("note", LEDGER.note.encode(), GIVEN),
    "status list": ("status", status_list().encode(), Given(made.JWKS, AT, index=3, uri=URI)),
    "credential": ("credential", credential().encode(), Given(made.JWKS, AT, status_list=status_list())),
    "offline code": ("code", "\n".join(pages(RECEIPT, PROOF)).encode(), GIVEN),
    "key set": ("keys", json.dumps(made.JWKS).encode(), Given({}, AT, root=fingerprint(made.JWKS))),
}


def changed(content: bytes) -> Iterator[bytes]:
    for place, byte in enumerate(content):
        if byte == ord("\n") and content.startswith(b"MZ1:"):
            continue  # only parts the lines of a code from each other
        for mask in (0x01, 0x80):
            yield content[:place] + bytes([byte ^ mask]) + content[place + 1 :]


@pytest.mark.parametrize("name", FILES)
def test_every_byte_changed_is_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind, content, given = FILES[name]
    whole = examine(kind, content, given)
    assert whole.genuine, whole.to_json()
    found = [examine(kind, other, given).genuine for other in changed(content)]
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {len(content)} bytes, {len(found)} changes, {sum(found)} missed\n")
    assert not any(found)


def test_every_byte_of_the_proof_beside_a_receipt() -> None:
    content = RECEIPT.encode()
    assert examine("receipt", content, Given(made.JWKS, AT, PROOF)).genuine
    proofs = [other.decode("latin-1") for other in changed(PROOF.encode("utf-8"))]
    assert not [proof for proof in proofs if examine("receipt", content, Given(made.JWKS, AT, proof)).genuine]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, content in made.receipts_ledger(300).files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def test_a_mirrored_ledger_of_300_shows_what_was_touched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert examine_folder(folder, GIVEN).genuine
    count = 0
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        step = 1 if len(content) < 500 else 173  # all of them: test_tiles
        for place in range(0, len(content), step):
            for mask in (0x01, 0x80):
                file.write_bytes(content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :])
                assert not examine_folder(folder, GIVEN).genuine, (file, place)
                count += 1
        file.write_bytes(content)
    with capsys.disabled():
        sys.stdout.write(f"\nmirrored ledger of 300: {count} changes, 0 missed\n")


@pytest.mark.parametrize(
    ("path", "place", "index"),
    [("tile/entries/001.p/44", 34 * 10 + 5, 266), ("tile/0/000", 0, 0), ("tile/1/000.p/1", 3, 0)],
)
def test_the_index_is_named(folder: Path, path: str, place: int, index: int) -> None:
    content = bytearray((folder / path).read_bytes())
    content[place] ^= 1
    (folder / path).write_bytes(content)
    report = examine_folder(folder, GIVEN)
    assert isinstance(report.refusal, BrokenLog)
    assert report.refusal.indices[0] == index
    assert str(index) in report.refusal.en


def test_files_that_do_not_belong_to_a_ledger(folder: Path) -> None:
    tile = (folder / "tile/0/001.p/44").read_bytes()
    earlier = folder / "tile/0/001.p/12"
    earlier.write_bytes(tile[: 12 * 32])
    assert examine_folder(folder, GIVEN).genuine
    earlier.write_bytes(tile[32 : 13 * 32])
    assert not examine_folder(folder, GIVEN).genuine
    earlier.unlink()
    (folder / "tile/0/002.p").mkdir()
    (folder / "tile/0/002.p/1").write_bytes(bytes(32))
    assert "beyond" in {point.name for point in examine_folder(folder, GIVEN).open_points}
    (folder / "tile/0/stray").write_bytes(b"")
    assert not examine_folder(folder, GIVEN).genuine
    (folder / "checkpoint").unlink()
    assert not examine_folder(folder, GIVEN).usable


def test_a_genuine_receipt_that_says_something_else_than_valid() -> None:
    for code, status in (
        ("valid", "pass"),
        ("revoked_void", "negative"),
        ("pending_check", "negative"),
        ("", "negative"),
    ):
        token = made.receipt(1, verification={**made.VERIFICATION, "code": code})
        report = examine("receipt", token.encode(), GIVEN)
        assert report.genuine
        assert report.to_json()["verdict"] == {"integrity": "pass", "status": status, "issuer": "pass"}
