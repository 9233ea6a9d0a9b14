"""Keys in a module: SoftHSM makes them, keeps them and signs; the ring works with them as with files."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certificates.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from certificates.hardware_keys import ModuleDown, Pkcs11Keys
from certificates.jose import ED25519, ES256, sign, signing_input, verify
from certificates.key_states import IN_FILE, PROFILES
from certificates.keys import KeyPurpose, KeyRing, KeyRules, ModuleMissing
from certificates.trust_root import verify_key_set
from tests.softhsm import LIBRARY, PIN, needs_softhsm, softhsm

NOW = datetime(2026, 1, 1, tzinfo=UTC)
pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 (the extra hsm) is not installed")
pytestmark = needs_softhsm


@pytest.fixture
def module() -> Pkcs11Keys:
    return Pkcs11Keys(str(LIBRARY), *softhsm())


def test_a_ring_whose_keys_are_all_in_the_module(tmp_path: Path, module: Pkcs11Keys) -> None:
    ring = KeyRing.open(tmp_path, "passphrase", now=NOW, module=module)
    assert {state.purpose for state in ring.states() if state.place == IN_FILE} == {KeyPurpose.CLIENT}
    assert [file.stem for file in tmp_path.glob("*.pem")] == [ring.active(KeyPurpose.CLIENT).kid]
    key = ring.active(KeyPurpose.RECEIPT)
    token = sign(signing_input({"iss": "hub"}, key, "t"), key)
    assert verify(token, ring.public_keys(KeyPurpose.RECEIPT), "t").payload == {"iss": "hub"}
    note = sign_checkpoint(Checkpoint("hub.example/ledger", 1, bytes(32)), ring.active(KeyPurpose.CHECKPOINT))
    assert open_checkpoint(note, ring.public_keys(KeyPurpose.CHECKPOINT).values()).size == 1
    assert verify_key_set(ring.jwks(), ring.fingerprint()).made_at == int(NOW.timestamp())
    again = KeyRing.open(tmp_path, "passphrase", now=NOW, module=Pkcs11Keys(str(LIBRARY), "hub", PIN))
    assert again.jwks() == ring.jwks()
    rotated = again.rotate(KeyPurpose.RECEIPT, NOW)
    assert rotated.kid != key.kid
    assert verify(sign(signing_input({}, rotated, "t"), rotated), again.public_keys(KeyPurpose.RECEIPT), "t")
    assert ring.refresh()
    assert ring.active(KeyPurpose.RECEIPT).kid == rotated.kid


def test_private_halves_do_not_leave_the_module(module: Pkcs11Keys) -> None:
    label, key = module.make(ES256)
    assert key.public_only().private is None
    with pkcs11.lib(str(LIBRARY)).get_token(token_label="hub").open() as session:
        wanted = {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        (private,) = list(session.get_objects(wanted))
        assert (private[pkcs11.Attribute.SENSITIVE], private[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            private[pkcs11.Attribute.VALUE]
    assert PIN not in repr(module)
    assert PIN not in repr(key)


@pytest.mark.parametrize("alg", [ES256, ED25519])
def test_many_threads_sign_at_once(module: Pkcs11Keys, alg: str) -> None:
    _, key = module.make(alg)
    data = [signing_input({"number": number}, key, "t") for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(lambda one: sign(one, key), data))
    known = {key.kid: key.public_only()}
    assert [verify(token, known, "t").payload["number"] for token in tokens] == list(range(200))


def test_keys_from_files_move_into_the_module_by_rotation(tmp_path: Path, module: Pkcs11Keys) -> None:
    before = KeyRing.open(tmp_path, "passphrase", now=NOW).active(KeyPurpose.RECEIPT)
    ring = KeyRing.open(tmp_path, "passphrase", now=NOW, module=module)
    assert ring.active(KeyPurpose.RECEIPT).kid == before.kid
    ring.rotate(KeyPurpose.RECEIPT, NOW)
    places = [state.place == IN_FILE for state in ring.states() if state.purpose == KeyPurpose.RECEIPT]
    assert places == [True, False]
    assert before.kid in ring.public_keys(KeyPurpose.RECEIPT)
    with pytest.raises(ModuleMissing):
        KeyRing.open(tmp_path, "passphrase", now=NOW)


def test_keys_of_the_sm_profile_stay_in_files(tmp_path: Path, module: Pkcs11Keys) -> None:
    rules = KeyRules(algorithms=PROFILES["sm"])
    ring = KeyRing.open(tmp_path, "passphrase", now=NOW, rules=rules, module=module)
    outside = {state.purpose for state in ring.states() if state.place != IN_FILE}
    assert outside == {KeyPurpose.CHECKPOINT}


def test_what_is_wrong_with_a_module_is_told(tmp_path: Path, module: Pkcs11Keys) -> None:
    label, key = module.make(ES256)
    for wrong in (
        Pkcs11Keys(str(LIBRARY), "another", PIN),
        Pkcs11Keys(str(tmp_path / "none.so"), "hub", PIN),
    ):
        with pytest.raises(ModuleDown) as caught:
            wrong.find(label, ES256)
        assert PIN not in str(caught.value)
    for nobody in ("nobody", ""):
        with pytest.raises(ModuleDown):
            module.find(nobody, ES256)
    assert module.find(label, ES256).kid == key.kid


def test_a_wrong_pin(module: Pkcs11Keys) -> None:
    """In a process of its own: one that is logged in already needs no PIN."""
    label, _ = module.make(ES256)
    program = (
        "import sys\nfrom certificates.hardware_keys import ModuleDown, Pkcs11Keys\n"
        "try: Pkcs11Keys(sys.argv[1], 'hub', '0000').find(sys.argv[2], 'ES256')\n"
        "except ModuleDown as error: print(error.en)"
    )
    command = [sys.executable, "-c", program, str(LIBRARY), label]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "PIN" in done.stdout
    assert "0000" not in done.stdout


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what the session left behind
def test_a_lost_session_is_opened_again(module: Pkcs11Keys) -> None:
    label, _ = module.make(ES256)
    assert module._session is not None
    module._session.close()
    digest = hashlib.sha256(b"data").digest()
    assert len(module.signature(label, ES256, digest)) == 64


def test_without_the_library_the_room_still_works() -> None:
    """The extra is asked for only where a module is configured."""
    program = (
        "import sys; sys.modules['pkcs11'] = None; sys.modules['pkcs11.exceptions'] = None\n"
        "from certificates.hardware_keys import ModuleNotInstalled, Pkcs11Keys\n"
        "try: Pkcs11Keys('x', 'hub', '1').make('ES256')\n"
        "except ModuleNotInstalled as error: print(error.en)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install python-pkcs11" in done.stdout
