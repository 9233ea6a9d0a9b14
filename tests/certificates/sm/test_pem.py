"""SM2 keys in files: there and back, with openssl's own files, and nothing raw for files that are no keys."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import der
from certificates.jose import ED25519, ES256, SM2_SM3, new_key
from certificates.key_files import from_pem, to_pem
from certificates.sm import pem as sm_pem
from certificates.sm.sm2 import Sm2PrivateKey, new_private_key

PASSPHRASE = b"a passphrase"
KEY = new_private_key()
PEM = sm_pem.to_pem(KEY, PASSPHRASE)


@pytest.mark.parametrize("alg", [ES256, ED25519, SM2_SM3])
def test_there_and_back(alg: str) -> None:
    key = new_key(alg)
    assert from_pem(to_pem(key, PASSPHRASE), PASSPHRASE, alg).to_jwk() == key.to_jwk()


@pytest.mark.parametrize("alg", [ES256, ED25519, SM2_SM3])
def test_another_passphrase_or_algorithm_is_refused(alg: str) -> None:
    pem = to_pem(new_key(alg), PASSPHRASE)
    with pytest.raises(ValueError):  # noqa: PT011 - what it says differs from library to library
        from_pem(pem, b"another", alg)
    for other in {ES256, ED25519, SM2_SM3} - {alg}:
        with pytest.raises(ValueError):  # noqa: PT011 - as above
            from_pem(pem, PASSPHRASE, other)


def test_the_key_does_not_stand_in_its_file() -> None:
    assert KEY.number.to_bytes(32, "big") not in sm_pem._decoded(PEM)
    assert sm_pem.to_pem(KEY, PASSPHRASE) != PEM  # salted


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")
@pytest.mark.parametrize("cipher", ["aes-256-cbc", "sm4-cbc"])
def test_openssls_files_are_read(tmp_path: Path, cipher: str) -> None:
    def run(*arguments: str) -> bytes:
        return subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout

    run("genpkey", "-algorithm", "SM2", "-out", "plain")
    run("pkcs8", "-topk8", "-v2", cipher, "-in", "plain", "-passout", "pass:a passphrase", "-out", "sealed")
    key = sm_pem.from_pem((tmp_path / "sealed").read_bytes(), PASSPHRASE)
    shown = run("pkey", "-in", "plain", "-text", "-noout").decode().replace(":", "").replace("\n    ", "")
    assert f"{key.number:064x}" in shown


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_the_same_key(data: st.DataObject) -> None:
    info = sm_pem._private_key_info(KEY)
    place, mask = data.draw(st.integers(0, len(info) - 1)), data.draw(st.integers(1, 255))
    changed = info[:place] + bytes([info[place] ^ mask]) + info[place + 1 :]
    try:
        found = sm_pem._read_private_key_info(changed)
    except ValueError:
        return
    assert isinstance(found, Sm2PrivateKey)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_value_errors_alone(data: bytes) -> None:
    for read in (sm_pem._read_private_key_info, lambda given_: sm_pem._read_sealing(der.read(given_))):
        try:
            read(data)
        except ValueError:
            continue
