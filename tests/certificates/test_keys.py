"""The key ring: first start, races, rotation seen by other processes, locked and broken folders."""

import json
import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certificates.jose import key_from_jwk, sign, signing_input, verify
from certificates.key_states import PROFILES
from certificates.keys import (
    ROTATION_OVERLAP,
    KeyPurpose,
    KeyRing,
    KeyRules,
    KeysBroken,
    KeysLocked,
    KeyStatus,
    NotYetCompromised,
    UnknownKey,
)
from certificates.trust_root import verify_key_set

NOW = datetime(2024, 1, 1, tzinfo=UTC)
PASSPHRASE = "correct horse battery staple"


def ring_in(folder: Path, passphrase: str = PASSPHRASE) -> KeyRing:
    return KeyRing.open(folder, passphrase, now=NOW)


def test_the_first_start_makes_one_key_for_each_purpose(tmp_path: Path) -> None:
    ring = ring_in(tmp_path / "keys")
    assert {ring.active(purpose).alg for purpose in (KeyPurpose.RECEIPT, KeyPurpose.CLIENT)} == {"ES256"}
    assert ring.active(KeyPurpose.CHECKPOINT).alg == "Ed25519"
    assert len({state.kid for state in ring.states()}) == len(PROFILES["standard"])
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
        "message",
        "root",
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
        assert len(ring.states()) == len(PROFILES["standard"])
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
    assert len(ring_in(tmp_path).states()) == len(PROFILES["standard"])


def test_an_unknown_key(tmp_path: Path) -> None:
    with pytest.raises(UnknownKey):
        ring_in(tmp_path).signing_key("nobody")


def test_the_passphrase_is_not_shown(tmp_path: Path) -> None:
    assert PASSPHRASE not in repr(ring_in(tmp_path))


def statuses(ring: KeyRing, purpose: KeyPurpose) -> list[str]:
    return [state.status.value for state in ring.states() if state.purpose == purpose]


