"""The key ring: first start, races, rotation seen by other processes, locked and broken folders."""

import json
import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certificates.jose import key_from_jwk, sign, signing_input, verify
from certificates.keys import ROTATION_OVERLAP, KeyPurpose, KeyRing, KeysBroken, KeysLocked, KeyStatus, UnknownKey

NOW = datetime(2024, 1, 1, tzinfo=UTC)
PASSPHRASE = "correct horse battery staple"


def ring_in(folder: Path, passphrase: str = PASSPHRASE) -> KeyRing:
    return KeyRing.open(folder, passphrase, now=NOW)


def test_the_first_start_makes_one_key_for_each_purpose(tmp_path: Path) -> None:
    ring = ring_in(tmp_path / "keys")
    assert {ring.active(purpose).alg for purpose in (KeyPurpose.RECEIPT, KeyPurpose.CLIENT)} == {"ES256"}
    assert ring.active(KeyPurpose.CHECKPOINT).alg == "Ed25519"
    assert len({state.kid for state in ring.states()}) == len(KeyPurpose)
    assert all((state.status, state.made_at) == (KeyStatus.ACTIVE, int(NOW.timestamp())) for state in ring.states())


def test_files_are_encrypted_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    ring_in(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in [*folder.glob("*.pem"), folder / "keys.json"]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for file in folder.glob("*.pem"):
        assert b"ENCRYPTED PRIVATE KEY" in file.read_bytes()
    assert not list(folder.glob("*.part"))


def test_a_second_start_finds_the_same_keys(tmp_path: Path) -> None:
    first, second = ring_in(tmp_path), ring_in(tmp_path)
    assert first.jwks() == second.jwks()
    assert first.states() == second.states()


def test_the_published_set(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    published = ring.jwks()["keys"]
    assert {entry["purpose"] for entry in published} == {
        "receipt",
        "checkpoint",
        "credential",
        "status",
        "document",
    }
    assert ring.active(KeyPurpose.CLIENT).kid not in {entry["kid"] for entry in published}
    for entry in published:
        assert not {"d", "p", "q", "k"} & entry.keys()
        assert (entry["use"], entry["status"]) == ("sig", "active")
        assert key_from_jwk(entry).kid == entry["kid"]
    json.dumps(published)


def test_rotation_with_overlap(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    old = ring.active(KeyPurpose.RECEIPT)
    token = sign(signing_input({"iss": "hub"}, old, "t"), old)
    later = NOW + timedelta(days=30)
    new = ring.rotate(KeyPurpose.RECEIPT, later)
    assert new.kid != old.kid
    assert ring.active(KeyPurpose.RECEIPT).kid == new.kid
    assert verify(token, ring.public_keys(KeyPurpose.RECEIPT), "t").payload == {"iss": "hub"}
    assert ring.signing_key(old.kid).private is not None
    states = {state.kid: state for state in ring.states()}
    assert states[old.kid].status == KeyStatus.VERIFY_ONLY
    assert states[old.kid].signs_until == int((later + ROTATION_OVERLAP).timestamp())
    assert states[new.kid].signs_until is None
    assert [entry["status"] for entry in ring.jwks()["keys"] if entry["purpose"] == "receipt"] == [
        "verify_only",
        "active",
    ]
    reopened = ring_in(tmp_path)
    assert reopened.jwks() == ring.jwks()


def test_another_process_sees_the_rotation_when_it_refreshes(tmp_path: Path) -> None:
    here, there = ring_in(tmp_path), ring_in(tmp_path)
    assert not here.refresh()
    new = there.rotate(KeyPurpose.RECEIPT, NOW)
    assert here.active(KeyPurpose.RECEIPT).kid != new.kid
    assert here.refresh()
    assert here.active(KeyPurpose.RECEIPT).kid == new.kid
    assert not here.refresh()
    again = here.rotate(KeyPurpose.RECEIPT, NOW)  # on top of the other's rotation, not instead of it
    assert [state.kid for state in here.states()].count(new.kid) == 1
    assert there.refresh()
    assert there.active(KeyPurpose.RECEIPT).kid == again.kid


def _open_and_rotate(folder: str, results: "multiprocessing.Queue[str]") -> None:
    ring = ring_in(Path(folder))
    results.put(ring.active(KeyPurpose.CHECKPOINT).kid)
    ring.rotate(KeyPurpose.CLIENT, NOW)


def test_processes_that_start_at_once_share_one_set_of_keys(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[str] = context.Queue()
    workers = [context.Process(target=_open_and_rotate, args=(str(tmp_path), results)) for _ in range(5)]
    for worker in workers:
        worker.start()
    found = {results.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    assert len(found) == 1
    states = ring_in(tmp_path).states()
    clients = [state for state in states if state.purpose == KeyPurpose.CLIENT]
    assert len(clients) == 6
    assert [state.status for state in clients].count(KeyStatus.ACTIVE) == 1


def test_another_passphrase(tmp_path: Path) -> None:
    ring_in(tmp_path)
    with pytest.raises(KeysLocked) as caught:
        ring_in(tmp_path, "another")
    assert PASSPHRASE not in str(caught.value)


def test_broken_folders_are_not_made_anew(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    index = tmp_path / "keys.json"
    whole = index.read_bytes()
    for content in (b"", b"{", b"[]", b'{"keys":[{}]}', whole.replace(b"receipt", b"recipe", 1)):
        index.write_bytes(content)
        with pytest.raises(KeysBroken):
            ring_in(tmp_path)
    index.unlink()
    with pytest.raises(KeysBroken):
        ring_in(tmp_path)
    with pytest.raises(KeysBroken):
        ring.refresh()
    index.write_bytes(whole)
    pem = tmp_path / f"{ring.active(KeyPurpose.RECEIPT).kid}.pem"
    other = tmp_path / f"{ring.active(KeyPurpose.CLIENT).kid}.pem"
    kept = pem.read_bytes()
    pem.write_bytes(other.read_bytes())
    with pytest.raises(KeysBroken):
        ring_in(tmp_path)
    pem.unlink()
    with pytest.raises(KeysBroken):
        ring_in(tmp_path)
    pem.write_bytes(b"no key")
    with pytest.raises(KeysLocked):
        ring_in(tmp_path)
    pem.write_bytes(kept)
    assert ring_in(tmp_path).jwks() == ring.jwks()


def test_a_crash_during_the_first_start_is_no_broken_folder(tmp_path: Path) -> None:
    orphan = tmp_path / "orphan.pem"
    for index, leftover in ((None, tmp_path / ".lock"), (b'{"keys": []}', orphan)):
        leftover.write_bytes(b"")
        if index is not None:
            (tmp_path / "keys.json").write_bytes(index)
        ring = ring_in(tmp_path)
        assert len(ring.states()) == len(KeyPurpose)
        (tmp_path / "keys.json").unlink()
        for file in tmp_path.glob("*.pem"):
            file.unlink()


def test_a_wrong_passphrase_makes_no_further_key(tmp_path: Path) -> None:
    ring_in(tmp_path)
    index = tmp_path / "keys.json"
    entries = [entry for entry in json.loads(index.read_bytes())["keys"] if entry["purpose"] != "client"]
    index.write_text(json.dumps({"keys": entries}))
    before = sorted(tmp_path.glob("*.pem"))
    with pytest.raises(KeysLocked):
        ring_in(tmp_path, "another")
    assert sorted(tmp_path.glob("*.pem")) == before
    assert len(ring_in(tmp_path).states()) == len(KeyPurpose)


def test_an_unknown_key(tmp_path: Path) -> None:
    with pytest.raises(UnknownKey):
        ring_in(tmp_path).signing_key("nobody")


def test_the_passphrase_is_not_shown(tmp_path: Path) -> None:
    assert PASSPHRASE not in repr(ring_in(tmp_path))