def test_a_prepared_key_is_published_before_it_signs(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    old = ring.active(KeyPurpose.RECEIPT)
    coming = ring.prepare(KeyPurpose.RECEIPT, NOW)
    assert ring.prepare(KeyPurpose.RECEIPT, NOW).kid == coming.kid
    assert ring.active(KeyPurpose.RECEIPT).kid == old.kid
    assert {"coming", "active"} == set(statuses(ring, KeyPurpose.RECEIPT))
    assert coming.kid in {entry["kid"] for entry in ring.jwks()["keys"]}
    later = NOW + timedelta(days=1)
    assert ring.rotate(KeyPurpose.RECEIPT, later).kid == coming.kid
    assert statuses(ring, KeyPurpose.RECEIPT) == ["verify_only", "active"]
    active = ring.states()[-1]
    assert (active.made_at, active.signs_from) == (int(NOW.timestamp()), int(later.timestamp()))
    assert active.expires_at == int((later + KeyRules().lifetime).timestamp())


def test_a_stolen_key_is_replaced_at_once(tmp_path: Path) -> None:
    ring, other = ring_in(tmp_path), ring_in(tmp_path)
    stolen = ring.active(KeyPurpose.RECEIPT)
    since = NOW + timedelta(days=3)
    new = ring.compromise(stolen.kid, since, NOW + timedelta(days=5))
    assert new.kid != stolen.kid
    assert other.refresh()
    assert other.active(KeyPurpose.RECEIPT).kid == new.kid
    published = next(entry for entry in other.jwks()["keys"] if entry["kid"] == stolen.kid)
    assert (published["status"], published["compromised_since"]) == ("compromised", int(since.timestamp()))
    assert stolen.kid not in other.public_keys(KeyPurpose.RECEIPT)
    earlier = NOW + timedelta(days=2)
    assert ring.compromise(stolen.kid, earlier, NOW + timedelta(days=6)).kid == new.kid
    assert ring.compromise(stolen.kid, since, NOW + timedelta(days=7)).kid == new.kid
    state = next(state for state in ring.states() if state.kid == stolen.kid)
    assert state.compromised_since == int(earlier.timestamp())


def test_a_prepared_key_takes_over_from_a_stolen_one(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    coming = ring.prepare(KeyPurpose.RECEIPT, NOW)
    assert ring.compromise(ring.active(KeyPurpose.RECEIPT).kid, NOW, NOW).kid == coming.kid
    assert statuses(ring, KeyPurpose.RECEIPT) == ["compromised", "active"]


def test_keys_that_cannot_be_stolen_like_that(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    with pytest.raises(UnknownKey):
        ring.compromise("nobody", NOW, NOW)
    with pytest.raises(NotYetCompromised):
        ring.compromise(ring.active(KeyPurpose.RECEIPT).kid, NOW + timedelta(seconds=1), NOW)


def test_every_change_is_signed_by_the_root(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    shown = ring.fingerprint()
    for days, change in enumerate(
        (
            lambda now: ring.prepare(KeyPurpose.STATUS, now),
            lambda now: ring.rotate(KeyPurpose.RECEIPT, now),
            lambda now: ring.compromise(ring.active(KeyPurpose.DOCUMENT).kid, now, now),
        )
    ):
        now = NOW + timedelta(days=days)
        change(now)
        assert verify_key_set(ring.jwks(), shown).made_at == int(now.timestamp())


def test_a_new_root_leaves_the_old_fingerprint_good(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    old = ring.fingerprint()
    ring.rotate(KeyPurpose.ROOT, NOW + timedelta(days=1))
    assert ring.fingerprint() != old
    for shown in (old, ring.fingerprint()):
        assert verify_key_set(ring.jwks(), shown).fingerprint == shown


def test_a_folder_from_before_there_was_a_root(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    index = tmp_path / "keys.json"
    members = ("kid", "purpose", "alg", "status", "made_at", "signs_until")
    entries = [
        {name: state[name] for name in members}
        for state in json.loads(index.read_bytes())["keys"]
        if state["purpose"] != "root"
    ]
    index.write_text(json.dumps({"keys": entries}))
    later = ring_in(tmp_path)
    assert later.active(KeyPurpose.RECEIPT).kid == ring.active(KeyPurpose.RECEIPT).kid
    assert verify_key_set(later.jwks(), later.fingerprint()).made_at == int(NOW.timestamp())
    assert all(state.expires_at is not None for state in later.states())


def test_another_profile_makes_keys_of_its_own(tmp_path: Path) -> None:
    old = ring_in(tmp_path).active(KeyPurpose.RECEIPT)
    ring = KeyRing.open(tmp_path, PASSPHRASE, now=NOW, rules=KeyRules(algorithms=PROFILES["sm"]))
    assert ring.active(KeyPurpose.RECEIPT).alg == "SM2-SM3"
    assert statuses(ring, KeyPurpose.RECEIPT) == ["verify_only", "active"]
    assert old.kid in ring.public_keys(KeyPurpose.RECEIPT)
    assert verify_key_set(ring.jwks(), ring.fingerprint())
    again = KeyRing.open(tmp_path, PASSPHRASE, now=NOW, rules=KeyRules(algorithms=PROFILES["sm"]))
    assert again.jwks() == ring.jwks()


def test_alarms_begin_before_keys_are_due(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    rules = KeyRules()
    due = NOW + rules.lifetime
    assert ring.alarms(due - rules.warn_before) == []
    soon = ring.alarms(due - timedelta(days=10))
    assert {alarm.purpose for alarm in soon} == set(PROFILES["standard"]) - {KeyPurpose.CLIENT, KeyPurpose.ROOT}
    assert {alarm.days_left for alarm in soon} == {10}
    assert "prepare" in soon[0].en
    ring.prepare(soon[0].purpose, NOW)
    assert "rotate" in ring.alarms(due - timedelta(days=10))[0].en
    late = ring.alarms(due + timedelta(days=2))
    assert all(alarm.overdue for alarm in late)
    assert "overdue" in late[0].en
    for alarm in late:
        ring.rotate(alarm.purpose, due)
    assert ring.alarms(due + timedelta(days=2)) == []


def test_who_names_no_profile_changes_none(tmp_path: Path) -> None:
    sm = KeyRing.open(tmp_path, PASSPHRASE, now=NOW, rules=KeyRules(algorithms=PROFILES["sm"]))
    assert {key.alg for key in sm.checkpoint_keys()} == {"Ed25519", "SM2-SM3"}
    command = KeyRing.open(tmp_path, PASSPHRASE, now=NOW)
    assert command.jwks() == sm.jwks()
    for purpose in (KeyPurpose.RECEIPT, KeyPurpose.CHECKPOINT_SM2, KeyPurpose.ROOT):
        assert command.rotate(purpose, NOW).alg == "SM2-SM3"
        assert command.prepare(purpose, NOW).alg == "SM2-SM3"
        assert command.compromise(command.active(purpose).kid, NOW, NOW).alg == "SM2-SM3"


def test_back_to_the_standard_profile_checkpoints_go_on_to_be_signed_by_sm2(tmp_path: Path) -> None:
    KeyRing.open(tmp_path, PASSPHRASE, now=NOW, rules=KeyRules(algorithms=PROFILES["sm"]))
    back = KeyRing.open(tmp_path, PASSPHRASE, now=NOW, rules=KeyRules(algorithms=PROFILES["standard"]))
    assert back.active(KeyPurpose.RECEIPT).alg == "ES256"
    assert [key.alg for key in back.checkpoint_keys()] == ["Ed25519", "SM2-SM3"]  # proofs of older receipts need it
    assert [key.alg for key in KeyRing.open(tmp_path / "new", PASSPHRASE, now=NOW).checkpoint_keys()] == ["Ed25519"]
